#if canImport(Glibc)
import Foundation
import Glibc
import XCTest

@testable import Modelsig

final class LeakTests: ModelTests {
    /// One of each object, and each way in which a call ends.
    private func round(_ model: URL, _ signature: Data, _ pem: String) throws {
        let verifier = try Verifier(keys: [.pem(pem)])
        let bundle = Source.data(signature)
        var options = Options()
        options.threads = 1
        options.onProgress = { _, _ in }
        options.cancellation = try CancellationToken()
        let config = Data("{}".utf8)
        _ = try verifier.verify(resource: "config.json", content: .data(config), bundle: bundle, options: options)
        let file = model.appendingPathComponent("config.json")
        let opened = try verifier.open(resources: [("config.json", .url(file))], bundle: bundle, options: options)
        XCTAssertEqual(try opened.load("config.json").dataNoCopy, config)
        XCTAssertEqual(try opened.read("config.json", offset: 0, count: 1).count, 1)
        XCTAssertGreaterThanOrEqual(try opened.file("config.json").descriptor, 0)
        XCTAssertFalse(try opened.report().json.isEmpty)
        let stream = try opened.stream("config.json")
        try stream.update(config)
        try stream.finish()
        XCTAssertThrowsError(try opened.load("other"))
        refused(.key) { try Verifier(keys: [.pem("no key")]) }
        let other = Source.data(Data("[]".utf8))
        refused(.mismatch) { try verifier.verify(resource: "config.json", content: other, bundle: bundle) }
        refused(.missing) { try verifier.verify(scratch, bundle: bundle) }
        options.cancellation?.cancel()
        refused(.cancelled) { try opened.load("config.json") }
    }

    /// Bytes that are allocated in all of the process, as the C library counts them.
    private func allocated() throws -> Int {
        typealias Function = @convention(c) (Int32, UnsafeMutablePointer<FILE>?) -> Int32
        let function = unsafeBitCast(try XCTUnwrap(dlsym(nil, "malloc_info")), to: Function.self)
        var start: UnsafeMutablePointer<CChar>?
        var size = 0
        let file = try XCTUnwrap(open_memstream(&start, &size))
        XCTAssertEqual(function(0, file), 0)
        fclose(file)
        defer { free(start) }
        let text = String(cString: try XCTUnwrap(start))
        // The totals stand after the heaps.
        let totals = text[try XCTUnwrap(text.range(of: "</heap>", options: .backwards)).upperBound...]
        func total(_ kind: String) throws -> Int {
            let pattern = #"<\w+ type="\#(kind)" (?:count="\d+" )?size="(\d+)""#
            let expression = try NSRegularExpression(pattern: pattern)
            let found = expression.firstMatch(in: String(totals), range: NSRange(totals.startIndex..., in: totals))
            let range = try XCTUnwrap(Range(XCTUnwrap(found).range(at: 1), in: String(totals)))
            return try XCTUnwrap(Int(String(totals)[range]))
        }
        return try total("current") + total("mmap") - total("fast") - total("rest")
    }

    func testNothingIsLeftBehind() throws {
        let signature = try Data(contentsOf: fixtures.appendingPathComponent("p256.sig"))
        let pem = try pem()
        // Caches fill, and heaps come to their size, in the first rounds; what is lost is lost in each.
        var left = Int.max
        for _ in 0..<10 where left >= 40 * 16 {
            let before = try allocated()
            for _ in 0..<40 { try round(model, signature, pem) }
            left = try allocated() - before
        }
        XCTAssertLessThan(left, 40 * 16, "less than the smallest object in each of 40 rounds")
    }

    /// Descriptors too.
    func testDescriptorsAreClosed() throws {
        func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let signature = try Data(contentsOf: fixtures.appendingPathComponent("p256.sig"))
        let pem = try pem()
        try round(model, signature, pem)
        let before = try open()
        for _ in 0..<20 { try round(model, signature, pem) }
        XCTAssertEqual(try open(), before)
    }
}
#endif
