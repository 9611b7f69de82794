//! Names of files inside a model (OMS spec 5.2): relative, `/`-separated, already canonical.
//!
//! Refuses, and never repairs: empty names, a leading, trailing or doubled `/`, `.` and `..` components, control
//! characters; on Windows also `\`, `:` and the names that Windows reserves.

use std::borrow::Borrow;
use std::fmt;

/// The canonical name of a file or folder, relative to the root of the model. Ordered by Unicode code point, which
/// is the byte order of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelPath(Box<str>);

/// Why a text is no [`ModelPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// No characters.
    #[error("it is empty")]
    Empty,
    /// A leading `/`.
    #[error("it is absolute")]
    Absolute,
    /// `a//b` or `a/`.
    #[error("it has an empty component (a doubled or trailing '/')")]
    EmptyComponent,
    /// `./a`.
    #[error("it has a '.' component")]
    Dot,
    /// `../a`.
    #[error("it has a '..' component")]
    DotDot,
    /// NUL, newline, escape and the like.
    #[error("it has a control character")]
    Control,
    /// Longer than [`Limits::path_bytes`](crate::Limits::path_bytes).
    #[error("it is too long")]
    TooLong,
    /// `\`, `:` or a reserved device name, on Windows only.
    #[error("this system gives it another meaning")]
    Reserved,
}

impl ModelPath {
    /// Reads a canonical name.
    ///
    /// # Errors
    /// The first [`PathFault`] found.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        if text.is_empty() {
            return Err(PathFault::Empty);
        }
        if text.starts_with('/') {
            return Err(PathFault::Absolute);
        }
        if text.chars().any(char::is_control) {
            return Err(PathFault::Control);
        }
        for component in text.split('/') {
            match component {
                "" => return Err(PathFault::EmptyComponent),
                "." => return Err(PathFault::Dot),
                ".." => return Err(PathFault::DotDot),
                _ if cfg!(windows) && reserved_on_windows(component) => return Err(PathFault::Reserved),
                _ => {}
            }
        }
        Ok(Self(text.into()))
    }

    /// Reads a canonical name, or the lone `.`.
    pub(crate) fn parse_or_dot(text: &str) -> Result<Self, PathFault> {
        if text == "." { Ok(Self::dot()) } else { Self::parse(text) }
    }

    /// The lone `.` that some signers write for the file of a single-file model.
    pub(crate) fn dot() -> Self {
        Self(".".into())
    }

    /// True for the lone `.`.
    pub(crate) fn is_dot(&self) -> bool {
        &*self.0 == "."
    }

    /// A file or folder inside this folder; `component` must be canonical.
    pub(crate) fn child(folder: Option<&Self>, component: &str) -> Result<Self, PathFault> {
        match folder {
            None => Self::parse(component),
            Some(folder) => Self::parse(&format!("{folder}/{component}")),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, outermost folder first.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// This path and the folders above it, innermost first.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.as_str()), |path| path.rsplit_once('/').map(|(folder, _)| folder))
    }
}

impl Borrow<str> for ModelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// "Naming Files, Paths, and Namespaces" of the Windows documentation.
pub(super) fn reserved_on_windows(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or(component).trim_end();
    let device = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].iter().any(|name| stem.eq_ignore_ascii_case(name))
        || ["COM", "LPT"].iter().any(|port| {
            stem.get(..3).is_some_and(|name| name.eq_ignore_ascii_case(port))
                // The superscripts of Latin-1 are digits too.
                && stem.get(3..).is_some_and(|rest| {
                    let mut rest = rest.chars();
                    matches!(rest.next(), Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}')) && rest.next().is_none()
                })
        });
    device || component.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) || component.ends_with([' ', '.'])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_lone_dot_is_a_name_only_where_it_may_be() {
        let read = |text| ModelPath::parse_or_dot(text).map(|path| (path.to_string(), path.is_dot()));
        assert_eq!(read("."), Ok((".".into(), true)));
        assert_eq!(read("a"), Ok(("a".into(), false)));
        assert_eq!(read(".."), Err(PathFault::DotDot));
    }

    #[test]
    fn a_path_is_found_by_its_text() {
        let known = HashSet::from(["a/b", "c"].map(|name| ModelPath::parse(name).unwrap()));
        assert!(known.contains("a/b") && known.contains("c") && !known.contains("a"));
    }

    #[test]
    fn canonical_names_only() {
        for good in ["a", "a/b", ".git", "a..b", "..a", "a:b", "ü/模型", "a b", "-", "a/...", "NUL"] {
            if cfg!(windows) && (good.contains(':') || good == "NUL" || good.ends_with('.')) {
                continue;
            }
            assert_eq!(ModelPath::parse(good).map(|path| path.to_string()), Ok(good.into()));
        }
        for (bad, fault) in [
            ("", PathFault::Empty),
            ("/", PathFault::Absolute),
            ("/a", PathFault::Absolute),
            ("a/", PathFault::EmptyComponent),
            ("a//b", PathFault::EmptyComponent),
            (".", PathFault::Dot),
            ("./a", PathFault::Dot),
            ("a/./b", PathFault::Dot),
            ("..", PathFault::DotDot),
            ("a/../b", PathFault::DotDot),
            ("a\0", PathFault::Control),
            ("a\nb", PathFault::Control),
            ("a\u{1b}[0m", PathFault::Control),
            ("a\u{85}", PathFault::Control),
        ] {
            assert_eq!(ModelPath::parse(bad), Err(fault), "{bad:?}");
        }
    }

    #[test]
    fn windows_reads_these_names_differently() {
        for bad in ["NUL", "nul.txt", "com1", "LPT9.bin", "a:b", r"a\b", "a ", "a.", "CON .x"] {
            assert!(reserved_on_windows(bad), "{bad}");
        }
        // Of those of four bytes, some have no border of a character after three.
        for good in ["NULL", "com", "community", "lpta", "a.b", "auxiliary", "aaé", "éé", "🦀"] {
            assert!(!reserved_on_windows(good), "{good}");
        }
    }

    #[test]
    fn ancestors_go_outwards() {
        let path = ModelPath::parse("a/b/c").unwrap();
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a/b/c", "a/b", "a"]);
    }
}
