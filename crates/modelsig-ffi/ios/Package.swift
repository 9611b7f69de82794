// swift-tools-version: 6.0
import PackageDescription

// The C library comes
//  * on Apple systems from Modelsig.xcframework, which build-xcframework.sh makes, and which is put beside this file;
//  * otherwise from libmodelsig_ffi.a in the folder that MODELSIG_LIBRARY names, or where the linker looks by itself.
// Either way its header is crates/modelsig-ffi/include/modelsig.h: the XCFramework is made with it, and the module
// map in Sources/CModelsig points at it.
let folder = Context.environment["MODELSIG_LIBRARY"]

#if os(Linux)
let built = false
#else
let built = folder == nil
#endif

let library: Target = built
    ? .binaryTarget(name: "CModelsig", path: "Modelsig.xcframework")
    : .systemLibrary(name: "CModelsig")

let package = Package(
    name: "Modelsig",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Modelsig", targets: ["Modelsig"])],
    targets: [
        library,
        .target(
            name: "Modelsig",
            dependencies: ["CModelsig"],
            // Not its folder, since the privacy manifest, which also goes with the XCFramework, lies beside it.
            path: ".",
            exclude: [
                "CModelsig", "README.md", "Sources/CModelsig", "Tests", "build-xcframework.sh", "xcframework.plist.in",
            ] + (built ? ["Modelsig.xcframework"] : []),
            sources: ["Sources/Modelsig"],
            resources: [.copy("PrivacyInfo.xcprivacy")],
            // Flags that SwiftPM calls unsafe, since they could name anything: only where the folder was named.
            linkerSettings: folder.map { [.unsafeFlags(["-L\($0)"])] } ?? []
        ),
        .testTarget(name: "ModelsigTests", dependencies: ["Modelsig"]),
    ],
    swiftLanguageModes: [.v6]
)
