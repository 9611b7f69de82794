"""Is a folder an .xcframework, and a file a privacy manifest, as Apple describes them?

    python3 framework.py Modelsig.xcframework PrivacyInfo.xcprivacy crates/modelsig-ffi
"""

import plistlib
import sys
from pathlib import Path

KINDS = {"ios-arm64": None, "ios-arm64-simulator": "simulator"}
API = "NSPrivacyAccessedAPIType"


def main(framework: Path, manifest: Path, crate: Path) -> None:
    information = read(framework / "Info.plist")
    assert information["CFBundlePackageType"] == "XFWK", information
    assert information["XCFrameworkFormatVersion"] == "1.0", information
    libraries = {library["LibraryIdentifier"]: library for library in information["AvailableLibraries"]}
    assert libraries.keys() == KINDS.keys(), libraries.keys()
    assert {entry.name for entry in framework.iterdir()} == {"Info.plist", *KINDS}
    for identifier, library in libraries.items():
        assert library["SupportedPlatform"] == "ios", library
        assert library.get("SupportedPlatformVariant") == KINDS[identifier], library
        assert library["SupportedArchitectures"] == ["arm64"], library
        folder = framework / identifier
        archive = folder / library["LibraryPath"]
        assert library["BinaryPath"] == library["LibraryPath"], library
        assert archive.read_bytes().startswith(b"!<arch>\n"), archive
        headers = {path.name: path.read_bytes() for path in (folder / library["HeadersPath"]).iterdir()}
        assert headers == {
            "modelsig.h": (crate / "include/modelsig.h").read_bytes(),
            "module.modulemap": (crate / "ios/CModelsig/module.modulemap").read_bytes(),
        }, headers.keys()

    privacy = read(manifest)
    assert privacy["NSPrivacyTracking"] is False
    assert privacy["NSPrivacyTrackingDomains"] == [] and privacy["NSPrivacyCollectedDataTypes"] == []
    assert privacy["NSPrivacyAccessedAPITypes"], "it lists no API"
    for api in privacy["NSPrivacyAccessedAPITypes"]:
        assert api.keys() == {API, f"{API}Reasons"} and api[f"{API}Reasons"], api


def read(path: Path) -> dict:
    with path.open("rb") as file:
        return plistlib.load(file)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
