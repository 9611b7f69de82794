//! Bounds on everything that comes from outside, checked before the work they bound.

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
    /// Nesting of JSON arrays and objects. Default 32; OMS bundles need 9.
    pub json_depth: usize,
    /// Resources in a manifest, and entries found in a model folder. Default 2,000,000.
    pub resources: usize,
    /// Bytes of a name in a manifest or in the model folder. Default 4,096 (`PATH_MAX` on Linux).
    pub path_bytes: usize,
    /// Folders above a file inside the model. Default 255.
    pub folder_depth: usize,
    /// Bytes of all files of the model together. Default: no limit.
    pub model_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bundle_bytes: 256 << 20,
            key_bytes: 64 << 10,
            anchor_bytes: 1 << 20,
            certificates: 16,
            json_depth: 32,
            resources: 2_000_000,
            path_bytes: 4_096,
            folder_depth: 255,
            model_bytes: u64::MAX,
        }
    }
}
