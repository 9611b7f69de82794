//! What to do about an error, in one line.

use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};

use modelsig::{BundleFault, CertificateFault, Error, ErrorKind, JsonFault, KeyFault, StatementFault};

use crate::asked::Asked;

/// Advice for an error, if there is any to give.
pub(crate) fn for_error(error: &Error, asked: &Asked) -> Option<String> {
    let advice = match error {
        #[cfg(feature = "pkcs11")]
        Error::Pkcs11 { fault, .. } => for_token(fault)?,
        Error::Rejected(report) => {
            return report.problems().find_map(for_guard).or_else(|| for_kind(error.kind())).map(Into::into);
        }
        error @ Error::NoVerity { .. } => for_guard(error)?,
        Error::Unrepaired(repair) if repair.failures().is_empty() => {
            return for_kind(error.kind()).map(Into::into);
        }
        Error::HalfDone { .. } => "what was done stays so: run it again",
        Error::Unrepaired(_) => "what was repaired stays so: run it again with another copy in --from",
        Error::Threshold(report) => {
            let same_signer = report.bundles().iter().any(|bundle| bundle.same_signer_as.is_some());
            let advice = match report.partly_signed() {
                _ if same_signer => "signers are counted by their keys, not by their bundles",
                [] => return None,
                _ => "files that only some of them have signed have fewer signers; --json lists them",
            };
            return Some(advice.into());
        }
        Error::ModelNotFound { .. } => "give the folder or file of the model",
        Error::BundleNotFound { path } => for_no_bundle(path, asked)?,
        Error::HintMismatch { .. } => for_stranger(asked),
        Error::BadSignature { .. } => {
            "the bundle was altered, or another key made it; do not load the model (only bundles of model-signing 0.2.0 need --legacy)"
        }
        Error::MethodMismatch { found: "certificate", .. } => {
            "give the issuer that you trust with --certificate-chain"
        }
        Error::MethodMismatch { .. } => "give the public key that you trust with --public-key",
        Error::NotAFile { path, .. } => for_no_file(path, asked)?,
        Error::Bundle { fault: BundleFault::Json(JsonFault::NotJson { .. }), .. } => A_BUNDLE,
        Error::Bundle { fault: BundleFault::NoLogEntry, .. } => {
            "if the Go tool made it with a certificate, give its issuer with --certificate-chain"
        }
        Error::Certificate { fault: CertificateFault::Expired { .. }, .. } => {
            "ask for a new signature: who finds an old key could have made this one yesterday"
        }
        Error::Certificate { fault: CertificateFault::NoIssuer { .. }, .. } => {
            "give the issuer that you trust with --certificate-chain; the signer must embed those in between"
        }
        Error::Certificate { fault: CertificateFault::NoCertSign { .. }, .. } => {
            "an issuer must say that it may sign certificates: with OpenSSL, -addext keyUsage=critical,keyCertSign"
        }
        Error::Certificate { fault: CertificateFault::NotAnchored { .. }, .. } => {
            "the last issuer is none that you named; if you do trust it, give its certificate with --certificate-chain"
        }
        Error::IdentityMismatch { .. } => "somebody else under the same issuer signed; do not load the model",
        Error::KeylessUnsupported { .. } => "ask for a signature with a key or a certificate",
        Error::CertificateOfOtherKey { .. } => "give the key and the certificate that belong together",
        Error::RootDigestMismatch { .. } => "the signer's tool is faulty; ask for a new signature",
        Error::Statement { fault: StatementFault::PredicateType { .. }, .. } => {
            "this is not an OMS v1.0 signature; ask for a new one"
        }
        Error::KeyReadableByOthers { .. } => "run chmod 600 on it, or pass --allow-key-readable-by-others",
        Error::Key { fault: KeyFault::PassphraseNeeded, .. } => {
            "name an environment variable that holds the passphrase with --passphrase-env"
        }
        Error::Key { fault: KeyFault::Label { expected, found }, .. } => {
            for_label(*expected == "private key", found, asked)?
        }
        Error::Anchor { fault: CertificateFault::Label { found }, .. } => for_no_certificate(found, asked)?,
        Error::BundleTime { .. } => "sign without --reuse, or see which clock is wrong",
        Error::SignerMismatch { .. } => {
            "nothing was written; the key, the token or the service is not what it says"
        }
        Error::AlreadyExists { .. } => "choose another name, or remove it first",
        Error::NotABundle { .. } => "choose another place with --signature",
        Error::EmptyNotCovered { .. } => "sign with --serialization files, or pass --allow-unsigned-empty",
        Error::Symlink { .. } => {
            "make a copy with files in the place of links (cp -rL); --allow-symlinks follows those inside the model"
        }
        Error::SymlinkOutside { .. } => "make a copy with files in the place of links (cp -rL)",
        Error::Io { operation: "write" | "write into", source, .. }
            if asked.command() == "sign"
                && matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem) =>
        {
            "choose another place with --signature"
        }
        Error::NothingFits { .. } => "modelsig inspect MODEL lists files and tensors",
        Error::NotPortable { .. } | Error::NamesCollide { .. } => {
            "rename it before signing, or drop --portable"
        }
        Error::IgnoredButSigned { .. } => "what the signer signed is always verified; drop --ignore-paths",
        _ => return None,
    };
    Some(advice.into())
}

