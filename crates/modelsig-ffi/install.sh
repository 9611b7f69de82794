#!/usr/bin/env bash
# Builds the C library and installs it with its header, a pkg-config file and a CMake package. It takes cargo only.
#
#     bash crates/modelsig-ffi/install.sh
#     PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR=$PWD/package bash crates/modelsig-ffi/install.sh
#     LIBRARIES=static PROFILE=release-small bash crates/modelsig-ffi/install.sh --no-default-features --features rayon
#
# PREFIX      where it will be used: /usr/local
# LIBDIR      $PREFIX/lib; like INCLUDEDIR a folder inside PREFIX
# INCLUDEDIR  $PREFIX/include
# DESTDIR     a folder to put it into instead, as packagers do; the installed files do not mention it
# LIBRARIES   "shared static", or one of them
# PROFILE     release, or another cargo profile
#
# Arguments go to cargo. For another system than this one, and with cargo-c, see packaging/README.md.
set -euo pipefail

crate=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
includedir=${INCLUDEDIR:-$prefix/include}
libraries=${LIBRARIES:-shared static}
profile=${PROFILE:-release}
destdir=${DESTDIR:-}

fail() {
    echo "install.sh: $*" >&2
    exit 2
}

# Inside PREFIX, so that the CMake package can be moved with it.
for folder in "$libdir" "$includedir"; do
    case $folder in "$prefix"/*) ;; *) fail "$folder is not in $prefix" ;; esac
done
case $libraries in
    "shared static" | "static shared") types=(--crate-type cdylib --crate-type staticlib) ;;
    shared) types=(--crate-type cdylib) ;;
    static) types=(--crate-type staticlib) ;;
    *) fail "LIBRARIES is '$libraries', and can be 'shared static', 'shared' or 'static'" ;;
esac

# The version of the package, and that of the binary interface, which is the number in the name of the library.
version=$(cargo pkgid --manifest-path "$crate/Cargo.toml" | sed 's/.*[#@]//')
abi=$(sed -n 's/^#define MODELSIG_ABI_VERSION \([0-9]*\)$/\1/p' "$crate/include/modelsig.h")
[ -n "$version" ] && [ -n "$abi" ] || fail "the versions are not where they were"
case $(uname -s) in
    Linux) extension=so shared=libmodelsig.so.$abi soname=$shared plain=libmodelsig.so ;;
    Darwin)
        extension=dylib shared=libmodelsig.$abi.dylib plain=libmodelsig.dylib
        soname=@rpath/$shared
        ;;
    *) fail "it knows Linux and macOS" ;;
esac

# Cargo says where it put them, and rustc which libraries a program needs besides the static one.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo rustc --manifest-path "$crate/Cargo.toml" --locked --lib --profile "$profile" "${types[@]}" "$@" \
    --message-format json-render-diagnostics -- --print native-static-libs \
    >"$scratch/messages" 2> >(tee "$scratch/notes" >&2)
# built FILE: where that is.
built() {
    grep -o "\"[^\"]*/$1\"" "$scratch/messages" | tail -n 1 | tr -d '"'
}
native_libraries=$(sed -n 's/.*native-static-libs: //p' "$scratch/notes" | tail -n 1)
case $(rustc --print cfg | sed -n 's/^target_pointer_width="\(.*\)"$/\1/p') in
    32) pointer_bytes=4 ;;
    64) pointer_bytes=8 ;;
    *) fail "neither 32 nor 64 bits" ;;
esac

# put MODE FILE PLACE
put() {
    mkdir -p "$destdir$(dirname "$3")"
    install -m "$1" "$2" "$destdir$3"
    echo "$destdir$3"
}

# Up from the folder of the CMake package to PREFIX.
to_prefix=$(sed 's/[^/][^/]*/../g' <<<"${libdir#"$prefix"/}/cmake/modelsig")

# fill TEMPLATE PLACE
fill() {
    sed -e "s|@PREFIX@|$prefix|" -e "s|@LIBDIR@|\${prefix}/${libdir#"$prefix"/}|" \
        -e "s|@INCLUDEDIR@|\${prefix}/${includedir#"$prefix"/}|" -e "s|@TO_PREFIX@|$to_prefix|" \
        -e "s|@RELATIVE_LIBDIR@|${libdir#"$prefix"/}|" -e "s|@RELATIVE_INCLUDEDIR@|${includedir#"$prefix"/}|" \
        -e "s|@VERSION@|$version|" -e "s|@SHARED_LIBRARY@|$shared|" -e "s|@SONAME@|$soname|" \
        -e "s|@NATIVE_LIBRARIES@|$native_libraries|" -e "s|@NATIVE_LIBRARIES_LIST@|${native_libraries// /;}|" \
        -e "s|@POINTER_BYTES@|$pointer_bytes|" "$crate/packaging/$1" >"$scratch/$1"
    put 644 "$scratch/$1" "$2"
}

put 644 "$crate/include/modelsig.h" "$includedir/modelsig.h"
case $libraries in *shared*)
    put 755 "$(built "libmodelsig_ffi.$extension")" "$libdir/$shared"
    ln -sf "$shared" "$destdir$libdir/$plain"
    echo "$destdir$libdir/$plain"
    ;;
esac
case $libraries in *static*) put 644 "$(built libmodelsig_ffi.a)" "$libdir/libmodelsig.a" ;; esac
fill modelsig.pc.in "$libdir/pkgconfig/modelsig.pc"
fill modelsig-config.cmake.in "$libdir/cmake/modelsig/modelsig-config.cmake"
fill modelsig-config-version.cmake.in "$libdir/cmake/modelsig/modelsig-config-version.cmake"
