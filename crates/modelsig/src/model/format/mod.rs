//! Files of tensors: what their headers say, in bytes of the file.
//!
//! [`safetensors`] and [`gguf`] read one header each, [`index`] the list that spreads a model over several
//! safetensors files. A header is read through a function that hands out verified bytes, so that no byte of it is
//! looked at before it is known to be the signed one. A good signature does not make a header sane, though (row 27 of
//! the threat model): sizes and places are checked with 64-bit arithmetic that cannot wrap, and the tensors have to
//! fill the file: no byte in two of them, none in no tensor, alignment padding of GGUF apart.
//!
//! Work and memory are linear in the bytes of the header, which are limited.

mod fault;
mod ggml;
mod gguf;
mod index;
mod metadata;
mod safetensors;
mod window;

use std::collections::BTreeMap;

use modelsig_hash::ByteRange;

use crate::Limits;
pub use fault::FormatFault;
pub use index::SafetensorsIndex;
pub(crate) use index::parse_index;
use window::Window;

/// A format of files that hold tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TensorFormat {
    /// <https://github.com/huggingface/safetensors>
    Safetensors,
    /// <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3, little-endian.
    Gguf,
}

/// A tensor as a header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tensor {
    /// The name, as it stands in the header.
    pub name: String,
    /// The type of its elements as the format names it: `F32`, `BF16`, `Q4_K`.
    pub dtype: String,
    /// Elements along each dimension, in the order of the header: safetensors begins with the outermost dimension,
    /// GGUF with the innermost. Empty for a scalar.
    pub shape: Vec<u64>,
    /// The bytes of its data in the file.
    pub range: ByteRange,
}

/// What the header of a file of tensors says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The format.
    pub format: TensorFormat,
    /// The tensors in the order of their data. Those of no bytes stand before what begins at the same place.
    pub tensors: Vec<Tensor>,
    /// The bytes of the file that the header takes, without alignment padding after it.
    pub header: ByteRange,
    /// `__metadata__` of a safetensors file; empty for GGUF.
    pub metadata: BTreeMap<String, String>,
    /// What only a GGUF file says.
    pub gguf: Option<GgufMetadata>,
}

/// The metadata of a GGUF file that say where its tensors are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GgufMetadata {
    /// The version of the format: 2 or 3.
    pub version: u32,
    /// Every tensor begins at a multiple of so many bytes.
    pub alignment: u64,
    /// Set for one of several files of a model.
    pub split: Option<GgufSplit>,
}

/// Which of the files of a model a GGUF file is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GgufSplit {
    /// The number of the file, from 0 (`split.no`).
    pub number: u64,
    /// How many files there are (`split.count`).
    pub count: u64,
    /// How many tensors all the files have together (`split.tensors.count`).
    pub tensors: Option<u64>,
}

impl TensorFormat {
    /// The format that the extension of a file name stands for.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit('/').next()?.rsplit_once('.')?;
        if stem.is_empty() {
            None
        } else if extension.eq_ignore_ascii_case("safetensors") {
            Some(Self::Safetensors)
        } else if extension.eq_ignore_ascii_case("gguf") {
            Some(Self::Gguf)
        } else {
            None
        }
    }

    /// The name of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Gguf => "GGUF",
        }
    }
}

impl std::fmt::Display for TensorFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// An error in a build that reads no headers.
fn built() -> Result<(), FormatFault> {
    if cfg!(feature = "tensors") { Ok(()) } else { Err(FormatFault::NotBuilt) }
}

/// Reads the header of a file of `length` bytes. `read` hands out verified bytes of the file, exactly those asked for:
/// consecutive ranges from the start of the file on, which go at most 8 MiB beyond the header.
pub(crate) fn read_header<E: From<FormatFault>>(
    format: TensorFormat,
    length: u64,
    limits: &Limits,
    read: &mut dyn FnMut(ByteRange) -> Result<Vec<u8>, E>,
) -> Result<Header, E> {
    built()?;
    match format {
        TensorFormat::Safetensors => safetensors::read_header(length, limits, read),
        TensorFormat::Gguf => gguf::read_header(length, limits, read),
    }
}

/// The bytes of a tensor whose data begin `offset` bytes after `data`.
fn place(tensor: &str, data: u64, offset: u64, size: u64, length: u64) -> Result<ByteRange, FormatFault> {
    let start = data.checked_add(offset);
    let end = start.and_then(|start| start.checked_add(size));
    let range = start.zip(end).and_then(|(start, end)| ByteRange::new(start, end).ok());
    match range {
        Some(range) if range.end() <= length => Ok(range),
        _ => Err(FormatFault::Outside { tensor: tensor.into(), end: end.unwrap_or(u64::MAX), length }),
    }
}

/// The number of elements of a tensor.
fn elements(tensor: &str, shape: &[u64]) -> Result<u64, FormatFault> {
    let product = shape.iter().try_fold(1u64, |product, dimension| product.checked_mul(*dimension));
    product.ok_or_else(|| FormatFault::Overflow { tensor: tensor.into() })
}

