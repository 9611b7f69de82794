import CModelsig
import Foundation

/// Why a call failed. There is no "verified, but": whoever catches one must not use the model, or the part of it that
/// was asked for.
public struct ModelsigError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public let code: Code
    /// One sentence for people, in English, with the file, what was expected and what was found.
    public let message: String
    /// The file that it is about: its name inside the model, or a path as it was given. For display, not for opening.
    public let path: String?
    /// The first byte of the file that is known to be bad.
    public let offset: UInt64?
    /// The whole report as JSON, where a model was rejected.
    public let report: Report?

    /// The three kinds of failure, by what an app does about them.
    public enum Outcome: Hashable, Sendable {
        /// The inputs are well-formed and do not hold: delete the model and fetch it again, or report it.
        case rejected
        /// It could not be told: try again, or mend what the message names. The model must not be used meanwhile.
        case undetermined
        /// The caller stopped it.
        case cancelled
    }

    /// `code.outcome`.
    public var outcome: Outcome { code.outcome }

    public enum Code: Hashable, Sendable {
        // Rejected.
        /// The bytes of a file are not the signed ones, or it has another length.
        case mismatch
        /// A signed file is not there.
        case missing
        /// A file is there that was not signed.
        case unsigned
        /// A file changed while it was looked at, or was replaced or removed then.
        case changed
        /// A symbolic link, FIFO, socket or device stands in the model.
        case forbiddenFile
        /// The signature is not valid over the content.
        case badSignature
        /// The signature may be valid, but somebody else made it.
        case untrusted
        /// The signed statement contradicts itself.
        case rootDigest
        /// The options forbid it.
        case policy
        /// Too few distinct signers.
        case threshold
        // Undetermined.
        /// An argument is wrong.
        case usage
        /// The model, the bundle or another file is not there.
        case notFound
        /// The system refused to open or read something.
        case io
        /// The bundle is not well-formed.
        case malformed
        /// Well-formed, but beyond what the library supports.
        case unsupported
        /// Something is larger, longer or deeper than the limits allow.
        case limit
        /// The key cannot be used.
        case key
        /// A fault of modelsig itself.
        case internalFault
        // Cancelled.
        /// The caller stopped it.
        case cancelled
        /// A status that this package does not know, of a newer library.
        case unknown(Int32)
    }
}

extension ModelsigError.Code {
    /// 100 to 199 are verdicts, 300 is the caller's doing; all else, numbers nobody knows too, is "could not tell".
    public var outcome: ModelsigError.Outcome {
        switch status {
        case 100...199: .rejected
        case MODELSIG_STATUS_CANCELLED: .cancelled
        default: .undetermined
        }
    }

    /// The number that the C library gives it.
    public var status: Int32 {
        if case .unknown(let status) = self { return status }
        // All others are in the table.
        return Self.table.first { $0.code == self }?.status ?? MODELSIG_STATUS_INTERNAL
    }

    init(status: Int32) {
        self = Self.table.first { $0.status == status }?.code ?? .unknown(status)
    }

    static let table: [(status: Int32, code: Self)] = [
        (MODELSIG_STATUS_MISMATCH, .mismatch),
        (MODELSIG_STATUS_MISSING, .missing),
        (MODELSIG_STATUS_UNSIGNED, .unsigned),
        (MODELSIG_STATUS_CHANGED, .changed),
        (MODELSIG_STATUS_FORBIDDEN_FILE, .forbiddenFile),
        (MODELSIG_STATUS_BAD_SIGNATURE, .badSignature),
        (MODELSIG_STATUS_UNTRUSTED, .untrusted),
        (MODELSIG_STATUS_ROOT_DIGEST, .rootDigest),
        (MODELSIG_STATUS_POLICY, .policy),
        (MODELSIG_STATUS_THRESHOLD, .threshold),
        (MODELSIG_STATUS_USAGE, .usage),
        (MODELSIG_STATUS_NOT_FOUND, .notFound),
        (MODELSIG_STATUS_IO, .io),
        (MODELSIG_STATUS_MALFORMED, .malformed),
        (MODELSIG_STATUS_UNSUPPORTED, .unsupported),
        (MODELSIG_STATUS_LIMIT, .limit),
        (MODELSIG_STATUS_KEY, .key),
        (MODELSIG_STATUS_INTERNAL, .internalFault),
        (MODELSIG_STATUS_CANCELLED, .cancelled),
    ]
}

extension ModelsigError: LocalizedError, CustomStringConvertible {
    public var errorDescription: String? { message }
    public var description: String { "\(message) (status \(code.status))" }
}

extension ModelsigError {
    init(code: Code, message: String) {
        self.init(code: code, message: message, path: nil, offset: nil, report: nil)
    }

    /// Reads a C error, which stays the caller's. The status counts, also where there is no error to read.
    init(status: modelsig_status, error: OpaquePointer?) {
        guard let error else {
            self.init(code: Code(status: status), message: "modelsig failed with status \(status)")
            return
        }
        let offset = modelsig_error_offset(error)
        self.init(
            code: Code(status: status),
            message: String(cString: modelsig_error_message(error)),
            path: modelsig_error_path(error).map { String(cString: $0) },
            offset: offset == noOffset ? nil : offset,
            report: modelsig_error_report(error).map { Report(json: String(cString: $0)) }
        )
    }

    static func usage(_ message: String) -> Self { Self(code: .usage, message: message) }
    static func internalFault(_ message: String) -> Self { Self(code: .internalFault, message: message) }
    static var cancelled: Self { Self(code: .cancelled, message: "cancelled") }
}

/// MODELSIG_NO_OFFSET, UINT64_MAX, which Swift does not import.
private let noOffset = UInt64.max
