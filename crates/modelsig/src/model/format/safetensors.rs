//! The header of a safetensors file (<https://github.com/huggingface/safetensors>, "Format"): eight bytes of length,
//! little-endian, then a JSON object with an entry for each tensor.
//!
//! Refuses, as the reference does: headers over the limit, types it does not have, offsets that do not fit type and
//! shape, and data that do not fill the rest of the file exactly. And where it is lenient: members twice or unknown,
//! a text that does not begin with `{` or is padded with anything but spaces.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use modelsig_hash::ByteRange;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::{FormatFault, Header, Tensor, TensorFormat, Window, arrange, elements, place};
use crate::Limits;
use crate::json::{self, First, Name, Object};

/// The member that is no tensor.
const METADATA: &str = "__metadata__";
/// Dimensions that are kept of a shape; see [`Limits::tensor_dimensions`].
const DIMENSIONS: usize = 64;

pub(super) fn read_header<E: From<FormatFault>>(
    length: u64,
    limits: &Limits,
    read: &mut dyn FnMut(ByteRange) -> Result<Vec<u8>, E>,
) -> Result<Header, E> {
    let mut window = Window::new(length, u64::MAX, read);
    let size = window.u64()?;
    let end = window.demand(size)?;
    if size > limits.header_bytes {
        let what = "the size of the header in bytes";
        return Err(FormatFault::Limit { what, limit: limits.header_bytes, found: size }.into());
    }
    Ok(parse(window.take(size)?, end, length, limits)?)
}

/// Reads the text of a header that ends at byte `end` of a file of `length` bytes.
fn parse(text: &[u8], end: u64, length: u64, limits: &Limits) -> Result<Header, FormatFault> {
    if let Some(&found) = text.first()
        && found != b'{'
    {
        return Err(FormatFault::HeaderStart { found });
    }
    json::check_large(text, limits.json_depth, limits.tensors.saturating_add(1))?;
    if let Some(&found) = text.iter().rfind(|byte| **byte != b' ')
        && found != b'}'
    {
        return Err(FormatFault::HeaderPadding { found });
    }
    let Entries { metadata, tensors } = entries(text)?;
    if tensors.len() > limits.tensors {
        let (limit, found) = (limits.tensors as u64, tensors.len() as u64);
        return Err(FormatFault::Limit { what: "the number of tensors", limit, found });
    }
    let tensor = |(name, entry): (Cow<'_, str>, _)| read_tensor(name, entry, end, length, limits);
    let mut tensors: Vec<Tensor> = tensors.into_iter().map(tensor).collect::<Result<_, _>>()?;
    arrange(&mut tensors, end, length, 1)?;
    let header = ByteRange::whole(end);
    Ok(Header { format: TensorFormat::Safetensors, tensors, header, metadata, gguf: None })
}

/// The JSON form.
struct Entries<'t> {
    metadata: BTreeMap<String, String>,
    tensors: Vec<(Cow<'t, str>, Entry<'t>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'t> {
    #[serde(borrow)]
    dtype: Cow<'t, str>,
    shape: First<u64, DIMENSIONS>,
    data_offsets: [u64; 2],
}

/// The strict pass has been made; this only reads the shape.
fn entries(text: &[u8]) -> Result<Entries<'_>, FormatFault> {
    let at = RefCell::new(None);
    let entries = ReadEntries { at: &at }.deserialize(&mut serde_json::Deserializer::from_slice(text));
    entries.map_err(|error| {
        let fault = json::shape(&error);
        match at.take() {
            None => FormatFault::Json(fault),
            Some(name) if name == METADATA => FormatFault::Metadata { fault },
            Some(tensor) => FormatFault::Entry { tensor, fault },
        }
    })
}

/// Reads the object and notes at which member it failed.
struct ReadEntries<'a> {
    at: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for ReadEntries<'_> {
    type Value = Entries<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entries<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadEntries<'_> {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Entries { metadata: BTreeMap::new(), tensors: Vec::new() };
        while let Some(Name(name)) = members.next_key()? {
            let value = if name == METADATA {
                members.next_value().map(|metadata| entries.metadata = metadata)
            } else {
                members.next_value().map(|Object(entry)| entries.tensors.push((name.clone(), entry)))
            };
            if let Err(error) = value {
                *self.at.borrow_mut() = Some(name.into_owned());
                return Err(error);
            }
        }
        Ok(entries)
    }
}

