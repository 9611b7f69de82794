//! Names that mean the same file on every system (`Policy::portable`, cargo feature `portable`).
//!
//! Some file systems tell neither case nor Unicode normalisation apart (APFS, NTFS, ext4 and f2fs with casefold): of two
//! names that differ in nothing else, one hides the other there. Windows gives some names another meaning. Refuses all of
//! these, for files and for the folders above them.

use std::collections::HashMap;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use super::ModelPath;
use super::path::reserved_on_windows;
use crate::Error;

/// The names of a model that were met so far.
#[derive(Default)]
pub(crate) struct Portable<'n> {
    /// By what such file systems make of it: every path, and those of the folders above it, as it is spelled.
    met: HashMap<String, &'n str>,
}

impl<'n> Portable<'n> {
    /// Why the name is not one that means the same everywhere, beside those before it.
    pub(crate) fn check(&mut self, name: &'n ModelPath) -> Result<(), Error> {
        if let Some(component) = name.components().find(|component| reserved_on_windows(component)) {
            return Err(Error::NotPortable { path: name.to_string(), component: component.into() });
        }
        // From the file outwards, as far as the spelling is new: the folders above a known one are known.
        for path in name.ancestors() {
            match self.met.insert(folded(path), path) {
                None => {}
                Some(before) if before == path => break,
                Some(before) => {
                    return Err(Error::NamesCollide { path: path.into(), other: before.into() });
                }
            }
        }
        Ok(())
    }
}

/// Canonical caseless matching (Unicode 16, D145): two texts match if these are equal.
fn folded(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    path.nfd().default_case_fold().nfd().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Option<String> {
        let names: Vec<ModelPath> = names.iter().map(|name| ModelPath::parse(name).unwrap()).collect();
        let mut portable = Portable::default();
        names.iter().find_map(|name| portable.check(name).err()).map(|error| error.to_string())
    }

    #[test]
    fn names_collide_where_file_systems_do_not_tell_them_apart() {
        for (one, other) in [
            ("weights.bin", "WEIGHTS.BIN"),
            ("a/b", "A/c"),
            ("a/b/c", "a/B/d"),
            ("A", "a/b"),
            ("\u{e9}.bin", "e\u{301}.bin"),
            ("\u{c9}.bin", "e\u{301}.bin"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3c2}", "\u{3a3}"),
            ("\u{212b}", "\u{e5}"),
            ("\u{1fb3}", "\u{3b1}\u{345}"),
        ] {
            for pair in [[one, other], [other, one]] {
                assert!(check(&pair).is_some_and(|error| error.contains("same")), "{pair:?}");
            }
        }
        for good in [
            &["a/b", "a/c", "a/d/e", "b/a", "ab"][..],
            &["\u{e9}/a", "\u{e9}/b", "e/a"],
            &["\u{131}", "i"],
            &["a/b", "a/b"],
        ] {
            assert_eq!(check(good), None);
        }
    }

    #[test]
    fn windows_reserves_names() {
        for bad in ["sub/nul", "NUL.bin", "a:b", "a\\b", "x /y", "con", "COM\u{b9}", "lpt\u{b3}.x", "CONOUT$"]
        {
            assert!(check(&[bad]).is_some_and(|error| error.contains("Windows")), "{bad}");
        }
    }
}
