import CModelsig
import Foundation

/// Checks a file of a model while its bytes arrive, in order and from its beginning.
///
/// With an index of chunks in the bundle, the first bad chunk is refused when it is complete, and `verified` grows with
/// each good one; without one, nothing is known before `finish`. Once refused, a stream stays refused.
///
/// Calls of several threads wait for each other; only the caller can see to the order of the bytes.
public final class VerificationStream: Sendable {
    private let handle: Handle
    private let lock = NSLock()

    init(_ handle: Handle) {
        self.handle = handle
    }

    /// The next bytes.
    ///
    /// - Throws: `mismatch` at the first bad chunk, and when there are more bytes than were signed.
    public func update(_ bytes: some ContiguousBytes) throws(ModelsigError) {
        try withBytes(of: bytes) { bytes in
            outcome { stream, error in modelsig_stream_update(stream, bytes.baseAddress, bytes.count, error) }
        }.get()
    }

    /// How many bytes from the beginning are proven so far. Those may be used; what came after them may not yet.
    public var verified: UInt64 {
        lock.withLock { handle.use { modelsig_stream_verified($0) } }
    }

    /// That was all: returns if all of the file was there, and every byte is what was signed.
    public func finish() throws(ModelsigError) {
        try outcome { modelsig_stream_finish($0, $1) }.get()
    }

    private func outcome(_ body: (OpaquePointer, ErrorSlot) -> modelsig_status) -> Result<Void, ModelsigError> {
        lock.withLock { handle.use { stream in Modelsig.outcome { body(stream, $0) } } }
    }
}
