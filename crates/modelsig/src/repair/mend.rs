//! Mends one file: in place, or by a new file that takes its place.
//!
//! In place only checked bytes are written: a piece is held in memory, or in a nameless file, until its digest was seen
//! to be the signed one. An interruption leaves at most one piece torn, which was damaged before. Refuses to write
//! through a second name of a file, and through links; and to put anything in the place of a file of which a part can
//! be read neither here nor at the source: another time it may be read.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;

use modelsig_hash::{ByteRange, Digest, HashAlgorithm};

use super::damage::{Damaged, Kind, pieces, pieces_of};
use super::faults::{Faults, add};
use super::position;
use super::pour::{BLOCK, Fault, Poured, Wanted, Watch, pour};
use super::report::{Mended, RepairedFile};
use super::source::{OpenFile, RepairSource};
use super::temporary::{Temporary, nameless};
use crate::Error;
use crate::loader::SignedModel;
use crate::manifest::{Proof, SignedFile};
use crate::model::{Folder, dress_like, has_one_name, is_loop, kind_of};

/// Pieces up to this length are held in memory until they are checked.
const HELD: u64 = 16 << 20;

/// What mends the files of a model.
pub(super) struct Mender<'r> {
    model: &'r SignedModel,
    source: &'r dyn RepairSource,
    /// A file of which the length is not signed may have so many bytes.
    limit: u64,
    watch: Watch,
    block: Vec<u8>,
}

/// What became of the files so far.
#[derive(Default)]
pub(super) struct Treated {
    pub(super) repaired: Vec<RepairedFile>,
    /// Links, which are not written through. The file that one leads to may be mended under its own name.
    pub(super) links: Vec<String>,
    pub(super) failures: Vec<Error>,
}

/// Ends the work on a file: with what was done so far, or the whole repair.
type Step<T> = Result<T, Error>;

impl<'r> Mender<'r> {
    pub(super) fn new(model: &'r SignedModel, source: &'r dyn RepairSource, limit: u64) -> Self {
        let watch = Watch::of(&model.engine);
        Self { model, source, limit, watch, block: vec![0; BLOCK] }
    }

