//! `modelsig keygen`

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use modelsig::hash::uninterrupted;
use modelsig::{Error, KeyType, PrivateKey, Signer};

use super::{Run, private_key};
use crate::args::Output;
use crate::exit_code::Exit;

/// Make a key pair
///
/// Writes the private key (PKCS#8 in PEM, readable by you alone) and, beside it, the public key: KEY.pem and
/// KEY.pub.pem. Nothing is overwritten.
#[derive(Args)]
pub(crate) struct Options {
    /// The private key to write
    #[arg(long, value_name = "KEY.pem")]
    out: PathBuf,
    /// The kind of key; all OMS tools read p256, p384 and p521
    #[arg(long = "type", value_name = "TYPE", default_value = "ed25519")]
    kind: KeyTypeArgument,
    /// Encrypt the private key with the passphrase in this environment variable
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum KeyTypeArgument {
    Ed25519,
    P256,
    P384,
    P521,
}

impl From<KeyTypeArgument> for KeyType {
    fn from(kind: KeyTypeArgument) -> Self {
        match kind {
            KeyTypeArgument::Ed25519 => Self::Ed25519,
            KeyTypeArgument::P256 => Self::P256,
            KeyTypeArgument::P384 => Self::P384,
            KeyTypeArgument::P521 => Self::P521,
        }
    }
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let public_path = public_path(&self.out);
        for path in [&self.out, &public_path] {
            if path.symlink_metadata().is_ok() {
                return Err(Error::AlreadyExists { path: path.display().to_string() });
            }
        }
        let passphrase = self.passphrase_env.as_deref().map(private_key::passphrase).transpose()?;
        let failed = |fault| Error::Key { path: self.out.display().to_string(), fault };
        let key = PrivateKey::generate(self.kind.into()).map_err(failed)?;
        let pem = key.to_pem(passphrase.as_deref().map(String::as_str)).map_err(failed)?;
        write_new(&self.out, pem.as_bytes(), 0o600)?;
        let public = key.public_key();
        if let Err(error) = write_new(&public_path, public.to_pem().as_bytes(), 0o644) {
            // Half a pair is of no use; the private key was made a moment ago and signed nothing.
            let _ = uninterrupted(|| fs::remove_file(&self.out));
            return Err(error);
        }
        if run.printer.is_json() {
            run.printer.json(&serde_json::json!({
                "verdict": "ok",
                "exit_code": 0,
                "private_key": self.out.to_string_lossy(),
                "public_key": public_path.to_string_lossy(),
                "key_type": public.key_type().id(),
                "key_hint": public.hint().as_str(),
            }));
        } else {
            run.printer.line(&format!("private key: {}", shown(&self.out)));
            run.printer.line(&format!("public key:  {}", shown(&public_path)));
        }
        Ok(Exit::SUCCESS)
    }
}

fn shown(path: &Path) -> String {
    modelsig::Escaped(&path.to_string_lossy()).to_string()
}

/// `KEY.pub.pem` beside `KEY.pem`.
fn public_path(private: &Path) -> PathBuf {
    let stem = match private.extension() {
        Some(extension) if extension == "pem" => private.with_extension(""),
        _ => private.to_owned(),
    };
    let mut name = stem.into_os_string();
    name.push(".pub.pem");
    name.into()
}

/// Writes a file that did not exist, with the mode from the start.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let shown = || path.display().to_string();
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::AlreadyExists { path: shown() });
        }
        result => result.map_err(|source| Error::Io { operation: "create", path: shown(), source })?,
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|source| {
        let _ = uninterrupted(|| fs::remove_file(path));
        Error::Io { operation: "write", path: shown(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_stands_beside_the_private_one() {
        for (private, public) in
            [("k.pem", "k.pub.pem"), ("a/b.c.pem", "a/b.c.pub.pem"), ("key", "key.pub.pem")]
        {
            assert_eq!(public_path(Path::new(private)), Path::new(public));
        }
    }
}
