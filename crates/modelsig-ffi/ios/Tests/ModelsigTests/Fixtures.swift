import Foundation
import XCTest

@testable import Modelsig

/// The signed models that .ci/swift makes, and a folder for each test to change copies of them in.
class ModelTests: XCTestCase {
    let fixtures = URL(fileURLWithPath: ProcessInfo.processInfo.environment["MODELSIG_FIXTURES"] ?? "/nonexistent")
    var model: URL { fixtures.appendingPathComponent("model") }
    /// A file of many chunks.
    let weights = "model.safetensors"
    /// Bytes in a chunk of the bundles "p256.sig" and "ed25519.sig".
    let chunk = 65536
    private(set) var scratch = URL(fileURLWithPath: "/nonexistent")

    override func setUpWithError() throws {
        scratch = FileManager.default.temporaryDirectory.appendingPathComponent("modelsig-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws {
        try FileManager.default.removeItem(at: scratch)
    }

    func bundle(_ name: String = "p256.sig") throws -> Source {
        try .url(fixtures.appendingPathComponent(name))
    }

    func pem(_ type: String = "p256") throws -> String {
        try String(contentsOf: fixtures.appendingPathComponent("\(type).pub.pem"), encoding: .utf8)
    }

    /// The key itself: what stands at the end of the DER in the PEM.
    func rawKey(_ type: String, count: Int) throws -> Data {
        let base64 = try pem(type).split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        return try XCTUnwrap(Data(base64Encoded: base64)).suffix(count)
    }

    func verifier() throws -> Verifier {
        try Verifier(keys: [.pem(pem())])
    }

    func content(_ name: String) throws -> Data {
        try Data(contentsOf: model.appendingPathComponent(name))
    }

    /// A copy of the model to change.
    func copy() throws -> URL {
        let copy = scratch.appendingPathComponent("model")
        try FileManager.default.copyItem(at: model, to: copy)
        return copy
    }

    /// A file in the test's folder.
    func file(_ name: String, _ content: Data) throws -> URL {
        let file = scratch.appendingPathComponent(name)
        try content.write(to: file)
        return file
    }

    /// That it is refused, with this code.
    @discardableResult
    func refused<T>(
        _ code: ModelsigError.Code, line: UInt = #line, file: StaticString = #filePath, _ body: () throws -> T
    ) -> ModelsigError? {
        var caught: ModelsigError?
        XCTAssertThrowsError(try body(), "not refused", file: file, line: line) { error in
            caught = error as? ModelsigError
            XCTAssertEqual(caught?.code, code, "\(error)", file: file, line: line)
        }
        return caught
    }
}

extension Data {
    /// The same bytes with another one at a position.
    func changed(at position: Int) -> Data {
        var copy = Data([UInt8](self))
        copy[position] ^= 1
        return copy
    }
}

/// A value that several threads may change.
final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    @discardableResult
    func with<R>(_ body: (inout Value) -> R) -> R { lock.withLock { body(&value) } }
    var now: Value { with { $0 } }
}

extension Locked where Value == Bool {
    /// True for the first who asks.
    func take() -> Bool {
        with { value in
            defer { value = false }
            return value
        }
    }
}
