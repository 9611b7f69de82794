#!/usr/bin/env bash
# Builds libmodelsig.so for Android, or libmodelsig_jni.so for Kotlin, small and stripped, with the NDK and cargo alone:
#
#     rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android i686-linux-android
#     ANDROID_NDK_HOME=~/Android/Sdk/ndk/28.2.13676358 bash crates/modelsig-ffi/android/build-android.sh
#
# LIBRARY   modelsig; modelsig_jni is what the Kotlin API loads, and has the C functions too
# ABIS      "arm64-v8a armeabi-v7a x86_64 x86"
# API       the least version of Android, 24; not less than 23, the first that reads packed relocations
# FEATURES  rayon, the features of modelsig-ffi to build in, separated by commas
# OUT       target/android: jniLibs/ABI/libmodelsig.so for the application, symbols/ABI/libmodelsig.so with the names of
#           its functions for crash reports (their build ids are the same), include/modelsig.h
#
# Arguments go to cargo. With a nightly compiler and `rustup component add rust-src`, these two leave out 150 KiB,
#
#     -Zbuild-std=std,panic_unwind -Zbuild-std-features=panic-unwind,optimize_for_size
#
# and places in the source that panics would name are left out by --config 'build.rustflags=["-Zlocation-detail=none"]'.
set -euo pipefail

crate=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
library=${LIBRARY:-modelsig}
abis=${ABIS:-arm64-v8a armeabi-v7a x86_64 x86}
api=${API:-24}
features=${FEATURES-rayon}

fail() {
    echo "build-android.sh: $*" >&2
    exit 2
}

case $library in
    modelsig) package=modelsig-ffi file=libmodelsig_ffi.so ;;
    modelsig_jni) package=modelsig-jni file=libmodelsig_jni.so ;;
    *) fail "no library is called $library" ;;
esac
[ -n "${ANDROID_NDK_HOME:-}" ] || fail "ANDROID_NDK_HOME is not set"
tools=$(echo "$ANDROID_NDK_HOME"/toolchains/llvm/prebuilt/*/bin)
[ -d "$tools" ] || fail "$ANDROID_NDK_HOME is no NDK"

[ "$api" -ge 23 ] || fail "API is $api and has to be 23 at least"

# The loops of SHA-2 are not unrolled where a CPU has no instructions for it, which those of phones have.
compact=(--config 'build.rustflags=["--cfg=sha2_backend_soft=\"compact\""]')
# Packed relocations and functions of equal code made one save 30 KiB.
link=(-C link-arg=-Wl,--pack-dyn-relocs=android -C link-arg=-Wl,--icf=all)

top=$(cd "$crate/../.." && pwd)
out=${OUT:-${CARGO_TARGET_DIR:-$top/target}/android}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for abi in $abis; do
    case $abi in
        arm64-v8a) target=aarch64-linux-android compiler=aarch64-linux-android ;;
        armeabi-v7a) target=armv7-linux-androideabi compiler=armv7a-linux-androideabi ;;
        x86_64) target=x86_64-linux-android compiler=x86_64-linux-android ;;
        x86) target=i686-linux-android compiler=i686-linux-android ;;
        *) fail "no ABI of Android is called $abi" ;;
    esac
    clang=$tools/$compiler$api-clang
    [ -x "$clang" ] || fail "$clang is not there"
    name=${target//-/_}
    # The compiler is for the one file of C code in it, BLAKE3's for NEON.
    # Not outlined: "z" makes functions of what code has in common, and each needs more for unwinding than it saves.
    env "CC_$name=$clang" "AR_$name=$tools/llvm-ar" "CARGO_TARGET_${name^^}_LINKER=$clang" \
        cargo rustc --manifest-path "$top/Cargo.toml" -p "$package" --locked --lib --crate-type cdylib \
        --profile release-small --no-default-features --features "$features" --target "$target" "${compact[@]}" "$@" \
        --message-format json-render-diagnostics -- -C llvm-args=-enable-machine-outliner=never "${link[@]}" \
        >"$scratch/messages"
    built=$(grep -o "\"[^\"]*/$file\"" "$scratch/messages" | tail -n 1 | tr -d '"')
    mkdir -p "$out/jniLibs/$abi" "$out/symbols/$abi"
    install -m 644 "$built" "$out/symbols/$abi/lib$library.so"
    "$tools/llvm-strip" --strip-all "$built" -o "$out/jniLibs/$abi/lib$library.so"
    echo "$out/jniLibs/$abi/lib$library.so"
done
mkdir -p "$out/include"
install -m 644 "$crate/include/modelsig.h" "$out/include/modelsig.h"
