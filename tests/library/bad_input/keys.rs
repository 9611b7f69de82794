//! Key files: who can read them, what stands in them, and what kind of key it is.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use modelsig::{Error, ErrorKind, KeyFault, KeyType, PrivateKey, PublicKey, Signer, danger};
use modelsig_tests::{Case, assert_outcome, has_openssl, make_fifo, openssl, refused, within};

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Both readers must refuse the file; the fault that each finds.
#[track_caller]
fn faults(path: &Path, passphrase: Option<&str>) -> [KeyFault; 2] {
    set_mode(path, 0o600);
    [refused(PrivateKey::from_file(path, passphrase)), refused(PublicKey::from_file(path))].map(|error| {
        assert_outcome(&error, ErrorKind::Key, path.to_str().unwrap());
        match error {
            Error::Key { fault, .. } => fault,
            other => panic!("{other:?}"),
        }
    })
}

#[track_caller]
fn private_fault(path: &Path, passphrase: Option<&str>) -> KeyFault {
    let [fault, _] = faults(path, passphrase);
    fault
}

#[test]
fn a_private_key_that_others_can_reach() {
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    fs::write(&path, case.key.to_pem(None).unwrap()).unwrap();
    for mode in [0o600, 0o400, 0o700] {
        set_mode(&path, mode);
        assert_eq!(PrivateKey::from_file(&path, None).unwrap().public_key(), case.key.public_key());
    }
    for mode in [0o640, 0o604, 0o644, 0o660, 0o666, 0o620, 0o602, 0o610, 0o601, 0o777] {
        set_mode(&path, mode);
        let error = refused(PrivateKey::from_file(&path, None));
        assert!(
            matches!(&error, Error::KeyReadableByOthers { mode: found, .. } if *found == mode),
            "{error:?}"
        );
        assert_outcome(&error, ErrorKind::Key, path.to_str().unwrap());
        assert!(error.to_string().contains(&format!("{mode:o}")), "{error}");
    }
    // The mode can be passed over on purpose, and nothing else.
    let anyway = danger::private_key_readable_by_others;
    assert_eq!(anyway(&path, None).unwrap().public_key(), case.key.public_key());
    fs::write(&path, "no key").unwrap();
    assert!(matches!(refused(anyway(&path, None)), Error::Key { fault: KeyFault::NotPem, .. }));
    // What everybody may read is no private key: to close it would not make it one.
    let public = case.key.public_key().to_pem();
    fs::write(&path, &public).unwrap();
    set_mode(&path, 0o644);
    let fault = |error| match error {
        Error::Key { fault, .. } => fault,
        other => panic!("{other:?}"),
    };
    let no_private_key = KeyFault::Label { expected: "private key", found: "PUBLIC KEY".into() };
    assert_eq!(fault(refused(PrivateKey::from_file(&path, None))), no_private_key);
    fs::write(&path, [public.as_str(), &case.key.to_pem(None).unwrap()].concat()).unwrap();
    let error = refused(PrivateKey::from_file(&path, None));
    assert!(matches!(error, Error::KeyReadableByOthers { mode: 0o644, .. }), "{error:?}");
    // A public key is for everybody.
    fs::write(&path, case.key.public_key().to_pem()).unwrap();
    assert!(PublicKey::from_file(&path).is_ok());
}

