import Foundation
import XCTest

@testable import Modelsig

/// One file of a model, wherever it lies.
final class SourceTests: ModelTests {
    func testAFileAndBytesInMemory() throws {
        let here = try Source.url(model.appendingPathComponent(weights))
        _ = try verifier().verify(resource: weights, content: here, bundle: bundle())
        let bytes = try content(weights)
        _ = try verifier().verify(resource: weights, content: .data(bytes), bundle: bundle())
        _ = try verifier().verify(resource: "empty.txt", content: .data(Data()), bundle: bundle())

        let error = refused(.mismatch) {
            try verifier().verify(resource: weights, content: .data(bytes.changed(at: chunk)), bundle: bundle())
        }
        XCTAssertEqual(error?.path, weights)
        XCTAssertEqual(error?.offset, UInt64(chunk))
        for other in [bytes.dropLast(), bytes + [0]] {
            refused(.mismatch) { try verifier().verify(resource: weights, content: .data(other), bundle: bundle()) }
        }
        refused(.mismatch) { try verifier().verify(resource: "config.json", content: .data(bytes), bundle: bundle()) }
        refused(.unsigned) { try verifier().verify(resource: "other", content: .data(bytes), bundle: bundle()) }
    }

    /// As an entry of an archive: in the middle of a file, at an odd place.
    func testAPartOfAFile() throws {
        let bytes = try content(weights)
        let archive = try file("archive", Data(count: 12345) + bytes + Data(count: 99))
        let length = UInt64(bytes.count)
        _ = try verifier().verify(
            resource: weights, content: .url(archive, offset: 12345, length: length), bundle: bundle())
        refused(.mismatch) {
            try verifier().verify(
                resource: weights, content: .url(archive, offset: 12344, length: length), bundle: bundle())
        }
        refused(.mismatch) {
            try verifier().verify(resource: weights, content: .url(archive, offset: 12345), bundle: bundle())
        }
        let tail = try file("tail", Data(count: 12345) + bytes)
        _ = try verifier().verify(resource: weights, content: .url(tail, offset: 12345), bundle: bundle())
    }

    func testAPartOfADescriptor() throws {
        let bytes = try content(weights)
        let archive = try file("archive", Data(count: 12345) + bytes + Data(count: 99))
        let handle = try FileHandle(forReadingFrom: archive)
        try handle.seek(toOffset: 77)
        let part = try Source.descriptor(handle.fileDescriptor, offset: 12345, length: UInt64(bytes.count))
        _ = try verifier().verify(resource: weights, content: part, bundle: bundle())
        XCTAssertEqual(try handle.offset(), 77, "the position was moved")
        // It was duplicated: ours may go.
        try handle.close()
        _ = try verifier().verify(resource: weights, content: part, bundle: bundle())

        let again = try FileHandle(forReadingFrom: archive)
        refused(.usage) { try Source.descriptor(again.fileDescriptor, offset: 12345, length: UInt64.max - 1) }
        let longer = try Source.descriptor(again.fileDescriptor, offset: 12345, length: UInt64(bytes.count + 100))
        XCTAssertThrowsError(try verifier().verify(resource: weights, content: longer, bundle: bundle()))
    }

    func testWhatIsNoFile() throws {
        XCTAssertThrowsError(try Source.descriptor(-1))
        XCTAssertThrowsError(try Source.descriptor(12345))
        let pipe = Pipe()
        XCTAssertThrowsError(
            try verifier().verify(
                resource: weights, content: .descriptor(pipe.fileHandleForReading.fileDescriptor), bundle: bundle()))
    }

    /// Changing a variable does not change what a source of it holds.
    func testDataIsAValue() throws {
        var bytes = try content(weights)
        let source = Source.data(bytes)
        bytes[0] ^= 1
        _ = try verifier().verify(resource: weights, content: source, bundle: bundle())
        refused(.mismatch) { try verifier().verify(resource: weights, content: .data(bytes), bundle: bundle()) }
        // A part of another: it does not begin at index 0.
        let framed = try Data(count: 3) + content(weights)
        _ = try verifier().verify(resource: weights, content: .data(framed[3...]), bundle: bundle())
    }

    /// Both ways to compose an umlaut are signed, as two files: equal for Swift, and not for a model.
    func testNamesAreBytes() throws {
        let composed = "sub/gr\u{fc}n.bin"
        let decomposed = "sub/gru\u{308}n.bin"
        XCTAssertEqual(composed, decomposed)
        let opened = try verifier().open(model, bundle: bundle())
        XCTAssertEqual(try opened.load(composed).dataNoCopy, Data("composed".utf8))
        XCTAssertEqual(try opened.load(decomposed).dataNoCopy, Data("decomposed".utf8))
        let found = opened.names.filter { $0 == composed }.map { [UInt8]($0.utf8) }
        XCTAssertEqual(Set(found), [[UInt8](composed.utf8), [UInt8](decomposed.utf8)])
        let far = "sub/\u{6a21}\u{578b} \u{1f600}.bin"
        XCTAssertTrue(opened.names.contains(far))
        XCTAssertEqual(try opened.load(far).dataNoCopy, try content(far))
        refused(.mismatch) {
            try verifier().verify(resource: composed, content: .data(Data("decomposed".utf8)), bundle: bundle())
        }
    }
}
