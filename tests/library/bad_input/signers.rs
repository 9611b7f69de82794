//! Signers of the caller's that do not do what they say: nothing is written.

use modelsig::{Error, ErrorKind, KeyType, ModelSigner, PrivateKey, PublicKey, Signer};
use modelsig_tests::{Case, refused};

/// A key behind a service, as its public key and whatever the service answers.
struct Remote<F: Fn(&[u8]) -> Result<Vec<u8>, Error>> {
    public: PublicKey,
    answer: F,
}

impl<F: Fn(&[u8]) -> Result<Vec<u8>, Error>> Signer for Remote<F> {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        (self.answer)(message)
    }
}

#[track_caller]
fn sign_refused(case: &Case, answer: impl Fn(&[u8]) -> Result<Vec<u8>, Error>) -> Error {
    let signer = Remote { public: case.key.public_key().clone(), answer };
    let before = case.listing();
    let error = refused(ModelSigner::new().sign(&case.model(), &case.bundle(), &signer));
    assert_eq!(case.listing(), before, "something was written although: {error}");
    assert_eq!(error.kind(), ErrorKind::Key, "{error}");
    error
}

/// What a signer makes of a message.
type Answer<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>, Error>;

#[test]
fn a_signature_that_the_public_key_does_not_verify() {
    for kind in KeyType::ALL {
        let case = Case::with_key(kind, &[("weights.bin", b"weights")]);
        let stranger = PrivateKey::generate(kind).unwrap();
        let answers: [Answer<'_>; 5] = [
            &|message| stranger.sign(message),
            &|message| case.key.sign(&message[1..]),
            &|message| case.key.sign(message).map(|signature| [signature.as_slice(), &[0]].concat()),
            &|message| case.key.sign(message).map(|signature| signature[1..].to_vec()),
            &|_| Ok(Vec::new()),
        ];
        for answer in answers {
            match sign_refused(&case, answer) {
                Error::SignerMismatch { key_type, hint } => {
                    assert_eq!((key_type, hint), (kind, case.key.public_key().hint()));
                }
                other => panic!("{other}"),
            }
        }
        // The same case with an honest answer: it was the answer that was refused.
        let honest = Remote { public: case.key.public_key().clone(), answer: |m: &[u8]| case.key.sign(m) };
        ModelSigner::new().sign(&case.model(), &case.bundle(), &honest).unwrap();
        case.verified();
    }
}

/// The signature is good and verifies, but in the dialect that few tools read and that was not asked for.
#[test]
fn a_prehashed_ed25519_signature() {
    use ed25519_dalek::{Digest, Sha512, SigningKey};
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut info = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
    info.extend(key.verifying_key().as_bytes());
    let public = PublicKey::from_der(&info).unwrap();
    let case = Case::new(&[("weights.bin", b"weights")]);
    let answer = |message: &[u8]| {
        let prehash = Sha512::new().chain_update(message);
        Ok(key.sign_prehashed(prehash, None).unwrap().to_bytes().to_vec())
    };
    let signer = Remote { public, answer };
    let error = refused(ModelSigner::new().sign(&case.model(), &case.bundle(), &signer));
    assert!(matches!(error, Error::SignerMismatch { .. }), "{error}");
    assert!(!case.bundle().exists());
}

/// Somebody saves a file where the bundle is to be written, while the model is being hashed.
#[test]
fn a_file_that_takes_the_place_of_the_bundle_meanwhile() {
    let case = Case::new(&[("weights.bin", b"weights")]);
    let answer = |message: &[u8]| {
        case.write_bundle("not a bundle");
        case.key.sign(message)
    };
    let signer = Remote { public: case.key.public_key().clone(), answer };
    let error = refused(ModelSigner::new().sign(&case.model(), &case.bundle(), &signer));
    assert!(matches!(error, Error::NotABundle { .. }), "{error}");
    assert_eq!(std::fs::read(case.bundle()).unwrap(), b"not a bundle");
}

#[test]
fn the_error_of_a_service_comes_through() {
    let case = Case::new(&[("weights.bin", b"weights")]);
    let error = sign_refused(&case, |_| Err(Error::signer(std::io::Error::other("the quota is used up"))));
    assert!(error.to_string().contains("the quota is used up"), "{error}");
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
    assert!(source.is_some(), "{error:?}");
}
