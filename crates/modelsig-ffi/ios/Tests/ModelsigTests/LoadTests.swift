import Foundation
import XCTest

@testable import Modelsig

final class LoadTests: ModelTests {
    func testReadAndLoad() throws {
        let opened = try verifier().open(model, bundle: bundle())
        let bytes = try content(weights)
        XCTAssertEqual(opened.names.count, 7)
        XCTAssertEqual(try opened.length(of: weights), UInt64(bytes.count))
        XCTAssertEqual(try opened.load(weights).dataNoCopy, bytes)
        XCTAssertEqual(try opened.load("empty.txt").dataNoCopy, Data())
        for range in [0..<1, 65535..<65537, 100..<100, bytes.count - 1..<bytes.count, 0..<bytes.count] {
            let part = try opened.read(weights, offset: UInt64(range.lowerBound), count: range.count)
            XCTAssertEqual(part, Data(bytes[range]), "\(range)")
        }
        let end = UInt64(bytes.count)
        for (offset, count) in [(end, 1), (0, bytes.count + 1), (UInt64.max, 1), (0, Int.max), (0, -1), (end + 1, 0)] {
            refused(.usage) { try opened.read(weights, offset: offset, count: count) }
        }
        XCTAssertThrowsError(try opened.load("other"), "not signed")
        refused(.unsigned) { try opened.length(of: "../model/config.json") }
        XCTAssertTrue(try opened.report().json.contains("\"verdict\""))
    }

    /// Opening looks at names and lengths; a bad byte is found by whoever asks for it, and by nobody else.
    func testABadChunk() throws {
        let copy = try copy()
        let bytes = try content(weights)
        try bytes.changed(at: 2 * chunk).write(to: copy.appendingPathComponent(weights))
        let opened = try verifier().open(copy, bundle: bundle())
        let error = refused(.mismatch) { try opened.load(weights) }
        XCTAssertEqual(error?.offset, UInt64(2 * chunk))
        refused(.mismatch) { try opened.read(weights, offset: UInt64(2 * chunk), count: 1) }
        XCTAssertEqual(try opened.read(weights, offset: 0, count: 2 * chunk), bytes.prefix(2 * chunk))
        XCTAssertEqual(try opened.load("config.json").dataNoCopy, Data("{}".utf8))
        refused(.mismatch) { try verifier().load(copy, bundle: bundle()) }
        refused(.mismatch) { try opened.file(weights) }
    }

    func testAllAtOnce() throws {
        let copy = try copy()
        let loaded = try verifier().load(copy, bundle: bundle())
        // What is handed out was checked before: what happens to the files does not matter any more.
        let bytes = try content(weights)
        try Data("evil".utf8).write(to: copy.appendingPathComponent("config.json"))
        XCTAssertEqual(try loaded.load("config.json").dataNoCopy, Data("{}".utf8))
        XCTAssertEqual(try loaded.load(weights).dataNoCopy, bytes)
    }

    func testBytesOutliveTheModel() throws {
        var opened: Model? = try verifier().open(model, bundle: bundle())
        var loaded: VerifiedData? = try opened?.load(weights)
        weak var watched = opened
        opened = nil
        XCTAssertNil(watched)
        XCTAssertGreaterThanOrEqual(try XCTUnwrap(loaded).protection, .private)
        var data = loaded?.dataNoCopy
        loaded = nil
        XCTAssertEqual(data, try content(weights))
        let slice = data?[1000..<2000]
        data = nil
        XCTAssertEqual(slice, try content(weights)[1000..<2000])
    }

    func testMemoryIsReleased() throws {
        func resident() throws -> Int {
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
            return try XCTUnwrap(Int(pages)) * 4096
        }
        let opened = try verifier().open(model, bundle: bundle())
        let before = try resident()
        for _ in 0..<12 {
            XCTAssertEqual(try opened.load("weights.bin").dataNoCopy.count, 40_000_003)
        }
        XCTAssertLessThan(try resident() - before, 200_000_000, "12 times 40 MB were loaded and let go")
    }

    func testTensors() throws {
        let opened = try verifier().open(model, bundle: bundle())
        let loaded = try opened.loadTensor("head.weight")
        let values = loaded.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        XCTAssertEqual(values, (0..<6400).map { Float(3000 * 64 + 3000 + $0) })
        XCTAssertEqual(try opened.loadTensor("head.weight", in: weights).dataNoCopy, loaded.dataNoCopy)
        XCTAssertTrue(try opened.tensors().json.contains("\"embedding.weight\""))
        XCTAssertThrowsError(try opened.loadTensor("no.tensor"))
        XCTAssertThrowsError(try opened.loadTensor("head.weight", in: "other.safetensors"), "not signed")
    }

