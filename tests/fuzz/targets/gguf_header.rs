//! GGUF files made of metadata and tensors, some of them a little out of place: what is made well is accepted, with the
//! tensors that were put in.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use modelsig::TensorFormat;

#[derive(Arbitrary, Debug)]
struct Plan {
    version: bool,
    /// A power of two.
    alignment: Option<u8>,
    entries: Vec<(String, Value)>,
    tensors: Vec<Tensor>,
    /// Bytes after the last tensor.
    trailing: u8,
}

#[derive(Arbitrary, Debug)]
enum Value {
    Number(Number, u8),
    Text(Vec<u8>),
    Array(Elements),
}

#[derive(Arbitrary, Debug)]
enum Elements {
    Numbers(Number, Vec<u8>),
    Texts(Vec<Vec<u8>>),
    Arrays(Vec<Elements>),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
struct Number(u8);

impl Number {
    /// The number of the value type, and its bytes.
    fn of(self) -> (u32, usize) {
        const WIDTHS: [(u32, usize); 11] =
            [(0, 1), (1, 1), (2, 2), (3, 2), (4, 4), (5, 4), (6, 4), (7, 1), (10, 8), (11, 8), (12, 8)];
        WIDTHS[usize::from(self.0) % WIDTHS.len()]
    }

    fn write(self, byte: u8, file: &mut Vec<u8>) {
        let (kind, width) = self.of();
        // A truth value is 0 or 1.
        let byte = if kind == 7 { byte & 1 } else { byte };
        file.extend(std::iter::repeat_n(byte, width));
    }
}

#[derive(Arbitrary, Debug)]
struct Tensor {
    name: String,
    dtype: u8,
    /// Blocks along the innermost dimension, and elements along the others.
    blocks: u8,
    others: Vec<u8>,
    /// Mostly none.
    shift: u8,
}

/// Number, name, elements and bytes of a block, written down apart from those of the parser.
const DTYPES: [(u32, &str, u64, u64); 9] = [
    (0, "F32", 1, 4),
    (1, "F16", 1, 2),
    (2, "Q4_0", 32, 18),
    (8, "Q8_0", 32, 34),
    (12, "Q4_K", 256, 144),
    (24, "I8", 1, 1),
    (27, "I64", 1, 8),
    (30, "BF16", 1, 2),
    (39, "MXFP4", 32, 17),
];

libfuzzer_sys::fuzz_target!(|plan: Plan| {
    if plan.tensors.len() > 40 || plan.entries.len() > 40 {
        return;
    }
    let mut fits = true;
    let mut file = b"GGUF".to_vec();
    file.extend(if plan.version { 3u32 } else { 2 }.to_le_bytes());
    file.extend((plan.tensors.len() as u64).to_le_bytes());
    let entries = plan.entries.len() + usize::from(plan.alignment.is_some());
    file.extend((entries as u64).to_le_bytes());
    let alignment = plan.alignment.map_or(32, |power| 1u64 << (power % 16));
    if plan.alignment.is_some() {
        text(b"general.alignment", &mut file);
        file.extend(4u32.to_le_bytes());
        file.extend((alignment as u32).to_le_bytes());
        fits &= alignment >= 8;
    }
    let mut keys = BTreeSet::new();
    for (key, value) in &plan.entries {
        // These have a meaning.
        if key == "general.alignment" || key.starts_with("split.") {
            return;
        }
        fits &= !key.is_empty() && key.len() <= 65_535 && keys.insert(key) && value.depth() <= 32;
        text(key.as_bytes(), &mut file);
        value.write(&mut file);
    }
    let mut end = 0u64;
    let mut expected = Vec::new();
    let mut names = BTreeSet::new();
    for tensor in &plan.tensors {
        let (number, dtype, block, bytes) = DTYPES[usize::from(tensor.dtype) % DTYPES.len()];
        let shape: Vec<u64> = std::iter::once(u64::from(tensor.blocks % 4) * block)
            .chain(tensor.others.iter().map(|elements| u64::from(elements % 4)))
            .collect();
        let elements = shape.iter().try_fold(1u64, |product, elements| product.checked_mul(*elements));
        let Some(elements) = elements.filter(|elements| *elements < 1 << 20) else { return };
        let size = elements / block * bytes;
        let aligned = end.next_multiple_of(alignment);
        let offset = match tensor.shift {
            253 => aligned + 1,
            254 => aligned + alignment,
            255 => aligned.saturating_sub(alignment),
            _ => aligned,
        };
        fits &=
            offset == aligned && shape.len() <= 4 && tensor.name.len() <= 1024 && names.insert(&tensor.name);
        text(tensor.name.as_bytes(), &mut file);
        file.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|elements| file.extend(elements.to_le_bytes()));
        file.extend(number.to_le_bytes());
        file.extend(offset.to_le_bytes());
        end = offset + size;
        expected.push((offset, end, tensor.name.as_str(), dtype, shape));
    }
    let header = file.len() as u64;
    let data = header.next_multiple_of(alignment);
    // A file without tensors may end with its header.
    let end = if expected.is_empty() { header } else { data + end };
    fits &= end + u64::from(plan.trailing) <= end.next_multiple_of(alignment);
    file.resize(end as usize + usize::from(plan.trailing), 0);
    let found = modelsig::fuzzing::header(TensorFormat::Gguf, &file);
    if let Ok(found) = &found {
        assert_eq!(found.gguf.as_ref().map(|gguf| gguf.alignment), Some(alignment));
        assert_eq!(found.header.end(), header);
        expected.sort();
        assert_eq!(found.tensors.len(), expected.len());
        for (tensor, (start, end, name, dtype, shape)) in found.tensors.iter().zip(&expected) {
            assert_eq!((tensor.range.start(), tensor.range.end()), (data + start, data + end));
            assert_eq!((tensor.name.as_str(), tensor.dtype.as_str(), &tensor.shape), (*name, *dtype, shape));
        }
    }
    // Two that are out of place can make up for one another: then the promises of the header are enough.
    assert!(found.is_ok() || !fits, "{:?}", found.err());
});

fn text(text: &[u8], file: &mut Vec<u8>) {
    file.extend((text.len() as u64).to_le_bytes());
    file.extend_from_slice(text);
}

impl Value {
    fn write(&self, file: &mut Vec<u8>) {
        match self {
            Self::Number(number, byte) => {
                file.extend(number.of().0.to_le_bytes());
                number.write(*byte, file);
            }
            Self::Text(bytes) => {
                file.extend(8u32.to_le_bytes());
                text(bytes, file);
            }
            Self::Array(elements) => {
                file.extend(9u32.to_le_bytes());
                elements.write(file);
            }
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Array(elements) => elements.depth(),
            _ => 0,
        }
    }
}

impl Elements {
    fn write(&self, file: &mut Vec<u8>) {
        let head = |kind: u32, count: usize, file: &mut Vec<u8>| {
            file.extend(kind.to_le_bytes());
            file.extend((count as u64).to_le_bytes());
        };
        match self {
            Self::Numbers(number, bytes) => {
                head(number.of().0, bytes.len(), file);
                bytes.iter().for_each(|byte| number.write(*byte, file));
            }
            Self::Texts(texts) => {
                head(8, texts.len(), file);
                texts.iter().for_each(|bytes| text(bytes, file));
            }
            Self::Arrays(arrays) => {
                head(9, arrays.len(), file);
                arrays.iter().for_each(|elements| elements.write(file));
            }
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Arrays(arrays) => 1 + arrays.iter().map(Self::depth).max().unwrap_or(0),
            _ => 1,
        }
    }
}
