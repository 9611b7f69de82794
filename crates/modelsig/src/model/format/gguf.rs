//! The header of a GGUF file (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>), versions 2 and 3.
//!
//! Refuses: version 1 and big-endian files as unsupported; names that are too long, no UTF-8 or there twice; types that
//! GGML does not have; rows that are not whole blocks; offsets that are not aligned; data that leave the file, overlap
//! or leave bytes between or behind them to no tensor, alignment padding apart; and what [`metadata`] refuses.

use modelsig_hash::ByteRange;

use super::ggml::GgmlType;
use super::{FormatFault, Header, Tensor, TensorFormat, Window, arrange, elements, metadata, place};
use crate::Limits;

const MAGIC: [u8; 4] = *b"GGUF";
/// GGML has no tensors of more dimensions (`GGML_MAX_DIMS`).
const DIMENSIONS: usize = 4;
/// What the description of a tensor takes at least: lengths, type and offset.
const LEAST_INFO: u64 = 8 + 4 + 4 + 8;

pub(super) fn read_header<E: From<FormatFault>>(
    length: u64,
    limits: &Limits,
    read: &mut dyn FnMut(ByteRange) -> Result<Vec<u8>, E>,
) -> Result<Header, E> {
    let mut window = Window::new(length, limits.header_bytes, read);
    let version = version(&mut window)?;
    let count = window.u64()?;
    if count > limits.tensors as u64 {
        let what = "the number of tensors";
        return Err(FormatFault::Limit { what, limit: limits.tensors as u64, found: count }.into());
    }
    let entries = window.u64()?;
    let metadata = metadata::read(&mut window, version, entries, limits)?;
    let alignment = metadata.alignment;
    window.demand(count.saturating_mul(LEAST_INFO))?;
    let mut described = Vec::new();
    for entry in 0..count {
        described.push(describe(&mut window, entry, alignment, limits)?);
    }
    let end = window.position();
    Ok(Header {
        format: TensorFormat::Gguf,
        tensors: tensors(described, end, length, alignment)?,
        header: ByteRange::whole(end),
        metadata: Default::default(),
        gguf: Some(metadata),
    })
}

fn version<E: From<FormatFault>>(window: &mut Window<'_, E>) -> Result<u32, E> {
    let found: [u8; 4] = window.array()?;
    if found != MAGIC {
        return Err(FormatFault::Magic { found }.into());
    }
    match window.u32()? {
        version @ (2 | 3) => Ok(version),
        // A small number in the other byte order, as GGML tells it.
        found if found & 0xffff == 0 && found != 0 => {
            Err(FormatFault::BigEndian { version: found.swap_bytes() }.into())
        }
        found => Err(FormatFault::Version { found }.into()),
    }
}

/// A tensor whose place is not known before the header ends.
struct Described {
    name: String,
    dtype: GgmlType,
    shape: Vec<u64>,
    /// From the start of the data section.
    offset: u64,
    /// Of its data, in bytes.
    size: u64,
}

fn describe<E: From<FormatFault>>(
    window: &mut Window<'_, E>,
    entry: u64,
    alignment: u64,
    limits: &Limits,
) -> Result<Described, E> {
    let tensor = name(window, entry, limits)?;
    let dimensions = window.u32()?;
    let limit = limits.tensor_dimensions.min(DIMENSIONS) as u64;
    if u64::from(dimensions) > limit {
        return Err(FormatFault::Dimensions { tensor, limit, found: dimensions.into() }.into());
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        shape.push(window.u64()?);
    }
    let number = window.u32()?;
    let offset = window.u64()?;
    let Some(dtype) = GgmlType::of(number) else {
        return Err(FormatFault::GgmlType { tensor, found: number }.into());
    };
    let size = size(&tensor, dtype, &shape)?;
    if !offset.is_multiple_of(alignment) {
        return Err(FormatFault::Misaligned { tensor, expected: alignment, found: offset }.into());
    }
    Ok(Described { name: tensor, dtype, shape, offset, size })
}

