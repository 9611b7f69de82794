import CModelsig
import Foundation

/// Whom to trust. Made once, used by any number of threads and tasks.
///
/// Each verification exists twice: blocking, and `async`, which does its work on a thread of its own, off the threads
/// of Swift's tasks, ends when its task is cancelled, and takes the task's priority along. Both refuse in the same way.
public final class Verifier: Sendable {
    let handle: Handle

    /// Keys and certificate anchors may be mixed: a signature by any of them is enough.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - anchors: The text of a PEM file with root certificates; the certificates of signers must lead to one of
    ///     them.
    ///   - identities: Whose certificates count, any of them: subject alternative names, exactly, or "subject:" and the
    ///     whole subject. Without any, everybody's whom an anchor has certified.
    /// - Throws: `key` if a key or certificate cannot be read; `unsupported` for anchors where the library was built
    ///   without them.
    public init(keys: [PublicKey] = [], anchors: String? = nil, identities: [String] = []) throws(ModelsigError) {
        handle = try Handle(freedBy: modelsig_verifier_free) { modelsig_verifier_new($0, $1) }
        for key in keys {
            try key.add(to: handle)
        }
        if let anchors {
            try add(anchors, modelsig_verifier_add_anchors)
        }
        for identity in identities {
            try add(identity, modelsig_verifier_add_identity)
        }
    }

    private func add(
        _ text: String,
        _ function: (OpaquePointer, UnsafePointer<CChar>, ErrorSlot) -> modelsig_status
    ) throws(ModelsigError) {
        try withCText(text) { text in outcome { function(handle.pointer, text, $0) } }.get()
    }

    /// Checks a model, a folder or a file: signature, names, and every byte of every file.
    ///
    /// Success speaks of the bytes as they were read. Where somebody else can write to them, use `open` and load what
    /// it hands out.
    ///
    /// - Returns: What was found.
    public func verify(_ model: URL, bundle: Source, options: Options = Options()) throws(ModelsigError) -> Report {
        try verify(model, bundle, Call(options))
    }

    /// As the blocking function of the same name.
    public func verify(
        _ model: URL, bundle: Source, options: Options = Options()
    ) async throws(ModelsigError) -> Report {
        let call = try Call(options)
        return try await detached(call.token) { () throws(ModelsigError) in try self.verify(model, bundle, call) }
    }

    /// Checks one file of a model, wherever it lies: it must be exactly what was signed under the name.
    ///
    /// - Parameter name: The name in the bundle, such as "model.safetensors"; `inspect` lists them.
    /// - Throws: `unsigned` if no such name was signed.
    public func verify(
        resource name: String, content: Source, bundle: Source, options: Options = Options()
    ) throws(ModelsigError) -> Report {
        try verify(name, content, bundle, Call(options))
    }

    /// As the blocking function of the same name.
    public func verify(
        resource name: String, content: Source, bundle: Source, options: Options = Options()
    ) async throws(ModelsigError) -> Report {
        let call = try Call(options)
        return try await detached(call.token) { () throws(ModelsigError) in
            try self.verify(name, content, bundle, call)
        }
    }

    private func verify(_ model: URL, _ bundle: Source, _ call: Call) throws(ModelsigError) -> Report {
        let json = try bundle.use { (bundle) throws(ModelsigError) in
            try withPath(of: model) { path in
                call.use { options in
                    self.handle.use { verifier in
                        Result { () throws(ModelsigError) in
                            try text { modelsig_verifier_verify(verifier, path, bundle, options, $0, $1) }
                        }
                    }
                }
            }
        }
        return Report(json: try json.get())
    }

    private func verify(
        _ name: String, _ content: Source, _ bundle: Source, _ call: Call
    ) throws(ModelsigError) -> Report {
        let json = try bundle.use { (bundle) throws(ModelsigError) in
            try content.use { (content) throws(ModelsigError) in
                try withCText(name) { name in
                    call.use { options in
                        self.handle.use { verifier in
                            Result { () throws(ModelsigError) in
                                try text {
                                    modelsig_verifier_verify_resource(verifier, bundle, name, content, options, $0, $1)
                                }
                            }
                        }
                    }
                }
            }
        }
        return Report(json: try json.get())
    }
}
