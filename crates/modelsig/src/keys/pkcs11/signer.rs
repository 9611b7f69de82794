//! One private key on one token, found by its URI, and signing with it.

use std::fmt;
use std::path::Path;

use cryptoki::context::{Function, Pkcs11};
use cryptoki::error::{Error as CallError, RvError};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType as KeyKind, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{Pkcs11Fault, Pkcs11Uri, module, public_key};
use crate::keys::{KeyFault, KeyType, PublicKey, Signer};
use crate::{Error, Limits, input};

/// How many objects of a kind are looked at on a token.
const MOST_OBJECTS: usize = 100;

/// A private key on a PKCS#11 token, such as a hardware security module or a smart card. The key stays there.
///
/// The session with the token ends when this is dropped, and with the last session the login.
///
/// ```no_run
/// use std::path::Path;
///
/// use modelsig::{Error, ModelSigner, Pkcs11Signer, Pkcs11Uri};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let uri: Pkcs11Uri = "pkcs11:token=release;object=signing?module-path=/usr/lib/vendor.so".parse()?;
/// let key = Pkcs11Signer::open(&uri, None, |token| {
///     let pin = std::env::var("RELEASE_PIN").map_err(|_| Error::signer(format!("no PIN for {token}")))?;
///     Ok(Some(pin.into()))
/// })?;
/// ModelSigner::new().sign(Path::new("model"), Path::new("model/model.sig"), &key)?;
/// # Ok(())
/// # }
/// ```
pub struct Pkcs11Signer {
    session: Session,
    key: ObjectHandle,
    public: PublicKey,
    /// Without the query.
    uri: String,
}

impl Pkcs11Signer {
    /// Finds the one key that fits the URI, after logging in if the token wants it.
    ///
    /// `module` is the shared library of the token's vendor; it goes before the module that the URI names. The PIN
    /// is read from the `pin-source` of the URI, a file that only its owner can read. Without one, `pin` is asked,
    /// with the label of the token, at most once; `None` leaves it to the token's own keypad, if it has one.
    ///
    /// # Errors
    /// [`Error::Pkcs11`], [`Error::Io`] for the PIN file, and what `pin` returns.
    pub fn open(
        uri: &Pkcs11Uri,
        module: Option<&Path>,
        pin: impl FnOnce(&str) -> Result<Option<Zeroizing<String>>, Error>,
    ) -> Result<Self, Error> {
        let failed = |fault| Error::Pkcs11 { uri: uri.to_string(), fault };
        let module = module::open(uri, module).map_err(failed)?;
        let (slot, token) = find_token(&module, uri).map_err(failed)?;
        let session = module.open_ro_session(slot).map_err(|error| failed(error.into()))?;
        if token.login_required() {
            if token.user_pin_locked() {
                return Err(failed(Pkcs11Fault::PinLocked { token: token.label().into() }));
            }
            let pin = match uri.pin_source() {
                Some(file) => Some(read_pin(file, failed)?),
                None => pin(token.label())?,
            };
            log_in(&module, slot, &session, pin.as_deref().map(String::as_str)).map_err(failed)?;
        }
        let (key, public) = find_key(&session, uri).map_err(failed)?;
        check_mechanism(&module, slot, public.key_type()).map_err(failed)?;
        Ok(Self { session, key, public, uri: uri.to_string() })
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Pkcs11Fault> {
        let key_type = self.public.key_type();
        match key_type.prehash(message) {
            Some(digest) => {
                let raw = self.session.sign(&Mechanism::Ecdsa, self.key, &digest)?;
                key_type.der_signature(&raw).ok_or(Pkcs11Fault::Signature)
            }
            None => {
                let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
                Ok(self.session.sign(&pure, self.key, message)?)
            }
        }
    }
}

impl Signer for Pkcs11Signer {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.signature(message).map_err(|fault| Error::Pkcs11 { uri: self.uri.clone(), fault })
    }
}

impl fmt::Debug for Pkcs11Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Pkcs11Signer");
        shown.field("uri", &self.uri).field("public", &self.public).finish_non_exhaustive()
    }
}

/// The one token that fits.
fn find_token(module: &Pkcs11, uri: &Pkcs11Uri) -> Result<(Slot, TokenInfo), Pkcs11Fault> {
    let mut fitting = Vec::new();
    let mut tokens = Vec::new();
    let library_fits = fits_library(module, uri)?;
    for slot in module.get_slots_with_token()? {
        // A token that was pulled out in this moment, or cannot be read, is not the one.
        let Ok(token) = module.get_token_info(slot) else { continue };
        if token.token_initialized() {
            tokens.push(format!("{} (serial {})", token.label(), token.serial_number()));
            if library_fits && fits_token(uri, &token) && fits_slot(module, uri, slot)? {
                fitting.push((slot, token));
            }
        }
    }
    match (fitting.pop(), fitting.len()) {
        (Some(only), 0) => Ok(only),
        (last, others) => {
            Err(Pkcs11Fault::TokenCount { found: others.saturating_add(usize::from(last.is_some())), tokens })
        }
    }
}

