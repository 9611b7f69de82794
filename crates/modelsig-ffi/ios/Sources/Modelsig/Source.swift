import CModelsig
import Foundation

/// Where bytes come from: a file, a part of a file, an open descriptor, or memory.
///
/// Nothing is read before it is used. A source may be used several times, by several threads.
public struct Source: Sendable {
    private enum Kind {
        case object(Handle)
        /// The C object is made for each use: it must not outlive the address of the bytes.
        case data(Data)
    }
    private let kind: Kind

    /// A file, opened when it is used.
    ///
    /// - Throws: `usage` if it is no file URL.
    public static func url(_ url: URL) throws(ModelsigError) -> Self {
        let made = try withPath(of: url) { path in
            Result { () throws(ModelsigError) in
                try Handle(freedBy: modelsig_source_free) { modelsig_source_from_path(path, $0, $1) }
            }
        }
        return Self(kind: .object(try made.get()))
    }

    /// A part of a file. Without a length it reaches to the end.
    ///
    /// - Throws: `usage` if it is no file URL.
    public static func url(_ url: URL, offset: UInt64, length: UInt64? = nil) throws(ModelsigError) -> Self {
        let made = try withPath(of: url) { path in
            Result { () throws(ModelsigError) in
                try Handle(freedBy: modelsig_source_free) {
                    modelsig_source_from_path_part(path, offset, length ?? toEnd, $0, $1)
                }
            }
        }
        return Self(kind: .object(try made.get()))
    }

    /// A part of an open file; without a length, to its end. The descriptor is duplicated now, its position is neither
    /// used nor moved, and it stays the caller's to close.
    ///
    /// - Throws: `io` if it is not open; `unsupported` or `io` if it is no regular file: feed a `VerificationStream`
    ///   then.
    public static func descriptor(_ descriptor: Int32, offset: UInt64 = 0, length: UInt64? = nil)
        throws(ModelsigError) -> Self
    {
        let made = try Handle(freedBy: modelsig_source_free) {
            modelsig_source_from_fd(descriptor, offset, length ?? toEnd, $0, $1)
        }
        return Self(kind: .object(made))
    }

    /// Bytes in memory. Not for `Verifier.open(resources:)`.
    public static func data(_ data: Data) -> Self {
        Self(kind: .data(data))
    }

    /// The C object, for as long as the closure runs.
    func use<R>(_ body: (OpaquePointer) throws(ModelsigError) -> R) throws(ModelsigError) -> R {
        switch kind {
        case .object(let handle):
            defer { withExtendedLifetime(handle) {} }
            return try body(handle.pointer)
        case .data(let data):
            let result = withBytes(of: data) { bytes in
                Result { () throws(ModelsigError) in
                    let handle = try Handle(freedBy: modelsig_source_free) {
                        modelsig_source_from_buffer(bytes.baseAddress, bytes.count, $0, $1)
                    }
                    defer { withExtendedLifetime(handle) {} }
                    return try body(handle.pointer)
                }
            }
            return try result.get()
        }
    }
}

/// The path of a file URL as the system takes it.
func withPath<R>(of url: URL, _ body: (UnsafePointer<CChar>) -> R) throws(ModelsigError) -> R {
    guard url.isFileURL, !url.path.utf8.contains(0) else { throw .usage("not the URL of a file: \(url)") }
    let result: R? = url.withUnsafeFileSystemRepresentation { path in path.map(body) }
    guard let result else { throw .usage("not the URL of a file: \(url)") }
    return result
}

/// MODELSIG_TO_END, UINT64_MAX, which Swift does not import.
private let toEnd = UInt64.max