/// Orders the tensors by place. They have to fill the file from the end of the header on; each begins at the next
/// multiple of `alignment`, and padding after the last does not go beyond one.
fn arrange(tensors: &mut [Tensor], header: u64, length: u64, alignment: u64) -> Result<(), FormatFault> {
    let aligned = |place: u64| place.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
    tensors.sort_unstable_by(|one, other| (one.range, &one.name).cmp(&(other.range, &other.name)));
    let mut end = header;
    let mut before: Option<&Tensor> = None;
    for tensor in &*tensors {
        let found = tensor.range.start();
        if found < end {
            let other = before.map(|before| before.name.clone());
            return Err(FormatFault::Overlap { tensor: tensor.name.clone(), other, expected: end, found });
        }
        if let Some(range) = gap(aligned(end), found) {
            return Err(FormatFault::Hole { tensor: tensor.name.clone(), range });
        }
        end = tensor.range.end();
        before = Some(tensor);
    }
    match gap(aligned(end), length) {
        Some(range) => Err(FormatFault::Trailing { range }),
        None => Ok(()),
    }
}

/// The bytes from one place to another, unless there are none.
fn gap(from: u64, to: u64) -> Option<ByteRange> {
    ByteRange::new(from, to).ok().filter(|range| !range.is_empty())
}