fn fits_library(module: &Pkcs11, uri: &Pkcs11Uri) -> Result<bool, Pkcs11Fault> {
    if (&uri.library_manufacturer, &uri.library_description, uri.library_version) == (&None, &None, None) {
        return Ok(true);
    }
    let library = module.get_library_info()?;
    let version = (library.library_version().major(), library.library_version().minor());
    Ok(is(&uri.library_manufacturer, library.manufacturer_id())
        && is(&uri.library_description, library.library_description())
        && uri.library_version.is_none_or(|wanted| wanted == version))
}

fn fits_token(uri: &Pkcs11Uri, token: &TokenInfo) -> bool {
    is(&uri.token, token.label())
        && is(&uri.manufacturer, token.manufacturer_id())
        && is(&uri.serial, token.serial_number())
        && is(&uri.model, token.model())
}

fn fits_slot(module: &Pkcs11, uri: &Pkcs11Uri, slot: Slot) -> Result<bool, Pkcs11Fault> {
    if uri.slot_id.is_some_and(|wanted| wanted != slot.id()) {
        return Ok(false);
    }
    if (&uri.slot_description, &uri.slot_manufacturer) == (&None, &None) {
        return Ok(true);
    }
    let info = module.get_slot_info(slot)?;
    Ok(is(&uri.slot_description, info.slot_description())
        && is(&uri.slot_manufacturer, info.manufacturer_id()))
}

fn is(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == found)
}

