//! The signature of an issuer on a certificate: RSA with PKCS#1 v1.5 and PSS padding (RFC 8017, RFC 4055), ECDSA
//! (RFC 5758) and Ed25519 (RFC 8410).
//!
//! RSA keys have 2048 to 4096 bits; hashes are SHA-256, SHA-384 and SHA-512; ECDSA takes any of these with any of
//! P-256, P-384 and P-521, since authorities exist that pair them freely. A PSS salt may have any length that fits, as
//! OpenSSL writes the longest by default, but it must be the one that is named, and both hashes must be the same.
//! Refuses by name: SHA-1, MD5 and MD2, RSA keys of other sizes. Every other algorithm is unsupported, as are curves
//! given by their parameters, compressed points, and parameters where none belong.

use rsa::BoxedUint;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use x509_cert::der::{Reader, TagMode, TagNumber};
use x509_cert::spki::{AlgorithmIdentifier, AlgorithmIdentifierRef};

use super::CertificateFault;
use super::certificate::Certificate;
use super::names::sequence_of;
use crate::keys::name_of;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const EC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The sizes of RSA keys: NIST SP 800-131A allows no fewer bits, and more only cost time.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The one check of an issuer's signature.
pub(super) fn verify(certificate: &Certificate, issuer: &Certificate) -> Result<(), CertificateFault> {
    let (message, _, signature) = certificate.signed();
    let algorithm = Algorithm::of(certificate)?;
    let holds = match (algorithm, Key::of(issuer)?) {
        (Algorithm::RsaPkcs1(hash), Key::Rsa(key)) => match hash {
            Hash::Sha256 => key.pkcs1v15_verify::<Sha256>(message, signature).is_ok(),
            Hash::Sha384 => key.pkcs1v15_verify::<Sha384>(message, signature).is_ok(),
            Hash::Sha512 => key.pkcs1v15_verify::<Sha512>(message, signature).is_ok(),
        },
        (Algorithm::RsaPss(pss), Key::Rsa(key)) => verify_pss(key, pss, message, signature),
        (Algorithm::RsaPss(pss), Key::RsaPss(key, least)) => {
            least.is_none_or(|least| least.hash == pss.hash && least.salt <= pss.salt)
                && verify_pss(key, pss, message, signature)
        }
        (Algorithm::Ecdsa(hash), Key::P256(key)) => verify_p256(&key, &hash.of(message), signature),
        (Algorithm::Ecdsa(hash), Key::P384(key)) => verify_p384(&key, &hash.of(message), signature),
        (Algorithm::Ecdsa(hash), Key::P521(key)) => verify_p521(&key, &hash.of(message), signature),
        (Algorithm::Ed25519, Key::Ed25519(key)) => ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        // A key of one kind makes no signatures of another.
        _ => false,
    };
    if holds {
        return Ok(());
    }
    Err(CertificateFault::BadSignature { subject: certificate.subject(), issuer: issuer.subject() })
}

fn verify_pss(key: rsa::PublicKey, pss: Pss, message: &[u8], signature: &[u8]) -> bool {
    use rsa::pss::{Signature, VerifyingKey};
    use rsa::signature::Verifier;
    let Ok(signature) = Signature::try_from(signature) else { return false };
    let salt = usize::from(pss.salt);
    match pss.hash {
        Hash::Sha256 => {
            VerifyingKey::<Sha256>::new_with_salt_len(key, salt).verify(message, &signature).is_ok()
        }
        Hash::Sha384 => {
            VerifyingKey::<Sha384>::new_with_salt_len(key, salt).verify(message, &signature).is_ok()
        }
        Hash::Sha512 => {
            VerifyingKey::<Sha512>::new_with_salt_len(key, salt).verify(message, &signature).is_ok()
        }
    }
}

