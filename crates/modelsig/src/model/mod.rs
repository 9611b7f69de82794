//! The model on disk: a folder or a single file, opened once, walked without following links.
//!
//! Nothing here knows what was signed. No name is ever joined to a path and opened: folders are listed from the
//! opened root, and a file is opened by the components that the listing gave.

mod exclusions;
pub(crate) mod format;
mod path;
#[cfg(feature = "portable")]
mod portable;
#[cfg(not(unix))]
#[path = "root_portable.rs"]
mod root;
#[cfg(unix)]
#[path = "root_unix.rs"]
mod root;
mod walk;

use std::fs::{File, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use modelsig_hash::{Access, Source, uninterrupted};

use crate::content::Content;
use crate::{Error, Limits, input};
pub(crate) use exclusions::Exclusions;
pub use exclusions::{GIT_DEFAULTS, SkipReason};
pub use path::{ModelPath, PathFault};
#[cfg(feature = "portable")]
pub(crate) use portable::check_portable;
use root::Root;
pub(crate) use root::{Folder, Lock};
pub use walk::Skipped;
pub(crate) use walk::{Symlinks, Tree, TreeFile, is_loop};

/// An opened model.
pub(crate) struct Model {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Folder(Root),
    File {
        name: ModelPath,
        length: u64,
        /// The folder around it, once it was locked.
        locked: OnceLock<Root>,
    },
    /// No folder: the content of some resources, in order of their names.
    Contents(Vec<(ModelPath, Content)>),
}

impl Model {
    /// Opens a folder or finds a regular file. A symbolic link at `path` itself is the caller's and is followed.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let shown = || path.to_string_lossy().into_owned();
        let metadata = match uninterrupted(|| path.metadata()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::ModelNotFound { path: shown() });
            }
            result => result.map_err(|error| Error::io("stat", shown(), error))?,
        };
        let kind = if metadata.is_dir() {
            Kind::Folder(Root::open(path).map_err(|error| Error::io("open", shown(), error))?)
        } else if metadata.is_file() {
            let name = path.file_name().unwrap_or_default();
            let name = name.to_str().ok_or_else(|| Error::NameNotUtf8 { path: shown() })?;
            let name = ModelPath::parse(name).map_err(|fault| Error::BadName { path: name.into(), fault })?;
            Kind::File { name, length: metadata.len(), locked: OnceLock::new() }
        } else {
            return Err(Error::NotAFile { path: shown(), what: kind_of(metadata.file_type()) });
        };
        Ok(Self { path: path.to_owned(), kind })
    }

    /// Resources that lie wherever the caller says. A name may be there once.
    pub(crate) fn of_contents(mut contents: Vec<(ModelPath, Content)>) -> Result<Self, Error> {
        contents.sort_by(|one, other| one.0.cmp(&other.0));
        let twice = contents.iter().zip(contents.iter().skip(1)).find(|(one, next)| one.0 == next.0);
        if let Some(((name, _), _)) = twice {
            return Err(Error::Usage { what: format!("'{name}' is given twice") });
        }
        Ok(Self { path: PathBuf::new(), kind: Kind::Contents(contents) })
    }

    /// The path as the caller gave it; where there is none, what the caller gave instead.
    pub(crate) fn shown(&self) -> String {
        match &self.kind {
            Kind::Folder(_) | Kind::File { .. } => self.path.to_string_lossy().into_owned(),
            Kind::Contents(contents) => match &contents[..] {
                [] => "no resources".into(),
                [(name, _)] => name.to_string(),
                several => format!("{} resources", several.len()),
            },
        }
    }

    /// True for a single-file model.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File { .. })
    }

    /// The last component of the resolved path: the subject name that signers write.
    #[cfg(feature = "sign")]
    pub(crate) fn subject_name(&self) -> String {
        let name = match &self.kind {
            Kind::File { name, .. } => Some(name.to_string()),
            Kind::Folder(root) => {
                root.canonical().file_name().map(|name| name.to_string_lossy().into_owned())
            }
            Kind::Contents(_) => None,
        };
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| "model".into())
    }

    /// Where a path lies inside the model folder, if it does. The file itself need not exist.
    ///
    /// # Errors
    /// [`Error::NameNotUtf8`] when it lies inside under a name that cannot be left out of a signature; [`Error::Io`] when
    /// it cannot be found out.
    pub(crate) fn relative(&self, path: &Path) -> Result<Option<ModelPath>, Error> {
        let Kind::Folder(root) = &self.kind else { return Ok(None) };
        let folder = match uninterrupted(|| folder_around(path).canonicalize()) {
            Ok(folder) => folder,
            // Nothing lies in a folder that is not there.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(Error::io("find the folder of", path.to_string_lossy(), error)),
        };
        let whole = path.file_name().map(|name| folder.join(name));
        match whole.as_ref().and_then(|whole| whole.strip_prefix(root.canonical()).ok()) {
            None => Ok(None),
            Some(inside) if inside.as_os_str().is_empty() => Ok(None),
            Some(inside) if inside.to_str().is_none() => {
                Err(Error::NameNotUtf8 { path: path.to_string_lossy().into() })
            }
            Some(inside) => slashed(inside)
                .map(Some)
                .map_err(|fault| Error::BadName { path: path.to_string_lossy().into(), fault }),
        }
    }

    /// Reads a bundle. One inside the model is opened like any file of it, without following links.
    pub(crate) fn read_bundle(&self, path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
        input::read_bundle(path, self.open_bundle(path)?, limits)
    }

    /// Opens a bundle for [`input::read_bundle`], which tells why it could not be opened.
    pub(crate) fn open_bundle(&self, path: &Path) -> Result<io::Result<File>, Error> {
        Ok(match (&self.kind, self.relative(path)?) {
            (Kind::Folder(root), Some(inside)) => root.open_file(&inside),
            _ => input::open(path),
        })
    }

    /// True when an absolute path lies inside the model folder, or is it.
    pub(crate) fn contains_absolute(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Folder(root) => Path::new(path).starts_with(root.canonical()),
            Kind::File { .. } | Kind::Contents(_) => false,
        }
    }

    /// Everything in the model.
    pub(crate) fn tree(
        &self,
        exclusions: &Exclusions,
        symlinks: Symlinks,
        limits: &Limits,
    ) -> Result<Tree, Error> {
        match &self.kind {
            Kind::Folder(root) => walk::walk(root, exclusions, symlinks, limits),
            Kind::File { name, length, .. } => {
                Ok(Tree { files: vec![TreeFile::plain(name.clone(), *length)], ..Tree::default() })
            }
            Kind::Contents(contents) => {
                let mut tree = Tree::default();
                for (name, content) in contents {
                    match content.open(name.as_str()) {
                        Ok(opened) => tree.files.push(TreeFile::plain(name.clone(), opened.length)),
                        Err(problem) => tree.problems.push(problem),
                    }
                }
                Ok(tree)
            }
        }
    }

    /// The folder of the model, or that of its single file.
    pub(crate) fn folder(&self) -> io::Result<File> {
        match &self.kind {
            Kind::Folder(root) => root.folder(),
            Kind::File { .. } => File::open(folder_around(&self.path)),
            Kind::Contents(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The bytes of a file, opened when they are needed.
    pub(crate) fn source<'m>(&'m self, file: &'m TreeFile, access: Access) -> Source<'m> {
        let (name, open) = (file.name.to_string(), || self.open_file(file));
        let source = match self.content(&file.name) {
            Some(content) if !content.is_whole() => {
                Source::from_part_opener(name, content.offset(), file.length, open)
            }
            _ => Source::from_opener(name, file.length, open),
        };
        source.with_access(access)
    }

    /// The folder of a file that is going to be written, and the last component of its name. In a single-file model
    /// there is only that one file, and it is what the caller's path leads to.
    pub(crate) fn folder_of(&self, name: &ModelPath) -> io::Result<(Folder, String)> {
        match &self.kind {
            Kind::Folder(root) => root.folder_of(name).map(|(folder, file)| (folder, file.to_owned())),
            Kind::File { name: only, .. } if name == only => {
                let file = uninterrupted(|| self.path.canonicalize())?;
                let (root, name) = Self::around(&file)?;
                root.folder_of(&name).map(|(folder, file)| (folder, file.to_owned()))
            }
            Kind::File { .. } | Kind::Contents(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Keeps other repairs away, where the system can. None when there is one already.
    pub(crate) fn lock(&self) -> io::Result<Option<Lock<'_>>> {
        match &self.kind {
            Kind::Folder(root) => Ok(root.lock()),
            Kind::File { locked, .. } => {
                let (around, _) = Self::around(&uninterrupted(|| self.path.canonicalize())?)?;
                Ok(locked.get_or_init(|| around).lock())
            }
            Kind::Contents(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The name under which a signed file stands: that of the file in a single-file model, whatever it was signed as.
    pub(crate) fn name_on_disk(&self, signed: &ModelPath) -> ModelPath {
        match &self.kind {
            Kind::Folder(_) | Kind::Contents(_) => signed.clone(),
            Kind::File { name, .. } => name.clone(),
        }
    }

    /// The folder in which a file lies, and its name there. The path must be free of links.
    fn around(file: &Path) -> io::Result<(Root, ModelPath)> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidFilename);
        let name = file.file_name().and_then(|name| name.to_str()).ok_or_else(invalid)?;
        let name = ModelPath::parse(name).map_err(|_| invalid())?;
        Ok((Root::open(file.parent().ok_or_else(invalid)?)?, name))
    }

    /// Opens a file by its name in the model for reading, without following links.
    pub(crate) fn open_named(&self, name: &ModelPath) -> io::Result<File> {
        match &self.kind {
            Kind::Folder(root) => root.open_file(name),
            Kind::File { .. } => input::open(&self.path),
            Kind::Contents(_) => self.content(name).ok_or(io::ErrorKind::NotFound)?.reopen(),
        }
    }

    /// Opens a file of the tree for reading.
    pub(crate) fn open_file(&self, file: &TreeFile) -> io::Result<File> {
        match &self.kind {
            Kind::Folder(root) => root.open_file(file.opens()),
            Kind::File { .. } => input::open(&self.path),
            Kind::Contents(_) => self.open_named(&file.name),
        }
    }

    /// Of a resource that lies in no folder.
    pub(crate) fn content(&self, name: &ModelPath) -> Option<&Content> {
        let Kind::Contents(contents) = &self.kind else { return None };
        let place = contents.binary_search_by(|(other, _)| other.cmp(name)).ok()?;
        contents.get(place).map(|(_, content)| content)
    }

    /// True for a folder.
    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder(_))
    }

    /// True when it is only what the caller gave of a model.
    pub(crate) fn is_contents(&self) -> bool {
        self.contents().is_some()
    }

    /// What the caller gave of a model.
    pub(crate) fn contents(&self) -> Option<&[(ModelPath, Content)]> {
        match &self.kind {
            Kind::Contents(contents) => Some(contents),
            Kind::Folder(_) | Kind::File { .. } => None,
        }
    }

    /// Opens a file of the tree for a look at all of the file: not one that begins in the middle of another.
    pub(crate) fn open_from_start(&self, file: &TreeFile) -> io::Result<File> {
        match self.content(&file.name) {
            Some(content) if content.offset() > 0 => Err(io::ErrorKind::Unsupported.into()),
            _ => self.open_file(file),
        }
    }
}

/// True when writing to the open file shows under no other name.
pub(crate) fn has_one_name(file: &File) -> io::Result<bool> {
    root::has_one_name(file)
}

/// Gives a new file the mode of the one that it is to replace, and its owner where that is allowed.
pub(crate) fn dress_like(new: &File, old: &File) -> io::Result<()> {
    root::dress_like(new, old)
}

/// A relative path of this platform as a canonical name.
fn slashed(path: &Path) -> Result<ModelPath, PathFault> {
    let components: Vec<_> =
        path.components().map(|component| component.as_os_str().to_string_lossy()).collect();
    ModelPath::parse(&components.join("/"))
}

/// The folder in which a path lies.
pub(crate) fn folder_around(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A word for what a special file is.
pub(crate) fn kind_of(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "FIFO";
        } else if kind.is_socket() {
            return "socket";
        } else if kind.is_block_device() {
            return "block device";
        } else if kind.is_char_device() {
            return "character device";
        }
    }
    if kind.is_dir() { "folder" } else { "special file" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's guard on a file says nothing about bytes that begin somewhere else in it.
    #[test]
    fn what_begins_in_the_middle_is_not_looked_at_from_the_start() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, b"0123456789").unwrap();
        let opens = |offset, length| {
            let name = ModelPath::parse("w.bin").unwrap();
            let content = Content::path(&*path).part(offset, length);
            let model = Model::of_contents(vec![(name, content)]).unwrap();
            let tree = model.tree(&Exclusions::default(), Symlinks::Reject, &Limits::default()).unwrap();
            (model.open_file(&tree.files[0]).is_ok(), model.open_from_start(&tree.files[0]).is_ok())
        };
        assert_eq!(opens(0, None), (true, true));
        assert_eq!(opens(0, Some(10)), (true, true));
        assert_eq!(opens(3, Some(4)), (true, false));
    }
}
