import Foundation
import XCTest

@testable import Modelsig

final class VerifyTests: ModelTests {
    private struct Facts: Decodable {
        struct File: Decodable {
            struct Problem: Decodable {
                let kind: String
                let damaged: [[UInt64]]?
            }
            let name: String
            let problem: Problem?
        }
        struct Signer: Decodable {
            let method: String
            let keyType: String
        }
        let verdict: String
        let signer: Signer
        let bytesVerified: UInt64
        let files: [File]
    }

    func testAGoodModel() throws {
        let facts: Facts = try verifier().verify(model, bundle: bundle()).decode()
        XCTAssertEqual(facts.verdict, "verified")
        XCTAssertEqual(facts.signer.keyType, "p256")
        XCTAssertEqual(facts.files.count, 7)
        let lengths = try facts.files.map { try content($0.name).count }
        XCTAssertEqual(facts.bytesVerified, UInt64(lengths.reduce(0, +)))
    }

    func testEveryKindOfTrust() throws {
        let ed25519 = try Verifier(keys: [.pem(pem("ed25519"))])
        _ = try ed25519.verify(model, bundle: bundle("ed25519.sig"))
        _ = try Verifier(keys: [.ed25519(rawKey("ed25519", count: 32))]).verify(model, bundle: bundle("ed25519.sig"))
        _ = try Verifier(keys: [.p256(rawKey("p256", count: 65))]).verify(model, bundle: bundle())
        let both = try Verifier(keys: [.pem(pem("ed25519")), .pem(pem())])
        _ = try both.verify(model, bundle: bundle())
        _ = try both.verify(model, bundle: bundle("ed25519.sig"))
        _ = try both.verify(model, bundle: .data(Data(contentsOf: fixtures.appendingPathComponent("whole.sig"))))
    }

    func testCertificates() throws {
        let root = try String(contentsOf: fixtures.appendingPathComponent("root.pem"), encoding: .utf8)
        guard Library.features.contains("certificate") else {
            refused(.unsupported) { try Verifier(anchors: root) }
            return
        }
        let release = try Verifier(anchors: root, identities: ["other@example.com", "release@example.com"])
        let facts: Facts = try release.verify(model, bundle: bundle("certificate.sig")).decode()
        XCTAssertEqual(facts.signer.method, "certificate")
        let other = try Verifier(anchors: root, identities: ["other@example.com"])
        refused(.untrusted) { try other.verify(model, bundle: bundle("certificate.sig")) }
        XCTAssertThrowsError(try verifier().verify(model, bundle: bundle("certificate.sig")), "signed otherwise")
    }

    func testAChangedByteIsNamed() throws {
        let copy = try copy()
        let weights = try content("model.safetensors").changed(at: 3 * chunk + 7)
        try weights.write(to: copy.appendingPathComponent("model.safetensors"))
        let error = try XCTUnwrap(refused(.mismatch) { try verifier().verify(copy, bundle: bundle()) })
        XCTAssertEqual(error.outcome, .rejected)
        XCTAssertEqual(error.path, "model.safetensors")
        XCTAssertEqual(error.offset, UInt64(3 * chunk))
        XCTAssertTrue(error.message.contains("model.safetensors"), error.message)
        XCTAssertEqual(error.localizedDescription, error.message)
        let facts: Facts = try XCTUnwrap(error.report).decode()
        XCTAssertEqual(facts.verdict, "rejected")
        let bad = facts.files.filter { $0.problem != nil }
        XCTAssertEqual(bad.map(\.name), ["model.safetensors"])
        XCTAssertEqual(bad.first?.problem?.damaged, [[UInt64(3 * chunk), UInt64(4 * chunk)]])
    }

    func testAMissingFile() throws {
        let copy = try copy()
        try FileManager.default.removeItem(at: copy.appendingPathComponent("config.json"))
        let error = refused(.missing) { try verifier().verify(copy, bundle: bundle()) }
        XCTAssertEqual(error?.path, "config.json")
        XCTAssertNil(error?.offset)
    }

    func testAnExtraFile() throws {
        let copy = try copy()
        try Data("x".utf8).write(to: copy.appendingPathComponent("sub/evil.py"))
        let error = refused(.unsigned) { try verifier().verify(copy, bundle: bundle()) }
        XCTAssertEqual(error?.path, "sub/evil.py")
        var options = Options()
        options.danger = .unsignedFiles
        let report = try verifier().verify(copy, bundle: bundle(), options: options)
        XCTAssertFalse(report.json.contains("\"weakened_by\":[]"), report.json)
    }

    func testASymbolicLink() throws {
        let copy = try copy()
        let config = copy.appendingPathComponent("config.json")
        try FileManager.default.removeItem(at: config)
        let elsewhere = model.appendingPathComponent("config.json")
        try FileManager.default.createSymbolicLink(at: config, withDestinationURL: elsewhere)
        refused(.forbiddenFile) { try verifier().verify(copy, bundle: bundle()) }
    }

    func testSomebodyElsesKey() throws {
        let other = try Verifier(keys: [.pem(pem("ed25519"))])
        let error = refused(.untrusted) { try other.verify(model, bundle: bundle()) }
        XCTAssertEqual(error?.outcome, .rejected)
        XCTAssertNil(error?.report)
    }

