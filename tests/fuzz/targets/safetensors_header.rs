//! Safetensors files made of tensors, some of them a little out of place: one is accepted exactly if every byte of its
//! data lies in one tensor, and then it has the tensors that were put in.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use modelsig::{FormatFault, TensorFormat};

#[derive(Arbitrary, Debug)]
struct Plan {
    metadata: Option<Vec<(String, String)>>,
    tensors: Vec<Tensor>,
    /// Where the entries begin: their order in the header is not that of the data.
    rotate: u8,
    padding: u8,
    trailing: Shift,
}

#[derive(Arbitrary, Debug)]
struct Tensor {
    name: String,
    dtype: u8,
    shape: Vec<u8>,
    shift: Shift,
    length: Shift,
}

/// Mostly none, so that most files are good.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Shift(u8);

impl Shift {
    fn bytes(self) -> i64 {
        [-2, -1, 1, 2].get(usize::from(self.0).wrapping_sub(252)).copied().unwrap_or(0)
    }
}

/// Names and bits, written down apart from those of the parser.
const DTYPES: [(&str, u64); 22] = [
    ("BOOL", 8),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("U8", 8),
    ("I8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8),
    ("I16", 16),
    ("U16", 16),
    ("F16", 16),
    ("BF16", 16),
    ("I32", 32),
    ("U32", 32),
    ("F32", 32),
    ("C64", 64),
    ("F64", 64),
    ("I64", 64),
    ("U64", 64),
];

/// Where a tensor lies in the data.
type Placed = (u64, u64, String, &'static str, Vec<u64>);

libfuzzer_sys::fuzz_target!(|plan: Plan| {
    if plan.tensors.len() > 40 {
        return;
    }
    let (mut at, mut fits) = (0u64, true);
    let mut placed: Vec<Placed> = Vec::new();
    for tensor in &plan.tensors {
        let (dtype, bits) = DTYPES[usize::from(tensor.dtype) % DTYPES.len()];
        let shape: Vec<u64> = tensor.shape.iter().map(|dimension| u64::from(dimension % 6)).collect();
        let product = shape.iter().try_fold(bits, |product, dimension| product.checked_mul(*dimension));
        let Some(bits) = product.filter(|bits| *bits < 1 << 20) else { return };
        let length = (bits / 8).saturating_add_signed(tensor.length.bytes());
        let begin = at.saturating_add_signed(tensor.shift.bytes());
        fits &= bits % 8 == 0 && length == bits / 8 && shape.len() <= 64 && tensor.name.len() <= 1024;
        at = begin + length;
        placed.push((begin, at, tensor.name.clone(), dtype, shape));
    }
    let metadata = plan.metadata.as_deref().unwrap_or_default();
    let names: BTreeSet<&str> = placed.iter().map(|tensor| tensor.2.as_str()).collect();
    let keys: BTreeSet<&str> = metadata.iter().map(|(key, _)| key.as_str()).collect();
    fits &= names.len() == placed.len() && !names.contains("__metadata__") && keys.len() == metadata.len();
    let end = placed.iter().map(|tensor| tensor.1).max().unwrap_or(0);
    let data = end.saturating_add_signed(plan.trailing.bytes());
    fits &= covers(&placed, data);

    let header = text(&plan, &placed);
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.resize(file.len() + data as usize, 0);
    match modelsig::fuzzing::header(TensorFormat::Safetensors, &file) {
        Ok(found) => {
            assert!(fits, "accepted: {header}");
            assert_eq!(found.metadata, metadata.iter().cloned().collect::<BTreeMap<_, _>>());
            let start = found.header.end();
            let place =
                |tensor: &modelsig::Tensor| (tensor.range.start() - start, tensor.range.end() - start);
            placed.sort();
            assert_eq!(found.tensors.len(), placed.len());
            for (tensor, (begin, end, name, dtype, shape)) in found.tensors.iter().zip(&placed) {
                assert_eq!(
                    (place(tensor), &tensor.name, tensor.dtype.as_str()),
                    ((*begin, *end), name, *dtype)
                );
                assert_eq!(tensor.shape, *shape);
            }
        }
        // More members than are taken for granted, or a text that is nested too deeply: not with what is made here.
        Err(FormatFault::Limit { .. } | FormatFault::Dimensions { .. }) => assert!(!fits),
        Err(fault) => assert!(!fits, "{fault}: {header}"),
    }
});

/// Every byte in one tensor, and no tensor of no bytes within another one.
fn covers(placed: &[Placed], data: u64) -> bool {
    let mut covered = vec![0u8; data as usize];
    for (begin, end, ..) in placed {
        let Some(bytes) = covered.get_mut(*begin as usize..*end as usize) else { return false };
        bytes.iter_mut().for_each(|byte| *byte = byte.saturating_add(1));
    }
    let within = |place: u64| placed.iter().any(|(begin, end, ..)| *begin < place && place < *end);
    covered.iter().all(|byte| *byte == 1)
        && placed.iter().all(|(begin, end, ..)| begin != end || !within(*begin))
}

fn text(plan: &Plan, placed: &[Placed]) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("text can be quoted");
    let entry = |(begin, end, name, dtype, shape): &Placed| {
        let name = quoted(name);
        format!(r#"{name}:{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#)
    };
    let mut entries: Vec<String> = placed.iter().map(entry).collect();
    if let Some(metadata) = &plan.metadata {
        let pair = |(key, value): &(String, String)| format!("{}:{}", quoted(key), quoted(value));
        let pairs: Vec<String> = metadata.iter().map(pair).collect();
        entries.push(format!(r#""__metadata__":{{{}}}"#, pairs.join(",")));
    }
    let middle = usize::from(plan.rotate) % (entries.len() + 1);
    entries.rotate_left(middle);
    format!("{{{}}}{}", entries.join(","), " ".repeat(plan.padding.into()))
}
