import CModelsig
import Foundation

/// Facts as JSON: what a verification found, what a bundle claims, which tensors a model has.
///
/// Members are only ever added to it. Decode those that you need into a type of your own, or show it as it is.
public struct Report: Hashable, Sendable, CustomStringConvertible {
    /// The text, one JSON value.
    public let json: String
    public var description: String { json }

    /// The text as a `Decodable` type of the caller's. Names of members are turned from `snake_case`.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(json.utf8))
    }
}

/// What a bundle says of itself, without a key: names, sizes, the hint of the signer. Nothing of it was verified, and
/// anybody can write anything into a bundle: for display, and to know what to download.
public func inspect(_ bundle: Source) throws(ModelsigError) -> Report {
    Report(json: try bundle.use { (bundle) throws(ModelsigError) in
        try text { modelsig_inspect(bundle, $0, $1) }
    })
}