/// ECDSA with one curve over a digest that the certificate chose.
macro_rules! verify_ecdsa {
    ($name:ident, $curve:ident) => {
        fn $name(key: &$curve::ecdsa::VerifyingKey, digest: &[u8], signature: &[u8]) -> bool {
            use $curve::ecdsa::signature::hazmat::PrehashVerifier;
            $curve::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
        }
    };
}

verify_ecdsa!(verify_p256, p256);
verify_ecdsa!(verify_p384, p384);
verify_ecdsa!(verify_p521, p521);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// Parameters of RSA-PSS: one hash for the message and the mask, the length of the salt in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pss {
    hash: Hash,
    salt: u16,
}

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    RsaPkcs1(Hash),
    RsaPss(Pss),
    Ecdsa(Hash),
    Ed25519,
}

impl Algorithm {
    fn of(certificate: &Certificate) -> Result<Self, CertificateFault> {
        let (_, identifier, _) = certificate.signed();
        let parameters = identifier.parameters.as_ref().map(|any| any.to_ref());
        // RFC 4055, 5: NULL, and absent is to be accepted.
        let rsa = |hash| parameters.is_none_or(AnyRef::is_null).then_some(Self::RsaPkcs1(hash));
        let bare = |algorithm| parameters.is_none().then_some(algorithm);
        let algorithm = match identifier.oid {
            RSA_SHA256 => rsa(Hash::Sha256),
            RSA_SHA384 => rsa(Hash::Sha384),
            RSA_SHA512 => rsa(Hash::Sha512),
            RSA_PSS => return Ok(Self::RsaPss(Pss::of(parameters, certificate)?)),
            ECDSA_SHA256 => bare(Self::Ecdsa(Hash::Sha256)),
            ECDSA_SHA384 => bare(Self::Ecdsa(Hash::Sha384)),
            ECDSA_SHA512 => bare(Self::Ecdsa(Hash::Sha512)),
            ED25519 => bare(Self::Ed25519),
            other => return Err(refused_signature(other, certificate)),
        };
        algorithm.ok_or_else(|| malformed(certificate, "the signature algorithm"))
    }
}

impl Pss {
    /// `SEQUENCE { [0] hash, [1] mask generation, [2] salt length, [3] trailer }`, each explicit with a default. The
    /// default hash is SHA-1.
    fn of(parameters: Option<AnyRef<'_>>, certificate: &Certificate) -> Result<Self, CertificateFault> {
        let malformed = || malformed(certificate, "RSA-PSS");
        let unsupported = |what: &str| CertificateFault::UnsupportedAlgorithm {
            subject: certificate.subject(),
            algorithm: what.into(),
        };
        let sha1 = || CertificateFault::WeakHash { subject: certificate.subject(), hash: "SHA-1" };
        let (hash, mask, salt, trailer) = parameters.and_then(Self::fields).ok_or_else(malformed)?;
        let hash = hash_of(hash.ok_or_else(sha1)?, certificate)?;
        let mask = mask.ok_or_else(sha1)?;
        if mask.oid != MGF1 {
            return Err(unsupported("RSA-PSS with another mask generation than MGF1"));
        }
        if hash_of(mask.parameters.ok_or_else(malformed)?, certificate)? != hash {
            return Err(unsupported("RSA-PSS with two different hashes"));
        }
        if trailer.is_some_and(|trailer| trailer != 1) {
            return Err(malformed());
        }
        Ok(Self { hash, salt: salt.unwrap_or(20) })
    }

    #[expect(clippy::type_complexity, reason = "the four fields as they stand in the standard")]
    fn fields(
        parameters: AnyRef<'_>,
    ) -> Option<(
        Option<AlgorithmIdentifierRef<'_>>,
        Option<AlgorithmIdentifier<AlgorithmIdentifierRef<'_>>>,
        Option<u16>,
        Option<u8>,
    )> {
        let fields = parameters.sequence(|reader| {
            Ok::<_, x509_cert::der::Error>((
                reader.context_specific(TagNumber(0), TagMode::Explicit)?,
                reader.context_specific(TagNumber(1), TagMode::Explicit)?,
                reader.context_specific(TagNumber(2), TagMode::Explicit)?,
                reader.context_specific(TagNumber(3), TagMode::Explicit)?,
            ))
        });
        fields.ok()
    }
}

