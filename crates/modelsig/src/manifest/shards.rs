//! Shards (OMS spec 5.2.4): a file cut into ranges of `shard_size` bytes, each listed as `path:start:end`.
//!
//! Refuses: numbers that are not plain decimals, empty ranges, and shards of a file that leave a gap, overlap, or
//! have another size than the recorded one.

use modelsig_hash::{ByteRange, Digest};

use crate::statement::StatementFault;

/// Splits `path:start:end` at its last two colons; a path may contain colons.
pub(crate) fn parse_name(name: &str) -> Result<(&str, ByteRange), StatementFault> {
    let bad = || StatementFault::ShardName { name: name.into() };
    let (rest, end) = name.rsplit_once(':').ok_or_else(bad)?;
    let (path, start) = rest.rsplit_once(':').ok_or_else(bad)?;
    let range = ByteRange::new(decimal(start).ok_or_else(bad)?, decimal(end).ok_or_else(bad)?);
    match range {
        Ok(range) if !range.is_empty() => Ok((path, range)),
        _ => Err(bad()),
    }
}

/// `path:start:end`.
pub(crate) fn name(path: &str, range: ByteRange) -> String {
    format!("{path}:{}:{}", range.start(), range.end())
}

/// Digits only, no leading zero, no overflow.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Puts the shards of one file in order and checks that they tile `0..length` in steps of `shard_size`.
pub(crate) fn tile(
    path: &str,
    shards: &mut [(ByteRange, Digest)],
    shard_size: u64,
) -> Result<(), StatementFault> {
    shards.sort_unstable_by_key(|(range, _)| *range);
    if let Some((twice, _)) = shards.iter().zip(shards.iter().skip(1)).find(|(one, next)| one.0 == next.0) {
        return Err(StatementFault::DuplicateName { name: name(path, twice.0) });
    }
    let mut at = 0;
    let last = shards.last().map(|(range, _)| *range);
    for (range, _) in shards.iter() {
        let file = || path.to_owned();
        match range.start().cmp(&at) {
            std::cmp::Ordering::Greater => return Err(StatementFault::ShardGap { name: file(), at }),
            std::cmp::Ordering::Less => {
                return Err(StatementFault::ShardOverlap { name: file(), at: range.start() });
            }
            std::cmp::Ordering::Equal => {}
        }
        let is_last = Some(*range) == last;
        if range.length() > shard_size || (!is_last && range.length() != shard_size) {
            return Err(StatementFault::ShardLength { name: file(), range: *range, shard_size });
        }
        at = range.end();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use modelsig_hash::HashAlgorithm;

    #[test]
    fn names_are_split_from_the_right() {
        let (path, range) = parse_name("a:b.bin:0:18446744073709551615").unwrap();
        assert_eq!((path, range.start(), range.end()), ("a:b.bin", 0, u64::MAX));
        for bad in [
            "a",
            "a:1",
            "a:1:1",
            "a:2:1",
            "a:0:0",
            "a:00:4",
            "a:0:04",
            "a:0:0_4",
            "a:+0:4",
            "a:0:4 ",
            "a:-1:4",
            "a::4",
            "a:0:",
            "a:0:18446744073709551616",
            "a:0:4:",
            "a:0:٤",
        ] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shards_tile_the_file() {
        let digest = HashAlgorithm::Sha256.digest(b"").unwrap();
        let check = |ranges: &[(u64, u64)]| {
            let mut shards: Vec<_> =
                ranges.iter().map(|(start, end)| (ByteRange::new(*start, *end).unwrap(), digest)).collect();
            tile("f", &mut shards, 10)
        };
        assert_eq!(check(&[(0, 10), (10, 20), (20, 21)]), Ok(()));
        assert_eq!(check(&[(10, 20), (20, 30), (0, 10)]), Ok(()));
        assert_eq!(check(&[(0, 3)]), Ok(()));
        assert!(matches!(check(&[(0, 10), (20, 30)]), Err(StatementFault::ShardGap { at: 10, .. })));
        assert!(matches!(check(&[(10, 20)]), Err(StatementFault::ShardGap { at: 0, .. })));
        assert!(matches!(check(&[(0, 10), (5, 15)]), Err(StatementFault::ShardOverlap { at: 5, .. })));
        assert!(
            matches!(check(&[(0, 10), (0, 10)]), Err(StatementFault::DuplicateName { name }) if name == "f:0:10")
        );
        assert!(matches!(check(&[(0, 9), (9, 19)]), Err(StatementFault::ShardLength { .. })));
        assert!(matches!(check(&[(0, 11)]), Err(StatementFault::ShardLength { .. })));
    }
}
