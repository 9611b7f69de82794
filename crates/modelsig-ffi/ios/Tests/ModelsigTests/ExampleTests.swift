// The examples of the README, which .ci/swift looks for here, and what they do.

import Foundation
import Modelsig
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Opens the model that was shipped with the app.
func bundledModel(in app: Bundle, publicKey: String) async throws -> Model {
    guard let model = app.url(forResource: "model", withExtension: nil),
        let signature = app.url(forResource: "model", withExtension: "sig")
    else { throw CocoaError(.fileNoSuchFile) }
    let verifier = try Verifier(keys: [.pem(publicKey)])
    return try await verifier.open(model, bundle: .url(signature))
}

/// Names, types and shapes of the tensors in a safetensors file. Every byte was checked before it is looked at.
func safetensorsHeader(_ name: String, of model: Model) async throws -> [String: Any] {
    let prefix = try await model.read(name, offset: 0, count: 8)
    let length = UInt64(littleEndian: prefix.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    guard length <= 100_000_000 else { throw CocoaError(.fileReadCorruptFile) }
    let header = try await model.read(name, offset: 8, count: Int(length))
    return try JSONSerialization.jsonObject(with: header) as? [String: Any] ?? [:]
}

/// Writes a download to a file and checks it on the way; ends it at the first chunk that is not what was signed.
final class CheckedDownload: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let stream: VerificationStream
    private let file: FileHandle
    private var done: CheckedContinuation<Void, any Error>?
    private var refusal: (any Error)?

    init(to file: FileHandle, checking stream: VerificationStream) {
        (self.file, self.stream) = (file, stream)
    }

    func fetch(_ url: URL) async throws {
        // The session calls us on one queue, one call after the other.
        let session = URLSession(configuration: .default, delegate: self, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: url)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { done in
                self.done = done
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard refusal == nil else { return }
        do {
            try stream.update(data)
            try file.write(contentsOf: data)
        } catch {
            refusal = error
            dataTask.cancel()
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        done?.resume(
            with: Result {
                if let failure = refusal ?? error { throw failure }
                try stream.finish()
            })
    }
}

func download(
    _ name: String, from server: URL, to folder: URL, signature: Data, verifier: Verifier
) async throws {
    // Names and lengths of what was signed, and no files yet.
    let signed = try await verifier.open(bundle: .data(signature))
    let place = folder.appendingPathComponent(name)
    try Data().write(to: place)
    do {
        let file = try FileHandle(forWritingTo: place)
        defer { try? file.close() }
        let download = CheckedDownload(to: file, checking: try signed.stream(name))
        try await download.fetch(server.appendingPathComponent(name))
    } catch {
        try? FileManager.default.removeItem(at: place)
        throw error
    }
}

/// A file that lies outside of the app's folders, which the user has picked.
func loadPicked(_ url: URL, as name: String, signature: Data, verifier: Verifier) async throws -> VerifiedData {
    #if canImport(Darwin)
    // The permission is needed as long as the file is read.
    let permitted = url.startAccessingSecurityScopedResource()
    defer { if permitted { url.stopAccessingSecurityScopedResource() } }
    #endif
    let model = try await verifier.open(resources: [(name, .url(url))], bundle: .data(signature))
    return try await model.load(name)
}

/// Shows how far it has come, and ends with its task or with `progress.cancel()`.
func verifyWithProgress(_ model: URL, signature: URL, verifier: Verifier, progress: Progress) async throws -> Report {
    var options = Options()
    options.progress = progress
    options.onProgress = { done, total in print("\(done) of \(total) bytes") }
    return try await verifier.verify(model, bundle: .url(signature), options: options)
}

/// What to tell the user.
func advice(_ error: ModelsigError) -> String {
    switch error.outcome {
    case .rejected: "This model is not the one that was published. Delete it and download it again."
    case .undetermined: "This model could not be checked: \(error.message)"
    case .cancelled: "Cancelled."
    }
}

final class ExampleTests: ModelTests {
    private var server: URL {
        get throws {
            try XCTUnwrap(ProcessInfo.processInfo.environment["MODELSIG_SERVER"].flatMap(URL.init(string:)))
        }
    }

    private func signature() throws -> Data {
        try Data(contentsOf: fixtures.appendingPathComponent("p256.sig"))
    }

    /// A folder of resources as an app has it.
    func testASafetensorsHeaderFromAModelInTheApp() async throws {
        let app = scratch.appendingPathComponent("app")
        try FileManager.default.createDirectory(at: app, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: model, to: app.appendingPathComponent("model"))
        try FileManager.default.copyItem(
            at: fixtures.appendingPathComponent("p256.sig"), to: app.appendingPathComponent("model.sig"))
        let opened = try await bundledModel(in: XCTUnwrap(Bundle(url: app)), publicKey: pem())

        let header = try await safetensorsHeader(weights, of: opened)
        XCTAssertEqual(Set(header.keys), ["__metadata__", "embedding.weight", "head.bias", "head.weight"])
        let tensor = try XCTUnwrap(header["embedding.weight"] as? [String: Any])
        XCTAssertEqual(tensor["dtype"] as? String, "F32")
        XCTAssertEqual(tensor["shape"] as? [Int], [3000, 64])
        // The library reads the same header: its tensor is the bytes to which ours points.
        let offsets = try XCTUnwrap(tensor["data_offsets"] as? [Int])
        let begin = try content(weights).prefix(8).withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) } + 8
        let loaded = try await opened.loadTensor("embedding.weight")
        XCTAssertEqual(loaded.dataNoCopy, try content(weights)[begin + offsets[0]..<begin + offsets[1]])

        // A changed header is not looked at.
        let changed = try content(weights).changed(at: 20)
        try changed.write(to: app.appendingPathComponent("model").appendingPathComponent(weights))
        let again = try await bundledModel(in: XCTUnwrap(Bundle(url: app)), publicKey: pem())
        do {
            _ = try await safetensorsHeader(weights, of: again)
            XCTFail("not refused")
        } catch let error as ModelsigError {
            XCTAssertEqual(error.code, .mismatch)
            XCTAssertTrue(advice(error).contains("not the one"))
        }
    }

    /// all-MiniLM-L6-v2, as others have published it.
    func testTheHeaderOfARealModel() async throws {
        let real = fixtures.appendingPathComponent("real")
        let key = try String(contentsOf: real.appendingPathComponent("key.pub.pem"), encoding: .utf8)
        let opened = try await bundledModel(in: XCTUnwrap(Bundle(url: real)), publicKey: key)
        let header = try await safetensorsHeader("model.safetensors", of: opened)
        let tensor = try XCTUnwrap(header["embeddings.word_embeddings.weight"] as? [String: Any])
        XCTAssertEqual(tensor["dtype"] as? String, "F32")
        XCTAssertEqual(tensor["shape"] as? [Int], [30522, 384])
    }

    func testADownload() async throws {
        let verifier = try verifier()
        let from = try server.appendingPathComponent("model")
        try await download("weights.bin", from: from, to: scratch, signature: signature(), verifier: verifier)
        XCTAssertEqual(
            try Data(contentsOf: scratch.appendingPathComponent("weights.bin")), try content("weights.bin"))

        // Served under the name of another: refused after the first chunk, and gone.
        for bad in ["bad/weights.bin", "short/weights.bin"] {
            let other = try server.appendingPathComponent(bad).deletingLastPathComponent()
            do {
                try await download("weights.bin", from: other, to: scratch, signature: signature(), verifier: verifier)
                XCTFail("not refused")
            } catch let error as ModelsigError {
                XCTAssertEqual(error.code, .mismatch, "\(bad): \(error)")
                XCTAssertEqual(error.path, "weights.bin")
            }
            XCTAssertFalse(FileManager.default.fileExists(atPath: scratch.appendingPathComponent("weights.bin").path))
        }
    }

    func testAPickedFile() async throws {
        let picked = try file("Download (3)", content(weights))
        let loaded = try await loadPicked(picked, as: weights, signature: signature(), verifier: verifier())
        XCTAssertEqual(loaded.dataNoCopy, try content(weights))
    }

    func testProgress() async throws {
        let progress = Progress(totalUnitCount: -1)
        let signature = fixtures.appendingPathComponent("p256.sig")
        _ = try await verifyWithProgress(model, signature: signature, verifier: verifier(), progress: progress)
        XCTAssertEqual(progress.fractionCompleted, 1)
    }
}