fn read_tensor(
    name: Cow<'_, str>,
    entry: Entry<'_>,
    data: u64,
    length: u64,
    limits: &Limits,
) -> Result<Tensor, FormatFault> {
    if name.len() > limits.tensor_name_bytes {
        let what = "the length of the name of a tensor in bytes";
        let (limit, found) = (limits.tensor_name_bytes as u64, name.len() as u64);
        return Err(FormatFault::Limit { what, limit, found });
    }
    let tensor = || name.to_string();
    let limit = limits.tensor_dimensions.min(DIMENSIONS);
    if entry.shape.found > limit {
        let (limit, found) = (limit as u64, entry.shape.found as u64);
        return Err(FormatFault::Dimensions { tensor: tensor(), limit, found });
    }
    let Some(bits) = bits_of(&entry.dtype) else {
        let found = entry.dtype.chars().take(64).collect();
        return Err(FormatFault::Dtype { tensor: tensor(), found });
    };
    let shape = entry.shape.kept;
    let bits = elements(&name, &shape)?
        .checked_mul(bits)
        .ok_or_else(|| FormatFault::Overflow { tensor: tensor() })?;
    if bits % 8 != 0 {
        return Err(FormatFault::PartialByte { tensor: tensor(), found: bits });
    }
    let [begin, end] = entry.data_offsets;
    let Some(found) = end.checked_sub(begin) else {
        return Err(FormatFault::Inverted { tensor: tensor(), begin, end });
    };
    let expected = bits / 8;
    if found != expected {
        return Err(FormatFault::Length { tensor: tensor(), expected, found });
    }
    let range = place(&name, data, begin, found, length)?;
    Ok(Tensor { dtype: entry.dtype.into_owned(), name: name.into_owned(), shape, range })
}

