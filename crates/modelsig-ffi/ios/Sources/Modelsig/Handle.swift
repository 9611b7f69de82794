// Objects of the C library: who frees them, and how calls turn into Swift errors.

import CModelsig

/// Where a C call puts the error that it makes.
typealias ErrorSlot = UnsafeMutablePointer<OpaquePointer?>

/// Owns a C object, and frees it when nobody refers to it any more.
///
/// Sendable without the compiler's proof: all that is done with the pointer in several threads are calls that take a
/// pointer to const, which the header allows. Calls that want an object for themselves are made before others can see
/// it (`Verifier.init`, `Model`), or under a lock (`VerificationStream`).
final class Handle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let free: @convention(c) (OpaquePointer?) -> Void
    /// What the object points to: freed after it.
    private let keeping: (any Sendable)?

    /// Takes over what `create` made.
    init(
        freedBy free: @convention(c) (OpaquePointer?) -> Void,
        keeping: (any Sendable)? = nil,
        _ create: (ErrorSlot, ErrorSlot) -> modelsig_status
    ) throws(ModelsigError) {
        try Library.check()
        var made: OpaquePointer?
        try attempt { create(&made, $0) }
        guard let made else { throw .internalFault("a call succeeded without a result") }
        pointer = made
        self.free = free
        self.keeping = keeping
    }

    deinit {
        free(pointer)
    }

    /// The pointer, for as long as the closure runs.
    func use<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(self) { body(pointer) }
    }

    /// A call that can fail, with the pointer.
    func call(_ body: (OpaquePointer, ErrorSlot) -> modelsig_status) throws(ModelsigError) {
        let result = withExtendedLifetime(self) { outcome { body(pointer, $0) } }
        try result.get()
    }
}

/// Calls, and turns every status but OK into an error.
func attempt(_ body: (ErrorSlot) -> modelsig_status) throws(ModelsigError) {
    try outcome(body).get()
}

/// As `attempt`, for inside closures that cannot throw.
func outcome(_ body: (ErrorSlot) -> modelsig_status) -> Result<Void, ModelsigError> {
    var error: OpaquePointer?
    let status = body(&error)
    defer { modelsig_error_free(error) }
    return status == MODELSIG_STATUS_OK ? .success(()) : .failure(ModelsigError(status: status, error: error))
}

/// A call that makes a text.
func text(_ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, ErrorSlot) -> modelsig_status)
    throws(ModelsigError) -> String
{
    var made: UnsafeMutablePointer<CChar>?
    try attempt { body(&made, $0) }
    guard let made else { throw .internalFault("a call succeeded without a result") }
    defer { modelsig_string_free(made) }
    return String(cString: made)
}

/// A text for C. One that holds a NUL is refused: C would take what stands before it for the whole.
func withCText<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) throws(ModelsigError) -> Result {
    guard !text.utf8.contains(0) else { throw .usage("a name, key or path holds a NUL character") }
    return text.withCString(body)
}
