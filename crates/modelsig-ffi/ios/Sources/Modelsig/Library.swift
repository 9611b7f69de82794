import CModelsig

/// The C library behind this package.
public enum Library {
    /// Its version, such as "1.2.3".
    public static var version: String { String(cString: modelsig_version()) }

    /// What it was built with, such as "blake2b,certificate".
    public static var features: [String] {
        String(cString: modelsig_features()).split(separator: ",").map(String.init)
    }

    /// How it computes SHA-256 on this machine, for logs.
    public static var sha256Kernel: String { String(cString: modelsig_sha256_kernel()) }

    /// The version of the binary interface: that of the library, and that of the header this package was compiled with.
    public static var abiVersions: (library: UInt32, header: UInt32) {
        (modelsig_abi_version(), UInt32(MODELSIG_ABI_VERSION))
    }

    private static let fits = abiVersions.library == abiVersions.header

    /// Before anything else is called: a header and a library that do not belong together are not used.
    static func check() throws(ModelsigError) {
        guard fits else {
            let (library, header) = abiVersions
            throw ModelsigError(
                code: .unsupported,
                message: "the library has interface version \(library), the package was compiled for \(header)"
            )
        }
    }
}
