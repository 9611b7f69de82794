import Foundation
import XCTest

@testable import Modelsig

final class StreamTests: ModelTests {
    private func stream(_ name: String, in bundle: String = "p256.sig") throws -> VerificationStream {
        try verifier().open(bundle: self.bundle(bundle)).stream(name)
    }

    /// Feeds the bytes in pieces; how many were fed when it was refused.
    private func feed(_ bytes: Data, to stream: VerificationStream, piece: Int) -> (fed: Int, error: ModelsigError?) {
        var start = 0
        while start < bytes.count {
            let end = min(start + piece, bytes.count)
            do {
                try stream.update(bytes[start..<end])
            } catch {
                return (start, error)
            }
            start = end
        }
        return (start, nil)
    }

    func testAccepted() throws {
        for name in ["model.safetensors", "config.json", "empty.txt"] {
            for piece in [1000, 65536, 10_000_000] {
                let bytes = try content(name)
                let stream = try stream(name)
                XCTAssertEqual(stream.verified, 0)
                XCTAssertNil(feed(bytes, to: stream, piece: piece).error)
                try stream.update(Data())
                try stream.finish()
                XCTAssertEqual(stream.verified, UInt64(bytes.count), "\(name) in pieces of \(piece)")
            }
        }
    }

    func testRefusedAtTheFirstBadChunk() throws {
        let bytes = try content(weights).changed(at: 3 * chunk + 5)
        let stream = try stream(weights)
        let (fed, error) = feed(bytes, to: stream, piece: 1000)
        XCTAssertEqual(error?.code, .mismatch)
        XCTAssertEqual(error?.path, weights)
        XCTAssertEqual(error?.offset, UInt64(3 * chunk))
        // In the call that brought the last byte of the chunk.
        XCTAssertEqual(fed, (4 * chunk - 1) / 1000 * 1000)
        XCTAssertEqual(stream.verified, UInt64(3 * chunk))
        refused(.mismatch) { try stream.update(Data(count: 1)) }
        refused(.mismatch) { try stream.finish() }
        XCTAssertEqual(stream.verified, UInt64(3 * chunk))
    }

    func testTooShortAndTooLong() throws {
        let bytes = try content(weights)
        for missing in [1, chunk, bytes.count] {
            let stream = try stream(weights)
            XCTAssertNil(feed(bytes.dropLast(missing), to: stream, piece: 5000).error)
            refused(.mismatch) { try stream.finish() }
        }
        let stream = try stream(weights)
        XCTAssertNil(feed(bytes, to: stream, piece: 5000).error)
        refused(.mismatch) { try stream.update([0]) }
        refused(.mismatch) { try stream.finish() }
    }

    /// Without an index of chunks nothing is known before the end.
    func testWithoutChunks() throws {
        let bytes = try content(weights)
        let good = try stream(weights, in: "whole.sig")
        XCTAssertNil(feed(bytes, to: good, piece: 5000).error)
        XCTAssertEqual(good.verified, 0)
        try good.finish()
        XCTAssertEqual(good.verified, UInt64(bytes.count))
        let bad = try stream(weights, in: "whole.sig")
        XCTAssertNil(feed(bytes.changed(at: 0), to: bad, piece: 5000).error)
        refused(.mismatch) { try bad.finish() }
        XCTAssertEqual(bad.verified, 0)
    }

    func testNamesAndTheModelBehind() throws {
        var opened: Model? = try verifier().open(model, bundle: bundle())
        let stream = try XCTUnwrap(opened).stream("config.json")
        refused(.unsigned) { try XCTUnwrap(opened).stream("other") }
        opened = nil
        try stream.update([UInt8]("{}".utf8))
        try stream.finish()
        XCTAssertThrowsError(try verifier().open(bundle: bundle()).load("config.json"), "there is no file")
    }
}
