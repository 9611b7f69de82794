//! Lines of a checksum list: `digest  name` (GNU coreutils, b3sum) and `HASH (name) = digest` (BSD, `--tag`).
//!
//! A name with a newline, carriage return or backslash is escaped and its line starts with a backslash, as coreutils
//! does. Refuses every other form, digests of the wrong length, and empty names.

use modelsig::hash::{Digest, HashAlgorithm};

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) digest: Digest,
}

/// Writes a line, without its end. The name need not be UTF-8.
pub(super) fn line(name: &[u8], digest: &Digest, tag: bool) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'\\' => escaped.extend(b"\\\\"),
            b'\n' => escaped.extend(b"\\n"),
            b'\r' => escaped.extend(b"\\r"),
            other => escaped.push(*other),
        }
    }
    let mark: &[u8] = if escaped == name { b"" } else { b"\\" };
    let digest_text = digest.to_string();
    if tag {
        let hash = bsd_name(digest.algorithm()).as_bytes();
        [mark, hash, b" (", &escaped, b") = ", digest_text.as_bytes()].concat()
    } else {
        [mark, digest_text.as_bytes(), b"  ", &escaped].concat()
    }
}

/// Reads a line, without its end. `default` is the hash of lines that do not name theirs.
pub(super) fn parse(line: &str, default: HashAlgorithm) -> Option<Entry> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(line) => (true, line),
        None => (false, line),
    };
    let (name, digest) = tagged(line).or_else(|| plain(line, default))?;
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    (!name.is_empty()).then_some(Entry { name, digest })
}

fn tagged(line: &str) -> Option<(&str, Digest)> {
    HashAlgorithm::ALL.into_iter().find_map(|algorithm| {
        let rest = line.strip_prefix(bsd_name(algorithm))?.strip_prefix(" (")?;
        let (name, hex) = rest.rsplit_once(") = ")?;
        Some((name, Digest::from_hex(algorithm, hex).ok()?))
    })
}

fn plain(line: &str, algorithm: HashAlgorithm) -> Option<(&str, Digest)> {
    let (hex, name) = line.split_at_checked(algorithm.digest_length() * 2)?;
    // Two spaces, or a space and the asterisk that marks binary mode.
    let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *"))?;
    Some((name, Digest::from_hex(algorithm, hex).ok()?))
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

fn bsd_name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha256 => "SHA256",
        HashAlgorithm::Blake2b => "BLAKE2b",
        HashAlgorithm::Blake3 => "BLAKE3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for algorithm in HashAlgorithm::ALL {
            let digest = algorithm.digest(b"x").unwrap();
            for name in ["a", "a b", "a\nb", "a\\b", "\\", " a", "a) = b", "*a", "a\rb", "SHA256 (x) = y"] {
                for tag in [false, true] {
                    let text = String::from_utf8(line(name.as_bytes(), &digest, tag)).unwrap();
                    assert!(!text.contains(['\n', '\r']), "{text:?}");
                    assert_eq!(
                        parse(&text, algorithm),
                        Some(Entry { name: name.into(), digest }),
                        "{text:?}"
                    );
                }
            }
        }
    }

    /// As `sha256sum` writes them: the transcripts do not tell a backslash from a slash.
    #[test]
    fn a_name_with_a_backslash_is_escaped() {
        let digest = HashAlgorithm::Sha256.digest(b"x").unwrap();
        let hex = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        for (name, plain, tagged) in [
            (r"back\slash", format!(r"\{hex}  back\\slash"), format!(r"\SHA256 (back\\slash) = {hex}")),
            ("a\nb\r", format!(r"\{hex}  a\nb\r"), format!(r"\SHA256 (a\nb\r) = {hex}")),
            ("a/b", format!("{hex}  a/b"), format!("SHA256 (a/b) = {hex}")),
        ] {
            assert_eq!(String::from_utf8(line(name.as_bytes(), &digest, false)).unwrap(), plain);
            assert_eq!(String::from_utf8(line(name.as_bytes(), &digest, true)).unwrap(), tagged);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        let hex = HashAlgorithm::Sha256.digest(b"x").unwrap().to_string();
        for bad in [
            String::new(),
            "hello".into(),
            hex.clone(),
            format!("{hex} a"),
            format!("{hex}  "),
            format!("{}  a", &hex[1..]),
            format!("{}  a", hex.to_uppercase()),
            format!("\\{hex}  a\\q"),
            format!("\\{hex}  a\\"),
            format!("MD5 (a) = {hex}"),
            format!("SHA256 (a) = {}", &hex[1..]),
            format!("BLAKE2b (a) = {hex}"),
        ] {
            assert_eq!(parse(&bad, HashAlgorithm::Sha256), None, "{bad:?}");
        }
    }
}
