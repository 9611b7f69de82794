//! What a model is verified with: a key, and the bundles that it signs.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::model::Model;
use crate::program::Program;

/// The bundles of a model, all beside it and signed with one P-256 key, which every OMS tool reads.
pub(crate) struct Signed {
    private_key: PathBuf,
    public_key: PathBuf,
    /// The default: SHA-256 of the files, and a chunk index of SHA-256.
    pub(crate) chunks: PathBuf,
    /// SHA-256 of the files only.
    pub(crate) whole: PathBuf,
    /// BLAKE3 of the files, and a chunk index of BLAKE3.
    pub(crate) blake3_chunks: PathBuf,
    /// BLAKE3 of the files only.
    pub(crate) blake3_files: PathBuf,
    /// Written by the rows that sign.
    again: PathBuf,
    /// How many files are mapped, and how many read, when that is left to modelsig.
    pub(crate) access: String,
}

impl Signed {
    pub(crate) fn make(place: &Path, model: &Model, modelsig: &Program, threads: usize) -> Result<Self> {
        let path = |name: &str| place.join(name);
        let mut signed = Self {
            private_key: path("key.pem"),
            public_key: path("key.pub.pem"),
            chunks: path("chunks.sig"),
            whole: path("whole.sig"),
            blake3_chunks: path("blake3-chunks.sig"),
            blake3_files: path("blake3-files.sig"),
            again: path("again.sig"),
            access: String::new(),
        };
        let run = |arguments: Vec<OsString>| output(&modelsig.path, threads, &arguments);
        run(["keygen", "--type", "p256", "--out"]
            .map(OsString::from)
            .into_iter()
            .chain([signed.private_key.clone().into_os_string()])
            .collect())?;
        let bundles: [(&Path, &[&str]); 4] = [
            (&signed.chunks, &[]),
            (&signed.whole, &["--no-chunks"]),
            (&signed.blake3_chunks, &["--hash", "blake3", "--chunk-hash", "blake3"]),
            (&signed.blake3_files, &["--hash", "blake3", "--no-chunks"]),
        ];
        for (bundle, options) in bundles {
            let options = options.iter().map(OsString::from);
            run(signed.sign_to(model, bundle).into_iter().chain(options).collect())?;
        }
        let mut verify = signed.verify(model, &signed.chunks);
        verify.push("--json".into());
        let report = run(verify)?;
        let count = |access: &str| report.matches(&format!("\"access\":\"{access}\"")).count();
        signed.access = format!("{} mapped, {} read", count("map"), count("read"));
        Ok(signed)
    }

    /// Signs `model` as the default is.
    pub(crate) fn sign(&self, model: &Model) -> Vec<OsString> {
        self.sign_to(model, &self.again)
    }

    fn sign_to(&self, model: &Model, bundle: &Path) -> Vec<OsString> {
        let arguments: [&OsStr; 6] = [
            "sign".as_ref(),
            model.folder.as_ref(),
            "--private-key".as_ref(),
            self.private_key.as_ref(),
            "--signature".as_ref(),
            bundle.as_ref(),
        ];
        arguments.map(OsStr::to_owned).into()
    }

    pub(crate) fn verify(&self, model: &Model, bundle: &Path) -> Vec<OsString> {
        let arguments: [&OsStr; 6] = [
            "verify".as_ref(),
            model.folder.as_ref(),
            "--public-key".as_ref(),
            self.public_key.as_ref(),
            "--signature".as_ref(),
            bundle.as_ref(),
        ];
        arguments.map(OsStr::to_owned).into()
    }

    /// What the program `load` takes to bring the model into memory.
    pub(crate) fn load(&self, mode: &str, model: &Model) -> Vec<OsString> {
        let arguments: [&OsStr; 4] =
            [mode.as_ref(), model.folder.as_ref(), self.chunks.as_ref(), self.public_key.as_ref()];
        arguments.map(OsStr::to_owned).into()
    }

    /// What the Python tool takes to verify the default bundle.
    pub(crate) fn python_arguments(&self, model: &Model) -> Vec<OsString> {
        let arguments: [&OsStr; 9] = [
            "-m".as_ref(),
            "model_signing".as_ref(),
            "verify".as_ref(),
            "key".as_ref(),
            model.folder.as_ref(),
            "--signature".as_ref(),
            self.chunks.as_ref(),
            "--public_key".as_ref(),
            self.public_key.as_ref(),
        ];
        arguments.map(OsStr::to_owned).into()
    }
}

fn output(program: &Path, threads: usize, arguments: &[OsString]) -> Result<String> {
    let output = Command::new(program).arg("--threads").arg(threads.to_string()).args(arguments).output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} {arguments:?}: {}", program.display(), errors.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
