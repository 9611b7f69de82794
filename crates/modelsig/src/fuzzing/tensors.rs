//! Headers of files of tensors, and indexes of such files.

use crate::Limits;
use crate::model::format::{self, FormatFault, Header, TensorFormat};

/// A file of tensors. What is accepted keeps the promises on which partial verification relies.
pub fn tensors(format: TensorFormat, start: &[u8]) {
    // The start of a file, which is as long as its header claims: the fuzzer need not find out how long that is.
    let mut file = start.to_vec();
    loop {
        match header(format, &file) {
            Err(FormatFault::Outside { end, .. }) if (file.len() as u64..1 << 20).contains(&end) => {
                file.resize(end as usize, 0);
            }
            _ => return,
        }
    }
}

/// The header of a file, checked: what is accepted keeps its promises, and limits refuse but change nothing.
pub fn header(format: TensorFormat, file: &[u8]) -> Result<Header, FormatFault> {
    let read = format::header_of(format, file, &Limits::default());
    match &read {
        Ok(header) => keeps_its_promises(header, file.len() as u64),
        Err(fault) => refused(fault),
    }
    let tight = Limits {
        header_bytes: 200,
        tensors: 2,
        tensor_dimensions: 2,
        tensor_name_bytes: 5,
        json_depth: 3,
        ..Limits::default()
    };
    match format::header_of(format, file, &tight) {
        Ok(header) => {
            assert!(header.tensors.len() <= 2 && header.header.end() <= 200 + 8);
            let within = |tensor: &crate::Tensor| tensor.shape.len() <= 2 && tensor.name.len() <= 5;
            assert!(header.tensors.iter().all(within));
            assert_eq!(Ok(&header), read.as_ref());
        }
        Err(fault) => refused(&fault),
    }
    read
}

fn refused(fault: &FormatFault) {
    let _ = fault.kind();
    super::message(fault);
}

fn keeps_its_promises(header: &Header, length: u64) {
    let alignment = header.gguf.as_ref().map_or(1, |gguf| gguf.alignment);
    assert_eq!(header.header.start(), 0);
    let mut end = header.header.end();
    for tensor in &header.tensors {
        assert_eq!(tensor.range.start(), end.next_multiple_of(alignment), "{tensor:?}");
        let elements: u128 = tensor.shape.iter().map(|dimension| u128::from(*dimension)).product();
        assert!(elements <= 8 * u128::from(tensor.range.length()), "{tensor:?}");
        end = tensor.range.end();
    }
    assert!(end <= length && length <= end.next_multiple_of(alignment));
    let mut names: Vec<&str> = header.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "each once");
    if let Some(split) = header.gguf.as_ref().and_then(|gguf| gguf.split.as_ref()) {
        assert!(split.number < split.count);
    }
}

/// An index of files of tensors.
pub fn safetensors_index(text: &[u8]) {
    match format::parse_index(text, &Limits::default()) {
        Ok(index) => {
            let mut files = index.weight_map.values();
            assert!(files.all(|file| crate::ModelPath::parse(file).is_ok()));
            assert_ne!(index.total_size, Some(0));
        }
        Err(fault) => refused(&fault),
    }
}
