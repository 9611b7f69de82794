//! Bytes in, digests out: the hashing engine of `modelsig`.
//!
//! ```text
//! Source ──open──▶ positioned reads or a map ──▶ lanes of a kernel ──▶ Digest
//!        a Plan of Tasks, each a list of Jobs, run by an Engine with Progress and CancelToken
//! ```
//!
//! The crate knows nothing of JSON, keys or policy. It promises three things:
//!
//! * **Bounded memory.** A worker holds a [`BLOCK`] of each file that it has under way, or maps it; where two workers share
//!   one file they hold 8 MiB of it, whatever its size.
//! * **No surprise from the file system.** The length of a file is fixed when its task is planned; a file that is
//!   shorter, longer, or touched while it is read is an [`Error`], never a digest.
//! * **Only files that cannot shrink are mapped** unless the caller insists ([`Access`]).
//!
//! ```
//! use modelsig_hash::{Digest, Engine, HashAlgorithm, Plan, Source, Task};
//!
//! let mut plan = Plan::new();
//! plan.push(Task::whole(Source::from_bytes(b"abc"), HashAlgorithm::Sha256)?);
//! let results = Engine::new(1)?.run(&plan);
//! let digest = results[0].as_ref().unwrap().digests[0].digest;
//! assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
//! # Ok::<(), modelsig_hash::Error>(())
//! ```

#![warn(missing_docs)]
// No panic is reachable from the lengths and places that somebody else gives.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod blake3_export;
mod digest;
mod engine;
mod error;
mod interrupted;
mod page_cache;
mod progress;
pub mod protect;
mod range;
pub mod sha256;
mod source;

pub use digest::{Digest, HashAlgorithm, Hasher, UnknownAlgorithm};
pub use engine::{BLOCK, Chunks, Each, Engine, Hashed, Job, JobDigest, Plan, Task};
pub use error::Error;
#[cfg(unix)]
pub use interrupted::flush_names;
pub use interrupted::{metadata, uninterrupted};
pub use page_cache::PageCache;
pub use progress::{CancelToken, Progress};
pub use protect::verity::VerityDigest;
pub use range::{ByteRange, ChunkSize};
pub use source::{Access, AccessUsed, Source, open_without_blocking, read_at};

/// Whether this build can hash on several threads (cargo feature `rayon`).
pub const HAS_THREADS: bool = cfg!(feature = "rayon");