#[cfg(feature = "pkcs11")]
fn for_token(fault: &modelsig::Pkcs11Fault) -> Option<&'static str> {
    use modelsig::{Pkcs11Fault, Pkcs11UriFault};
    match fault {
        Pkcs11Fault::Uri(Pkcs11UriFault::PinValue) | Pkcs11Fault::PinNeeded { .. } => {
            Some("name a file with pin-source=/path in the URI, or an environment variable with --pin-env")
        }
        Pkcs11Fault::NoModule | Pkcs11Fault::ModuleNotFound { .. } => {
            Some("name the shared library with --pkcs11-module, or with module-path=/path in the URI")
        }
        Pkcs11Fault::TokenCount { .. } => Some("name one token, with token= or serial= in the URI"),
        Pkcs11Fault::KeyCount { what: "private key", .. } => Some(
            "name one key, with object= (its label) and id= in the URI; percent-encode the bytes of the id",
        ),
        Pkcs11Fault::KeyCount { .. } => {
            Some("store the public key on the token under the id of the private key")
        }
        Pkcs11Fault::PinIncorrect { .. } => {
            Some("a token locks after a few wrong PINs; look before you try again")
        }
        Pkcs11Fault::PinReadableByOthers { .. } => Some("run chmod 600 on it"),
        _ => None,
    }
}

/// Somebody signed who is not trusted. To trust them only because they signed would be no check at all.
fn for_stranger(asked: &Asked) -> &'static str {
    if asked.command() == "sign" {
        "somebody else signed this; sign without --reuse. If you do trust that signer, give their key with --public-key"
    } else if asked.has("require") {
        // The other bundles decide.
        "somebody else signed this; if you do trust that signer, give their key with --public-key"
    } else {
        "somebody else signed this; do not load the model. If you do trust that signer, give their key with --public-key"
    }
}

const A_BUNDLE: &str = "a bundle is the .sig file that `modelsig sign` writes";

/// A folder or special file where a file was wanted: what kind of file, by the option that names it.
fn for_no_file(path: &str, asked: &Asked) -> Option<&'static str> {
    let named = |options: &[&str]| options.iter().any(|option| asked.names(option, path));
    if named(&["public_key"]) {
        Some("a public key is the .pub.pem file that `modelsig keygen` writes")
    } else if named(&["private_key"]) {
        Some("a private key is the .pem file that `modelsig keygen` writes")
    } else if named(&["certificate_chain", "signing_certificate"]) {
        Some("certificates are given as files in PEM")
    } else if named(&["signature", "reuse"]) {
        Some(A_BUNDLE)
    } else {
        None
    }
}

/// There is no bundle where one was looked for.
fn for_no_bundle(path: &str, asked: &Asked) -> Option<&'static str> {
    match asked.command() {
        "sign" => Some("sign without --reuse where there is no older bundle"),
        "inspect" => Some("give a bundle, or the folder or file of a model"),
        // It lies where the caller said, or does not.
        _ if asked.has("signature") => None,
        _ if path.ends_with(".sig.sig") => Some("give the model, and its bundle with --signature"),
        _ => Some("give the bundle with --signature"),
    }
}

/// A PEM file in the place of a key of the other kind, by the label of its block.
fn for_label(wants_private: bool, found: &str, asked: &Asked) -> Option<&'static str> {
    match (wants_private, found) {
        (true, "PUBLIC KEY") => Some("the private half is in the file without .pub in its name"),
        (true, "CERTIFICATE") => {
            Some("give the key of the certificate; the certificate itself with --signing-certificate")
        }
        (false, "CERTIFICATE") if asked.command() != "sign" => {
            Some("give the certificate of an issuer that you trust with --certificate-chain")
        }
        (false, found) if found.ends_with("PRIVATE KEY") => {
            Some("the public half is in the file that ends in .pub.pem")
        }
        _ => None,
    }
}

/// A PEM file in the place of certificates.
fn for_no_certificate(found: &str, asked: &Asked) -> Option<&'static str> {
    match (asked.command(), found) {
        ("sign", found) if found.ends_with("PRIVATE KEY") => Some("give the private key with --private-key"),
        ("sign", _) => None,
        (_, "PUBLIC KEY") => Some("give a public key that you trust with --public-key"),
        (_, found) if found.ends_with("PRIVATE KEY") => {
            Some("a private key only signs; give a public key that you trust with --public-key")
        }
        _ => None,
    }
}

/// Problems with fs-verity.
fn for_guard(problem: &Error) -> Option<&'static str> {
    match problem {
        Error::FrozenUnverified { .. } => {
            Some("do not load the model; remove the frozen file, fetch it again, and protect the model again")
        }
        Error::HeldForWriting { .. } => {
            Some("find who writes to it (fuser -v FILE), end that, and protect the model again")
        }
        Error::NoVerity { .. } => Some(
            "fs-verity is part of ext4 (switched on with tune2fs -O verity DEVICE), f2fs (mkfs.f2fs -O verity) and btrfs",
        ),
        Error::DigestMismatch { expected, .. } if expected.starts_with("fsverity-") => {
            Some("the signer's digests of this file contradict each other; ask for a new signature")
        }
        _ => None,
    }
}

fn for_kind(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Mismatch => Some("the model is not what was signed; do not load it, fetch it again"),
        ErrorKind::Missing => Some("fetch the model again, whole"),
        ErrorKind::Unsigned => {
            Some("remove what does not belong to the model; --ignore-unsigned-files accepts it unverified")
        }
        ErrorKind::Changed => {
            Some("something writes to the model while it is verified; stop it and try again")
        }
        ErrorKind::ForbiddenFile => {
            Some("a model has regular files only; fetch it again without links, or copy it with cp -rL")
        }
        _ => None,
    }
}
