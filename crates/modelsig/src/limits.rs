//! Bounds on everything that comes from outside, checked before the work they bound.

use std::path::Path;

use crate::Error;

/// Certificates in a bundle, the leaf included. Public hierarchies have three or four; the rest is for cross-signing.
pub(crate) const MOST_CERTIFICATES: usize = 16;

/// What a verifier is willing to read. The defaults hold models of a million files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a bundle file. Default 256 MiB.
    pub bundle_bytes: u64,
    /// Bytes of a key file. Default 64 KiB.
    pub key_bytes: u64,
    /// Bytes of a file with anchors. Default 1 MiB, four times the web's.
    pub anchor_bytes: u64,
    /// Certificates in a bundle. Default 16, and never more than those; chains of more than four are rare.
    pub certificates: usize,
    /// Nesting of JSON arrays and objects, and of the arrays in a GGUF file. Default 32; OMS bundles need 9.
    pub json_depth: usize,
    /// Resources in a manifest, and entries found in a model folder. Default 2,000,000.
    pub resources: usize,
    /// Digests in the chunk indexes of all files together. Default 4,000,000, of which a bundle can hold a few more.
    pub chunks: usize,
    /// Bytes of a name in a manifest or in the model folder, of a path to ignore, and of the name that the signer gave
    /// the model. Default 4,096 (`PATH_MAX` on Linux).
    pub path_bytes: usize,
    /// Bytes of all names in a manifest together, and of all paths found in a model folder, folders and what is left
    /// out among them. Default 256 MiB, more than a bundle of the default length can list.
    pub name_bytes: usize,
    /// Different paths to ignore in a manifest. Default 100,000.
    pub ignore_paths: usize,
    /// Folders above a file inside the model. Default 255.
    pub folder_depth: usize,
    /// Bytes of all files of the model together. Default: no limit.
    pub model_bytes: u64,
    /// Bytes of the header of a safetensors or GGUF file, or of an index of such files. Default 100 MB, the limit of
    /// the safetensors crate.
    pub header_bytes: u64,
    /// Tensors in one file or one index, and in all files together that are only inspected. Default 1,000,000.
    pub tensors: usize,
    /// Dimensions of a tensor. Default 64, what PyTorch and NumPy can make, and never more than those.
    pub tensor_dimensions: usize,
    /// Bytes of the name of a tensor. Default 1,024; GGML needs 63.
    pub tensor_name_bytes: usize,
}

impl Limits {
    /// Whether so many bytes of a model, or of what is looked at of it, may be looked at.
    pub(crate) fn allow_model(&self, path: impl Into<String>, found: u64) -> Result<(), Error> {
        let limit = self.model_bytes;
        let what = "the size of all files together in bytes";
        if found > limit { Err(Error::Limit { path: path.into(), what, limit, found }) } else { Ok(()) }
    }
}

/// Refuses what there is more of than the limit allows. `path` is where it was found.
#[inline(never)]
pub(crate) fn at_most(path: &Path, what: &'static str, limit: usize, found: usize) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    let path = path.to_string_lossy().into_owned();
    Err(Error::Limit { path, what, limit: limit as u64, found: found as u64 })
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bundle_bytes: 256 << 20,
            key_bytes: 64 << 10,
            anchor_bytes: 1 << 20,
            certificates: MOST_CERTIFICATES,
            json_depth: 32,
            resources: 2_000_000,
            chunks: 4_000_000,
            path_bytes: 4_096,
            name_bytes: 256 << 20,
            ignore_paths: 100_000,
            folder_depth: 255,
            model_bytes: u64::MAX,
            header_bytes: 100_000_000,
            tensors: 1_000_000,
            tensor_dimensions: 64,
            tensor_name_bytes: 1_024,
        }
    }
}