fn name<E: From<FormatFault>>(window: &mut Window<'_, E>, entry: u64, limits: &Limits) -> Result<String, E> {
    let length = window.u64()?;
    let limit = limits.tensor_name_bytes as u64;
    if length > limit {
        let what = "the length of the name of a tensor in bytes";
        return Err(FormatFault::Limit { what, limit, found: length }.into());
    }
    let bytes = window.take(length)?.to_vec();
    Ok(String::from_utf8(bytes).map_err(|_| FormatFault::NameNotUtf8 { entry })?)
}

/// Bytes of the data of a tensor, whose rows are whole blocks.
fn size(tensor: &str, dtype: GgmlType, shape: &[u64]) -> Result<u64, FormatFault> {
    let row = shape.first().copied().unwrap_or(1);
    if !row.is_multiple_of(dtype.block) {
        let (dtype, expected) = (dtype.name, dtype.block);
        return Err(FormatFault::PartialBlock { tensor: tensor.into(), dtype, expected, found: row });
    }
    let blocks = elements(tensor, shape)?.checked_div(dtype.block);
    let bytes = blocks.and_then(|blocks| blocks.checked_mul(dtype.bytes));
    bytes.ok_or_else(|| FormatFault::Overflow { tensor: tensor.into() })
}

/// Puts the tensors to their places behind the header.
fn tensors(
    described: Vec<Described>,
    header: u64,
    length: u64,
    alignment: u64,
) -> Result<Vec<Tensor>, FormatFault> {
    let mut names: Vec<&str> = described.iter().map(|described| described.name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(*one),
        _ => None,
    });
    if let Some(tensor) = twice {
        return Err(FormatFault::DuplicateTensor { tensor: tensor.into() });
    }
    let data = header.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
    let tensor = |described: Described| -> Result<Tensor, FormatFault> {
        let Described { name, dtype, shape, offset, size } = described;
        let range = place(&name, data, offset, size, length)?;
        Ok(Tensor { name, dtype: dtype.name.into(), shape, range })
    };
    let mut tensors: Vec<Tensor> = described.into_iter().map(tensor).collect::<Result<_, _>>()?;
    arrange(&mut tensors, header, length, alignment)?;
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::format::{GgufMetadata, GgufSplit, header_of};

    /// The parts of a file; what a writer would compute can be set by hand.
    struct Writer {
        version: u32,
        entries: Vec<Vec<u8>>,
        tensors: Vec<Vec<u8>>,
        alignment: usize,
        /// Where the next tensor goes in the data section.
        offset: u64,
    }

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
    }

    fn entry(key: &str, value_type: u32, value: &[u8]) -> Vec<u8> {
        [&text(key)[..], &value_type.to_le_bytes(), value].concat()
    }

    fn described(name: &str, shape: &[u64], number: u32, offset: u64) -> Vec<u8> {
        let mut bytes = text(name);
        bytes.extend((shape.len() as u32).to_le_bytes());
        bytes.extend(shape.iter().flat_map(|dimension| dimension.to_le_bytes()));
        bytes.extend(number.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes
    }

    impl Writer {
        fn new(version: u32) -> Self {
            Self { version, entries: Vec::new(), tensors: Vec::new(), alignment: 32, offset: 0 }
        }

        fn entry(mut self, key: &str, value_type: u32, value: &[u8]) -> Self {
            self.entries.push(entry(key, value_type, value));
            self
        }

        fn alignment(mut self, alignment: u32) -> Self {
            self.alignment = alignment as usize;
            self.entry("general.alignment", 4, &alignment.to_le_bytes())
        }

        /// A tensor of `size` bytes where the one before ends, aligned.
        fn tensor(mut self, name: &str, shape: &[u64], number: u32, size: u64) -> Self {
            self.tensors.push(described(name, shape, number, self.offset));
            self.offset = (self.offset + size).next_multiple_of(self.alignment as u64);
            self
        }

        fn header(&self) -> Vec<u8> {
            let mut file = b"GGUF".to_vec();
            file.extend(self.version.to_le_bytes());
            file.extend((self.tensors.len() as u64).to_le_bytes());
            file.extend((self.entries.len() as u64).to_le_bytes());
            file.extend(self.entries.concat());
            file.extend(self.tensors.concat());
            file
        }

        /// With padding after the header and after each tensor, the last one too.
        fn file(&self) -> Vec<u8> {
            let mut file = self.header();
            file.resize(file.len().next_multiple_of(self.alignment) + self.offset as usize, 0);
            file
        }

        fn read(&self) -> Result<Header, FormatFault> {
            read(&self.file())
        }
    }

    fn read(file: &[u8]) -> Result<Header, FormatFault> {
        header_of(TensorFormat::Gguf, file, &Limits::default())
    }

    /// Every value type, and arrays of each.
    fn all_values(mut writer: Writer) -> Writer {
        let widths = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
        for (value_type, width) in (0u32..).zip(widths).filter(|(_, width)| *width > 0) {
            let value = vec![1; width];
            writer = writer.entry(&format!("a.value_{value_type}"), value_type, &value);
            let array = [&value_type.to_le_bytes()[..], &3u64.to_le_bytes(), &value.repeat(3)].concat();
            writer = writer.entry(&format!("a.array_{value_type}"), 9, &array);
        }
        let texts = [&8u32.to_le_bytes()[..], &2u64.to_le_bytes(), &text("un"), &text("\u{e9}")].concat();
        let none = [&8u32.to_le_bytes()[..], &0u64.to_le_bytes()].concat();
        let nested = [&9u32.to_le_bytes()[..], &2u64.to_le_bytes(), &texts, &none].concat();
        let not_utf8 = [&2u64.to_le_bytes()[..], b"\xff\xfe"].concat();
        writer
            .entry("general.name", 8, &text("a name"))
            .entry("tokenizer.bytes", 8, &not_utf8)
            .entry("tokenizer.tokens", 9, &texts)
            .entry("a.nested", 9, &nested)
    }

    #[test]
    fn versions_2_and_3_are_read() {
        for version in [2, 3] {
            let writer = all_values(Writer::new(version))
                .tensor("token_embd.weight", &[256, 3], 12, 3 * 144)
                .tensor("norm.weight", &[5], 0, 20)
                .tensor("scalar", &[], 30, 2)
                .tensor("none", &[32, 0], 8, 0)
                .tensor("last", &[32, 1, 1, 2], 39, 34);
            let header = writer.read().unwrap();
            let end = writer.header().len() as u64;
            assert_eq!(header.format, TensorFormat::Gguf);
            assert_eq!(header.header, ByteRange::whole(end));
            assert!(header.metadata.is_empty());
            assert_eq!(header.gguf, Some(GgufMetadata { version, alignment: 32, split: None }));
            let data = end.next_multiple_of(32);
            let facts: Vec<_> = header
                .tensors
                .iter()
                .map(|tensor| {
                    let (start, end) = (tensor.range.start() - data, tensor.range.end() - data);
                    (tensor.name.as_str(), tensor.dtype.as_str(), &tensor.shape[..], start, end)
                })
                .collect();
            assert_eq!(
                facts,
                [
                    ("token_embd.weight", "Q4_K", &[256, 3][..], 0, 432),
                    ("norm.weight", "F32", &[5], 448, 468),
                    ("scalar", "BF16", &[], 480, 482),
                    ("none", "Q8_0", &[32, 0], 512, 512),
                    ("last", "MXFP4", &[32, 1, 1, 2], 512, 546),
                ]
            );
        }
    }

    #[test]
    fn the_padding_after_the_last_tensor_may_be_left_out() {
        let writer = Writer::new(3).tensor("a", &[3], 24, 3);
        let file = writer.file();
        let data = file.len() - 32;
        for (length, good) in [(data + 2, false), (data + 3, true), (data + 31, true), (data + 32, true)] {
            assert_eq!(read(&file[..length]).is_ok(), good, "{length}");
        }
        let long = [&file[..], &[0]].concat();
        assert!(matches!(read(&long), Err(FormatFault::Trailing { .. })));
        // A file of metadata alone.
        let writer = Writer::new(3).entry("general.type", 8, &text("vocab"));
        for file in [writer.header(), writer.file()] {
            assert_eq!(read(&file).map(|header| header.tensors), Ok(vec![]));
        }
        assert_eq!(Writer::new(2).read().map(|header| header.tensors), Ok(vec![]));
    }

    #[test]
    fn the_order_of_the_header_need_not_be_that_of_the_data() {
        let mut writer = Writer::new(3);
        writer.tensors = vec![described("late", &[32], 24, 32), described("early", &[32], 24, 0)];
        writer.offset = 64;
        let names: Vec<_> = writer.read().unwrap().tensors.into_iter().map(|tensor| tensor.name).collect();
        assert_eq!(names, ["early", "late"]);
    }

    #[test]
    fn alignment_is_a_power_of_two_from_8_on() {
        for alignment in [8, 16, 64, 4096] {
            let writer =
                Writer::new(3).alignment(alignment).tensor("a", &[3], 24, 3).tensor("b", &[1], 24, 1);
            let header = writer.read().unwrap();
            assert!(header.tensors.iter().all(|tensor| tensor.range.start() % u64::from(alignment) == 0));
            assert_eq!(header.gguf.map(|gguf| gguf.alignment), Some(alignment.into()));
        }
        for alignment in [0u32, 1, 2, 4, 12, 24, 33, u32::MAX] {
            let bytes = alignment.to_le_bytes();
            let header = Writer::new(3).entry("general.alignment", 4, &bytes).read();
            assert_eq!(header, Err(FormatFault::Alignment { found: alignment.into() }));
        }
        let header = Writer::new(3).entry("general.alignment", 10, &32u64.to_le_bytes()).read();
        assert!(matches!(header, Err(FormatFault::ValueTypeMismatch { found: 10, .. })), "{header:?}");
        let mut writer = Writer::new(3).alignment(64);
        writer.tensors = vec![described("a", &[1], 24, 32)];
        let fault = FormatFault::Misaligned { tensor: "a".into(), expected: 64, found: 32 };
        assert_eq!(writer.read(), Err(fault));
    }

    #[test]
    fn which_of_several_files_it_is() {
        let split = |number: Option<(u32, &[u8])>, count: Option<u16>, tensors: Option<i32>| {
            let mut writer = Writer::new(3);
            if let Some((value_type, bytes)) = number {
                writer = writer.entry("split.no", value_type, bytes);
            }
            if let Some(count) = count {
                writer = writer.entry("split.count", 2, &count.to_le_bytes());
            }
            if let Some(tensors) = tensors {
                writer = writer.entry("split.tensors.count", 5, &tensors.to_le_bytes());
            }
            writer.read().map(|header| header.gguf.and_then(|gguf| gguf.split))
        };
        let is = |number, count, tensors| Ok(Some(GgufSplit { number, count, tensors }));
        assert_eq!(split(Some((2, &[1, 0])), Some(3), Some(291)), is(1, 3, Some(291)));
        assert_eq!(split(Some((4, &[1, 0, 0, 0])), Some(2), None), is(1, 2, None));
        assert_eq!(split(Some((0, &[200])), Some(201), None), is(200, 201, None));
        assert_eq!(split(Some((10, &[0; 8])), Some(1), None), is(0, 1, None));
        assert_eq!(split(Some((2, &[0, 0])), Some(0), Some(291)), Ok(None), "merged");
        assert_eq!(split(None, None, None), Ok(None));
        assert_eq!(
            split(Some((2, &[3, 0])), Some(3), None),
            Err(FormatFault::SplitNumber { number: 3, count: 3 })
        );
        let incomplete = |missing| Err(FormatFault::SplitIncomplete { missing });
        assert_eq!(split(Some((2, &[0, 0])), None, None), incomplete("split.count"));
        assert_eq!(split(None, Some(3), None), incomplete("split.no"));
        let negative = |key: &str, found| Err(FormatFault::Negative { key: key.into(), found });
        assert_eq!(split(Some((1, &[0xff])), Some(3), None), negative("split.no", -1));
        assert_eq!(split(Some((11, &[0xff; 8])), Some(3), None), negative("split.no", -1));
        assert_eq!(split(Some((3, &[0, 0x80])), Some(3), None), negative("split.no", -32_768));
        assert_eq!(split(Some((2, &[0, 0])), Some(3), Some(-7)), negative("split.tensors.count", -7));
        assert!(matches!(
            split(Some((6, &[0; 4])), Some(3), None),
            Err(FormatFault::ValueTypeMismatch { found: 6, .. })
        ));
    }

    #[test]
    fn other_files_and_versions_are_refused() {
        let mut file = Writer::new(3).file();
        assert!(read(&file).is_ok());
        file[0] = b'g';
        assert_eq!(read(&file), Err(FormatFault::Magic { found: *b"gGUF" }));
        for version in [0, 1, 4, 5, 65_537] {
            assert_eq!(Writer::new(version).read(), Err(FormatFault::Version { found: version }));
        }
        for version in [2, 3u32] {
            let big = Writer::new(version.swap_bytes()).read();
            assert_eq!(big, Err(FormatFault::BigEndian { version }));
        }
    }

    #[test]
    fn a_header_cut_anywhere_is_refused() {
        let writer = all_values(Writer::new(3)).alignment(64).tensor("a", &[32, 2], 2, 36);
        let file = writer.header();
        for length in 0..file.len() {
            let header = read(&file[..length]);
            assert!(
                matches!(header, Err(FormatFault::Truncated { found, .. }) if found == length as u64),
                "{length}: {header:?}"
            );
        }
    }

    #[test]
    fn metadata_that_lie_are_refused() {
        let of = |key: &str, value_type: u32, value: &[u8]| {
            Writer::new(3).entry(key, value_type, value).read().unwrap_err()
        };
        assert_eq!(of("", 0, &[0]), FormatFault::EmptyKey { entry: 0 });
        let long = of(&"k".repeat(65_536), 0, &[0]);
        assert!(matches!(long, FormatFault::Limit { limit: 65_535, found: 65_536, .. }), "{long}");
        assert!(Writer::new(3).entry(&"k".repeat(65_535), 0, &[0]).read().is_ok());
        let mut writer = Writer::new(3).entry("a", 0, &[0]).entry("kk", 0, &[0]);
        writer.entries[1][8] = 0xff;
        assert_eq!(writer.read(), Err(FormatFault::KeyNotUtf8 { entry: 1 }));
        let twice = Writer::new(3).entry("k", 0, &[0]).entry("l", 0, &[0]).entry("k", 0, &[0]).read();
        assert_eq!(twice, Err(FormatFault::DuplicateKey { key: "k".into() }));
        let key = || "k".to_owned();
        for found in [13, 14, 255, u32::MAX] {
            assert_eq!(of("k", found, &[0; 64]), FormatFault::ValueType { key: key(), found });
            let empty = [&found.to_le_bytes()[..], &0u64.to_le_bytes()].concat();
            assert_eq!(of("k", 9, &empty), FormatFault::ValueType { key: key(), found });
        }
        assert_eq!(of("k", 7, &[2]), FormatFault::Boolean { key: key(), found: 2 });
        let truths = [&7u32.to_le_bytes()[..], &4u64.to_le_bytes(), &[0, 1, 9, 1]].concat();
        assert_eq!(of("k", 9, &truths), FormatFault::Boolean { key: key(), found: 9 });
    }

    #[test]
    fn claims_that_the_file_cannot_hold_are_not_followed_up() {
        let truncated = |value_type: u32, value: &[u8]| {
            let fault = Writer::new(3).entry("k", value_type, value).read().unwrap_err();
            assert!(matches!(fault, FormatFault::Truncated { .. }), "{fault}");
        };
        for count in [1 << 20, 1 << 61, u64::MAX] {
            truncated(8, &u64::to_le_bytes(count));
            for element in (0..13u32).filter(|element| *element != 7) {
                truncated(9, &[&element.to_le_bytes()[..], &count.to_le_bytes()].concat());
            }
        }
        let mut file = Writer::new(3).file();
        file[8..16].copy_from_slice(&1_000_000u64.to_le_bytes());
        assert!(matches!(read(&file), Err(FormatFault::Truncated { .. })));
        file[8..16].copy_from_slice(&1_000_001u64.to_le_bytes());
        assert!(matches!(read(&file), Err(FormatFault::Limit { found: 1_000_001, .. })));
        file[8..16].copy_from_slice(&0u64.to_le_bytes());
        file[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(read(&file), Err(FormatFault::Limit { found: u64::MAX, .. })));
    }

    #[test]
    fn arrays_nest_up_to_the_limit() {
        let nested = |levels: usize| {
            let mut arrays = Vec::new();
            for level in (0..levels).rev() {
                let element: u32 = if level == 0 { 0 } else { 9 };
                arrays.extend_from_slice(&element.to_le_bytes());
                arrays.extend_from_slice(&1u64.to_le_bytes());
            }
            arrays.push(1);
            Writer::new(3).entry("k", 9, &arrays).read()
        };
        assert!(nested(1).is_ok());
        assert!(nested(32).is_ok());
        assert_eq!(nested(33), Err(FormatFault::ArrayDepth { key: "k".into(), limit: 32 }));
        assert_eq!(nested(200_000), Err(FormatFault::ArrayDepth { key: "k".into(), limit: 32 }));
    }

    #[test]
    fn tensors_that_lie_are_refused() {
        let of = |tensors: &[Vec<u8>], data: u64| {
            let mut writer = Writer::new(3);
            (writer.tensors, writer.offset) = (tensors.to_vec(), data);
            writer.read().unwrap_err()
        };
        let one = |shape: &[u64], number: u32, offset: u64, data: u64| {
            of(&[described("t", shape, number, offset)], data)
        };
        let tensor = || "t".to_owned();
        for number in [4, 5, 31, 33, 36, 38, 43, u32::MAX] {
            assert_eq!(one(&[32], number, 0, 32), FormatFault::GgmlType { tensor: tensor(), found: number });
        }
        let block =
            |found| FormatFault::PartialBlock { tensor: tensor(), dtype: "Q4_0", expected: 32, found };
        assert_eq!(one(&[31], 2, 0, 32), block(31));
        assert_eq!(one(&[16, 2], 2, 0, 32), block(16));
        assert_eq!(one(&[], 2, 0, 32), block(1));
        let dimensions = FormatFault::Dimensions { tensor: tensor(), limit: 4, found: 5 };
        assert_eq!(one(&[1, 1, 1, 1, 1], 24, 0, 32), dimensions);
        let overflow = || FormatFault::Overflow { tensor: tensor() };
        assert_eq!(one(&[1 << 32, 1 << 32], 24, 0, 32), overflow());
        assert_eq!(one(&[1 << 62], 0, 0, 32), overflow());
        for (shape, offset) in [(1, u64::MAX - 31), (33, 0), (1, 32), (1 << 60, 0), (1, 1 << 40)] {
            let fault = one(&[shape], 24, offset, 32);
            assert!(matches!(fault, FormatFault::Outside { .. }), "{fault}");
        }
        let misaligned = FormatFault::Misaligned { tensor: tensor(), expected: 32, found: 31 };
        assert_eq!(one(&[1], 24, 31, 32), misaligned);
        assert!(matches!(one(&[1], 24, 32, 64), FormatFault::Hole { .. }));
        assert!(matches!(one(&[1], 24, 0, 64), FormatFault::Trailing { .. }));
        let two = |one: (u64, u64), other: (u64, u64), data| {
            let of = |name: &str, (size, offset): (u64, u64)| described(name, &[size], 24, offset);
            let mut writer = Writer::new(3);
            (writer.tensors, writer.offset) = (vec![of("t", one), of("u", other)], data);
            writer.read()
        };
        assert!(two((33, 0), (1, 64), 96).is_ok());
        assert!(matches!(two((33, 0), (1, 32), 64), Err(FormatFault::Overlap { .. })));
        assert!(matches!(two((1, 0), (1, 0), 32), Err(FormatFault::Overlap { .. })));
        assert!(matches!(two((1, 0), (1, 64), 96), Err(FormatFault::Hole { .. })));
        let twice =
            [described("t", &[32], 24, 0), described("u", &[32], 24, 32), described("t", &[32], 24, 64)];
        assert_eq!(of(&twice, 96), FormatFault::DuplicateTensor { tensor: tensor() });
        let mut not_utf8 = described("tt", &[32], 24, 0);
        not_utf8[9] = 0xff;
        assert_eq!(of(&[not_utf8], 32), FormatFault::NameNotUtf8 { entry: 0 });
    }

    #[test]
    fn header_and_names_are_limited() {
        let mut limits = Limits { tensor_name_bytes: 4, ..Limits::default() };
        let of = |name: &str, limits: &Limits| {
            header_of(TensorFormat::Gguf, &Writer::new(3).tensor(name, &[32], 24, 32).file(), limits)
        };
        assert!(of("abcd", &limits).is_ok());
        assert!(matches!(of("abcde", &limits), Err(FormatFault::Limit { limit: 4, found: 5, .. })));
        let header = Writer::new(3).tensor("abcd", &[32], 24, 32).header().len() as u64;
        limits.header_bytes = header;
        assert!(of("abcd", &limits).is_ok());
        limits.header_bytes = header - 1;
        let what = "the size of the header in bytes";
        let fault = FormatFault::Limit { what, limit: header - 1, found: header };
        assert_eq!(of("abcd", &limits), Err(fault));
    }

    /// A long header is read in pieces, and little of what stands behind it.
    #[test]
    fn a_long_header_is_read_once_and_the_data_not_at_all() {
        let words = vec![text("a word"); 300_000].concat();
        let array = [&8u32.to_le_bytes()[..], &300_000u64.to_le_bytes(), &words].concat();
        let numbers = [&0u32.to_le_bytes()[..], &2_000_000u64.to_le_bytes(), &vec![9; 2_000_000]].concat();
        let size = 1u64 << 40;
        let writer =
            Writer::new(3).entry("t", 9, &array).entry("n", 9, &numbers).tensor("a", &[size], 24, size);
        let mut header = writer.header();
        let end = header.len() as u64;
        header.resize(header.len() + (20 << 20), 0);
        let length = end.next_multiple_of(32) + size;
        let mut read_to = 0;
        let limits = Limits::default();
        let found = super::read_header(length, &limits, &mut |range| {
            assert_eq!(range.start(), read_to);
            read_to = range.end();
            Ok::<_, FormatFault>(header[range.start() as usize..range.end() as usize].to_vec())
        });
        assert_eq!(found.unwrap().tensors[0].range.end(), length);
        assert!((end..end + (8 << 20)).contains(&read_to), "{end} {read_to}");
    }
}
