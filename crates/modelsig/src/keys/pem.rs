//! PEM text (RFC 7468) to one DER block with its label.
//!
//! Explanatory text around the block is skipped, as is the `EC PARAMETERS` block that OpenSSL puts before a key.
//! Refuses: no block, several blocks, headers inside the block, base64 that is not canonical.

use zeroize::Zeroizing;

/// Why a key cannot be used. No variant carries key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// No `-----BEGIN` line.
    #[error("it holds no PEM block")]
    NotPem,
    /// More than one key.
    #[error("it holds {found} PEM blocks, one was expected")]
    SeveralBlocks {
        /// How many.
        found: usize,
    },
    /// A block of another kind.
    #[error("expected a {expected}, found a PEM block labelled {found:?}")]
    Label {
        /// What was expected.
        expected: &'static str,
        /// The label found.
        found: String,
    },
    /// The block, or the DER inside it, is damaged.
    #[error("its PEM or DER encoding is malformed: {reason}")]
    Malformed {
        /// What the decoder says.
        reason: String,
    },
    /// A kind of key that OMS or modelsig does not use.
    #[error("it is {found}; supported are Ed25519, P-256, P-384 and P-521")]
    UnsupportedType {
        /// The name of the kind, or its object identifier.
        found: String,
    },
    /// An Ed25519 point of small order: signatures by it prove nothing.
    #[error("it is a weak Ed25519 key of small order")]
    Weak,
    /// Encrypted, and no passphrase was given.
    #[error("it is encrypted and no passphrase was given")]
    PassphraseNeeded,
    /// The passphrase does not open it.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// Encrypted in a way that modelsig does not decrypt.
    #[error(
        "it is encrypted with {found}; supported are PBKDF2 with SHA-2, or scrypt, and AES (`openssl pkcs8 -topk8`)"
    )]
    UnsupportedEncryption {
        /// The name of the scheme or of the part of it that is not supported, or its object identifier.
        found: String,
    },
    /// Encrypted in the way of OpenSSL before PKCS#8, whose key derivation is one MD5.
    #[error("it is encrypted in the old OpenSSL format; convert it with `openssl pkcs8 -topk8`")]
    LegacyEncryption,
    /// The system's random number generator failed.
    #[error("no random numbers are to be had: {reason}")]
    Random {
        /// What the system says.
        reason: String,
    },
}

impl KeyFault {
    pub(crate) fn malformed(reason: impl std::fmt::Display) -> Self {
        Self::Malformed { reason: reason.to_string() }
    }
}

/// The label and the DER of the only key in a PEM text.
pub(crate) fn decode(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), KeyFault> {
    const BEGIN: &str = "-----BEGIN ";
    let begins: Vec<usize> = text.match_indices(BEGIN).map(|(start, _)| start).collect();
    let mut keys = begins
        .iter()
        .zip(begins.iter().skip(1).copied().chain([text.len()]))
        .filter_map(|(start, end)| text.get(*start..end))
        .filter(|block| !block.starts_with("-----BEGIN EC PARAMETERS-----"));
    let block = keys.next().ok_or(KeyFault::NotPem)?;
    match keys.count() {
        0 => {}
        more => return Err(KeyFault::SeveralBlocks { found: more.saturating_add(1) }),
    }
    if block.contains("Proc-Type:") {
        return Err(KeyFault::LegacyEncryption);
    }
    let (label, der) = pem_rfc7468::decode_vec(until_end(block).as_bytes()).map_err(KeyFault::malformed)?;
    Ok((label, Zeroizing::new(der)))
}

/// A block without what follows its END line: the decoder wants nothing but blank space there.
pub(crate) fn until_end(block: &str) -> &str {
    let end = block.split_once("-----END ").and_then(|(_, end)| end.split_once("-----"));
    end.and_then(|(_, rest)| block.strip_suffix(rest)).unwrap_or(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN X-----\nAAECAw==\n-----END X-----\n";

    #[test]
    fn one_block_with_anything_around_it() {
        let parameters = BLOCK.replace('X', "EC PARAMETERS");
        for text in [
            BLOCK.to_string(),
            BLOCK.replace('\n', "\r\n"),
            format!("Public Key:\n\tCurve: x\n\n{BLOCK}"),
            format!("{BLOCK}trailing words\n"),
            format!("{parameters}{BLOCK}"),
            BLOCK.trim_end().to_string(),
        ] {
            let (label, der) = decode(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"));
            assert_eq!((label, der.as_slice()), ("X", [0, 1, 2, 3].as_slice()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        assert_eq!(decode(""), Err(KeyFault::NotPem));
        assert_eq!(decode("AAECAw=="), Err(KeyFault::NotPem));
        assert_eq!(decode(&BLOCK.repeat(2)), Err(KeyFault::SeveralBlocks { found: 2 }));
        let legacy = BLOCK.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n\n", 1);
        assert_eq!(decode(&legacy), Err(KeyFault::LegacyEncryption));
        for bad in [
            BLOCK.replace("AAECAw==", "AAECAw"),
            BLOCK.replace("END X", "END Y"),
            BLOCK.replace("-----END", ""),
        ] {
            assert!(matches!(decode(&bad), Err(KeyFault::Malformed { .. })), "{bad}");
        }
    }
}
