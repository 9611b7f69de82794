//! Ways into the parsers for the fuzz targets. Compiled only by the fuzzer.

use crate::bundle::Bundle;
use crate::manifest::{Manifest, Method, Proof};
use crate::model::format::{self, FormatFault, Header, TensorFormat};
use crate::trust::Dialect;
use crate::{Limits, statement};

/// A bundle, and the statement in it.
pub fn bundle(text: &[u8]) {
    if let Ok(bundle) = Bundle::parse("bundle", text.into(), &Limits::default()) {
        statement(bundle.envelope.payload());
    }
}

/// A statement. What is accepted keeps the promises on which verification relies.
pub fn statement(payload: &[u8]) {
    for dialect in [Dialect::Current, Dialect::Legacy] {
        if let Ok(manifest) = statement::parse("bundle", payload, dialect, &Limits::default()) {
            manifest_keeps_its_promises(&manifest);
        }
    }
}

fn manifest_keeps_its_promises(manifest: &Manifest) {
    assert!(!manifest.files.is_empty());
    assert!(manifest.files.windows(2).all(|pair| pair[0].name < pair[1].name), "sorted, each once");
    for file in &manifest.files {
        match &file.proof {
            Proof::Whole { chunks, .. } => {
                assert_eq!(manifest.serialization.method, Method::Files);
                let Some(chunks) = chunks.as_ref().filter(|chunks| chunks.has_digests()) else { continue };
                let covered = chunks.chunks().fold(0, |at, (range, _)| {
                    assert_eq!(range.start(), at);
                    range.end()
                });
                assert_eq!(covered, chunks.length);
            }
            Proof::Shards(shards) => {
                let covered = shards.iter().fold(0, |at, (range, _)| {
                    assert_eq!(range.start(), at);
                    range.end()
                });
                assert_eq!(Some(covered), file.length());
            }
        }
    }
}

/// A file of tensors. What is accepted keeps the promises on which partial verification relies.
pub fn tensors(format: TensorFormat, start: &[u8]) {
    let limits = Limits::default();
    // The start of a file, which is as long as its header claims: the fuzzer need not find out how long that is.
    let mut file = start.to_vec();
    loop {
        match format::header_of(format, &file, &limits) {
            Ok(header) => return header_keeps_its_promises(&header, file.len() as u64),
            Err(FormatFault::Outside { end, .. }) if (file.len() as u64..1 << 20).contains(&end) => {
                file.resize(end as usize, 0);
            }
            Err(fault) => {
                let _ = (fault.to_string(), fault.kind());
                return;
            }
        }
    }
}

fn header_keeps_its_promises(header: &Header, length: u64) {
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
}

/// An index of files of tensors.
pub fn safetensors_index(text: &[u8]) {
    match format::parse_index(text, &Limits::default()) {
        Ok(index) => {
            let mut files = index.weight_map.values();
            assert!(files.all(|file| crate::ModelPath::parse(file).is_ok()));
        }
        Err(fault) => {
            let _ = (fault.to_string(), fault.kind());
        }
    }
}

/// Certificates one after the other, leaf first, the last one trusted; or the PEM text of anchors.
#[cfg(feature = "certificate")]
pub fn certificate(bytes: &[u8]) {
    crate::trust::x509::exercise(bytes);
}
