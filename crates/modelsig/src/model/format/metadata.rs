//! The metadata of a GGUF file: passed over, but for the few entries that say where tensors are.
//!
//! Refuses keys that are empty, no UTF-8, too long or there twice, unknown value types, truth values that are neither
//! 0 nor 1, and arrays nested too deeply. Text in values is not looked at: vocabularies hold bytes that are no UTF-8.

use std::collections::BTreeSet;

use super::{FormatFault, GgufMetadata, GgufSplit, Window};
use crate::Limits;

const ALIGNMENT: &str = "general.alignment";
const SPLIT_NUMBER: &str = "split.no";
const SPLIT_COUNT: &str = "split.count";
const SPLIT_TENSORS: &str = "split.tensors.count";

/// Every tensor begins at a multiple of so many bytes, unless the metadata say otherwise.
const DEFAULT_ALIGNMENT: u64 = 32;
/// The format allows no longer key.
const KEY_BYTES: u64 = 65_535;
/// Entries that are remembered to find those that stand twice. Files have some dozens.
const ENTRIES: u64 = 65_536;

/// The numbers of the value types that need more than their width.
const U32: u32 = 4;
const BOOL: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// Reads so many entries. The cursor stands at the first and is left behind the last.
pub(super) fn read<E: From<FormatFault>>(
    window: &mut Window<'_, E>,
    version: u32,
    entries: u64,
    limits: &Limits,
) -> Result<GgufMetadata, E> {
    if entries > ENTRIES {
        let what = "the number of metadata entries";
        return Err(FormatFault::Limit { what, limit: ENTRIES, found: entries }.into());
    }
    let mut seen = BTreeSet::new();
    let mut alignment = DEFAULT_ALIGNMENT;
    let (mut number, mut count, mut tensors) = (None, None, None);
    for entry in 0..entries {
        let key = key(window, entry)?;
        if seen.contains(&key) {
            return Err(FormatFault::DuplicateKey { key }.into());
        }
        let value = window.u32()?;
        match key.as_str() {
            ALIGNMENT => alignment = read_alignment(window, value)?,
            SPLIT_NUMBER => number = Some(integer(window, &key, value)?),
            SPLIT_COUNT => count = Some(integer(window, &key, value)?),
            SPLIT_TENSORS => tensors = Some(integer(window, &key, value)?),
            _ => pass(window, &key, value, limits.json_depth)?,
        }
        seen.insert(key);
    }
    Ok(GgufMetadata { version, alignment, split: split(number, count, tensors)? })
}

fn key<E: From<FormatFault>>(window: &mut Window<'_, E>, entry: u64) -> Result<String, E> {
    let length = window.u64()?;
    if length == 0 {
        return Err(FormatFault::EmptyKey { entry }.into());
    }
    if length > KEY_BYTES {
        let what = "the length of a metadata key in bytes";
        return Err(FormatFault::Limit { what, limit: KEY_BYTES, found: length }.into());
    }
    let bytes = window.take(length)?.to_vec();
    Ok(String::from_utf8(bytes).map_err(|_| FormatFault::KeyNotUtf8 { entry })?)
}

/// A power of two and a multiple of 8.
fn read_alignment<E: From<FormatFault>>(window: &mut Window<'_, E>, value: u32) -> Result<u64, E> {
    if value != U32 {
        let expected = "a 32-bit unsigned number (4)";
        return Err(FormatFault::ValueTypeMismatch { key: ALIGNMENT.into(), expected, found: value }.into());
    }
    let found = u64::from(window.u32()?);
    if found.is_power_of_two() && found >= 8 {
        Ok(found)
    } else {
        Err(FormatFault::Alignment { found }.into())
    }
}

/// A whole number of any type: writers differ.
fn integer<E: From<FormatFault>>(window: &mut Window<'_, E>, key: &str, value: u32) -> Result<u64, E> {
    let signed = match value {
        0 => return Ok(u64::from(u8::from_le_bytes(window.array()?))),
        2 => return Ok(u64::from(u16::from_le_bytes(window.array()?))),
        U32 => return Ok(u64::from(window.u32()?)),
        10 => return window.u64(),
        1 => i64::from(i8::from_le_bytes(window.array()?)),
        3 => i64::from(i16::from_le_bytes(window.array()?)),
        5 => i64::from(i32::from_le_bytes(window.array()?)),
        11 => i64::from_le_bytes(window.array()?),
        found => {
            let expected = "a whole number";
            return Err(FormatFault::ValueTypeMismatch { key: key.into(), expected, found }.into());
        }
    };
    Ok(u64::try_from(signed).map_err(|_| FormatFault::Negative { key: key.into(), found: signed })?)
}

/// Passes over a value. Arrays are kept on a list, not on the stack: how deep they go is the file's choice.
fn pass<E: From<FormatFault>>(
    window: &mut Window<'_, E>,
    key: &str,
    value: u32,
    depth: usize,
) -> Result<(), E> {
    // Type and number of the values that are still to come, innermost array last.
    let mut open = vec![(value, 1u64)];
    while let Some((value, left)) = open.pop() {
        // What the values take at least: a claim that the file cannot hold is not followed up.
        let Some(width) = least(value) else {
            return Err(FormatFault::ValueType { key: key.into(), found: value }.into());
        };
        let bytes = left.saturating_mul(width);
        window.demand(bytes)?;
        match value {
            ARRAY => {
                let Some(others) = left.checked_sub(1) else { continue };
                open.push((ARRAY, others));
                if open.len() > depth {
                    return Err(FormatFault::ArrayDepth { key: key.into(), limit: depth }.into());
                }
                open.push((window.u32()?, window.u64()?));
            }
            STRING => {
                for _ in 0..left {
                    let length = window.u64()?;
                    window.pass(length, |_| Ok(()))?;
                }
            }
            BOOL => window.pass(bytes, |bytes| match bytes.iter().find(|byte| **byte > 1) {
                Some(&found) => Err(FormatFault::Boolean { key: key.into(), found }),
                None => Ok(()),
            })?,
            _ => window.pass(bytes, |_| Ok(()))?,
        }
    }
    Ok(())
}

/// Bytes that a value of a type takes at least; exactly those, but for strings and arrays.
fn least(value: u32) -> Option<u64> {
    match value {
        0 | 1 | BOOL => Some(1),
        2 | 3 => Some(2),
        U32..=6 => Some(4),
        10..=12 => Some(8),
        STRING => Some(8),
        ARRAY => Some(12),
        _ => None,
    }
}

/// A count of 0 is what remains in a file that was made of several.
fn split(
    number: Option<u64>,
    count: Option<u64>,
    tensors: Option<u64>,
) -> Result<Option<GgufSplit>, FormatFault> {
    match (number, count) {
        (None, None) | (_, Some(0)) => Ok(None),
        (Some(_), None) => Err(FormatFault::SplitIncomplete { missing: SPLIT_COUNT }),
        (None, Some(_)) => Err(FormatFault::SplitIncomplete { missing: SPLIT_NUMBER }),
        (Some(number), Some(count)) if number >= count => Err(FormatFault::SplitNumber { number, count }),
        (Some(number), Some(count)) => Ok(Some(GgufSplit { number, count, tensors })),
    }
}