    func testADescriptor() throws {
        let opened = try verifier().open(model, bundle: bundle())
        let file = try opened.file(weights)
        XCTAssertGreaterThan(file.protection, .private)
        let handle = FileHandle(fileDescriptor: dup(file.descriptor), closeOnDealloc: true)
        try handle.seek(toOffset: 0)
        XCTAssertEqual(try handle.readToEnd(), try content(weights))
    }

    func testProtection() throws {
        var options = Options()
        options.minimumProtection = .sealed
        let opened = try verifier().open(model, bundle: bundle(), options: options)
        let loaded = try opened.load(weights)
        XCTAssertGreaterThanOrEqual(loaded.protection, .sealed)
        XCTAssertEqual(loaded.dataNoCopy, try content(weights))
        options.minimumProtection = .kernel
        XCTAssertThrowsError(try verifier().open(model, bundle: bundle(), options: options).load(weights)) { error in
            XCTAssertEqual((error as? ModelsigError)?.code, .policy, "\(error)")
        }
        options.minimumProtection = nil
        options.maximumCopy = 2_000_000
        let frugal = try verifier().open(model, bundle: bundle(), options: options)
        XCTAssertEqual(try frugal.load(weights).count, try content(weights).count)
    }

    /// Files of a model that lie somewhere, under other names, in an archive.
    func testNamedResources() throws {
        let bytes = try content(weights)
        let archive = try file("archive", Data(count: 5) + bytes + Data("{}".utf8))
        let handle = try FileHandle(forReadingFrom: archive)
        let opened = try verifier().open(
            resources: [
                (weights, .descriptor(handle.fileDescriptor, offset: 5, length: UInt64(bytes.count))),
                ("config.json", .url(archive, offset: UInt64(5 + bytes.count), length: 2)),
            ], bundle: bundle())
        XCTAssertEqual(try opened.load(weights).dataNoCopy, bytes)
        XCTAssertEqual(try opened.load("config.json").dataNoCopy, Data("{}".utf8))
        XCTAssertEqual(try opened.read(weights, offset: 70000, count: 10), bytes[70000..<70010])
        XCTAssertThrowsError(try opened.load("weights.bin"), "not given")
        refused(.unsigned) { try verifier().open(resources: [("other", .url(archive))], bundle: bundle()) }
        refused(.unsupported) { try verifier().open(resources: [(weights, .data(bytes))], bundle: bundle()) }
        let bad = try file("bad", bytes.changed(at: 0))
        let opening = try verifier().open(resources: [(weights, .url(bad))], bundle: bundle())
        refused(.mismatch) { try opening.load(weights) }
    }

    func testEightThreadsOnOneModel() throws {
        let opened = try verifier().open(model, bundle: bundle())
        let bytes = try content(weights)
        let failures = Locked<[String]>([])
        let name = weights
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<20 {
                let offset = (thread * 7919 + round * 30011) % (bytes.count - 5000)
                do {
                    let part = try opened.read(name, offset: UInt64(offset), count: 5000)
                    if part != bytes[offset..<offset + 5000] { failures.with { $0.append("other bytes at \(offset)") } }
                    if round % 5 == 0, try opened.load("config.json").dataNoCopy != Data("{}".utf8) {
                        failures.with { $0.append("another config") }
                    }
                } catch {
                    failures.with { $0.append("\(error)") }
                }
            }
        }
        XCTAssertEqual(failures.now, [])
    }

    /// What the threads of Dispatch have on Apple's systems, of which the library must not need more.
    func testAStackOf512KiB() throws {
        let verifier = try verifier(), bundle = try bundle(), model = model
        let result = Locked<Result<Int, ModelsigError>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            var options = Options()
            options.threads = 1
            let loaded = Result { () throws(ModelsigError) in
                _ = try verifier.verify(model, bundle: bundle, options: options)
                return try verifier.open(model, bundle: bundle, options: options).load("weights.bin").count
            }
            result.with { $0 = loaded }
            done.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        done.wait()
        XCTAssertEqual(result.now, .success(40_000_003))
    }

    /// `Data` would write in place to what nobody may write to: whoever wants to change bytes takes a copy.
    func testACopyCanBeChanged() throws {
        let loaded = try verifier().open(model, bundle: bundle()).load(weights)
        let bytes = try content(weights)
        var copy = Data(loaded)
        copy[0] ^= 1
        XCTAssertEqual(copy, bytes.changed(at: 0))
        XCTAssertEqual(loaded.dataNoCopy, bytes)
        XCTAssertEqual(loaded.count, bytes.count)
        XCTAssertEqual(loaded[8], UInt8(ascii: "{"))
        XCTAssertTrue(loaded.elementsEqual(bytes))
        XCTAssertEqual([UInt8](loaded[8..<10]), [UInt8](bytes[8..<10]))
        XCTAssertEqual([UInt8](try verifier().open(model, bundle: bundle()).load("empty.txt")), [])
    }
}
