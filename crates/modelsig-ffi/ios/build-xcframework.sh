#!/usr/bin/env bash
# Builds Modelsig.xcframework for applications on iOS: a static library for devices, one for the simulator, the header
# and its module map.
#
#     rustup target add aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios
#     bash crates/modelsig-ffi/ios/build-xcframework.sh
#
# On a Mac, Xcode's tools put it together. Elsewhere the same folder is laid out by hand, with LLVM's lipo if there is
# more than one architecture for the simulator; CI does that, and nothing can be run there.
#
# SIMULATORS  "aarch64-apple-ios-sim x86_64-apple-ios"
# FEATURES    rayon, the features of modelsig-ffi to build in, separated by commas
# OUT         target/ios: Modelsig.xcframework, and PrivacyInfo.xcprivacy, the privacy manifest. Xcode takes it from a
#             bundle and not from a static library: the Swift package has it as a resource, and so has to have an
#             application that uses the framework alone.
# IPHONEOS_DEPLOYMENT_TARGET
#             the least version of iOS, 15.0
#
# Arguments go to cargo. With a nightly compiler and `rustup component add rust-src`, these two leave out 150 KiB,
#
#     -Zbuild-std=std,panic_unwind -Zbuild-std-features=panic-unwind,optimize_for_size
#
# and places in the source that panics would name are left out by --config 'build.rustflags=["-Zlocation-detail=none"]'.
set -euo pipefail

crate=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
top=$(cd "$crate/../.." && pwd)
simulators=${SIMULATORS:-aarch64-apple-ios-sim x86_64-apple-ios}
features=${FEATURES-rayon}
out=${OUT:-${CARGO_TARGET_DIR:-$top/target}/ios}
export IPHONEOS_DEPLOYMENT_TARGET=${IPHONEOS_DEPLOYMENT_TARGET:-15.0}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The loops of SHA-2 are not unrolled where a CPU has no instructions for it, which those of phones have.
compact=(--config 'build.rustflags=["--cfg=sha2_backend_soft=\"compact\""]')

# built TARGET PLACE
built() {
    # Not outlined: "z" makes functions of what code has in common, and each needs more for unwinding than it saves.
    cargo rustc --manifest-path "$crate/Cargo.toml" --locked --lib --crate-type staticlib --profile release-small \
        --no-default-features --features "$features" --target "$1" "${compact[@]}" "${cargo_arguments[@]}" \
        --message-format json-render-diagnostics -- -C llvm-args=-enable-machine-outliner=never >"$scratch/messages"
    mkdir -p "$(dirname "$2")"
    cp "$(grep -o '"[^"]*/libmodelsig_ffi.a"' "$scratch/messages" | tail -n 1 | tr -d '"')" "$2"
}
cargo_arguments=("$@")

mkdir -p "$scratch/headers"
cp "$crate/include/modelsig.h" "$crate/ios/CModelsig/module.modulemap" "$scratch/headers"
built aarch64-apple-ios "$scratch/ios-arm64/libmodelsig.a"

architectures=()
thin=()
for target in $simulators; do
    case $target in
        aarch64-apple-ios-sim) architectures+=(arm64) ;;
        x86_64-apple-ios) architectures+=(x86_64) ;;
        *) echo "build-xcframework.sh: $target is no simulator" >&2 && exit 2 ;;
    esac
    built "$target" "$scratch/$target/libmodelsig.a"
    thin+=("$scratch/$target/libmodelsig.a")
done
simulator=ios-$(IFS=_ && echo "${architectures[*]}")-simulator
mkdir -p "$scratch/$simulator"
if [ ${#thin[@]} = 1 ]; then
    cp "${thin[0]}" "$scratch/$simulator/libmodelsig.a"
else
    lipo=lipo
    command -v lipo >/dev/null || lipo=${LIPO:-llvm-lipo}
    "$lipo" -create "${thin[@]}" -output "$scratch/$simulator/libmodelsig.a"
fi

framework=$out/Modelsig.xcframework
rm -rf "$framework"
mkdir -p "$out"
cp "$crate/ios/PrivacyInfo.xcprivacy" "$out/PrivacyInfo.xcprivacy"
if command -v xcodebuild >/dev/null; then
    xcodebuild -create-xcframework -output "$framework" \
        -library "$scratch/ios-arm64/libmodelsig.a" -headers "$scratch/headers" \
        -library "$scratch/$simulator/libmodelsig.a" -headers "$scratch/headers"
    echo "$framework"
    exit
fi

# library IDENTIFIER VARIANT ARCHITECTURE...: its entry in Info.plist
library() {
    local identifier=$1 variant=$2 architecture
    shift 2
    printf '\t\t<dict>\n'
    printf '\t\t\t<key>%s</key>\n\t\t\t<string>%s</string>\n' BinaryPath libmodelsig.a HeadersPath Headers \
        LibraryIdentifier "$identifier" LibraryPath libmodelsig.a
    printf '\t\t\t<key>SupportedArchitectures</key>\n\t\t\t<array>\n'
    for architecture; do printf '\t\t\t\t<string>%s</string>\n' "$architecture"; done
    printf '\t\t\t</array>\n\t\t\t<key>SupportedPlatform</key>\n\t\t\t<string>ios</string>\n'
    [ -z "$variant" ] || printf '\t\t\t<key>SupportedPlatformVariant</key>\n\t\t\t<string>%s</string>\n' "$variant"
    printf '\t\t</dict>\n'
}
for slice in ios-arm64 "$simulator"; do
    mkdir -p "$framework/$slice"
    cp "$scratch/$slice/libmodelsig.a" "$framework/$slice/libmodelsig.a"
    cp -R "$scratch/headers" "$framework/$slice/Headers"
done
{
    library ios-arm64 "" arm64
    library "$simulator" simulator "${architectures[@]}"
} >"$scratch/libraries"
sed -e "/@LIBRARIES@/{r $scratch/libraries" -e 'd}' "$crate/ios/xcframework.plist.in" >"$framework/Info.plist"
echo "$framework"
