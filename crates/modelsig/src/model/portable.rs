//! Names that mean the same file on every system (`Policy::portable`, cargo feature `portable`).
//!
//! Some file systems tell neither case nor Unicode normalisation apart, and pass over characters that do not show
//! (APFS, NTFS, HFS+, ext4 and f2fs with casefold): of two names that differ in nothing else, one hides the other
//! there. Windows gives some names another meaning. Refuses all of these, for files and for the folders above them.
//!
//! The rule: characters that are escaped in messages (Unicode's `Default_Ignorable_Code_Point`, and separators of
//! lines) are left out, and what remains is compared by canonical caseless matching. So a name may have them, such as
//! the selector that makes an emoji of a character, unless another name is the same without.

use std::borrow::Cow;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use super::ModelPath;
use super::path::reserved_on_windows;
use crate::Error;
use crate::escape::must_be_escaped;

/// Why some of the names of a model do not mean the same everywhere. Memory is needed for no more than each name once.
pub(crate) fn check_portable<'n>(names: impl Iterator<Item = &'n ModelPath>) -> Result<(), Error> {
    let mut met = Vec::new();
    for name in names {
        if let Some(component) = name.components().find(|component| reserved_on_windows(component)) {
            return Err(Error::NotPortable { path: name.to_string(), component: component.into() });
        }
        met.push((folded(name.as_str()), name.as_str()));
    }
    // By components, so that all names below what is one folder there are neighbours: `a` and `a/b`, though not `a.b`.
    met.sort_unstable_by(|(one, _), (other, _)| one.split('/').cmp(other.split('/')));
    met.iter().zip(met.iter().skip(1)).try_for_each(|(one, other)| compare(one, other))
}

/// As far as the components of two names mean the same, they must be spelled the same.
fn compare((folded, name): &(Cow<'_, str>, &str), (next, other): &(Cow<'_, str>, &str)) -> Result<(), Error> {
    let same = folded.split('/').zip(next.split('/')).take_while(|(one, other)| one == other);
    let spelled = name.split('/').zip(other.split('/'));
    let collision = same.zip(spelled).position(|(_, (one, other))| one != other);
    collision.map_or(Ok(()), |place| {
        let above = |name: &str| name.split('/').take(place.saturating_add(1)).collect::<Vec<_>>().join("/");
        Err(Error::NamesCollide { path: above(other), other: above(name) })
    })
}

/// What such file systems make of a name. Canonical caseless matching is that of Unicode 16, D145: two texts match if
/// these are equal.
fn folded(name: &str) -> Cow<'_, str> {
    // As most are. Control characters are in no name.
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return name.into();
    }
    name.chars()
        .filter(|one| !must_be_escaped(*one))
        .nfd()
        .default_case_fold()
        .nfd()
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Option<String> {
        let names: Vec<ModelPath> = names.iter().map(|name| ModelPath::parse(name).unwrap()).collect();
        check_portable(names.iter()).err().map(|error| error.to_string())
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

    /// ext4 and f2fs with casefold, and HFS+, pass over these.
    #[test]
    fn characters_that_do_not_show_tell_no_names_apart() {
        for one in
            ["\u{200b}", "\u{ad}", "\u{fe0f}", "\u{34f}", "\u{200d}", "\u{3164}", "\u{feff}", "\u{e0100}"]
        {
            let other = format!("w{one}.bin");
            for pair in [["w.bin", &other], [&other, "W.bin"], ["x/w.bin/y", &format!("x/{other}/z")]] {
                assert!(check(&pair).is_some_and(|error| error.contains("same")), "{pair:?}");
            }
            // Alone it does no harm.
            assert_eq!(check(&[&other, "v.bin"]), None);
        }
        // It may stand where the order of marks is undone.
        assert!(check(&["a\u{301}\u{34f}\u{323}", "a\u{323}\u{301}"]).is_some());
        assert_eq!(check(&["\u{2764}\u{fe0f}.bin", "\u{2764}\u{fe0f}.txt"]), None);
    }

    /// Wherever they stand in the list, and whatever stands between them.
    #[test]
    fn names_that_are_no_neighbours_collide() {
        let between = ["a", "a.b", "a-b/c", "a b", "ab", "a/x", "a/y/z", "b/a"];
        for other in ["A/q", "a/X", "a/Y/w", "A.b/c", "B/q", "A"] {
            let mut names = between.to_vec();
            for place in [0, 3, between.len()] {
                names.insert(place, other);
                assert!(check(&names).is_some_and(|error| error.contains("same")), "{other} at {place}");
                names.remove(place);
            }
        }
    }

    #[test]
    fn the_error_names_what_collides() {
        let names = ["x/Sub/deep/a", "x/sub/deep/b"].map(|name| ModelPath::parse(name).unwrap());
        match check_portable(names.iter()) {
            Err(Error::NamesCollide { path, other }) => {
                let mut both = [path, other];
                both.sort();
                assert_eq!(both, ["x/Sub", "x/sub"]);
            }
            other => panic!("{other:?}"),
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
