import CModelsig
import Foundation

/// The options of one call, or of a model as long as it lives, together with all that the C structure points to.
final class Call: Sendable {
    private let options: Options
    let token: CancellationToken

    init(_ options: Options) throws(ModelsigError) {
        guard options.progress?.isCancelled != true else { throw .cancelled }
        self.options = options
        token = if let token = options.cancellation { token } else { try CancellationToken() }
    }

    /// The C structure, for as long as the closure runs. What it points to lives as long as this object.
    func use<R>(_ body: (UnsafePointer<modelsig_options>) -> R) -> R {
        var structure = modelsig_options()
        structure.struct_size = MemoryLayout<modelsig_options>.stride
        // 0 would be the default, and is not what somebody who says "nothing" means.
        structure.max_copy_bytes = options.maximumCopy.map { max($0, 1) } ?? 0
        structure.max_model_bytes = options.maximumModel.map { max($0, 1) } ?? 0
        structure.threads = options.threads
        structure.check = options.check.rawValue
        structure.min_protection = options.minimumProtection?.rawValue ?? 0
        structure.flags = options.strictness.rawValue | options.danger.rawValue
        structure.cancel = token.handle.pointer
        if options.progress != nil || options.onProgress != nil {
            structure.userdata = Unmanaged.passUnretained(self).toOpaque()
            structure.progress = { userdata, done, total in
                guard let userdata else { return 1 }
                return Unmanaged<Call>.fromOpaque(userdata).takeUnretainedValue().advance(done, total) ? 0 : 1
            }
        }
        return withExtendedLifetime(self) { withUnsafePointer(to: structure, body) }
    }

    /// False when it shall stop.
    private func advance(_ done: UInt64, _ total: UInt64) -> Bool {
        options.onProgress?(done, total)
        guard let progress = options.progress else { return true }
        progress.totalUnitCount = Int64(clamping: total)
        progress.completedUnitCount = Int64(clamping: done)
        return !progress.isCancelled
    }
}

/// Where blocking calls of async functions run: not on the threads of the cooperative pool, which has few and must not
/// lose them.
private let queue = DispatchQueue(label: "modelsig", qos: .unspecified, attributes: .concurrent)

/// Runs a blocking call for an async function. When its task is cancelled, the token is too, and the call ends.
func detached<R: Sendable>(
    _ token: CancellationToken,
    _ body: @escaping @Sendable () throws(ModelsigError) -> R
) async throws(ModelsigError) -> R {
    let quality = DispatchQoS(Task.currentPriority)
    let result = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            queue.async(qos: quality) {
                continuation.resume(returning: Result { () throws(ModelsigError) in
                    guard !token.isCancelled else { throw .cancelled }
                    return try body()
                })
            }
        }
    } onCancel: {
        token.cancel()
    }
    return try result.get()
}

extension DispatchQoS {
    /// The quality of service that a task's priority stands for.
    fileprivate init(_ priority: TaskPriority) {
        self = switch priority {
        case TaskPriority.high...: .userInitiated
        case TaskPriority.medium...: .default
        case TaskPriority.utility...: .utility
        default: .background
        }
    }
}
