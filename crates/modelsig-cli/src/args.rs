//! The command line: global options and what several commands share.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use modelsig::hash::{Access, HashAlgorithm, uninterrupted};
use modelsig::{Error, Escaped, Method, ModelPath, ModelSigner};

use crate::commands::{completions, digest, hash, inspect, keygen, protect, repair, sign, verify};
use crate::log;

/// Check that model weights are exactly what a trusted signer released, before anything loads them.
#[derive(Parser)]
#[command(name = "modelsig", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "\
Exit codes: 0 verified or done, 1 rejected, 2 no verdict (usage, I/O, malformed, unsupported), 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Threads to hash with; 0 means one for each CPU
    #[arg(long, global = true, default_value_t = 0, value_name = "N", help_heading = "Global options")]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub(crate) threads: u16,
    /// How files are read: auto maps only what nobody else can change and where it is faster, map always, read never
    #[arg(long, global = true, default_value = "auto", value_name = "HOW", help_heading = "Global options")]
    pub(crate) access: AccessArgument,
    /// Leave in the page cache what was read, even if it is more than half of the memory
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) keep_cache: bool,
    /// Tell on stderr what happens, one line for each event; there is no progress bar then
    ///
    /// These are no verdicts: events are told as they happen, also if the verdict then cannot be recorded or printed.
    /// Only they are JSON, and stand alone on stderr with --quiet or --json where nothing fails.
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Global options")]
    pub(crate) log_format: Option<log::Format>,
    /// The least that is told, with --log-format [default: info]
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Global options")]
    pub(crate) log_level: Option<log::Level>,
    /// Colours: auto follows the terminal and NO_COLOR
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN", help_heading = "Global options")]
    pub(crate) color: Color,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Keygen(keygen::Options),
    Sign(sign::Options),
    Verify(verify::Options),
    Protect(protect::Options),
    Repair(repair::Options),
    Digest(digest::Options),
    Hash(hash::Options),
    Inspect(inspect::Options),
    Completions(completions::Options),
    /// Print the manual page (roff)
    Man,
}

impl Command {
    /// How the command wants its result printed.
    pub(crate) fn output(&self) -> Output {
        match self {
            Self::Keygen(options) => options.output,
            Self::Sign(options) => options.output,
            Self::Verify(options) => options.output,
            Self::Protect(options) => options.output,
            Self::Repair(options) => options.output,
            Self::Digest(options) => options.output,
            Self::Hash(options) => options.output,
            Self::Inspect(options) => options.output,
            Self::Completions(_) | Self::Man => Output::default(),
        }
    }
}

/// How results are printed.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Output {
    /// Print exactly one JSON object, also when something fails
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum AccessArgument {
    Auto,
    Map,
    Read,
}