    func testNobodyIsTrusted() throws {
        XCTAssertThrowsError(try Verifier().verify(model, bundle: bundle()))
        XCTAssertThrowsError(try Verifier().open(model, bundle: bundle()))
    }

    func testASignatureThatDoesNotFit() throws {
        var text = try String(contentsOf: fixtures.appendingPathComponent("p256.sig"), encoding: .utf8)
        let other = try String(contentsOf: fixtures.appendingPathComponent("whole.sig"), encoding: .utf8)
        let signature = try NSRegularExpression(pattern: #""sig":\s*"([^"]+)""#)
        func range(_ text: String) throws -> Range<String.Index> {
            let match = signature.firstMatch(in: text, range: NSRange(text.startIndex..., in: text))
            return try XCTUnwrap(Range(XCTUnwrap(match).range(at: 1), in: text))
        }
        text.replaceSubrange(try range(text), with: other[try range(other)])
        refused(.badSignature) { try verifier().verify(model, bundle: .data(Data(text.utf8))) }
    }

    func testWhatCannotBeTold() throws {
        let nowhere = scratch.appendingPathComponent("nowhere")
        let error = refused(.notFound) { try verifier().verify(model, bundle: .url(nowhere)) }
        XCTAssertEqual(error?.outcome, .undetermined)
        refused(.notFound) { try verifier().verify(nowhere, bundle: bundle()) }
        refused(.malformed) { try verifier().verify(model, bundle: .data(Data("{}".utf8))) }
        refused(.malformed) { try verifier().verify(model, bundle: .data(Data())) }
        refused(.key) { try Verifier(keys: [.pem("no key")]) }
        refused(.key) { try Verifier(keys: [.ed25519(Data(count: 31))]) }
        refused(.key) { try Verifier(keys: [.ed25519(Data())]) }
        refused(.key) { try Verifier(keys: [.p256(Data(count: 65))]) }
        var options = Options()
        options.maximumModel = 1000
        refused(.limit) { try verifier().verify(model, bundle: bundle(), options: options) }
    }

    /// C would take what stands before a NUL for the whole.
    func testNulIsRefused() throws {
        refused(.usage) { try verifier().verify(resource: "config.json\0x", content: .data(Data()), bundle: bundle()) }
        refused(.usage) { try Verifier(keys: [.pem(pem() + "\0")]) }
        refused(.usage) { try verifier().open(model, bundle: bundle()).load("config.json\0") }
        let inside = "model.safetensors\0"
        refused(.usage) { try verifier().open(model, bundle: bundle()).loadTensor("head.bias", in: inside) }
        for url in [URL(fileURLWithPath: model.path + "\0x"), URL(string: "file://\(model.path)%00x")] {
            let url = try XCTUnwrap(url)
            XCTAssertThrowsError(try verifier().verify(url, bundle: bundle()))
            let bundle = URL(fileURLWithPath: fixtures.path + "/p256.sig\0x")
            XCTAssertThrowsError(try verifier().verify(model, bundle: .url(bundle)))
        }
        refused(.usage) { try Source.url(XCTUnwrap(URL(string: "https://example.com/a"))) }
    }

    func testInspect() throws {
        struct Claims: Decodable {
            struct Resource: Decodable {
                let name: String
                let length: UInt64?
            }
            let resources: [Resource]
        }
        let claims: Claims = try inspect(bundle()).decode()
        XCTAssertEqual(claims.resources.count, 7)
        let weights = claims.resources.first { $0.name == "weights.bin" }
        XCTAssertEqual(weights?.length, 40_000_003)
        refused(.malformed) { try inspect(.data(Data("[]".utf8))) }
    }

    func testTheLibraryFitsItsHeader() throws {
        XCTAssertEqual(Library.abiVersions.library, Library.abiVersions.header)
        XCTAssertNotNil(Library.version.range(of: #"^\d+\.\d+\.\d+"#, options: .regularExpression))
        XCTAssertFalse(Library.sha256Kernel.isEmpty)
    }
}

final class CodeTests: XCTestCase {
    func testNumbersNobodyKnowsAreFailures() {
        let expected: [(Int32, ModelsigError.Outcome)] = [
            (100, .rejected), (150, .rejected), (199, .rejected), (200, .undetermined), (299, .undetermined),
            (300, .cancelled), (301, .undetermined), (0, .undetermined), (-1, .undetermined), (99, .undetermined),
        ]
        for (status, outcome) in expected {
            let code = ModelsigError.Code(status: status)
            XCTAssertEqual(code.outcome, outcome, "\(status)")
            XCTAssertEqual(code.status, status)
        }
        XCTAssertEqual(ModelsigError.Code(status: 150), .unknown(150))
    }

    func testTheTableTellsAllApart() {
        let table = ModelsigError.Code.table
        XCTAssertEqual(Set(table.map(\.status)).count, table.count)
        XCTAssertEqual(Set(table.map(\.code)).count, table.count)
        for (status, code) in table {
            XCTAssertEqual(ModelsigError.Code(status: status), code)
            XCTAssertEqual(code.status, status)
        }
    }
}
