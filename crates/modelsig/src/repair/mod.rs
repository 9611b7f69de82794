//! Repair: the damaged ranges of a model, copied from a good copy.
//!
//! The signature comes first, as in every verification, and says what is damaged and what would be good. Whatever the
//! source returns is checked against the signed digests before it is written where a signed name leads, and read back
//! afterwards. Refuses to write through links or second names of a file, to touch what was not signed, and to work
//! beside another repair.
//!
//! ```text
//! verify ─▶ damage.rs ─▶ mend.rs ─▶ verdict.rs (fresh reads)
//!           what, where   pour.rs: source ─▶ memory or a nameless file ─▶ check ─▶ write ─▶ flush
//! ```

mod damage;
mod faults;
mod mend;
mod position;
mod pour;
mod report;
mod source;
mod temporary;
mod verdict;

use std::io;
use std::path::Path;

use crate::{Done, Error, Policy, Verifier, events};
use mend::{Mender, Treated};
pub use report::{Mended, RepairReport, RepairedFile};
pub use source::{LocalSource, RepairSource};

impl Verifier {
    /// Mends a damaged model: verifies it, fetches its damaged ranges from a source, and verifies it again.
    ///
    /// The unit is what one signed digest proves: a chunk of the chunk index, a shard, else the whole file. Of the
    /// source only damaged units are read, each byte once, and only what has the signed digest is written. Files are
    /// mended in place; those signed as a whole, missing ones, and those that cannot be written (under fs-verity,
    /// read-only) or have a second name (hard links) are made anew beside their place and renamed into it. Files that
    /// were cut short are completed, those that have grown are cut to their signed length. Files that were not signed,
    /// links and special files are reported and left alone. So is a file that would have to be made anew and of which a
    /// part can be read neither here nor at the source.
    ///
    /// A file under the kernel's guard whose fs-verity digest is signed is measured and not read, as in every
    /// verification: blocks that have rotted under it are found and mended with [`Check::Both`](crate::Check::Both).
    ///
    /// After an interruption at any moment the next verification names what is damaged, and the next repair goes on.
    /// Files that were found good at first are not read again at the end; all others are, as far as they were
    /// written. [`Policy::fail_fast`] has no effect.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), modelsig::Error> {
    /// use std::path::Path;
    ///
    /// use modelsig::{LocalSource, PublicKey, Verifier};
    ///
    /// let verifier = Verifier::new(PublicKey::from_file(Path::new("key.pub.pem"))?);
    /// let source = LocalSource::open(Path::new("/backup/model"))?;
    /// let done = verifier.repair(Path::new("model"), Path::new("model/model.sig"), &source)?;
    /// println!("{} bytes were copied", done.bytes_copied());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unrepaired`] with a report when something could not be mended, or when the model does not verify for
    /// another reason; [`Error::Usage`] when the source is a single file and more than one file is damaged;
    /// [`Error::Io`] when another repair is at work; otherwise the error that kept it from a verdict. What was written
    /// by then is listed in [`Error::HalfDone`]; where it is another error, nothing was.
    pub fn repair(
        &self,
        model: &Path,
        bundle: &Path,
        source: &dyn RepairSource,
    ) -> Result<RepairReport, Error> {
        events::verdict("repair", model, self.repair_from(model, bundle, source))
    }

    fn repair_from(
        &self,
        model: &Path,
        bundle: &Path,
        source: &dyn RepairSource,
    ) -> Result<RepairReport, Error> {
        // All of the damage must be known.
        let policy = Policy::fail_fast(self.policy.clone(), false);
        let verifier = self.clone().with_policy(policy);
        let passed = [bundle];
        let run = verifier.begin(model, &passed, verifier.policy.check)?;
        let failed = |error| Error::io("lock", run.model.shown(), error);
        let at_work = || failed(io::Error::new(io::ErrorKind::WouldBlock, "another repair is at work"));
        let _lock = run.model.lock().map_err(failed)?.ok_or_else(at_work)?;
        let mut before = verifier.look(&run, &bundle.into())?;
        verifier.check_files(&run.engine, std::slice::from_mut(&mut before), &|_| false)?;

        let damaged = damage::damaged(&before);
        if source.is_single_file() && damaged.len() > 1 {
            let what = format!(
                "one file cannot mend {} damaged files; give a folder with files of the same names",
                damaged.len()
            );
            return Err(Error::Usage { what });
        }
        temporary::clear(&before);
        let mut treated = Treated::default();
        let mended = Mender::new(&before, source, verifier.limits.model_bytes).mend(&damaged, &mut treated);
        let result = mended.and_then(|()| verdict::conclude(&verifier, &run, bundle, before, &mut treated));
        // What is on the disk by now is told in any case.
        result.map_err(|problem| Done::Repaired(treated.repaired).but(problem))
    }
}
