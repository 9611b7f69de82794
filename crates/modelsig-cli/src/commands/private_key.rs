//! Where a private key and its passphrase or PIN come from: a file, the environment, a token, a prompt; never the
//! command line.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use modelsig::{Error, Escaped, KeyFault, PrivateKey, Signer, danger};
use zeroize::Zeroizing;

/// The key that signs.
#[derive(Args)]
pub(crate) struct KeyOptions {
    /// The private key: a PEM file, env:NAME for PEM text in an environment variable, or pkcs11:... for a key on a
    /// token (RFC 7512)
    #[arg(long, value_name = "KEY")]
    private_key: String,
    /// The environment variable with the passphrase of an encrypted key
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
    /// The environment variable with the PIN of the token
    #[arg(long, value_name = "NAME")]
    pin_env: Option<String>,
    /// The PKCS#11 module of the token, a shared library, if the URI does not name it
    #[arg(long, value_name = "LIBRARY")]
    pkcs11_module: Option<PathBuf>,
    /// Use a private key even though other users can read it
    #[arg(long)]
    allow_key_readable_by_others: bool,
}

impl KeyOptions {
    /// Reads the key, or finds it on its token. What is wrong with it shows before hours of hashing.
    pub(super) fn open(&self) -> Result<Box<dyn Signer>, Error> {
        // With blanks before it, it is a URI too, of which no message repeats the PIN.
        let uri = self.private_key.trim_start();
        if is_on_token(uri) {
            if self.passphrase_env.is_some() {
                let what =
                    "a key on a token has a PIN, not a passphrase: --pin-env instead of --passphrase-env";
                return Err(Error::Usage { what: what.into() });
            }
            if self.allow_key_readable_by_others {
                let what =
                    "--allow-key-readable-by-others is for key files; a PIN file is always closed to others";
                return Err(Error::Usage { what: what.into() });
            }
            return on_pkcs11_token(uri, self.pkcs11_module.as_deref(), self.pin_env.as_deref());
        }
        if self.pin_env.is_some() || self.pkcs11_module.is_some() {
            let what = "--pin-env and --pkcs11-module are for keys on a token (--private-key pkcs11:...)";
            return Err(Error::Usage { what: what.into() });
        }
        let passphrase = self.passphrase_env.as_deref();
        Ok(Box::new(read(&self.private_key, passphrase, self.allow_key_readable_by_others)?))
    }
}

#[cfg(feature = "pkcs11")]
fn is_on_token(text: &str) -> bool {
    modelsig::Pkcs11Uri::is_one(text)
}

/// Without the feature the library knows no such URI, and this is said of it.
#[cfg(not(feature = "pkcs11"))]
fn is_on_token(text: &str) -> bool {
    text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"))
}

#[cfg(feature = "pkcs11")]
fn on_pkcs11_token(
    text: &str,
    module: Option<&Path>,
    pin_env: Option<&str>,
) -> Result<Box<dyn Signer>, Error> {
    use modelsig::{Pkcs11Fault, Pkcs11Signer, Pkcs11Uri};
    let uri: Pkcs11Uri = text.parse().map_err(|fault| {
        // The text may hold a PIN: it is not repeated.
        Error::Pkcs11 { uri: "pkcs11:...".into(), fault: Pkcs11Fault::Uri(fault) }
    })?;
    if uri.pin_source().is_some() && pin_env.is_some() {
        return Err(Error::Usage { what: "the PIN is named twice: by pin-source and by --pin-env".into() });
    }
    let pin = |token: &str| match pin_env {
        Some(name) => environment(name, "PIN").map(Some),
        None if std::io::stdin().is_terminal() => {
            let failed = |source| Error::Io { operation: "read the PIN of", path: token.into(), source };
            let answer = rpassword::prompt_password(format!("PIN of token {}: ", Escaped(token)));
            answer.map(Zeroizing::new).map(Some).map_err(failed)
        }
        None => Ok(None),
    };
    Ok(Box::new(Pkcs11Signer::open(&uri, module, pin)?))
}

#[cfg(not(feature = "pkcs11"))]
fn on_pkcs11_token(_: &str, _: Option<&Path>, _: Option<&str>) -> Result<Box<dyn Signer>, Error> {
    Err(Error::Unsupported {
        path: "pkcs11:...".into(),
        what: "a key on a token, left out of this build,".into(),
    })
}

/// The passphrase in the environment variable `name`.
pub(super) fn passphrase(name: &str) -> Result<Zeroizing<String>, Error> {
    environment(name, "passphrase")
}

fn environment(name: &str, what: &str) -> Result<Zeroizing<String>, Error> {
    match std::env::var(name).map(Zeroizing::new) {
        Ok(secret) if !secret.is_empty() => Ok(secret),
        _ => Err(Error::Usage { what: format!("the environment variable {name} holds no {what}") }),
    }
}

/// Reads `env:NAME` or a file. Asks for the passphrase of an encrypted key if there is a terminal to ask on.
fn read(
    from: &str,
    passphrase_env: Option<&str>,
    allow_readable_by_others: bool,
) -> Result<PrivateKey, Error> {
    let given = passphrase_env.map(passphrase).transpose()?;
    let read = |passphrase: Option<&str>| match from.strip_prefix("env:") {
        Some(name) => {
            let pem = std::env::var(name).map(Zeroizing::new);
            let pem = pem
                .map_err(|_| Error::Usage { what: format!("the environment variable {name} is not set") })?;
            PrivateKey::from_pem(&pem, passphrase).map_err(|fault| Error::Key { path: from.into(), fault })
        }
        None if allow_readable_by_others => {
            danger::private_key_readable_by_others(Path::new(from), passphrase)
        }
        None => PrivateKey::from_file(Path::new(from), passphrase),
    };
    match read(given.as_deref().map(String::as_str)) {
        Err(Error::Key { fault: KeyFault::PassphraseNeeded, path }) if std::io::stdin().is_terminal() => {
            let failed = |source| Error::Io { operation: "read the passphrase of", path, source };
            let answer =
                rpassword::prompt_password(format!("Passphrase of {}: ", Escaped(from))).map(Zeroizing::new);
            read(Some(&answer.map_err(failed)?))
        }
        result => result,
    }
}
