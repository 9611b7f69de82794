import CModelsig
import Foundation

/// A model whose signature, names and lengths hold. Its bytes are checked as they are handed out; nothing but signed
/// names can be reached. Any number of threads and tasks may use one.
///
/// Cancelling a task inside one of the async functions cancels the model, as `cancel` does: to go on, open it again,
/// which costs little.
public final class Model: Sendable {
    let handle: Handle
    private let token: CancellationToken

    /// The signed names, in code-point order. They are what was signed, byte for byte: Swift takes differently composed
    /// characters for equal, a model does not.
    public let names: [String]

    init(_ handle: Handle, _ call: Call) {
        self.handle = handle
        token = call.token
        names = handle.use { model in
            (0..<modelsig_model_count(model)).compactMap { modelsig_model_name(model, $0).map { String(cString: $0) } }
        }
    }

    /// Ends calls that are running, and every later one.
    public func cancel() {
        token.cancel()
    }

    /// The length of a file in bytes.
    ///
    /// - Throws: `unsigned` for a name that is not signed.
    public func length(of name: String) throws(ModelsigError) -> UInt64 {
        var length: UInt64 = 0
        try call(name) { modelsig_model_length($0, $1, &length, $2) }
        return length
    }

    /// Some bytes of a file. Only the chunks that they lie in are read and checked, if the signer made an index of
    /// chunks.
    ///
    /// - Throws: `usage` if the file does not have so many bytes there.
    public func read(_ name: String, offset: UInt64, count: Int) throws(ModelsigError) -> Data {
        // Before memory is taken for it.
        let length = try length(of: name)
        guard let wanted = UInt64(exactly: count), offset <= length, wanted <= length - offset else {
            throw .usage("\(count) bytes at \(offset) reach out of '\(name)', which has \(length)")
        }
        var data = Data(count: count)
        let read: Result<Void, ModelsigError> = data.withUnsafeMutableBytes { buffer in
            Result { () throws(ModelsigError) in try self.read(name, offset: offset, into: buffer) }
        }
        try read.get()
        return data
    }

    /// As many bytes of a file as the buffer holds. After an error its content is of no use.
    public func read(_ name: String, offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ModelsigError) {
        var nothing: UInt8 = 0
        try withUnsafeMutableBytes(of: &nothing) { spare in
            outcome(name) {
                modelsig_model_read($0, $1, offset, buffer.baseAddress ?? spare.baseAddress, buffer.count, $2)
            }
        }.get()
    }

    /// All of a file.
    public func load(_ name: String) throws(ModelsigError) -> VerifiedData {
        let model = handle
        let loaded: Result<VerifiedData, ModelsigError> = try withCText(name) { name in
            Result { () throws(ModelsigError) in
                VerifiedData(
                    try Handle(freedBy: modelsig_bytes_free) { modelsig_model_load(model.pointer, name, $0, $1) })
            }
        }
        return try loaded.get()
    }

    /// A tensor of a safetensors or GGUF file: only the header and the chunks that it lies in are read.
    ///
    /// - Parameter file: In which file; without one, in whichever has a tensor of that name.
    public func loadTensor(_ tensor: String, in file: String? = nil) throws(ModelsigError) -> VerifiedData {
        func load(_ file: UnsafePointer<CChar>?) throws(ModelsigError) -> VerifiedData {
            let model = handle
            return try withCText(tensor) { tensor in
                Result { () throws(ModelsigError) in
                    VerifiedData(
                        try Handle(freedBy: modelsig_bytes_free) {
                            modelsig_model_load_tensor(model.pointer, file, tensor, $0, $1)
                        })
                }
            }.get()
        }
        guard let file else { return try load(nil) }
        return try withCText(file) { file in Result { () throws(ModelsigError) in try load(file) } }.get()
    }

    /// A descriptor of a file that others cannot write to any more, all of which was checked: for runtimes that take
    /// one.
    ///
    /// - Throws: `policy` where the system has no such thing: iOS has one only where the model's folder can be written
    ///   to.
    public func file(_ name: String) throws(ModelsigError) -> VerifiedFile {
        var descriptor: Int32 = -1
        var protection: UInt32 = 0
        try call(name) { modelsig_model_fd($0, $1, &descriptor, &protection, $2) }
        return VerifiedFile(descriptor: descriptor, protection: Protection(protection))
    }

    /// Checks bytes of a file as they arrive, from its beginning: of a download, say. Needs no file.
    public func stream(_ name: String) throws(ModelsigError) -> VerificationStream {
        let model = handle
        return try withCText(name) { name in
            Result { () throws(ModelsigError) in
                VerificationStream(
                    try Handle(freedBy: modelsig_stream_free) { modelsig_model_stream(model.pointer, name, $0, $1) })
            }
        }.get()
    }

    /// What was found so far.
    public func report() throws(ModelsigError) -> Report {
        let model = handle
        return Report(json: try text { modelsig_model_report(model.pointer, $0, $1) })
    }

    /// All tensors of all signed safetensors and GGUF files. Only headers are read.
    public func tensors() throws(ModelsigError) -> Report {
        let model = handle
        return Report(json: try text { modelsig_model_tensors(model.pointer, $0, $1) })
    }

    private func call(
        _ name: String, _ body: (OpaquePointer, UnsafePointer<CChar>, ErrorSlot) -> modelsig_status
    ) throws(ModelsigError) {
        try outcome(name, body).get()
    }

    private func outcome(
        _ name: String, _ body: (OpaquePointer, UnsafePointer<CChar>, ErrorSlot) -> modelsig_status
    ) -> Result<Void, ModelsigError> {
        Result { () throws(ModelsigError) in
            try withCText(name) { name in
                handle.use { model in Modelsig.outcome { body(model, name, $0) } }
            }.get()
        }
    }
}

extension Model {
    /// As the blocking function of the same name.
    public func read(_ name: String, offset: UInt64, count: Int) async throws(ModelsigError) -> Data {
        try await detached(token) { () throws(ModelsigError) in try self.read(name, offset: offset, count: count) }
    }

    /// As the blocking function of the same name.
    public func load(_ name: String) async throws(ModelsigError) -> VerifiedData {
        try await detached(token) { () throws(ModelsigError) in try self.load(name) }
    }

    /// As the blocking function of the same name.
    public func loadTensor(_ tensor: String, in file: String? = nil) async throws(ModelsigError) -> VerifiedData {
        try await detached(token) { () throws(ModelsigError) in try self.loadTensor(tensor, in: file) }
    }

    /// As the blocking function of the same name.
    public func file(_ name: String) async throws(ModelsigError) -> VerifiedFile {
        try await detached(token) { () throws(ModelsigError) in try self.file(name) }
    }

    /// As the blocking function of the same name.
    public func tensors() async throws(ModelsigError) -> Report {
        try await detached(token) { () throws(ModelsigError) in try self.tensors() }
    }
}