/// The hash in the parameters of RSA-PSS.
fn hash_of(
    identifier: AlgorithmIdentifierRef<'_>,
    certificate: &Certificate,
) -> Result<Hash, CertificateFault> {
    if !identifier.parameters.is_none_or(AnyRef::is_null) {
        return Err(malformed(certificate, "the hash of RSA-PSS"));
    }
    match identifier.oid {
        SHA256 => Ok(Hash::Sha256),
        SHA384 => Ok(Hash::Sha384),
        SHA512 => Ok(Hash::Sha512),
        other => Err(match other.to_string().as_str() {
            "1.3.14.3.2.26" => CertificateFault::WeakHash { subject: certificate.subject(), hash: "SHA-1" },
            "1.2.840.113549.2.5" => {
                CertificateFault::WeakHash { subject: certificate.subject(), hash: "MD5" }
            }
            other => CertificateFault::UnsupportedAlgorithm {
                subject: certificate.subject(),
                algorithm: format!("RSA-PSS with the hash {other}"),
            },
        }),
    }
}

/// What people call the signature algorithms that are met in the field and refused.
fn refused_signature(oid: ObjectIdentifier, certificate: &Certificate) -> CertificateFault {
    let subject = certificate.subject();
    let oid = oid.to_string();
    let hash = match oid.as_str() {
        "1.2.840.113549.1.1.5"
        | "1.3.14.3.2.29"
        | "1.2.840.10045.4.1"
        | "1.2.840.10040.4.3"
        | "1.3.14.3.2.27" => "SHA-1",
        "1.2.840.113549.1.1.4" => "MD5",
        "1.2.840.113549.1.1.3" => "MD4",
        "1.2.840.113549.1.1.2" => "MD2",
        other => {
            let algorithm = match other {
                "1.2.840.113549.1.1.14" => "a signature by RSA with SHA-224".into(),
                "1.2.840.10045.4.3.1" => "a signature by ECDSA with SHA-224".into(),
                "2.16.840.1.101.3.4.3.1" | "2.16.840.1.101.3.4.3.2" => "a signature by DSA".into(),
                "1.3.101.113" => "a signature by Ed448".into(),
                other => format!("the signature algorithm {other}"),
            };
            return CertificateFault::UnsupportedAlgorithm { subject, algorithm };
        }
    };
    CertificateFault::WeakHash { subject, hash }
}

fn malformed(certificate: &Certificate, what: &'static str) -> CertificateFault {
    CertificateFault::MalformedAlgorithm { subject: certificate.subject(), what }
}

/// The key of an issuer.
enum Key {
    Rsa(rsa::PublicKey),
    /// A key for PSS alone, perhaps with one hash and a shortest salt.
    RsaPss(rsa::PublicKey, Option<Pss>),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl Key {
    fn of(issuer: &Certificate) -> Result<Self, CertificateFault> {
        let malformed = || malformed(issuer, "the public key");
        let unsupported =
            |algorithm| CertificateFault::UnsupportedAlgorithm { subject: issuer.subject(), algorithm };
        let info = issuer.key();
        let parameters = info.algorithm.parameters.as_ref().map(|any| any.to_ref());
        let bytes = info.subject_public_key.as_bytes().ok_or_else(malformed)?;
        match info.algorithm.oid {
            RSA if parameters.is_some_and(AnyRef::is_null) => Ok(Self::Rsa(rsa_key(bytes, issuer)?)),
            RSA_PSS => {
                let least = parameters.map(|parameters| Pss::of(Some(parameters), issuer)).transpose()?;
                Ok(Self::RsaPss(rsa_key(bytes, issuer)?, least))
            }
            EC_KEY => {
                let Ok(curve) = parameters.ok_or_else(malformed)?.decode_as::<ObjectIdentifier>() else {
                    return Err(unsupported("a curve that is given by its parameters".into()));
                };
                if !matches!(curve, P256 | P384 | P521) {
                    return Err(unsupported(name_of(curve)));
                }
                // RFC 5480, 2.2: uncompressed points are what everybody reads.
                if matches!(bytes.first(), Some(2 | 3)) {
                    return Err(unsupported("a compressed point".into()));
                }
                let key = match curve {
                    P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Self::P256),
                    P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Self::P384),
                    _ => p521::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Self::P521),
                };
                key.map_err(|_| malformed())
            }
            ED25519 if parameters.is_none() => {
                let raw = bytes.try_into().map_err(|_| malformed())?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(raw).map_err(|_| malformed())?;
                if key.is_weak() {
                    return Err(unsupported("a weak Ed25519 key of small order".into()));
                }
                Ok(Self::Ed25519(key))
            }
            RSA | ED25519 => Err(malformed()),
            other => Err(unsupported(name_of(other))),
        }
    }
}

