import CModelsig
import Foundation

/// How to verify. The default is strict in everything.
public struct Options: Sendable {
    /// Threads to hash on: 0 is one for each CPU, 1 the thread of the call, which keeps its quality of service.
    public var threads: UInt32 = 0
    /// What to compare where a bundle has an index of chunks beside the digests of whole files.
    public var check = Check.chunks
    /// The lowest rung of protection that loaded bytes may stand on; `nil` is `private`.
    public var minimumProtection: Protection?
    /// The longest file in bytes that may be copied into memory.
    public var maximumCopy: UInt64?
    /// The largest model, in bytes of all its files.
    public var maximumModel: UInt64?
    public var strictness: Strictness = []
    /// What weakens the verification. It is written into the report.
    public var danger: Danger = []
    /// Stops the call from any thread. Without one, an async call makes its own, which ends with its task.
    public var cancellation: CancellationToken?
    /// Told the bytes that were checked and those to be checked. Cancelling it stops the call.
    public var progress: Progress?
    /// Told the same, on the thread that does the work, often: it should return quickly.
    public var onProgress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?

    public init() {}

    public enum Check: UInt32, Sendable {
        case chunks = 0
        case whole = 1
        case both = 2
    }

    public struct Strictness: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Stop at the first problem.
        public static let failFast = Self(rawValue: UInt32(MODELSIG_FAIL_FAST))
        /// .git and its like are files of the model too.
        public static let strictGit = Self(rawValue: UInt32(MODELSIG_STRICT_GIT))
        /// What the signer says was left out must not be there.
        public static let refuseBundleIgnores = Self(rawValue: UInt32(MODELSIG_REFUSE_BUNDLE_IGNORES))
    }

    public struct Danger: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Files that nobody signed are passed over.
        public static let unsignedFiles = Self(rawValue: UInt32(MODELSIG_DANGER_UNSIGNED_FILES))
        /// Symbolic links are followed.
        public static let symlinks = Self(rawValue: UInt32(MODELSIG_DANGER_SYMLINKS))
        /// Bundles of model-signing 0.2.0 are accepted.
        public static let legacy = Self(rawValue: UInt32(MODELSIG_DANGER_LEGACY))
        /// Bytes may be handed out that others can still change.
        public static let unprotected = Self(rawValue: UInt32(MODELSIG_DANGER_UNPROTECTED))
    }
}

/// Who could still change bytes after they were checked, from everybody to nobody. The table is in the documentation of
/// the Rust type of the same name; on iOS there are `private`, and `clone` on APFS.
public enum Protection: UInt32, Sendable, Comparable {
    /// The file in place, whoever can write it.
    case unprotected = 1
    /// The file in place, which nobody but this user and root can write.
    case stable = 2
    /// Memory of this process, hashed there.
    case `private` = 3
    /// A clone of the file without a name.
    case clone = 4
    /// A copy in memory, sealed against writing.
    case sealed = 5
    /// fs-verity: the kernel checks each page that it reads.
    case kernel = 6

    public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

    /// A number that this package does not know promises nothing.
    init(_ number: UInt32) { self = Self(rawValue: number) ?? .unprotected }
}

/// Stops calls from any thread. It cannot be taken back.
public final class CancellationToken: Sendable {
    let handle: Handle

    public init() throws(ModelsigError) {
        handle = try Handle(freedBy: modelsig_cancel_free) { modelsig_cancel_new($0, $1) }
    }

    public func cancel() {
        handle.use { modelsig_cancel_request($0) }
    }

    public var isCancelled: Bool {
        handle.use { modelsig_cancel_requested($0) != 0 }
    }
}