/// Reads a header from bytes in memory; tests and the fuzzer share it.
#[cfg(any(test, fuzzing))]
pub(crate) fn header_of(format: TensorFormat, file: &[u8], limits: &Limits) -> Result<Header, FormatFault> {
    let mut end = 0;
    read_header(format, file.len() as u64, limits, &mut |range: ByteRange| {
        assert!(range.start() == end && !range.is_empty(), "in order, each byte once");
        end = range.end();
        Ok(file[range.start() as usize..range.end() as usize].to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_tells_the_format() {
        for (name, format) in [
            ("model.safetensors", Some(TensorFormat::Safetensors)),
            ("a.b/model-00001-of-00002.SafeTensors", Some(TensorFormat::Safetensors)),
            ("x.gguf", Some(TensorFormat::Gguf)),
            ("x.Q4_K_M.GGUF", Some(TensorFormat::Gguf)),
            ("model.safetensors.index.json", None),
            ("safetensors", None),
            (".gguf", None),
            ("a.gguf/b", None),
            ("a.gguf2", None),
            ("", None),
        ] {
            assert_eq!(TensorFormat::of_name(name), format, "{name}");
        }
    }

    fn tensor(name: &str, start: u64, end: u64) -> Tensor {
        let range = ByteRange::new(start, end).unwrap();
        Tensor { name: name.into(), dtype: "U8".into(), shape: vec![range.length()], range }
    }

    /// Header to byte 10.
    fn arranged(tensors: &[Tensor], length: u64, alignment: u64) -> Result<Vec<String>, FormatFault> {
        let mut tensors = tensors.to_vec();
        arrange(&mut tensors, 10, length, alignment)?;
        Ok(tensors.into_iter().map(|tensor| tensor.name).collect())
    }

    #[test]
    fn tensors_fill_the_file() {
        let file = [tensor("b", 12, 20), tensor("empty", 12, 12), tensor("a", 10, 12), tensor("end", 20, 20)];
        assert_eq!(arranged(&file, 20, 1).unwrap(), ["a", "empty", "b", "end"]);
        assert_eq!(arranged(&[], 10, 1).unwrap(), [""; 0]);
        let hole = |name: &str, start, end| FormatFault::Hole {
            tensor: name.into(),
            range: ByteRange::new(start, end).unwrap(),
        };
        let trailing = |start, end| FormatFault::Trailing { range: ByteRange::new(start, end).unwrap() };
        let overlap = |name: &str, other: Option<&str>, expected, found| FormatFault::Overlap {
            tensor: name.into(),
            other: other.map(str::to_owned),
            expected,
            found,
        };
        assert_eq!(arranged(&[tensor("a", 11, 12)], 12, 1), Err(hole("a", 10, 11)));
        assert_eq!(arranged(&[tensor("a", 10, 12), tensor("b", 13, 14)], 14, 1), Err(hole("b", 12, 13)));
        assert_eq!(arranged(&[tensor("a", 10, 12)], 13, 1), Err(trailing(12, 13)));
        assert_eq!(arranged(&[], 11, 1), Err(trailing(10, 11)));
        assert_eq!(arranged(&[tensor("a", 9, 12)], 12, 1), Err(overlap("a", None, 10, 9)));
        let twice = [tensor("a", 10, 12), tensor("b", 10, 12)];
        assert_eq!(arranged(&twice, 12, 1), Err(overlap("b", Some("a"), 12, 10)));
        let inside = [tensor("a", 10, 12), tensor("empty", 11, 11)];
        assert_eq!(arranged(&inside, 12, 1), Err(overlap("empty", Some("a"), 12, 11)));
    }

    #[test]
    fn padding_up_to_the_alignment_is_no_hole() {
        let file = [tensor("a", 32, 40), tensor("b", 64, 65), tensor("empty", 96, 96)];
        for (length, range) in [(96, None), (97, Some((96, 97)))] {
            let expected = range.map(|(from, to)| ByteRange::new(from, to).unwrap());
            let found = match arranged(&file, length, 32) {
                Ok(_) => None,
                Err(FormatFault::Trailing { range }) => Some(range),
                Err(fault) => panic!("{fault}"),
            };
            assert_eq!(found, expected, "{length}");
        }
        // Without any tensor the file may end with its header or with the padding after it.
        for length in [10, 11, 32] {
            assert_eq!(arranged(&[], length, 32).unwrap(), [""; 0]);
        }
        assert!(matches!(arranged(&[], 33, 32), Err(FormatFault::Trailing { .. })));
        let far = [tensor("a", 32, 40), tensor("b", 96, 97)];
        assert!(matches!(arranged(&far, 97, 32), Err(FormatFault::Hole { .. })));
        let near = [tensor("a", 32, u64::MAX)];
        assert_eq!(arranged(&near, u64::MAX, 32).unwrap(), ["a"]);
    }

    #[test]
    fn places_and_sizes_do_not_wrap() {
        let outside = |end| Err(FormatFault::Outside { tensor: "a".into(), end, length: 20 });
        assert_eq!(place("a", 10, 5, 5, 20), Ok(ByteRange::new(15, 20).unwrap()));
        assert_eq!(place("a", 10, 10, 0, 20), Ok(ByteRange::new(20, 20).unwrap()));
        assert_eq!(place("a", 10, 5, 6, 20), outside(21));
        assert_eq!(place("a", 10, u64::MAX, 1, 20), outside(u64::MAX));
        assert_eq!(place("a", 10, 1, u64::MAX - 5, 20), outside(u64::MAX));
        assert_eq!(elements("a", &[]), Ok(1));
        assert_eq!(elements("a", &[3, 0, 7]), Ok(0));
        assert_eq!(elements("a", &[u64::MAX, 1]), Ok(u64::MAX));
        assert_eq!(elements("a", &[1 << 32, 1 << 32]), Err(FormatFault::Overflow { tensor: "a".into() }));
    }

    #[test]
    fn an_error_of_the_reader_comes_through() {
        #[derive(Debug, PartialEq)]
        enum Mine {
            Read,
            Format(FormatFault),
        }
        impl From<FormatFault> for Mine {
            fn from(fault: FormatFault) -> Self {
                Self::Format(fault)
            }
        }
        for format in [TensorFormat::Safetensors, TensorFormat::Gguf] {
            let limits = Limits::default();
            let header = read_header(format, 100, &limits, &mut |_| Err(Mine::Read));
            assert_eq!(header, Err(Mine::Read));
            let header = read_header(format, 3, &limits, &mut |_| Err(Mine::Read));
            assert!(
                matches!(header, Err(Mine::Format(FormatFault::Truncated { found: 3, .. }))),
                "{header:?}"
            );
        }
    }

    #[test]
    fn what_is_beyond_a_limit_or_this_version_is_not_called_malformed() {
        use crate::outcome::ErrorKind;
        use crate::{JsonFault, PathFault};
        let tensor = || "t".to_owned();
        for (kind, fault) in [
            (ErrorKind::Limit, FormatFault::Limit { what: "it", limit: 1, found: 2 }),
            (ErrorKind::Limit, FormatFault::Dimensions { tensor: tensor(), limit: 4, found: 5 }),
            (ErrorKind::Limit, FormatFault::ArrayDepth { key: "k".into(), limit: 32 }),
            (ErrorKind::Limit, JsonFault::TooManyMembers { limit: 7 }.into()),
            (
                ErrorKind::Limit,
                FormatFault::FileName { tensor: tensor(), file: "f".into(), fault: PathFault::TooLong },
            ),
            (
                ErrorKind::Malformed,
                FormatFault::FileName { tensor: tensor(), file: "".into(), fault: PathFault::Empty },
            ),
            (ErrorKind::Unsupported, FormatFault::Version { found: 1 }),
            (ErrorKind::Unsupported, FormatFault::BigEndian { version: 3 }),
            (ErrorKind::Unsupported, FormatFault::Dtype { tensor: tensor(), found: "F1".into() }),
            (ErrorKind::Unsupported, FormatFault::GgmlType { tensor: tensor(), found: 99 }),
            (ErrorKind::Malformed, FormatFault::Magic { found: [0; 4] }),
            (ErrorKind::Malformed, JsonFault::ByteOrderMark.into()),
        ] {
            assert_eq!(fault.kind(), kind, "{fault}");
        }
    }

    #[test]
    fn names_in_messages_are_escaped() {
        let fault = FormatFault::Outside { tensor: "a\u{1b}[2K".into(), end: 2, length: 1 };
        assert_eq!(
            fault.to_string(),
            r#"tensor "a\u{1b}[2K" goes on to byte 2, but the file ends at byte 1"#
        );
    }
}