/// Bits of an element: `Dtype` of the safetensors crate, as of May 2026.
fn bits_of(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" => 8,
        "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "C64" | "F64" | "I64" | "U64" => 64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonFault;
    use crate::model::format::header_of;

    /// A file of a header and so many bytes of data.
    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend_from_slice(header.as_bytes());
        file.resize(file.len() + data, 7);
        file
    }

    fn read(header: &str, data: usize) -> Result<Header, FormatFault> {
        header_of(TensorFormat::Safetensors, &file(header, data), &Limits::default())
    }

    fn found(header: &str, data: usize) -> Vec<(String, String, Vec<u64>, u64, u64)> {
        let header = read(header, data).unwrap();
        let start = header.header.end();
        let facts = |tensor: Tensor| {
            let (begin, end) = (tensor.range.start() - start, tensor.range.end() - start);
            (tensor.name, tensor.dtype, tensor.shape, begin, end)
        };
        header.tensors.into_iter().map(facts).collect()
    }

    fn entry(dtype: &str, shape: &str, begin: u64, end: u64) -> String {
        format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
    }

    /// As `serialize` of the safetensors crate: largest elements first, then by name, padded to eight bytes.
    #[test]
    fn what_the_reference_writes_is_read() {
        let mut tensors = [("b", "F32", vec![2u64, 3], 4), ("a", "F32", vec![], 4), ("c", "I64", vec![2], 8)];
        tensors.sort_by(|one, other| other.3.cmp(&one.3).then(one.0.cmp(other.0)));
        let mut members = vec![r#""__metadata__":{"format":"pt"}"#.to_owned()];
        let mut offset = 0;
        for (name, dtype, shape, size) in &tensors {
            let end = offset + shape.iter().product::<u64>() * size;
            let shape = format!("{shape:?}").replace(' ', "");
            members.push(format!(r#""{name}":{}"#, entry(dtype, &shape, offset, end)));
            offset = end;
        }
        let mut text = format!("{{{}}}", members.join(","));
        text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
        let header = read(&text, offset as usize).unwrap();
        assert_eq!(header.format, TensorFormat::Safetensors);
        assert_eq!(header.header, ByteRange::whole(8 + text.len() as u64));
        assert_eq!(header.metadata, BTreeMap::from([("format".into(), "pt".into())]));
        assert_eq!(header.gguf, None);
        let facts = |name: &str, dtype: &str, shape: &[u64], begin, end| {
            (name.into(), dtype.into(), shape.to_vec(), begin, end)
        };
        assert_eq!(
            found(&text, offset as usize),
            [
                facts("c", "I64", &[2], 0, 16),
                facts("a", "F32", &[], 16, 20),
                facts("b", "F32", &[2, 3], 20, 44)
            ]
        );
    }

    #[test]
    fn no_tensors_empty_tensors_and_scalars() {
        assert_eq!(found("{}", 0), []);
        assert_eq!(found("{}      ", 0), []);
        assert_eq!(found(r#"{"__metadata__":{}}"#, 0), []);
        let empty = entry("F32", "[0,5]", 2, 2);
        let scalar = entry("F16", "[]", 0, 2);
        let text = format!(r#"{{"e":{empty}, "s":{scalar}}}"#);
        let names: Vec<_> = found(&text, 2).into_iter().map(|tensor| tensor.0).collect();
        assert_eq!(names, ["s", "e"]);
    }

    #[test]
    fn every_dtype_of_the_reference() {
        for (bits, dtypes) in [
            (4, "F4"),
            (6, "F6_E2M3 F6_E3M2"),
            (8, "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ"),
            (16, "I16 U16 F16 BF16"),
            (32, "I32 U32 F32"),
            (64, "C64 F64 I64 U64"),
        ] {
            for dtype in dtypes.split(' ') {
                let text = format!(r#"{{"t":{}}}"#, entry(dtype, "[4]", 0, bits / 2));
                assert_eq!(found(&text, bits as usize / 2).len(), 1, "{dtype}");
            }
        }
        let of = |dtype: &str, shape: &str, end: u64| {
            read(&format!(r#"{{"t":{}}}"#, entry(dtype, shape, 0, end)), end as usize)
        };
        let tensor = || "t".to_owned();
        assert_eq!(of("F4", "[3]", 2), Err(FormatFault::PartialByte { tensor: tensor(), found: 12 }));
        assert_eq!(of("F6_E2M3", "[2]", 1), Err(FormatFault::PartialByte { tensor: tensor(), found: 12 }));
        for unknown in ["f32", "F128", "", "Q4_K"] {
            let fault = FormatFault::Dtype { tensor: tensor(), found: unknown.into() };
            assert_eq!(of(unknown, "[1]", 4), Err(fault));
        }
    }

    #[test]
    fn the_text_is_one_object_padded_with_spaces() {
        let json = |text: &str| match read(text, 0) {
            Err(FormatFault::Json(fault)) => fault,
            other => panic!("{text}: {other:?}"),
        };
        for (text, found) in
            [(" {}", b' '), ("[]", b'['), ("\u{feff}{}", 0xef), ("\n{}", b'\n'), ("null", b'n')]
        {
            assert_eq!(read(text, 0), Err(FormatFault::HeaderStart { found }), "{text:?}");
        }
        for (text, found) in [("{}\n", b'\n'), ("{} \t ", b'\t'), ("{}\r\n", b'\n')] {
            assert_eq!(read(text, 0), Err(FormatFault::HeaderPadding { found }), "{text:?}");
        }
        assert!(matches!(json(""), JsonFault::NotJson { .. }));
        assert!(matches!(json("{"), JsonFault::NotJson { .. }));
        assert!(matches!(json("{}\0"), JsonFault::TrailingData { .. }));
        assert!(matches!(json("{}{}"), JsonFault::TrailingData { .. }));
        let t = entry("U8", "[0]", 0, 0);
        let duplicate = |member: &str| JsonFault::DuplicateMember { member: member.into() };
        assert_eq!(json(&format!(r#"{{"t":{t},"t":{t}}}"#)), duplicate("t"));
        assert_eq!(json(r#"{"__metadata__":{"a":"1","\u0061":"2"}}"#), duplicate("a"));
        assert_eq!(json(r#"{"__metadata__":{},"__metadata__":{}}"#), duplicate("__metadata__"));
        assert_eq!(
            json(r#"{"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#),
            duplicate("dtype")
        );
        let deep = format!("{{\"t\":{}{}}}", "[".repeat(40), "]".repeat(40));
        assert_eq!(json(&deep), JsonFault::TooDeep { limit: 32 });
        let mut file = file("{\"a\":\"x\"}", 0);
        file[12] = 0xff;
        let header = header_of(TensorFormat::Safetensors, &file, &Limits::default());
        assert!(matches!(header, Err(FormatFault::Json(JsonFault::NotJson { .. }))), "{header:?}");
    }

    #[test]
    fn entries_have_three_members_and_metadata_are_strings() {
        for bad in [
            "{}",
            "[]",
            r#"["U8",[0],[0,0]]"#,
            "null",
            "3",
            r#"{"dtype":"U8","shape":[0]}"#,
            r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}"#,
            r#"{"dtype":1,"shape":[0],"data_offsets":[0,0]}"#,
            r#"{"dtype":"U8","shape":0,"data_offsets":[0,0]}"#,
            r#"{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}"#,
            r#"{"dtype":"U8","shape":[0.0],"data_offsets":[0,0]}"#,
            r#"{"dtype":"U8","shape":["0"],"data_offsets":[0,0]}"#,
            r#"{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,0]}"#,
            r#"{"dtype":"U8","shape":[0],"data_offsets":[0]}"#,
            r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}"#,
            r#"{"dtype":"U8","shape":[0],"data_offsets":{"0":0,"1":0}}"#,
            r#"{"dtype":"U8","shape":[0],"data_offsets":[0,-1]}"#,
        ] {
            let header = read(&format!(r#"{{"t":{bad}}}"#), 0);
            assert!(
                matches!(&header, Err(FormatFault::Entry { tensor, .. }) if tensor == "t"),
                "{bad}: {header:?}"
            );
        }
        for bad in ["null", "[]", r#""x""#, r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":["x"]}"#] {
            let header = read(&format!(r#"{{"__metadata__":{bad}}}"#), 0);
            assert!(matches!(header, Err(FormatFault::Metadata { .. })), "{bad}: {header:?}");
        }
    }

    #[test]
    fn tensors_that_lie_are_refused() {
        let tensor = || "t".to_owned();
        let of = |dtype: &str, shape: &str, begin: u64, end: u64, data: usize| {
            read(&format!(r#"{{"t":{}}}"#, entry(dtype, shape, begin, end)), data).unwrap_err()
        };
        let length = |expected, found| FormatFault::Length { tensor: tensor(), expected, found };
        assert_eq!(of("F32", "[2]", 0, 7, 7), length(8, 7));
        assert_eq!(of("F32", "[2]", 0, 9, 9), length(8, 9));
        assert_eq!(of("F32", "[]", 0, 0, 0), length(4, 0));
        assert_eq!(of("F32", "[2]", 8, 0, 8), FormatFault::Inverted { tensor: tensor(), begin: 8, end: 0 });
        let overflow = || FormatFault::Overflow { tensor: tensor() };
        assert_eq!(of("U8", "[4294967296,4294967296]", 0, 0, 0), overflow());
        assert_eq!(of("F64", "[2305843009213693952]", 0, 0, 0), overflow());
        let end = u64::MAX / 8;
        let outside = of("U8", &format!("[{end}]"), 0, end, 0);
        assert!(matches!(outside, FormatFault::Outside { .. }), "{outside}");
        let outside = of("U8", "[1]", u64::MAX - 1, u64::MAX, 0);
        assert!(matches!(outside, FormatFault::Outside { end: u64::MAX, .. }), "{outside}");
        assert!(matches!(of("U8", "[4]", 0, 4, 3), FormatFault::Outside { .. }));
        assert!(matches!(of("U8", "[4]", 0, 4, 5), FormatFault::Trailing { .. }));
        assert!(matches!(of("U8", "[4]", 1, 5, 5), FormatFault::Hole { .. }));
        let two = |one: (u64, u64), other: (u64, u64)| {
            let of = |(begin, end)| entry("U8", &format!("[{}]", end - begin), begin, end);
            read(&format!(r#"{{"t":{},"u":{}}}"#, of(one), of(other)), 10)
        };
        assert!(two((4, 10), (0, 4)).is_ok());
        assert!(matches!(two((0, 5), (4, 10)), Err(FormatFault::Overlap { .. })));
        assert!(matches!(two((0, 10), (0, 10)), Err(FormatFault::Overlap { .. })));
        assert!(matches!(two((0, 10), (3, 5)), Err(FormatFault::Overlap { .. })));
        assert!(matches!(two((0, 4), (5, 10)), Err(FormatFault::Hole { .. })));
    }

    #[test]
    fn the_length_of_the_header_is_believed_only_within_file_and_limit() {
        let of = |bytes: &[u8], limits: &Limits| header_of(TensorFormat::Safetensors, bytes, limits);
        let limits = Limits::default();
        for short in 0..8 {
            let fault = FormatFault::Truncated { expected: 8, found: short as u64 };
            assert_eq!(of(&vec![0; short], &limits), Err(fault));
        }
        for size in [3, 1 << 40, u64::MAX] {
            let file = [&u64::to_le_bytes(size)[..], b"{}"].concat();
            let fault = FormatFault::Truncated { expected: size.saturating_add(8), found: 10 };
            assert_eq!(of(&file, &limits), Err(fault));
        }
        let limits = Limits { header_bytes: 100, ..limits };
        assert!(of(&file(&format!("{{}}{}", " ".repeat(98)), 0), &limits).is_ok());
        let what = "the size of the header in bytes";
        let fault = FormatFault::Limit { what, limit: 100, found: 101 };
        assert_eq!(of(&file(&format!("{{}}{}", " ".repeat(99)), 0), &limits), Err(fault));
    }

    #[test]
    fn counts_and_names_are_limited() {
        let mut limits = Limits::default();
        (limits.tensors, limits.tensor_dimensions, limits.tensor_name_bytes) = (2, 3, 4);
        let of = |members: &[(&str, &str)]| {
            let member = |(name, shape): &(&str, &str)| format!(r#""{name}":{}"#, entry("U8", shape, 0, 0));
            let members: Vec<String> = members.iter().map(member).collect();
            header_of(TensorFormat::Safetensors, &file(&format!("{{{}}}", members.join(",")), 0), &limits)
        };
        assert!(of(&[("abcd", "[0,0,0]"), ("b", "[0]")]).is_ok());
        let limit = |what, limit, found| Err(FormatFault::Limit { what, limit, found });
        assert_eq!(of(&[("abcde", "[0]")]), limit("the length of the name of a tensor in bytes", 4, 5));
        let fault = FormatFault::Dimensions { tensor: "a".into(), limit: 3, found: 4 };
        assert_eq!(of(&[("a", "[0,0,0,0]")]), Err(fault));
        assert_eq!(of(&[("a", "[0]"), ("b", "[0]"), ("c", "[0]")]), limit("the number of tensors", 2, 3));
        let many: Vec<String> = (0..1_001).map(|name| format!(r#""{name}":0"#)).collect();
        let many = file(&format!("{{{}}}", many.join(",")), 0);
        let header = header_of(TensorFormat::Safetensors, &many, &limits);
        assert_eq!(header, limit("the number of members of one object", 1_000, 1_001));
        // However much the caller allows.
        limits.tensor_dimensions = usize::MAX;
        for (count, good) in [(64, true), (65, false)] {
            let text = format!(r#"{{"a":{}}}"#, entry("U8", &format!("[0{}]", ",1".repeat(count - 1)), 0, 0));
            let header = header_of(TensorFormat::Safetensors, &file(&text, 0), &limits);
            assert_eq!(header.is_ok(), good, "{header:?}");
        }
    }
}