#[test]
fn a_key_file_that_is_not_there() {
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    for error in [refused(PrivateKey::from_file(&path, None)), refused(PublicKey::from_file(&path))] {
        assert!(matches!(error, Error::Io { operation: "open", .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::NotFound, path.to_str().unwrap());
    }
}

#[test]
fn a_key_file_that_is_no_regular_file_ends_at_once_and_without_a_verdict() {
    let case = Case::new(&[]);
    make_fifo(&case.path("fifo"));
    fs::create_dir(case.path("folder")).unwrap();
    let places = [case.path("fifo"), case.path("folder"), "/dev/zero".into()];
    within(std::time::Duration::from_secs(30), move || {
        for path in &places {
            for error in [refused(PrivateKey::from_file(path, None)), refused(PublicKey::from_file(path))] {
                assert!(matches!(error, Error::NotAFile { .. }), "{error:?}");
                assert_outcome(&error, ErrorKind::Io, path.to_str().unwrap());
            }
        }
        drop(case);
    });
}

#[test]
fn a_key_file_over_the_limit() {
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    fs::write(&path, [case.key.to_pem(None).unwrap().as_str(), &" ".repeat(64 << 10)].concat()).unwrap();
    set_mode(&path, 0o600);
    for error in [refused(PrivateKey::from_file(&path, None)), refused(PublicKey::from_file(&path))] {
        assert!(matches!(error, Error::Limit { limit: 65_536, .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Limit, path.to_str().unwrap());
    }
}

#[test]
fn text_that_holds_no_key_or_several() {
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    let private = case.key.to_pem(None).unwrap().to_string();
    let public = case.key.public_key().to_pem();
    for text in [b"".as_slice(), b"no key", b"\xff\xfe\xfd", b"30 59 30 13", &[0x30, 0x59, 0x30, 0x13]] {
        fs::write(&path, text).unwrap();
        assert_eq!(faults(&path, None), [KeyFault::NotPem, KeyFault::NotPem]);
    }
    for (text, found) in [
        (public.repeat(2), 2),
        (private.repeat(2), 2),
        (format!("{private}{public}"), 2),
        (public.repeat(3), 3),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(
            faults(&path, None),
            [KeyFault::SeveralBlocks { found }, KeyFault::SeveralBlocks { found }]
        );
    }
}

#[test]
fn a_key_of_the_other_half() {
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    fs::write(&path, case.key.public_key().to_pem()).unwrap();
    let error = refused(
        PrivateKey::from_pem(&case.key.public_key().to_pem(), None)
            .map_err(|fault| Error::Key { path: String::new(), fault }),
    );
    assert!(
        matches!(&error, Error::Key { fault: KeyFault::Label { expected: "private key", found }, .. } if found == "PUBLIC KEY"),
        "{error:?}"
    );
    let private = case.key.to_pem(None).unwrap();
    assert_eq!(
        PublicKey::from_pem(&private).unwrap_err(),
        KeyFault::Label { expected: "public key", found: "PRIVATE KEY".into() }
    );
}

#[test]
fn damaged_keys() {
    for kind in KeyType::ALL {
        let case = Case::with_key(kind, &[]);
        let path = case.path("key.pem");
        for pem in [case.key.to_pem(None).unwrap().to_string(), case.key.public_key().to_pem()] {
            let line = pem.lines().nth(1).unwrap();
            for changed in [
                pem.replacen(line, &line[4..], 1),
                pem.replacen(line, &line.replacen(|_| true, "!", 1), 1),
                pem.replacen("-----END", "-----EMD", 1),
                pem.replacen(line, "MAA=", 1),
            ] {
                fs::write(&path, &changed).unwrap();
                let found = faults(&path, None);
                let malformed = found.iter().any(|fault| matches!(fault, KeyFault::Malformed { .. }));
                assert!(malformed, "{kind}: {found:?}: {changed}");
            }
        }
    }
}

#[test]
fn passphrases() {
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    fs::write(&path, case.key.to_pem(Some("right")).unwrap()).unwrap();
    assert_eq!(private_fault(&path, None), KeyFault::PassphraseNeeded);
    for wrong in ["wrong", "", "Right", "right "] {
        assert_eq!(private_fault(&path, Some(wrong)), KeyFault::WrongPassphrase, "{wrong:?}");
    }
    assert!(PrivateKey::from_file(&path, Some("right")).is_ok());
    // A passphrase for a key that needs none is no fault.
    fs::write(&path, case.key.to_pem(None).unwrap()).unwrap();
    assert!(PrivateKey::from_file(&path, Some("any")).is_ok());
}

/// How `openssl` makes a key of that kind, and the word by which it must be refused.
const OTHER_KINDS: [(&[&str], &str); 8] = [
    (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA"),
    (&["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA"),
    (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "secp256k1"),
    (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"], "P-224"),
    (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "1.3.36.3.3.2.8.1.1.7"),
    (&["-algorithm", "X25519"], "X25519"),
    (&["-algorithm", "X448"], "X448"),
    (&["-algorithm", "ED448"], "Ed448"),
];

#[test]
fn keys_of_other_kinds_are_called_by_their_name() {
    if !has_openssl() {
        return;
    }
    let case = Case::new(&[]);
    let path = case.path("key.pem");
    for (arguments, name) in OTHER_KINDS {
        let mut command: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"genpkey"];
        arguments.iter().for_each(|argument| command.push(argument));
        let private = openssl(&command);
        fs::write(&path, &private).unwrap();
        let public = openssl(&[&"pkey", &"-pubout", &"-in", &path]);
        for (text, which) in [(private, 0), (public, 1)] {
            fs::write(&path, text).unwrap();
            match &faults(&path, None)[which] {
                KeyFault::UnsupportedType { found } => assert!(found.contains(name), "{name}: {found}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

/// SEC1 keys of other curves, the PKCS#1 form of RSA, and the encryption of old, each refused as what it is.
#[test]
fn other_forms_of_keys() {
    if !has_openssl() {
        return;
    }
    let case = Case::new(&[]);
    let (path, other) = (case.path("key.pem"), case.path("other.pem"));
    fs::write(&path, openssl(&[&"ecparam", &"-name", &"secp256k1", &"-genkey", &"-noout"])).unwrap();
    assert!(
        matches!(private_fault(&path, None), KeyFault::UnsupportedType { found } if found.contains("secp256k1"))
    );

    fs::write(&path, openssl(&[&"genrsa", &"-traditional", &"2048"])).unwrap();
    assert_eq!(
        private_fault(&path, None),
        KeyFault::Label { expected: "private key", found: "RSA PRIVATE KEY".into() }
    );

    // The curve spelt out instead of named: whoever writes it could spell out another one.
    let explicit = [&"ecparam", &"-name", &"prime256v1", &"-genkey", &"-noout", &"-param_enc", &"explicit"];
    fs::write(&path, openssl(&explicit.map(|argument| argument as &dyn AsRef<std::ffi::OsStr>))).unwrap();
    assert!(matches!(private_fault(&path, None), KeyFault::Malformed { .. }));
    fs::write(&other, openssl(&[&"pkey", &"-in", &path, &"-pubout"])).unwrap();
    assert!(matches!(faults(&other, None)[1], KeyFault::Malformed { .. }));

    fs::write(&path, openssl(&[&"ecparam", &"-name", &"prime256v1", &"-genkey", &"-noout"])).unwrap();
    let encrypted: [&dyn AsRef<std::ffi::OsStr>; 7] =
        [&"ec", &"-in", &path, &"-aes256", &"-passout", &"pass:p", &"-out"];
    openssl(&[&encrypted[..], &[&other]].concat());
    assert_eq!(private_fault(&other, Some("p")), KeyFault::LegacyEncryption);
}

/// The right passphrase under a cipher that is not supported must not be called a wrong passphrase.
#[test]
fn a_cipher_that_is_not_supported_is_not_called_a_wrong_passphrase() {
    if !has_openssl() {
        return;
    }
    let case = Case::new(&[]);
    let (plain, path) = (case.path("plain.pem"), case.path("key.pem"));
    fs::write(&plain, case.key.to_pem(None).unwrap()).unwrap();
    let ways: [(&[&str], &str); 5] = [
        (&["-v2", "des3"], "Triple DES"),
        (&["-v2", "camellia-256-cbc"], "the scheme 1.2.392.200011.61.1.1.1.4"),
        (&["-v2", "aria-256-cbc"], "the scheme 1.2.410.200046.1.1.12"),
        (&["-v1", "PBE-SHA1-3DES"], "PBE-SHA1-3DES"),
        (&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"], "PBKDF2 with HMAC-SHA-1"),
    ];
    for (way, found) in ways {
        let mut command: Vec<&dyn AsRef<OsStr>> =
            vec![&"pkcs8", &"-topk8", &"-in", &plain, &"-out", &path, &"-passout", &"pass:right"];
        way.iter().for_each(|argument| command.push(argument));
        openssl(&command);
        for passphrase in ["right", "wrong"] {
            let expected = KeyFault::UnsupportedEncryption { found: found.into() };
            assert_eq!(private_fault(&path, Some(passphrase)), expected, "{way:?}");
        }
    }
}
