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

    /// The same bytes as `Data`, without a copy; the memory is released with the last of both. For reading only: a
    /// change of it would be made in place, where it ends the process if the memory is sealed. `Data(loaded)` is a copy
    /// that can be changed.
    public var dataNoCopy: Data {
        guard count > 0, let start = handle.use({ modelsig_bytes_data($0) }) else { return Data() }
        let owner = Unmanaged.passRetained(handle)
        return Data(
            bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: count,
            deallocator: .custom { _, _ in owner.release() })
    }
}

extension VerifiedData: ContiguousBytes, RandomAccessCollection {
    /// The bytes, for as long as the closure runs.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(handle) {} }
        return try body(UnsafeRawBufferPointer(start: modelsig_bytes_data(handle.pointer), count: count))
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "out of bounds")
        return withUnsafeBytes { $0[index] }
    }

    public func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
        try withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
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