impl From<AccessArgument> for Access {
    fn from(access: AccessArgument) -> Self {
        match access {
            AccessArgument::Auto => Self::Auto,
            AccessArgument::Map => Self::Map,
            AccessArgument::Read => Self::Read,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HashArgument {
    Sha256,
    Blake3,
    Blake2b,
}

impl From<HashArgument> for HashAlgorithm {
    fn from(hash: HashArgument) -> Self {
        match hash {
            HashArgument::Sha256 => Self::Sha256,
            HashArgument::Blake3 => Self::Blake3,
            HashArgument::Blake2b => Self::Blake2b,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SerializationArgument {
    Files,
    Shards,
}

/// What belongs to the model, and how it is digested.
#[derive(Args)]
pub(crate) struct ManifestOptions {
    /// One digest for each file, or for each shard of a file
    #[arg(long, default_value = "files", value_name = "METHOD")]
    serialization: SerializationArgument,
    /// Bytes in each shard [default: 1000000000]
    #[arg(long, value_name = "BYTES")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    shard_size: Option<u64>,
    /// Hash of files or shards; other tools can be counted on to read sha256 only
    #[arg(long, default_value = "sha256")]
    hash: HashArgument,
    /// Leave out a path with everything below it (relative to MODEL; may be repeated)
    #[arg(long, value_name = "PATH")]
    ignore_paths: Vec<PathBuf>,
    /// Include .git, .gitattributes, .github and .gitignore
    #[arg(long)]
    no_ignore_git_paths: bool,
    /// Follow symbolic links to files inside the model
    #[arg(long)]
    allow_symlinks: bool,
    /// Allow empty files with --serialization shards, which does not cover them
    #[arg(long)]
    allow_unsigned_empty: bool,
}

impl ManifestOptions {
    pub(crate) fn has_shards(&self) -> bool {
        self.serialization == SerializationArgument::Shards
    }

    pub(crate) fn apply(&self, model: &Path, signer: ModelSigner) -> Result<ModelSigner, Error> {
        let method = match (self.serialization, self.shard_size) {
            (SerializationArgument::Files, None) => Method::Files,
            (SerializationArgument::Files, Some(_)) => {
                let what = "--shard-size is for --serialization shards only";
                return Err(Error::Usage { what: what.into() });
            }
            (SerializationArgument::Shards, size) => {
                Method::Shards { shard_size: size.unwrap_or(1_000_000_000) }
            }
        };
        let signer = signer
            .method(method)
            .hash(self.hash.into())
            .ignore_git_paths(!self.no_ignore_git_paths)
            .allow_symlinks(self.allow_symlinks)
            .allow_unsigned_empty(self.allow_unsigned_empty);
        self.ignore_paths
            .iter()
            .try_fold(signer, |signer, path| Ok(signer.ignore_path(inside(model, path, "cannot ignore")?)))
    }
}

/// A path of the caller's as a name inside the model: relative to its root, or absolute and inside it. `cannot` begins
/// the message when it is no such name.
pub(crate) fn inside(model: &Path, path: &Path, cannot: &str) -> Result<ModelPath, Error> {
    let usage =
        |why: &str| Error::Usage { what: format!("{cannot} '{}': {why}", Escaped(&path.to_string_lossy())) };
    let relative = if path.is_absolute() {
        let root = uninterrupted(|| model.canonicalize()).map_err(|source| {
            let path = model.display().to_string();
            match source.kind() {
                std::io::ErrorKind::NotFound => Error::ModelNotFound { path },
                _ => Error::Io { operation: "open", path, source },
            }
        })?;
        let folder = path.parent().and_then(|folder| uninterrupted(|| folder.canonicalize()).ok());
        let whole = folder.zip(path.file_name()).map(|(folder, name)| folder.join(name));
        let inside = whole.and_then(|whole| whole.strip_prefix(root).ok().map(Path::to_owned));
        inside.ok_or_else(|| usage("it is absolute and does not lie inside the model"))?
    } else {
        path.to_owned()
    };
    let text =
        relative.to_str().ok_or_else(|| usage("it is not UTF-8"))?.replace(std::path::MAIN_SEPARATOR, "/");
    let text = text.trim_start_matches("./").trim_end_matches('/');
    ModelPath::parse(text).map_err(|fault| usage(&fault.to_string()))
}

/// Where the bundle of a model is unless the caller says otherwise: `MODEL/model.sig` for a folder, `MODEL.sig` for
/// a file.
pub(crate) fn default_bundle(model: &Path) -> PathBuf {
    if uninterrupted(|| model.metadata()).is_ok_and(|found| found.is_file()) {
        let mut name = model.as_os_str().to_owned();
        name.push(".sig");
        name.into()
    } else {
        model.join("model.sig")
    }
}

/// The spellings of the reference tool: each long option also with underscores, not shown in the help.
pub(crate) fn with_underscore_aliases(command: clap::Command) -> clap::Command {
    let alias = |argument: clap::Arg| match argument.get_long().filter(|long| long.contains('-')) {
        Some(long) => {
            let underscored = long.replace('-', "_");
            argument.alias(underscored)
        }
        None => argument,
    };
    command.mut_args(alias).mut_subcommands(with_underscore_aliases)
}

/// The folder in which a path lies.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Everybody on the machine can read command lines, and messages repeat them: a key in one is refused without a word of
/// it. So is what is no secret: it stands where the name of a file is wanted.
pub(crate) fn refuse_keys(arguments: impl Iterator<Item = OsString>) -> Result<(), clap::Error> {
    let mut refused = None;
    for argument in arguments {
        let text = argument.to_string_lossy();
        if text.contains("-----BEGIN PUBLIC KEY") || text.contains("-----BEGIN CERTIFICATE") {
            refused
                .get_or_insert("the text of a key or certificate stands on the command line: name its file");
        } else if text.contains("-----BEGIN ") {
            refused = Some(
                "a key stands on the command line, where others can read it: name its file, or env:NAME for \
                 --private-key",
            );
        }
    }
    match refused {
        Some(why) => Err(Arguments::command().error(clap::error::ErrorKind::InvalidValue, why)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        with_underscore_aliases(Arguments::command()).debug_assert();
    }

    #[test]
    fn paths_to_ignore_are_names_inside_the_model() {
        let folder = tempfile::tempdir().unwrap();
        let name =
            |path: &Path| inside(folder.path(), path, "cannot ignore").map(|name| name.to_string()).ok();
        for (path, expected) in [("a", "a"), ("./a/b", "a/b"), ("a/", "a")] {
            assert_eq!(name(Path::new(path)).as_deref(), Some(expected));
        }
        assert_eq!(name(&folder.path().join("x")).as_deref(), Some("x"));
        for bad in ["", ".", "..", "a/../b", "/etc/passwd", "a//b"] {
            assert_eq!(name(Path::new(bad)), None, "{bad}");
        }
    }
}
