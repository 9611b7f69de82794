//! The statuses: the numbers of [`modelsig::OUTCOMES`] under their C names, and 0.
//!
//! An integer with constants and not an enum: a caller may get a number that its header does not know yet, and
//! Swift cannot import an enum that shares its name with a typedef.

/// How a call ended: MODELSIG_STATUS_OK, or the reason why not.
///
/// 0 is success. 100 to 199 are negative verdicts: the inputs are well-formed and do not hold. 200 to 299 are no
/// verdict: it could not be told. 300 is the caller's own doing. All but 0 are failures, also numbers that this header
/// does not list: a later version may add some, and never gives a number another meaning.
pub type ModelsigStatus = i32;

/// Success. After modelsig_verify: every byte of the model was checked and is what was signed.
pub const MODELSIG_STATUS_OK: ModelsigStatus = 0;

/// The bytes of a file are not the signed ones, or it has another length.
pub const MODELSIG_STATUS_MISMATCH: ModelsigStatus = 100;
/// A signed file is not there.
pub const MODELSIG_STATUS_MISSING: ModelsigStatus = 101;
/// A file is there that was not signed.
pub const MODELSIG_STATUS_UNSIGNED: ModelsigStatus = 102;
/// A file changed while it was looked at, or was replaced or removed then.
pub const MODELSIG_STATUS_CHANGED: ModelsigStatus = 103;
/// A symbolic link, FIFO, socket or device stands in the model.
pub const MODELSIG_STATUS_FORBIDDEN_FILE: ModelsigStatus = 104;
/// The signature is not valid over the content.
pub const MODELSIG_STATUS_BAD_SIGNATURE: ModelsigStatus = 110;
/// The signature may be valid, but somebody else made it.
pub const MODELSIG_STATUS_UNTRUSTED: ModelsigStatus = 111;
/// The signed statement contradicts itself: its root digest is not that of the files it lists.
pub const MODELSIG_STATUS_ROOT_DIGEST: ModelsigStatus = 112;
/// The caller's policy forbids it.
pub const MODELSIG_STATUS_POLICY: ModelsigStatus = 120;
/// Too few distinct signers.
pub const MODELSIG_STATUS_THRESHOLD: ModelsigStatus = 121;

/// An argument is NULL, not UTF-8 where it has to be, or contradicts another.
pub const MODELSIG_STATUS_USAGE: ModelsigStatus = 200;
/// The model, the bundle or another file is not there.
pub const MODELSIG_STATUS_NOT_FOUND: ModelsigStatus = 201;
/// The operating system refused to open or read something.
pub const MODELSIG_STATUS_IO: ModelsigStatus = 202;
/// The bundle, or the statement inside it, is not well-formed.
pub const MODELSIG_STATUS_MALFORMED: ModelsigStatus = 203;
/// Well-formed, but beyond what this version or build supports.
pub const MODELSIG_STATUS_UNSUPPORTED: ModelsigStatus = 204;
/// Something is larger, longer or deeper than the limits allow.
pub const MODELSIG_STATUS_LIMIT: ModelsigStatus = 205;
/// The key cannot be used: not PEM, damaged, or of a kind that is not supported.
pub const MODELSIG_STATUS_KEY: ModelsigStatus = 206;
/// Something stands in the way of what was to be written.
pub const MODELSIG_STATUS_EXISTS: ModelsigStatus = 207;
/// The model has nothing to sign, or names that cannot be signed.
pub const MODELSIG_STATUS_UNSIGNABLE: ModelsigStatus = 208;
/// A fault of modelsig itself.
pub const MODELSIG_STATUS_INTERNAL: ModelsigStatus = 299;

/// The caller stopped it.
pub const MODELSIG_STATUS_CANCELLED: ModelsigStatus = 300;

#[cfg(test)]
mod tests {
    use super::*;

    /// Each constant under the name that its row of the table would get.
    const NAMED: [(&str, ModelsigStatus); 21] = [
        ("MISMATCH", MODELSIG_STATUS_MISMATCH),
        ("MISSING", MODELSIG_STATUS_MISSING),
        ("UNSIGNED", MODELSIG_STATUS_UNSIGNED),
        ("CHANGED", MODELSIG_STATUS_CHANGED),
        ("FORBIDDEN_FILE", MODELSIG_STATUS_FORBIDDEN_FILE),
        ("BAD_SIGNATURE", MODELSIG_STATUS_BAD_SIGNATURE),
        ("UNTRUSTED", MODELSIG_STATUS_UNTRUSTED),
        ("ROOT_DIGEST", MODELSIG_STATUS_ROOT_DIGEST),
        ("POLICY", MODELSIG_STATUS_POLICY),
        ("THRESHOLD", MODELSIG_STATUS_THRESHOLD),
        ("USAGE", MODELSIG_STATUS_USAGE),
        ("NOT_FOUND", MODELSIG_STATUS_NOT_FOUND),
        ("IO", MODELSIG_STATUS_IO),
        ("MALFORMED", MODELSIG_STATUS_MALFORMED),
        ("UNSUPPORTED", MODELSIG_STATUS_UNSUPPORTED),
        ("LIMIT", MODELSIG_STATUS_LIMIT),
        ("KEY", MODELSIG_STATUS_KEY),
        ("EXISTS", MODELSIG_STATUS_EXISTS),
        ("UNSIGNABLE", MODELSIG_STATUS_UNSIGNABLE),
        ("INTERNAL", MODELSIG_STATUS_INTERNAL),
        ("CANCELLED", MODELSIG_STATUS_CANCELLED),
    ];

    #[test]
    fn every_outcome_has_its_constant() {
        let constants = NAMED.map(|(name, status)| (name.to_owned(), status));
        let name = |row: &modelsig::Outcome| row.name.to_uppercase().replace('-', "_");
        assert!(constants.into_iter().eq(modelsig::OUTCOMES.iter().map(|row| (name(row), row.status))));
    }

    #[test]
    fn every_constant_is_in_the_header() {
        let header = include_str!("../include/modelsig.h");
        for (name, status) in NAMED.into_iter().chain([("OK", MODELSIG_STATUS_OK)]) {
            let line = format!("\n#define MODELSIG_STATUS_{name} {status}\n");
            assert!(header.contains(&line), "{line}");
        }
        assert_eq!(header.matches("#define MODELSIG_STATUS_").count(), NAMED.len() + 1);
    }

    #[test]
    fn no_failure_looks_like_success() {
        assert!(modelsig::OUTCOMES.iter().all(|row| row.status != MODELSIG_STATUS_OK));
    }
}