/// `SEQUENCE { modulus INTEGER, publicExponent INTEGER }`. The crate checks that the exponent is odd and has at most 33
/// bits, as does everybody else who bounds the work.
fn rsa_key(der: &[u8], issuer: &Certificate) -> Result<rsa::PublicKey, CertificateFault> {
    let malformed = || malformed(issuer, "the RSA key");
    let numbers: Vec<UintRef<'_>> = sequence_of(der).ok_or_else(malformed)?;
    let [modulus, exponent] = <[UintRef<'_>; 2]>::try_from(numbers).map_err(|_| malformed())?;
    let leading = modulus.as_bytes().first().map_or(0, |first| first.leading_zeros() as usize);
    let bits = modulus.as_bytes().len().saturating_mul(8).saturating_sub(leading);
    if !RSA_BITS.contains(&bits) {
        return Err(CertificateFault::RsaSize { subject: issuer.subject(), bits });
    }
    let number = |number: UintRef<'_>| BoxedUint::from_be_slice_vartime(number.as_bytes());
    rsa::PublicKey::new_with_size_limits(number(modulus), number(exponent), RSA_BITS).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::super::parts::{Parts, tlv};
    use super::super::read_anchors;
    use super::*;

    fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
        tlv(6, &[oid.as_bytes()])
    }

    /// A certificate that says it is signed with an algorithm.
    fn signed_with(algorithm: &[&[u8]]) -> Certificate {
        let algorithm = tlv(0x30, algorithm);
        let parts = Parts { outer_algorithm: algorithm.clone(), algorithm, ..Parts::good() };
        Certificate::parse(&parts.der()).unwrap()
    }

    /// A certificate with a public key.
    fn with_key(algorithm: &[&[u8]], bits: &[u8]) -> Certificate {
        let key = tlv(0x30, &[&tlv(0x30, algorithm), &tlv(3, &[&[0], bits])]);
        Certificate::parse(&Parts { key, ..Parts::good() }.der()).unwrap()
    }

    const NULL: &[u8] = &[5, 0];

    #[test]
    fn parameters_are_what_the_algorithm_wants() {
        let of =
            |id: &ObjectIdentifier, parameters: &[u8]| Algorithm::of(&signed_with(&[&oid(id), parameters]));
        for (id, parameters, expected) in [
            (&RSA_SHA256, NULL, Some(Algorithm::RsaPkcs1(Hash::Sha256))),
            (&RSA_SHA384, &[], Some(Algorithm::RsaPkcs1(Hash::Sha384))),
            (&RSA_SHA512, &[2, 1, 1], None),
            (&ECDSA_SHA256, &[], Some(Algorithm::Ecdsa(Hash::Sha256))),
            (&ECDSA_SHA384, NULL, None),
            (&ED25519, &[], Some(Algorithm::Ed25519)),
            (&ED25519, NULL, None),
            (&RSA_PSS, &[], None),
            (&RSA_PSS, NULL, None),
        ] {
            match (of(id, parameters), expected) {
                (Ok(found), Some(expected)) => assert_eq!(found, expected),
                (Err(CertificateFault::MalformedAlgorithm { .. }), None) => {}
                (found, expected) => panic!("{id} {parameters:x?}: {found:?}, expected {expected:?}"),
            }
        }
    }

    /// The parameters of RSA-PSS: hash, hash of the mask, salt, trailer.
    fn pss(
        hash: Option<&ObjectIdentifier>,
        mask: Option<(&ObjectIdentifier, &ObjectIdentifier)>,
        rest: &[&[u8]],
    ) -> Vec<u8> {
        let hash = hash.map(|hash| tlv(0xa0, &[&tlv(0x30, &[&oid(hash), NULL])])).unwrap_or_default();
        let mask = mask.map(|(function, hash)| {
            tlv(0xa1, &[&tlv(0x30, &[&oid(function), &tlv(0x30, &[&oid(hash), NULL])])])
        });
        tlv(0x30, &[&hash, &mask.unwrap_or_default(), &rest.concat()])
    }

    #[test]
    fn pss_has_one_hash_a_salt_and_the_only_trailer_there_is() {
        let of = |parameters: Vec<u8>| Algorithm::of(&signed_with(&[&oid(&RSA_PSS), &parameters]));
        let [sha1, md5, sha224] = ["1.3.14.3.2.26", "1.2.840.113549.2.5", "2.16.840.1.101.3.4.2.4"]
            .map(ObjectIdentifier::new_unwrap);
        let with_number = tlv(0xa0, &[&tlv(0x30, &[&oid(&SHA256), &[2, 1, 1]])]);
        let (hash, mask) = (Some(&SHA256), Some((&MGF1, &SHA256)));
        let salt: &[u8] = &[0xa2, 3, 2, 1, 32];
        let good = |salt| Ok(Algorithm::RsaPss(Pss { hash: Hash::Sha256, salt }));
        assert_eq!(of(pss(hash, mask, &[salt])), good(32));
        assert_eq!(of(pss(hash, mask, &[])), good(20));
        assert_eq!(of(pss(hash, mask, &[salt, &[0xa3, 3, 2, 1, 1]])), good(32));
        for (parameters, is_expected) in [
            (pss(hash, mask, &[salt, &[0xa3, 3, 2, 1, 2]]), "malformed"),
            (pss(hash, mask, &[salt, &[0xa4, 3, 2, 1, 2]]), "malformed"),
            (pss(hash, mask, &[&[0xa2, 5, 2, 3, 1, 0, 0]]), "malformed"),
            (pss(None, mask, &[salt]), "SHA-1"),
            (pss(hash, None, &[salt]), "SHA-1"),
            (pss(Some(&sha1), mask, &[salt]), "SHA-1"),
            (pss(Some(&md5), Some((&MGF1, &md5)), &[salt]), "MD5"),
            (
                pss(Some(&sha224), Some((&MGF1, &sha224)), &[salt]),
                "RSA-PSS with the hash 2.16.840.1.101.3.4.2.4",
            ),
            (tlv(0x30, &[&with_number]), "the hash of RSA-PSS"),
            (pss(hash, Some((&MGF1, &sha1)), &[salt]), "SHA-1"),
            (pss(hash, Some((&MGF1, &SHA512)), &[salt]), "two different hashes"),
            (pss(hash, Some((&RSA, &SHA256)), &[salt]), "mask generation"),
        ] {
            let fault = of(parameters).expect_err(is_expected).to_string();
            assert!(fault.contains(is_expected), "{fault}");
        }
    }

    #[test]
    fn a_key_for_pss_alone_makes_no_other_signatures_and_keeps_its_hash_and_salt() {
        let read = |text| read_anchors(text).unwrap();
        let chain =
            read(include_str!("../../../../../testdata/certificates/accepted-rsa2048-pss-sha256.pem"));
        let plain = read(include_str!("../../../../../testdata/certificates/accepted-rsa2048-sha256.pem"));
        let issuer = |of: &Certificate, parameters: &[u8]| {
            with_key(&[&oid(&RSA_PSS), parameters], of.key().subject_public_key.raw_bytes())
        };
        let at_least = |hash, salt| pss(Some(hash), Some((&MGF1, hash)), &[&[0xa2, 3, 2, 1, salt]]);
        for parameters in [vec![], at_least(&SHA256, 32), at_least(&SHA256, 8)] {
            assert_eq!(verify(&chain[0], &issuer(&chain[1], &parameters)), Ok(()));
        }
        for parameters in [at_least(&SHA256, 33), at_least(&SHA384, 32)] {
            let fault = verify(&chain[0], &issuer(&chain[1], &parameters));
            assert!(matches!(fault, Err(CertificateFault::BadSignature { .. })), "{fault:?}");
        }
        assert_eq!(verify(&plain[0], &plain[1]), Ok(()));
        let fault = verify(&plain[0], &issuer(&plain[1], &[]));
        assert!(matches!(fault, Err(CertificateFault::BadSignature { .. })), "{fault:?}");
    }

    #[test]
    fn keys_that_are_not_what_they_say_are_refused() {
        let child = signed_with(&[&oid(&ED25519)]);
        let fault = |algorithm: &[&[u8]], bits: &[u8]| {
            verify(&child, &with_key(algorithm, bits)).expect_err("accepted").to_string()
        };
        let point = |first: u8, length: usize| [vec![first], vec![7; length]].concat();
        let p256: &[&[u8]] = &[&oid(&EC_KEY), &oid(&P256)];
        let mut identity = [0; 32];
        identity[0] = 1;
        for (algorithm, bits, expected) in [
            (p256, point(2, 32), "a compressed point"),
            (p256, point(4, 64), "malformed"),
            (p256, point(0, 0), "malformed"),
            (&[&oid(&EC_KEY)], point(4, 64), "malformed"),
            (&[&oid(&EC_KEY), NULL], point(4, 64), "given by its parameters"),
            (&[&oid(&ED25519)], identity.to_vec(), "weak"),
            (&[&oid(&ED25519)], vec![9; 31], "malformed"),
            (&[&oid(&ED25519), NULL], vec![9; 32], "malformed"),
            (&[&oid(&RSA)], tlv(0x30, &[&tlv(2, &[&[0, 0x80], &[1; 255]]), &[2, 1, 3]]), "malformed"),
            (&[&oid(&RSA), NULL], tlv(0x30, &[&tlv(2, &[&[0, 0x80], &[1; 255]]), &[2, 1, 1]]), "malformed"),
            (&[&oid(&RSA), NULL], tlv(0x30, &[&tlv(2, &[&[0, 0x80], &[1; 255]]), &[2, 1, 4]]), "malformed"),
            (&[&oid(&RSA), NULL], tlv(0x30, &[&tlv(2, &[&[0, 0x80], &[2; 255]]), &[2, 1, 3]]), "malformed"),
            (
                &[&oid(&RSA), NULL],
                tlv(0x30, &[&tlv(2, &[&[0, 0x80], &[1; 255]]), &[2, 6, 1, 0, 0, 0, 0, 1]]),
                "malformed",
            ),
            (
                &[&oid(&RSA), NULL],
                tlv(0x30, &[&tlv(2, &[&[0, 0x80], &[1; 255]]), &[2, 1, 3], NULL]),
                "malformed",
            ),
            (&[&oid(&RSA), NULL], tlv(0x30, &[&[2, 1, 0], &[2, 1, 3]]), "RSA key of 0 bits"),
            (&[&[6, 3, 0x2b, 0x65, 0x6e]], vec![9; 32], "X25519"),
        ] {
            let fault = fault(algorithm, &bits);
            assert!(fault.contains(expected), "{fault}, expected {expected}");
        }
    }
}
