//! Where a private key and its passphrase come from: a file or the environment, never the command line.

use std::io::IsTerminal;
use std::path::Path;

use modelsig::{Error, Escaped, KeyFault, PrivateKey, danger};
use zeroize::Zeroizing;

/// The passphrase in the environment variable `name`.
pub(super) fn passphrase(name: &str) -> Result<Zeroizing<String>, Error> {
    match std::env::var(name).map(Zeroizing::new) {
        Ok(passphrase) if !passphrase.is_empty() => Ok(passphrase),
        _ => Err(Error::Usage { what: format!("the environment variable {name} holds no passphrase") }),
    }
}

/// Reads `env:NAME` or a file. Asks for the passphrase of an encrypted key if there is a terminal to ask on.
pub(super) fn read(
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