/// The PIN in a file that is closed to other users: one line.
fn read_pin(path: &Path, failed: impl Fn(Pkcs11Fault) -> Error) -> Result<Zeroizing<String>, Error> {
    let text = match input::read_private_key(path, &Limits::default()) {
        Err(Error::KeyReadableByOthers { mode, .. }) => {
            return Err(failed(Pkcs11Fault::PinReadableByOthers { path: path.into(), mode }));
        }
        Err(Error::Key { .. }) => return Err(failed(Pkcs11Fault::PinFile { path: path.into() })),
        result => result?,
    };
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains(['\n', '\r', '\0']) {
        return Err(failed(Pkcs11Fault::PinFile { path: path.into() }));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// Logs in, once: tokens count wrong PINs and lock.
fn log_in(module: &Pkcs11, slot: Slot, session: &Session, pin: Option<&str>) -> Result<(), Pkcs11Fault> {
    let info = module.get_token_info(slot)?;
    let token = info.label().to_owned();
    let result = match pin {
        Some(pin) => session.login(UserType::User, Some(&AuthPin::from(pin))),
        None if info.protected_authentication_path() => session.login(UserType::User, None),
        None => return Err(Pkcs11Fault::PinNeeded { token }),
    };
    match result {
        Err(CallError::Pkcs11(value, Function::Login)) => match value {
            // By another key of this process: the token knows no more than one user.
            RvError::UserAlreadyLoggedIn => Ok(()),
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
                let last_try = module.get_token_info(slot).is_ok_and(|info| info.user_pin_final_try());
                Err(Pkcs11Fault::PinIncorrect { token, last_try })
            }
            RvError::PinLocked => Err(Pkcs11Fault::PinLocked { token }),
            _ => Err(CallError::Pkcs11(value, Function::Login).into()),
        },
        result => Ok(result?),
    }
}

/// The one private key that fits, with its public key.
fn find_key(session: &Session, uri: &Pkcs11Uri) -> Result<(ObjectHandle, PublicKey), Pkcs11Fault> {
    let mut named = Vec::new();
    named.extend(uri.id.clone().map(Attribute::Id));
    named.extend(uri.object.clone().map(|label| Attribute::Label(label.into_bytes())));
    let key = only(session, ObjectClass::PRIVATE_KEY, "private key", &named)?;

    use AttributeType as Type;
    let wanted = [Type::KeyType, Type::Id, Type::Label, Type::AlwaysAuthenticate];
    let (mut kind, mut always, mut id, mut label) = (None, false, Vec::new(), Vec::new());
    for attribute in session.get_attributes(key, &wanted)? {
        match attribute {
            Attribute::KeyType(found) => kind = Some(found),
            Attribute::AlwaysAuthenticate(found) => always = found,
            Attribute::Id(found) => id = found,
            Attribute::Label(found) => label = found,
            _ => {}
        }
    }
    if !matches!(kind, Some(KeyKind::EC | KeyKind::EC_EDWARDS)) {
        return Err(KeyFault::UnsupportedType { found: public_key::name_of_kind(kind) }.into());
    }
    if always {
        return Err(Pkcs11Fault::AlwaysAuthenticate);
    }
    // Tokens pair the halves of a key by their id; some have only labels.
    let pair = if id.is_empty() { Attribute::Label(label) } else { Attribute::Id(id) };
    let public = match only(session, ObjectClass::PUBLIC_KEY, "public key", &[pair]) {
        Ok(object) => public_key_of(session, object)?,
        Err(none @ Pkcs11Fault::KeyCount { found: 0, .. }) => public_key_info(session, key)?.ok_or(none)?,
        Err(fault) => return Err(fault),
    };
    Ok((key, public))
}

/// The only object of a class with these attributes.
fn only(
    session: &Session,
    class: ObjectClass,
    what: &'static str,
    named: &[Attribute],
) -> Result<ObjectHandle, Pkcs11Fault> {
    let find = |named: &[Attribute]| -> Result<Vec<ObjectHandle>, Pkcs11Fault> {
        let template = [&[Attribute::Class(class)], named].concat();
        let found: Result<Vec<_>, _> = session.iter_objects(&template)?.take(MOST_OBJECTS).collect();
        Ok(found?)
    };
    let found = find(named)?;
    if let [only] = found[..] {
        return Ok(only);
    }
    let listed = if found.is_empty() { find(&[])? } else { found.clone() };
    let keys = listed.into_iter().map(|object| shown(session, object)).collect();
    Err(Pkcs11Fault::KeyCount { what, found: found.len(), keys })
}

/// Label and id of an object, for messages.
fn shown(session: &Session, object: ObjectHandle) -> String {
    let (mut label, mut id) = (String::new(), String::new());
    let attributes = session.get_attributes(object, &[AttributeType::Label, AttributeType::Id]);
    for attribute in attributes.unwrap_or_default() {
        match attribute {
            Attribute::Label(found) => label = String::from_utf8_lossy(&found).chars().take(100).collect(),
            Attribute::Id(found) => id = hex::encode(found.get(..20).unwrap_or(&found)),
            _ => {}
        }
    }
    format!("{label} (id {id})")
}

fn public_key_of(session: &Session, object: ObjectHandle) -> Result<PublicKey, Pkcs11Fault> {
    let (mut parameters, mut point) = (Vec::new(), Vec::new());
    for attribute in session.get_attributes(object, &[AttributeType::EcParams, AttributeType::EcPoint])? {
        match attribute {
            Attribute::EcParams(found) => parameters = found,
            Attribute::EcPoint(found) => point = found,
            _ => {}
        }
    }
    Ok(public_key::public_key(public_key::key_type(&parameters)?, &point)?)
}

/// The SubjectPublicKeyInfo that some tokens keep with the private key.
fn public_key_info(session: &Session, key: ObjectHandle) -> Result<Option<PublicKey>, Pkcs11Fault> {
    let attributes = session.get_attributes(key, &[AttributeType::PublicKeyInfo])?;
    let info = attributes.into_iter().find_map(|attribute| match attribute {
        Attribute::PublicKeyInfo(info) if !info.is_empty() => Some(info),
        _ => None,
    });
    Ok(info.map(|info| PublicKey::from_der(&info)).transpose()?)
}

fn check_mechanism(module: &Pkcs11, slot: Slot, key_type: KeyType) -> Result<(), Pkcs11Fault> {
    let (wanted, mechanism) = match key_type {
        KeyType::Ed25519 => (MechanismType::EDDSA, "CKM_EDDSA"),
        KeyType::P256 | KeyType::P384 | KeyType::P521 => (MechanismType::ECDSA, "CKM_ECDSA"),
    };
    match module.get_mechanism_list(slot)?.contains(&wanted) {
        true => Ok(()),
        false => Err(Pkcs11Fault::Mechanism { mechanism }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_pin_file_is_one_line_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        let failed = |fault| Error::Pkcs11 { uri: String::new(), fault };
        let read = |content: &[u8], mode| {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read_pin(&path, failed)
        };
        for content in ["12 34", "12 34\n", "12 34\r\n"] {
            assert_eq!(read(content.as_bytes(), 0o600).unwrap().as_str(), "12 34");
        }
        for bad in [b"".as_slice(), b"\n", b"1\n2\n", b"1\0", b"\xff"] {
            let fault = read(bad, 0o600).unwrap_err();
            assert!(matches!(fault, Error::Pkcs11 { fault: Pkcs11Fault::PinFile { .. }, .. }), "{bad:?}");
        }
        for mode in [0o640, 0o604, 0o620] {
            match read(b"1234", mode).unwrap_err() {
                Error::Pkcs11 { fault: Pkcs11Fault::PinReadableByOthers { mode: found, .. }, .. } => {
                    assert_eq!(found, mode);
                }
                other => panic!("{other}"),
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(read_pin(&path, failed).unwrap_err(), Error::Io { .. }));
    }
}
