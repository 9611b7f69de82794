import CModelsig
import Foundation

/// A key to trust.
public struct PublicKey: Hashable, Sendable {
    private enum Form: Hashable {
        case pem(String)
        case raw(type: UInt32, bytes: Data)
    }
    private let form: Form

    /// The text of a PEM file ("-----BEGIN PUBLIC KEY-----"), not its path: Ed25519, P-256, P-384 or P-521.
    public static func pem(_ text: String) -> Self { Self(form: .pem(text)) }

    /// 32 bytes: `rawRepresentation` of CryptoKit's `Curve25519.Signing.PublicKey`.
    public static func ed25519(_ bytes: Data) -> Self { raw(MODELSIG_KEY_ED25519, bytes) }

    /// A point as SEC 1 writes it: `x963Representation` of CryptoKit's `P256.Signing.PublicKey`.
    public static func p256(_ point: Data) -> Self { raw(MODELSIG_KEY_P256, point) }

    /// A point as SEC 1 writes it.
    public static func p384(_ point: Data) -> Self { raw(MODELSIG_KEY_P384, point) }

    /// A point as SEC 1 writes it.
    public static func p521(_ point: Data) -> Self { raw(MODELSIG_KEY_P521, point) }

    private static func raw(_ type: some BinaryInteger, _ bytes: Data) -> Self {
        Self(form: .raw(type: UInt32(type), bytes: bytes))
    }

    func add(to verifier: Handle) throws(ModelsigError) {
        switch form {
        case .pem(let text):
            let added = try withCText(text) { text in
                outcome { modelsig_verifier_add_key_pem(verifier.pointer, text, $0) }
            }
            try added.get()
        case .raw(let type, let bytes):
            try withBytes(of: bytes) { bytes in
                outcome {
                    let start = bytes.assumingMemoryBound(to: UInt8.self)
                    return modelsig_verifier_add_key_raw(verifier.pointer, type, start.baseAddress, bytes.count, $0)
                }
            }.get()
        }
    }
}

/// The bytes of a buffer for C, which gets an address for no bytes too.
func withBytes<Result>(of data: some ContiguousBytes, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    data.withUnsafeBytes { bytes in
        if bytes.baseAddress != nil { return body(bytes) }
        return Swift.withUnsafeBytes(of: 0 as UInt8) { body(UnsafeRawBufferPointer(rebasing: $0[..<0])) }
    }
}
