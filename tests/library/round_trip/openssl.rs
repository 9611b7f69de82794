//! OpenSSL as the other side: it reads our keys and verifies our signatures, and we read and verify its own.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use modelsig::hash::HashAlgorithm;
use modelsig::{
    KeyType, PAYLOAD_TYPE, PrivateKey, PublicKey, SignatureScheme, Signer, pre_authentication_encoding,
};
use modelsig_tests::{
    Case, base64, bundle, digest_of, has_openssl, openssl, openssl_refuses, payload_of, resource, statement,
    unbase64,
};

/// What a signature of each kind is called here and how OpenSSL hashes for it; Ed25519 hashes by itself.
const KINDS: [(KeyType, SignatureScheme, Option<&str>); 4] = [
    (KeyType::Ed25519, SignatureScheme::Ed25519, None),
    (KeyType::P256, SignatureScheme::EcdsaP256Sha256, Some("-sha256")),
    (KeyType::P384, SignatureScheme::EcdsaP384Sha384, Some("-sha384")),
    (KeyType::P521, SignatureScheme::EcdsaP521Sha512, Some("-sha512")),
];

/// The pre-authentication encoding, spelt out.
fn encoding(payload: &[u8]) -> Vec<u8> {
    let prefix = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len());
    [prefix.as_bytes(), payload].concat()
}

fn verify_command<'a>(
    hash: &'a Option<&'a str>,
    public: &'a dyn AsRef<OsStr>,
    signature: &'a dyn AsRef<OsStr>,
    message: &'a dyn AsRef<OsStr>,
) -> Vec<&'a dyn AsRef<OsStr>> {
    match hash {
        Some(hash) => vec![&"dgst", hash, &"-verify", public, &"-signature", signature, message],
        None => vec![
            &"pkeyutl",
            &"-verify",
            &"-rawin",
            &"-pubin",
            &"-inkey",
            public,
            &"-sigfile",
            signature,
            &"-in",
            message,
        ],
    }
}

#[test]
fn openssl_verifies_what_we_sign() {
    if !has_openssl() {
        return;
    }
    for (kind, _, hash) in KINDS {
        let case = Case::with_key(kind, &[("a.bin", b"a")]);
        case.sign();
        let bundle = case.read_bundle();
        let payload = payload_of(&bundle);
        assert_eq!(pre_authentication_encoding(PAYLOAD_TYPE, &payload), encoding(&payload));
        let (public, signature, message) = (case.path("public.pem"), case.path("sig"), case.path("pae"));
        fs::write(&public, case.key.public_key().to_pem()).unwrap();
        let sig = unbase64(bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap());
        fs::write(&signature, sig).unwrap();
        fs::write(&message, encoding(&payload)).unwrap();
        openssl(&verify_command(&hash, &public, &signature, &message));
        // So that the test could fail.
        fs::write(&message, &payload).unwrap();
        assert!(openssl_refuses(&verify_command(&hash, &public, &signature, &message)), "{kind}");

        // The hint is the digest of the PEM text, which OpenSSL writes in the same way.
        let text = openssl(&[&"pkey", &"-pubin", &"-in", &public]);
        let hint = digest_of(HashAlgorithm::Sha256, &text);
        assert_eq!(bundle["verificationMaterial"]["publicKey"]["hint"], hint, "{kind}");
    }
}

#[test]
fn we_verify_what_openssl_signs() {
    if !has_openssl() {
        return;
    }
    for (kind, scheme, hash) in KINDS {
        let case = Case::with_key(kind, &[("a.bin", b"a")]);
        let payload = statement(vec![resource("a.bin", b"a")]).to_string().into_bytes();
        let (private, signature, message) = (case.path("private.pem"), case.path("sig"), case.path("pae"));
        fs::write(&private, case.key.to_pem(None).unwrap()).unwrap();
        fs::write(&message, encoding(&payload)).unwrap();
        match &hash {
            Some(hash) => openssl(&[&"dgst", hash, &"-sign", &private, &"-out", &signature, &message]),
            None => openssl(&[
                &"pkeyutl", &"-sign", &"-rawin", &"-inkey", &private, &"-in", &message, &"-out", &signature,
            ]),
        };
        let mut bundle = bundle(&case.key, &payload);
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&fs::read(&signature).unwrap()).into();
        case.write_bundle(bundle.to_string());
        assert_eq!(case.verified().report().signer().scheme, scheme, "{kind}");
    }
}

#[test]
fn openssl_reads_our_keys() {
    if !has_openssl() {
        return;
    }
    for kind in KeyType::ALL {
        let key = PrivateKey::generate(kind).unwrap();
        let case = Case::new(&[]);
        let (private, public) = (case.path("private.pem"), case.path("public.pem"));
        fs::write(&public, key.public_key().to_pem()).unwrap();
        for passphrase in [None, Some("a passphrase")] {
            fs::write(&private, key.to_pem(passphrase).unwrap()).unwrap();
            let passin = format!("pass:{}", passphrase.unwrap_or_default());
            let derived = openssl(&[&"pkey", &"-in", &private, &"-passin", &passin, &"-pubout"]);
            assert_eq!(String::from_utf8(derived).unwrap(), key.public_key().to_pem(), "{kind}");
            if passphrase.is_some() {
                assert!(openssl_refuses(&[&"pkey", &"-in", &private, &"-passin", &"pass:x", &"-pubout"]));
            }
        }
        let again = openssl(&[&"pkey", &"-pubin", &"-in", &public]);
        assert_eq!(String::from_utf8(again).unwrap(), key.public_key().to_pem(), "{kind}");
    }
}