    /// Mends files as far as the source allows.
    ///
    /// # Errors
    /// [`Error::Cancelled`]. Everything else concerns one file, and is among the failures.
    pub(super) fn mend(&mut self, files: &[Damaged], treated: &mut Treated) -> Result<(), Error> {
        for damaged in files {
            match self.treat(damaged, treated) {
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => treated.failures.push(error),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn treat(&mut self, damaged: &Damaged, treated: &mut Treated) -> Step<()> {
        let Some(signed) = self.model.manifest.files.get(damaged.signed) else { return Ok(()) };
        let failed = |operation| move |error| Error::io(operation, damaged.name.as_str(), error);
        let (folder, file) =
            self.model.model.folder_of(&damaged.name).map_err(failed("open the folder of"))?;
        let place = Place { damaged, signed, folder, file };
        if matches!(damaged.kind, Kind::Missing) {
            return self.replace(&place, None, None, treated);
        }
        let (old, writable) = match place.folder.open_for_writing(&place.file) {
            Ok(file) => (file, true),
            Err(error) if is_loop(&error) => {
                treated.links.push(damaged.name.to_string());
                return Ok(());
            }
            Err(error) if must_be_replaced(&error) => {
                (place.folder.open(&place.file).map_err(failed("open"))?, false)
            }
            Err(error) => return Err(failed("open for writing")(error)),
        };
        let metadata = modelsig_hash::metadata(&old).map_err(failed("stat"))?;
        if !metadata.is_file() {
            let what = kind_of(metadata.file_type());
            return Err(Error::SpecialFile { path: damaged.name.to_string(), what });
        }
        let bad = match damaged.kind {
            Kind::Unreadable => None,
            _ => match self.model.damaged_pieces(damaged, &old) {
                Err(Error::Io { operation: "read", .. }) => None,
                result => Some(result?),
            },
        };
        let alone = has_one_name(&old).map_err(failed("stat"))?;
        match bad {
            Some(bad) if writable && alone && place.is_mended_in_place(&bad) => {
                self.in_place(&place, &old, bad, treated)
            }
            bad => self.replace(&place, Some(old), bad.as_deref(), treated),
        }
    }

    /// Writes the damaged pieces, and cuts what is too long.
    fn in_place(
        &mut self,
        place: &Place<'_>,
        file: &File,
        bad: Vec<usize>,
        treated: &mut Treated,
    ) -> Step<()> {
        let name = &place.damaged.name;
        let failed = |operation| move |error| Error::io(operation, name.as_str(), error);
        self.plan(pieces_of(place.signed, &bad).map(|(_, range, _)| range));
        let (mut ranges, mut faults) = (Vec::new(), Faults::default());
        let mut held = Held::default();
        let mut result = Ok(());
        for (_, range, digest) in pieces_of(place.signed, &bad) {
            let step = self.write_piece(place, file, (range, digest), &mut held, &mut faults);
            match step {
                Ok(true) => add(&mut ranges, range),
                Ok(false) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        treated.failures.extend(faults.into_errors(name));
        let cut = result.and_then(|()| place.cut(file));
        // Whatever fails from here on, and if it was in the middle of a piece: it was written.
        if held.is_written || cut.as_ref().is_ok_and(|cut| *cut > 0) {
            let (name, cut) = (name.to_string(), cut.as_ref().copied().unwrap_or_default());
            treated.repaired.push(RepairedFile { name, how: Mended::InPlace, ranges, cut });
        }
        file.sync_all().map_err(failed("flush"))?;
        cut.map(drop)
    }

    /// True when the piece was written. It is written only after its digest was seen to be the signed one.
    fn write_piece(
        &mut self,
        place: &Place<'_>,
        file: &File,
        (range, digest): (ByteRange, Digest),
        held: &mut Held,
        faults: &mut Faults,
    ) -> Step<bool> {
        let name = &place.damaged.name;
        let failed = |operation| move |error| Error::io(operation, name.as_str(), error);
        if range.length() <= HELD {
            held.bytes.clear();
            let mut hold = |_, bytes: &[u8]| {
                held.bytes.extend_from_slice(bytes);
                Ok(())
            };
            if self.fetch(place, range, digest, &mut hold, faults)?.is_break() {
                return Ok(false);
            }
            held.is_written = true;
            position::write(file, range.start(), &held.bytes).map_err(failed("write"))?;
            return Ok(true);
        }
        let stage = match &mut held.staged {
            Some(stage) => &*stage,
            staged => &*staged.insert(nameless(&self.model.manifest, place).map_err(failed("stage"))?),
        };
        let mut hold =
            |at: u64, bytes: &[u8]| position::write(stage, at.saturating_sub(range.start()), bytes);
        if self.fetch(place, range, digest, &mut hold, faults)?.is_break() {
            return Ok(false);
        }
        held.is_written = true;
        // Whatever is interrupted from here on leaves this piece torn: it is not looked whether somebody wants to.
        let wanted =
            Wanted { start: 0, end: Some(range.length()), ..self.wanted(place, range, digest.algorithm()) };
        let mut write =
            |at: u64, bytes: &[u8]| position::write(file, range.start().saturating_add(at), bytes);
        match pour(&OpenFile(stage), wanted, &Watch::default(), &mut self.block, &mut write) {
            Ok(Poured { digest: found, .. }) if found == digest => Ok(true),
            Ok(_) => Err(Error::Changed { path: name.to_string() }),
            Err(Fault::Source(error)) => Err(failed("read what is staged of")(error)),
            Err(Fault::Stop(error)) => Err(error),
        }
    }

    /// Makes a new file of what is good of the old one and what the source has of the rest, and puts it in its place.
    /// `bad` are the pieces of the old one that need not be tried; without it nothing is known.
    fn replace(
        &mut self,
        place: &Place<'_>,
        old: Option<File>,
        bad: Option<&[usize]>,
        treated: &mut Treated,
    ) -> Step<()> {
        let (name, replaces) = (&place.damaged.name, old.is_some());
        let failed = |operation| move |error| Error::io(operation, name.as_str(), error);
        let new = Temporary::create(&self.model.manifest, place, replaces).map_err(failed("write beside"))?;
        let mut faults = Faults::default();
        let ranges = match place.signed.length() {
            None => self.whole(place, new.file(), &mut faults)?,
            Some(length) => {
                self.plan(std::iter::once(ByteRange::whole(length)));
                let mut ranges = Vec::new();
                for (index, range, digest) in pieces(place.signed) {
                    let is_bad = bad.is_some_and(|bad| bad.binary_search(&index).is_ok());
                    let kept = match &old {
                        Some(old) if !is_bad => self.keep(place, new.file(), old, (range, digest))?,
                        _ => Kept::Bad,
                    };
                    if matches!(kept, Kept::Good) {
                        continue;
                    }
                    match self.renew(place, new.file(), old.as_ref(), (range, digest), &mut faults)? {
                        Kept::Good => add(&mut ranges, range),
                        Kept::Bad => {}
                        Kept::Unread(error) => {
                            treated.failures.extend(faults.into_errors(name));
                            return Err(failed("read")(error));
                        }
                    }
                }
                new.file().set_len(length).map_err(failed("write"))?;
                ranges
            }
        };
        treated.failures.extend(faults.into_errors(name));
        let found =
            old.as_ref().map(|old| modelsig_hash::metadata(old).map(|metadata| metadata.len())).transpose();
        let found = found.map_err(failed("stat"))?.unwrap_or_default();
        let cut = place.signed.length().map_or(0, |length| found.saturating_sub(length));
        if ranges.is_empty() && cut == 0 {
            return Ok(());
        }
        if let Some(old) = &old {
            dress_like(new.file(), old).map_err(failed("set the mode of"))?;
        }
        new.file().sync_all().map_err(failed("flush"))?;
        // Windows does not put anything in the place of a file that is open.
        drop(old);
        new.settle(replaces).map_err(failed("rename into place"))?;
        let how = if replaces { Mended::Replaced } else { Mended::Created };
        treated.repaired.push(RepairedFile { name: name.to_string(), how, ranges, cut });
        place.folder.flush().map_err(failed("flush the folder of"))
    }

    /// Copies a whole file, of which neither pieces nor the length are signed.
    fn whole(&mut self, place: &Place<'_>, new: &File, faults: &mut Faults) -> Step<Vec<ByteRange>> {
        let Proof::Whole { digest, .. } = &place.signed.proof else { return Ok(Vec::new()) };
        let wanted = Wanted {
            name: &place.damaged.name,
            start: 0,
            end: None,
            algorithm: digest.algorithm(),
            limit: self.limit,
        };
        let mut write = |at: u64, bytes: &[u8]| position::write(new, at, bytes);
        match pour(self.source, wanted, &self.watch, &mut self.block, &mut write) {
            Ok(Poured { digest: found, end }) if found == *digest => Ok(vec![ByteRange::whole(end)]),
            Ok(Poured { digest: found, end }) => {
                faults.unlike(ByteRange::whole(end), *digest, found);
                Ok(Vec::new())
            }
            Err(Fault::Source(error)) => {
                faults.unreadable(ByteRange::whole(0), error);
                Ok(Vec::new())
            }
            Err(Fault::Stop(error)) => Err(error),
        }
    }

    /// Copies a piece of the old file.
    fn keep(
        &mut self,
        place: &Place<'_>,
        new: &File,
        old: &File,
        (range, digest): (ByteRange, Digest),
    ) -> Step<Kept> {
        let wanted = self.wanted(place, range, digest.algorithm());
        let mut write = |at: u64, bytes: &[u8]| position::write(new, at, bytes);
        let found = pour(&OpenFile(old), wanted, &self.watch, &mut self.block, &mut write);
        match found {
            Ok(Poured { digest: found, .. }) if found == digest => Ok(Kept::Good),
            Ok(_) => Ok(Kept::Bad),
            // All that it has was copied.
            Err(Fault::Source(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Kept::Bad),
            Err(Fault::Source(error)) => Ok(Kept::Unread(error)),
            Err(Fault::Stop(error)) => Err(error),
        }
    }

    /// Fetches a piece from the source. If that fails, the new file has there what the old one has: nothing of a source
    /// is left behind that was not signed. Pieces are written in order, so nothing stands after it yet.
    fn renew(
        &mut self,
        place: &Place<'_>,
        new: &File,
        old: Option<&File>,
        (range, digest): (ByteRange, Digest),
        faults: &mut Faults,
    ) -> Step<Kept> {
        let cut = || {
            let failed = |error| Error::io("write", place.damaged.name.as_str(), error);
            new.set_len(range.start()).map_err(failed)
        };
        cut()?;
        let mut write = |at: u64, bytes: &[u8]| position::write(new, at, bytes);
        if self.fetch(place, range, digest, &mut write, faults)?.is_continue() {
            return Ok(Kept::Good);
        }
        cut()?;
        match old {
            // That it is good now is no reason to call it repaired.
            Some(old) => Ok(match self.keep(place, new, old, (range, digest))? {
                Kept::Good => Kept::Bad,
                other => other,
            }),
            None => Ok(Kept::Bad),
        }
    }

    /// Reads a piece of the source once and hands it on. `Break` when it is not what was signed, or could not be read.
    fn fetch(
        &mut self,
        place: &Place<'_>,
        range: ByteRange,
        digest: Digest,
        sink: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>,
        faults: &mut Faults,
    ) -> Step<ControlFlow<()>> {
        let wanted = self.wanted(place, range, digest.algorithm());
        match pour(self.source, wanted, &self.watch, &mut self.block, sink) {
            Ok(Poured { digest: found, .. }) if found == digest => return Ok(ControlFlow::Continue(())),
            Ok(Poured { digest: found, .. }) => faults.unlike(range, digest, found),
            Err(Fault::Source(error)) => faults.unreadable(range, error),
            Err(Fault::Stop(error)) => return Err(error),
        }
        Ok(ControlFlow::Break(()))
    }

    fn wanted<'w>(&self, place: &'w Place<'_>, range: ByteRange, algorithm: HashAlgorithm) -> Wanted<'w> {
        let (start, end) = (range.start(), Some(range.end()));
        Wanted { name: &place.damaged.name, start, end, algorithm, limit: self.limit }
    }

    /// Tells the progress what is going to be copied.
    fn plan(&self, ranges: impl Iterator<Item = ByteRange>) {
        let bytes = ranges.fold(0, |sum: u64, range| sum.saturating_add(range.length()));
        self.model.engine.progress().planned(bytes);
    }
}

/// Where a piece is held until it is checked.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    staged: Option<File>,
    /// Some piece was written to the file itself, or a part of one.
    is_written: bool,
}

/// What a new file has of a piece.
enum Kept {
    /// What was signed.
    Good,
    /// What the old one has, or nothing where that one has nothing.
    Bad,
    /// The old one could not be read.
    Unread(io::Error),
}

/// Where a damaged file stands, or is going to stand.
pub(super) struct Place<'p> {
    pub(super) damaged: &'p Damaged,
    pub(super) signed: &'p SignedFile,
    pub(super) folder: Folder,
    /// Its name in the folder.
    pub(super) file: String,
}

impl Place<'_> {
    /// A file of which only the whole is signed is never half new and half old, but what is too long is cut.
    fn is_mended_in_place(&self, bad: &[usize]) -> bool {
        self.signed.part(0).is_some() || (bad.is_empty() && self.signed.length().is_some())
    }

    /// Cuts off what stands after the signed end. How many bytes that are.
    fn cut(&self, file: &File) -> Step<u64> {
        let failed = |operation| move |error| Error::io(operation, self.damaged.name.as_str(), error);
        let found = modelsig_hash::metadata(file).map_err(failed("stat"))?.len();
        let cut = self.signed.length().map_or(0, |length| found.saturating_sub(length));
        if cut > 0 {
            file.set_len(found.saturating_sub(cut)).map_err(failed("cut"))?;
        }
        Ok(cut)
    }
}

/// What cannot be written may still be replaced: under fs-verity or another mark that forbids it, without the
/// permission, or while a program runs it.
fn must_be_replaced(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ExecutableFileBusy)
}

#[cfg(all(test, unix, feature = "sign"))]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::ModelPath;
    use crate::repair::damage::damaged;
    use crate::{ChunkIndexing, KeyType, ModelSigner, PrivateKey, Signer, Verifier};

    const CHUNK: usize = 64 << 10;

    /// A source that has the second chunk only.
    struct Second(Vec<u8>);

    impl RepairSource for Second {
        fn read_at(&self, _: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            let at = offset as usize;
            if !(CHUNK..2 * CHUNK).contains(&at) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let count = buffer.len().min(2 * CHUNK - at);
            buffer[..count].copy_from_slice(&self.0[at..at + count]);
            Ok(count)
        }
    }

    /// One failed read must not put zeros in the place of what is still there.
    #[test]
    fn nothing_takes_the_place_of_what_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let content: Vec<u8> = (0..4 * CHUNK).map(|place| (place % 251) as u8).collect();
        fs::create_dir(at("model")).unwrap();
        fs::write(at("model/weights"), &content).unwrap();
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let size = Some(modelsig_hash::ChunkSize::new(CHUNK as u64).unwrap());
        let chunks = ChunkIndexing { size, algorithm: HashAlgorithm::Sha256 };
        ModelSigner::new().chunks(Some(chunks)).sign(&at("model"), &at("model.sig"), &key).unwrap();
        let mut grown = content.clone();
        grown[CHUNK] ^= 1;
        grown.extend_from_slice(b"and more");
        fs::write(at("model/weights"), &grown).unwrap();

        let verifier = Verifier::new(key.public_key().clone());
        let run = verifier.begin(&at("model"), &[], verifier.policy.check).unwrap();
        let before = verifier.look(&run, &(&*at("model.sig")).into()).unwrap();
        let found = damaged(&before);
        let [one] = &found[..] else { panic!("one file is damaged") };
        let (inside, file) = before.model.folder_of(&one.name).unwrap();
        let place = Place { damaged: one, signed: &before.manifest.files[one.signed], folder: inside, file };
        let source = Second(content.clone());
        let mut mender = Mender::new(&before, &source, u64::MAX);

        // What is open for writing only cannot be read.
        let unreadable = File::options().write(true).open(at("model/weights")).unwrap();
        let mut treated = Treated::default();
        let error = mender.replace(&place, Some(unreadable), None, &mut treated).unwrap_err();
        assert!(matches!(error, Error::Io { operation: "read", .. }), "{error:?}");
        assert!(treated.repaired.is_empty() && treated.failures.len() == 1, "{:?}", treated.failures);
        assert_eq!(fs::read(at("model/weights")).unwrap(), grown);
        assert_eq!(fs::read_dir(at("model")).unwrap().count(), 1, "nothing is left beside it");

        // What was written is told, if there is an end to it before the file is whole.
        #[cfg(target_os = "linux")]
        {
            let stubborn =
                rustix::fs::memfd_create("stubborn", rustix::fs::MemfdFlags::ALLOW_SEALING).unwrap();
            rustix::io::write(&stubborn, &grown).unwrap();
            rustix::fs::fcntl_add_seals(&stubborn, rustix::fs::SealFlags::SHRINK).unwrap();
            let mut treated = Treated::default();
            let error = mender.in_place(&place, &stubborn.into(), vec![1], &mut treated).unwrap_err();
            assert!(matches!(error, Error::Io { operation: "cut", .. }), "{error:?}");
            assert_eq!((treated.repaired[0].ranges.len(), treated.repaired[0].cut), (1, 0));
        }

        // What can be read is kept, also where it is not what was signed.
        let readable = File::open(at("model/weights")).unwrap();
        mender.replace(&place, Some(readable), None, &mut treated).unwrap();
        assert_eq!(treated.repaired[0].ranges.len(), 1);
        assert_eq!(fs::read(at("model/weights")).unwrap(), content);
    }
}
