//! The root digest (OMS spec 5.2.2): SHA-256 over the raw digests of the resources, in the order in which they
//! are listed. Names are not part of it.

#[cfg(feature = "sign")]
use modelsig_hash::Digest;
use modelsig_hash::{HashAlgorithm, Hasher};

use crate::Error;

/// What is to be fed with the raw digests. Always SHA-256, whatever made them.
pub(super) fn root_hasher() -> Result<Hasher, Error> {
    Hasher::new(HashAlgorithm::Sha256).map_err(|error| Error::from_hashing("", error))
}

/// The root digest over the digests of the resources.
#[cfg(feature = "sign")]
pub(crate) fn root_digest<'d>(digests: impl Iterator<Item = &'d Digest>) -> Result<Digest, Error> {
    let mut hasher = root_hasher()?;
    digests.for_each(|digest| hasher.update(digest.as_bytes()));
    Ok(hasher.finalize())
}
