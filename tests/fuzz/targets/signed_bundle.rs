//! Bundles that known keys have signed, forged: whatever is done to one, a payload that verifies is one that a trusted
//! key has signed, in the way in which it has signed it.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use modelsig::fuzzing::{Age, GENUINE, Genuine, SIGNERS, public_key, verify};

#[derive(Arbitrary, Debug)]
struct Forgery {
    /// Which keys the verifier trusts: a bit for each.
    trusted: u8,
    /// The verifier also takes what model-signing 0.2.0 wrote.
    legacy: bool,
    /// Signer and number of the statement.
    payload: (u8, u8),
    signature: (u8, u8),
    hint: Hint,
    payload_edits: Vec<Edit>,
    signature_edits: Vec<Edit>,
    /// In the text of the bundle.
    text_edits: Vec<Edit>,
}

#[derive(Arbitrary, Debug)]
enum Hint {
    OfSigner(u8),
    None,
    Empty,
}

#[derive(Arbitrary, Debug)]
struct Edit {
    at: u16,
    remove: u8,
    insert: Vec<u8>,
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = usize::from(self.at) % (bytes.len() + 1);
        let end = bytes.len().min(at + usize::from(self.remove));
        bytes.splice(at..end, self.insert.iter().copied());
    }
}

fn genuine((signer, number): (u8, u8)) -> &'static Genuine {
    let signed = &GENUINE[usize::from(signer) % SIGNERS];
    &signed[usize::from(number) % signed.len()]
}

libfuzzer_sys::fuzz_target!(|forgery: Forgery| {
    let (mut payload, mut signature) =
        (genuine(forgery.payload).payload.clone(), genuine(forgery.signature).signature.clone());
    forgery.payload_edits.iter().for_each(|edit| edit.apply(&mut payload));
    forgery.signature_edits.iter().for_each(|edit| edit.apply(&mut signature));
    let hint = match forgery.hint {
        Hint::OfSigner(signer) => {
            format!(r#"{{"hint":"{}"}}"#, public_key(usize::from(signer) % SIGNERS).hint())
        }
        Hint::None => "{}".into(),
        Hint::Empty => r#"{"hint":""}"#.into(),
    };
    let (payload_text, signature_text) = (base64(&payload), base64(&signature));
    let bundle = format!(
        r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{{"publicKey":{hint},"tlogEntries":[]}},"dsseEnvelope":{{"payload":"{payload_text}","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"{signature_text}","keyid":""}}]}}}}"#
    );
    let mut bundle = bundle.into_bytes();
    forgery.text_edits.iter().for_each(|edit| edit.apply(&mut bundle));

    let trusted: Vec<usize> = (0..SIGNERS).filter(|signer| forgery.trusted >> signer & 1 == 1).collect();
    let verified = verify(&bundle, &trusted, forgery.legacy);
    if let Ok((payload, age, accepted)) = &verified {
        assert!(forgery.legacy || *age == Age::Current);
        let signed = |signer: &usize| {
            GENUINE[*signer].iter().any(|genuine| genuine.payload == *payload && genuine.age == *age)
        };
        assert!(trusted.iter().any(signed), "nobody who is trusted has signed this");
        assert!(accepted, "a genuine statement of this age");
    }
    if forgery.payload_edits.is_empty() && forgery.signature_edits.is_empty() && forgery.text_edits.is_empty()
    {
        assert_eq!(verified.is_ok(), holds(&forgery, &trusted), "{:?}", verified.err());
    }
});

/// Whether a bundle of genuine parts is to be accepted.
fn holds(forgery: &Forgery, trusted: &[usize]) -> bool {
    let signer = usize::from(forgery.signature.0) % SIGNERS;
    let named = match forgery.hint {
        Hint::OfSigner(hinted) => usize::from(hinted) % SIGNERS == signer,
        Hint::None | Hint::Empty => true,
    };
    // model-signing 0.2.0 knew no Ed25519, which the first two signers use.
    let readable = genuine(forgery.signature).age == Age::Current || (forgery.legacy && signer >= 2);
    let belongs = std::ptr::eq(genuine(forgery.payload), genuine(forgery.signature));
    named && readable && belongs && trusted.contains(&signer)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain([&0; 2]).take(3).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > group.len() { '=' } else { digit.into() });
        }
    }
    text
}
