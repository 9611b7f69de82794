import Foundation
import XCTest

@testable import Modelsig

final class AsyncTests: ModelTests {
    /// Work long enough, on one thread that tells after each block.
    private var slow: Options {
        var options = Options()
        options.threads = 1
        return options
    }

    func testVerifyOpenLoad() async throws {
        let report = try await verifier().verify(model, bundle: bundle())
        XCTAssertTrue(report.json.contains("\"verified\""))
        let opened = try await verifier().open(model, bundle: bundle())
        let loaded = try await opened.load("model.safetensors")
        XCTAssertEqual(loaded.dataNoCopy, try content("model.safetensors"))
        let part = try await opened.read("model.safetensors", offset: 8, count: 2)
        XCTAssertEqual(part, try content("model.safetensors")[8..<10])
        let all = try await verifier().load(model, bundle: bundle())
        let config = try await all.load("config.json")
        XCTAssertEqual(config.dataNoCopy, Data("{}".utf8))
        let file = try await opened.file("config.json")
        XCTAssertGreaterThanOrEqual(file.descriptor, 0)
        let tensor = try await opened.loadTensor("head.bias")
        XCTAssertEqual(tensor.count, 12000)
        let bytes = try content("config.json")
        _ = try await verifier().verify(resource: "config.json", content: .data(bytes), bundle: bundle())
    }

    func testErrorsCome() async throws {
        let copy = try copy()
        try Data("[]".utf8).write(to: copy.appendingPathComponent("config.json"))
        do {
            _ = try await verifier().verify(copy, bundle: bundle())
            XCTFail("not refused")
        } catch let error as ModelsigError {
            XCTAssertEqual(error.code, .mismatch)
            XCTAssertEqual(error.path, "config.json")
        }
    }

    func testProgressReachesTheTotal() async throws {
        for threads: UInt32 in [0, 1] {
            var options = Options()
            options.threads = threads
            let progress = Progress(totalUnitCount: -1)
            let told = Locked<[(UInt64, UInt64)]>([])
            options.progress = progress
            options.onProgress = { done, total in told.with { $0.append((done, total)) } }
            _ = try await verifier().verify(model, bundle: bundle(), options: options)
            let last = try XCTUnwrap(told.now.last)
            XCTAssertEqual(last.0, last.1)
            XCTAssertGreaterThanOrEqual(last.0, 40_000_003)
            XCTAssertEqual(progress.completedUnitCount, Int64(last.0))
            XCTAssertEqual(progress.totalUnitCount, Int64(last.1))
            XCTAssertTrue(progress.isFinished)
            XCTAssertEqual(told.now.map(\.0), told.now.map(\.0).sorted())
            if threads == 1 { XCTAssertGreaterThan(told.now.count, 3) }
        }
    }

    /// Of a task, from outside, while bytes are hashed.
    func testCancellingATask() async throws {
        let verifier = try verifier(), bundle = try bundle(), model = model
        let began = AsyncStream<Void>.makeStream()
        let cancelled = DispatchSemaphore(value: 0)
        let told = Locked(0)
        let first = Locked(true)
        var options = slow
        options.onProgress = { _, _ in
            told.with { $0 += 1 }
            if first.take() {
                began.continuation.finish()
                cancelled.wait()
            }
        }
        let task = Task { [options] in try await verifier.verify(model, bundle: bundle, options: options) }
        for await _ in began.stream {}
        task.cancel()
        cancelled.signal()
        switch await task.result {
        case .success: XCTFail("not cancelled")
        case .failure(let error):
            let error = try XCTUnwrap(error as? ModelsigError)
            XCTAssertEqual(error.code, .cancelled)
            XCTAssertEqual(error.outcome, .cancelled)
        }
        // It ended at once, and nothing of it is left.
        XCTAssertLessThan(told.now, 5)
        _ = try await verifier.verify(model, bundle: bundle)
    }

    func testATaskThatWasCancelledBefore() async throws {
        let verifier = try verifier(), bundle = try bundle(), model = model
        let gate = DispatchSemaphore(value: 0)
        let task = Task.detached {
            gate.wait()
            return try await verifier.verify(model, bundle: bundle)
        }
        task.cancel()
        gate.signal()
        let result = await task.result
        XCTAssertThrowsError(try result.get()) { XCTAssertEqual(($0 as? ModelsigError)?.code, .cancelled) }
    }

    func testTokensAndProgressCancelToo() throws {
        var options = slow
        let token = try CancellationToken()
        options.cancellation = token
        options.onProgress = { _, _ in token.cancel() }
        refused(.cancelled) { try verifier().verify(model, bundle: bundle(), options: options) }
        XCTAssertTrue(token.isCancelled)
        refused(.cancelled) { try verifier().open(model, bundle: bundle(), options: options) }

        options = slow
        let progress = Progress(totalUnitCount: -1)
        options.progress = progress
        options.onProgress = { _, _ in progress.cancel() }
        refused(.cancelled) { try verifier().verify(model, bundle: bundle(), options: options) }
        refused(.cancelled) { try verifier().verify(model, bundle: bundle(), options: options) }
    }

    /// As documented: the task ends the model, which says so from then on.
    func testCancellingALoadEndsTheModel() async throws {
        let verifier = try verifier()
        let began = AsyncStream<Void>.makeStream()
        let cancelled = DispatchSemaphore(value: 0)
        let first = Locked(true)
        var options = slow
        options.onProgress = { _, _ in
            if first.take() {
                began.continuation.finish()
                cancelled.wait()
            }
        }
        let opened = try await verifier.open(model, bundle: bundle(), options: options)
        let task = Task { try await opened.load("weights.bin") }
        for await _ in began.stream {}
        task.cancel()
        cancelled.signal()
        let result = await task.result
        XCTAssertThrowsError(try result.get()) { XCTAssertEqual(($0 as? ModelsigError)?.code, .cancelled) }
        refused(.cancelled) { try opened.load("config.json") }
        let again = try await verifier.open(model, bundle: bundle())
        let config = try await again.load("config.json")
        XCTAssertEqual(config.count, 2)
    }

    func testEightTasksOnOneModel() async throws {
        let opened = try await verifier().open(model, bundle: bundle())
        let bytes = try content("model.safetensors")
        try await withThrowingTaskGroup(of: (Int, Data).self) { group in
            for task in 0..<8 {
                group.addTask {
                    let offset = task * 90_001
                    return (offset, try await opened.read("model.safetensors", offset: UInt64(offset), count: 70_000))
                }
            }
            var seen = 0
            for try await (offset, part) in group {
                XCTAssertEqual(part, bytes[offset..<offset + 70_000])
                seen += 1
            }
            XCTAssertEqual(seen, 8)
        }
    }

    /// More calls at once than the cooperative pool has threads, none of which is used up: a task runs in between.
    func testThePoolStaysFree() async throws {
        let verifier = try verifier(), bundle = try bundle(), model = model
        let gate = DispatchSemaphore(value: 0)
        let waiting = Locked(0)
        let count = ProcessInfo.processInfo.activeProcessorCount + 4
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let first = Locked(true)
                    var options = Options()
                    options.threads = 1
                    options.onProgress = { _, _ in
                        guard first.take() else { return }
                        waiting.with { $0 += 1 }
                        gate.wait()
                    }
                    _ = try await verifier.verify(model, bundle: bundle, options: options)
                }
            }
            let deadline = Date() + 60
            while waiting.now < count, Date() < deadline {
                try await Task.sleep(nanoseconds: 10_000_000)
            }
            XCTAssertEqual(waiting.now, count)
            for _ in 0..<count { gate.signal() }
            try await group.waitForAll()
        }
    }
}
