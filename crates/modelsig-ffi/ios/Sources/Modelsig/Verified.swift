import CModelsig
import Foundation

/// Bytes that were checked, where they lie: nothing is copied. They may outlive the model that they are of.
public final class VerifiedData: Sendable {
    private let handle: Handle
    /// Who could still change them.
    public let protection: Protection
    /// How many they are.
    public let count: Int

    init(_ handle: Handle) {
        self.handle = handle
        (protection, count) = handle.use {
            (Protection(modelsig_bytes_protection($0)), Int(clamping: modelsig_bytes_length($0)))
        }
    }

    /// The same bytes as `Data`, without a copy; the memory is released with the last of both. It may be read-only memory:
    /// to change bytes, make a copy first, with `Data([UInt8](data))`.
    public var data: Data {
        let start = handle.use { modelsig_bytes_data($0) }
        guard count > 0, let start else { return Data() }
        let owner = Unmanaged.passRetained(handle)
        return Data(
            bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: count,
            deallocator: .custom { _, _ in owner.release() })
    }
}

extension VerifiedData: ContiguousBytes {
    /// The bytes, for as long as the closure runs.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(handle) {} }
        return try body(UnsafeRawBufferPointer(start: modelsig_bytes_data(handle.pointer), count: count))
    }
}

/// An open file, all of which was checked, and which others cannot write to as far as `protection` says.
public final class VerifiedFile: Sendable {
    /// Closed with this object. To keep it longer, duplicate it.
    public let descriptor: Int32
    public let protection: Protection

    init(descriptor: Int32, protection: Protection) {
        self.descriptor = descriptor
        self.protection = protection
    }

    deinit {
        close(descriptor)
    }
}
