//! The public key in the attributes of a token's object: CKA_EC_PARAMS and CKA_EC_POINT (PKCS#11 2.40 section 2.3.3,
//! 3.0 section 2.3.5 for Edwards curves).
//!
//! Takes the point wrapped in an OCTET STRING as the standard wants it, and bare as some tokens give it; which of
//! the two it is follows from the length alone. Refuses: curves that are not named, other curves, other lengths.

use pkcs8::ObjectIdentifier;
use pkcs8::der::Decode;
use pkcs8::der::asn1::{OctetStringRef, PrintableStringRef};

use crate::keys::public::{ED25519, name_of};
use crate::keys::{KeyFault, KeyType, PublicKey};

/// Which kind of key uses the curve.
pub(super) fn key_type(parameters: &[u8]) -> Result<KeyType, KeyFault> {
    if let Ok(curve) = ObjectIdentifier::from_der(parameters) {
        return if curve == ED25519 { Ok(KeyType::Ed25519) } else { KeyType::of_curve(curve) };
    }
    match PrintableStringRef::from_der(parameters) {
        Ok(name) if name.as_str() == "edwards25519" => Ok(KeyType::Ed25519),
        Ok(name) => Err(KeyFault::UnsupportedType { found: format!("a key on the curve {name}") }),
        Err(_) => Err(KeyFault::malformed("the curve is not named")),
    }
}

pub(super) fn public_key(key_type: KeyType, point: &[u8]) -> Result<PublicKey, KeyFault> {
    let bare = match key_type {
        KeyType::Ed25519 => 32,
        KeyType::P256 => 1 + 2 * 32,
        KeyType::P384 => 1 + 2 * 48,
        KeyType::P521 => 1 + 2 * 66,
    };
    let point = if point.len() == bare {
        point
    } else {
        <&OctetStringRef>::from_der(point).map_err(KeyFault::malformed)?.as_bytes()
    };
    if point.len() != bare {
        return Err(KeyFault::malformed(format!(
            "a point of {bare} bytes was expected, found {}",
            point.len()
        )));
    }
    PublicKey::from_raw(key_type, point)
}

/// What a kind of key that is no curve of ours is called.
pub(super) fn name_of_kind(kind: Option<cryptoki::object::KeyType>) -> String {
    use cryptoki::object::KeyType as Kind;
    match kind {
        Some(Kind::RSA) => name_of(ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1")),
        Some(other) => format!("a key of the kind {other}"),
        None => "a key of no known kind".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{PrivateKey, Signer};

    /// The point of a SubjectPublicKeyInfo is what stands after its header, which has a fixed length for each kind.
    fn point_of(key: &PrivateKey) -> (Vec<u8>, usize) {
        let bare = match key.public_key().key_type() {
            KeyType::Ed25519 => 32,
            KeyType::P256 => 65,
            KeyType::P384 => 97,
            KeyType::P521 => 133,
        };
        let (_, der) =
            crate::keys::pem::decode(&key.public_key().to_pem()).map(|(l, d)| (l.len(), d)).unwrap();
        (der[der.len() - bare..].to_vec(), bare)
    }

    #[test]
    fn points_are_read_wrapped_and_bare() {
        for kind in KeyType::ALL {
            let key = PrivateKey::generate(kind).unwrap();
            let (bare, length) = point_of(&key);
            let header = if length < 128 { vec![4, length as u8] } else { vec![4, 0x81, length as u8] };
            let wrapped = [header, bare.clone()].concat();
            assert_eq!(&public_key(kind, &bare).unwrap(), key.public_key(), "{kind}");
            assert_eq!(&public_key(kind, &wrapped).unwrap(), key.public_key(), "{kind}");
            for bad in [&bare[1..], &wrapped[..wrapped.len() - 1], &[&wrapped[..], &[0]].concat(), &[]] {
                assert!(public_key(kind, bad).is_err(), "{kind}");
            }
        }
        assert!(public_key(KeyType::P256, &[[4].as_slice(), &[1; 64]].concat()).is_err(), "not on the curve");
    }

    #[test]
    fn curves_are_named() {
        for (parameters, expected) in [
            ("06082a8648ce3d030107", Some(KeyType::P256)),
            ("06052b81040022", Some(KeyType::P384)),
            ("06052b81040023", Some(KeyType::P521)),
            ("06032b6570", Some(KeyType::Ed25519)),
            ("130c656477617264733235353139", Some(KeyType::Ed25519)),
            ("06052b8104000a", None),
            ("130a656477617264733434380a", None),
            ("06032b657000", None),
            ("3000", None),
            ("", None),
        ] {
            assert_eq!(key_type(&hex::decode(parameters).unwrap()).ok(), expected, "{parameters}");
        }
    }
}
