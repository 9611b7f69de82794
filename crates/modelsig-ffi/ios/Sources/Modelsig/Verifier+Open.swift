import CModelsig
import Foundation

extension Verifier {
    /// Opens a model, a folder or a file: signature, names and lengths are checked now, bytes when they are handed out.
    ///
    /// Progress and cancellation of the options belong to the model, for as long as it lives.
    public func open(_ model: URL, bundle: Source, options: Options = Options()) throws(ModelsigError) -> Model {
        try open(model, bundle, Call(options))
    }

    /// As the blocking function of the same name.
    public func open(_ model: URL, bundle: Source, options: Options = Options()) async throws(ModelsigError) -> Model {
        let call = try Call(options)
        return try await detached(call.token) { () throws(ModelsigError) in try self.open(model, bundle, call) }
    }

    /// Opens a model of which some files lie anywhere, each given with the name that it has in the bundle.
    ///
    /// Without any, the model knows names and lengths only, for `Model.stream`.
    ///
    /// - Throws: `unsupported` for contents in memory: verify those with `verify(resource:)`.
    public func open(
        resources: [(name: String, content: Source)] = [], bundle: Source, options: Options = Options()
    ) throws(ModelsigError) -> Model {
        try open(resources, bundle, Call(options))
    }

    /// As the blocking function of the same name.
    public func open(
        resources: [(name: String, content: Source)] = [], bundle: Source, options: Options = Options()
    ) async throws(ModelsigError) -> Model {
        let call = try Call(options)
        return try await detached(call.token) { () throws(ModelsigError) in try self.open(resources, bundle, call) }
    }

    /// Opens a model and loads all of it, in one pass over the storage. What it then hands out was checked already.
    public func load(_ model: URL, bundle: Source, options: Options = Options()) throws(ModelsigError) -> Model {
        try load(model, bundle, Call(options))
    }

    /// As the blocking function of the same name.
    public func load(_ model: URL, bundle: Source, options: Options = Options()) async throws(ModelsigError) -> Model {
        let call = try Call(options)
        return try await detached(call.token) { () throws(ModelsigError) in try self.load(model, bundle, call) }
    }

    private func load(_ model: URL, _ bundle: Source, _ call: Call) throws(ModelsigError) -> Model {
        let model = try open(model, bundle, call)
        // This call wants the object for itself: nobody else has seen it yet.
        try model.handle.call { modelsig_model_load_all($0, $1) }
        return model
    }

    private func open(_ model: URL, _ bundle: Source, _ call: Call) throws(ModelsigError) -> Model {
        let handle = try bundle.use { (bundle) throws(ModelsigError) in
            try withPath(of: model) { path in
                self.model(call) { verifier, options, made, error in
                    modelsig_verifier_open(verifier, path, bundle, options, made, error)
                }
            }
        }
        return Model(try handle.get(), call)
    }

    private func open(
        _ resources: [(name: String, content: Source)], _ bundle: Source, _ call: Call
    ) throws(ModelsigError) -> Model {
        let handle = try bundle.use { (bundle) throws(ModelsigError) in
            try withAll(resources[...], [], []) { (names, contents) throws(ModelsigError) in
                try self.model(call) { verifier, options, made, error in
                    modelsig_verifier_open_resources(
                        verifier, bundle, names, contents, names.count, options, made, error)
                }.get()
            }
        }
        return Model(handle, call)
    }

    private func model(
        _ call: Call,
        _ open: (OpaquePointer, UnsafePointer<modelsig_options>, ErrorSlot, ErrorSlot) -> modelsig_status
    ) -> Result<Handle, ModelsigError> {
        call.use { options in
            self.handle.use { verifier in
                Result { () throws(ModelsigError) in
                    // The model calls back as long as it lives.
                    try Handle(freedBy: modelsig_model_free, keeping: call) { open(verifier, options, $0, $1) }
                }
            }
        }
    }
}

/// All names and sources for C, for as long as the closure runs.
private func withAll<R>(
    _ rest: ArraySlice<(name: String, content: Source)>,
    _ names: [UnsafePointer<CChar>?],
    _ contents: [OpaquePointer?],
    _ body: ([UnsafePointer<CChar>?], [OpaquePointer?]) throws(ModelsigError) -> R
) throws(ModelsigError) -> R {
    guard let first = rest.first else { return try body(names, contents) }
    return try first.content.use { (content) throws(ModelsigError) in
        try withCText(first.name) { name in
            Result { () throws(ModelsigError) in
                try withAll(rest.dropFirst(), names + [name], contents + [content], body)
            }
        }.get()
    }
}