/// The key that OpenSSL wrote to `private`, as it sees the public half of it.
#[track_caller]
fn assert_reads(private: &Path, passphrase: Option<&str>, kind: KeyType, what: &str) {
    let passin = format!("pass:{}", passphrase.unwrap_or_default());
    let public = openssl(&[&"pkey", &"-in", &private, &"-passin", &passin, &"-pubout"]);
    let public = String::from_utf8(public).unwrap();
    let key = PrivateKey::from_pem(&fs::read_to_string(private).unwrap(), passphrase)
        .unwrap_or_else(|fault| panic!("{what}: {fault}"));
    assert_eq!(key.public_key().key_type(), kind, "{what}");
    assert_eq!(key.public_key().to_pem(), public, "{what}");
    assert_eq!(&PublicKey::from_pem(&public).unwrap(), key.public_key(), "{what}");
    assert_eq!(
        key.public_key().hint().as_str(),
        digest_of(HashAlgorithm::Sha256, public.as_bytes()),
        "{what}"
    );
}

const CURVES: [(KeyType, &str); 3] =
    [(KeyType::P256, "prime256v1"), (KeyType::P384, "secp384r1"), (KeyType::P521, "secp521r1")];

#[test]
fn we_read_the_keys_of_openssl() {
    if !has_openssl() {
        return;
    }
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    fs::write(&path, openssl(&[&"genpkey", &"-algorithm", &"ED25519"])).unwrap();
    assert_reads(&path, None, KeyType::Ed25519, "Ed25519 in PKCS#8");
    for (kind, curve) in CURVES {
        // With the EC PARAMETERS block in front, and without.
        fs::write(&path, openssl(&[&"ecparam", &"-name", &curve, &"-genkey"])).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("EC PARAMETERS"));
        assert_reads(&path, None, kind, "SEC1 with parameters");
        fs::write(&path, openssl(&[&"ecparam", &"-name", &curve, &"-genkey", &"-noout"])).unwrap();
        assert_reads(&path, None, kind, "SEC1");
        let parameter = format!("ec_paramgen_curve:{curve}");
        fs::write(&path, openssl(&[&"genpkey", &"-algorithm", &"EC", &"-pkeyopt", &parameter])).unwrap();
        assert_reads(&path, None, kind, "PKCS#8");
        // As people keep them: with the words of `-text` in front.
        let text = openssl(&[&"pkey", &"-in", &path, &"-text_pub"]);
        let public = openssl(&[&"pkey", &"-in", &path, &"-pubout"]);
        fs::write(&path, [text, fs::read(&path).unwrap()].concat()).unwrap();
        let key = PrivateKey::from_pem(&fs::read_to_string(&path).unwrap(), None);
        // `-text_pub` of OpenSSL 3 writes the key in PEM as well, so there may be two: refused, not guessed at.
        match key {
            Ok(key) => assert_eq!(key.public_key().to_pem().as_bytes(), public),
            Err(fault) => assert_eq!(fault, modelsig::KeyFault::SeveralBlocks { found: 2 }),
        }
    }
}

#[test]
fn we_read_keys_that_openssl_encrypted() {
    if !has_openssl() {
        return;
    }
    let case = Case::new(&[]);
    let (plain, path) = (case.path("plain.pem"), case.path("key.pem"));
    let ways: [&[&str]; 6] = [
        &["-v2", "aes-256-cbc"],
        &["-v2", "aes-128-cbc"],
        &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
        &["-v2", "aes-256-cbc", "-iter", "100000"],
        &["-scrypt"],
        &["-v2", "aes-256-cbc", "-scrypt"],
    ];
    for kind in KeyType::ALL {
        fs::write(&plain, PrivateKey::generate(kind).unwrap().to_pem(None).unwrap()).unwrap();
        for way in ways {
            let mut command: Vec<&dyn AsRef<OsStr>> =
                vec![&"pkcs8", &"-topk8", &"-in", &plain, &"-out", &path, &"-passout", &"pass:correct horse"];
            way.iter().for_each(|argument| command.push(argument));
            openssl(&command);
            assert_reads(&path, Some("correct horse"), kind, &way.join(" "));
        }
    }
}

/// A point in compressed form is the same key, with the same hint.
#[test]
fn we_read_compressed_points() {
    if !has_openssl() {
        return;
    }
    let case = Case::new(&[]);
    let (path, compressed) = (case.path("key.pem"), case.path("compressed.pem"));
    for (kind, curve) in CURVES {
        fs::write(&path, openssl(&[&"ecparam", &"-name", &curve, &"-genkey", &"-noout"])).unwrap();
        openssl(&[&"ec", &"-in", &path, &"-pubout", &"-conv_form", &"compressed", &"-out", &compressed]);
        let key = PrivateKey::from_pem(&fs::read_to_string(&path).unwrap(), None).unwrap();
        let public = PublicKey::from_pem(&fs::read_to_string(&compressed).unwrap()).unwrap();
        assert_eq!(&public, key.public_key(), "{kind}");
        assert_eq!(public.hint(), key.public_key().hint(), "{kind}");
    }
}
