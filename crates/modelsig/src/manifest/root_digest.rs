//! The root digest (OMS spec 5.2.2): SHA-256 over the raw digests of the resources, in the order in which they
//! are listed. Names are not part of it.

use modelsig_hash::{Digest, HashAlgorithm, Hasher};

use crate::Error;

/// The root digest over the digests of the resources. Always SHA-256, whatever made the digests.
pub(crate) fn root_digest<'d>(digests: impl Iterator<Item = &'d Digest>) -> Result<Digest, Error> {
    let mut hasher = Hasher::new(HashAlgorithm::Sha256).map_err(|error| Error::from_hashing("", error))?;
    digests.for_each(|digest| hasher.update(digest.as_bytes()));
    Ok(hasher.finalize())
}
