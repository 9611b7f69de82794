//! Not a loader but a test of what loaders rest on: a model on a file system that answers differently the second time.
//!
//! ```text
//! fuse_reader MODEL BUNDLE PUBLIC_KEY ORIGINAL ACCESS
//! ```
//!
//! asks several times for `model.safetensors`, and prints for each time `signed` when it got the bytes of the file
//! ORIGINAL, or the kind of the error. It fails if it got others.
//!
//! ACCESS is `get`, `read`, `range`, `reader`, `tensor` or `fd`; or `stable` for `get` under a policy that accepts
//! files in place and no copies.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use modelsig::{Policy, Protection, PublicKey, SignedModel, Verifier};

const WEIGHTS: &str = "model.safetensors";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, bundle, key, original, access] = &arguments[..] else {
        return Err("MODEL BUNDLE PUBLIC_KEY ORIGINAL ACCESS".into());
    };
    let access = access.to_str().unwrap_or_default();
    let policy = match access {
        "stable" => Policy::strict().min_protection(Protection::Stable).max_copy_bytes(0),
        _ => Policy::strict(),
    };
    let model = Verifier::new(PublicKey::from_file(key)?).with_policy(policy).open(model, bundle)?;
    let original = fs::read(original)?;
    for _ in 0..3 {
        match take(&model, access, &original) {
            Ok(()) => println!("signed"),
            Err(error) => println!("{}", told(error.as_ref())),
        }
    }
    Ok(())
}

/// Fails in an assertion when it gets bytes that were not signed.
fn take(model: &SignedModel, access: &str, original: &[u8]) -> Result<(), Box<dyn Error>> {
    match access {
        "get" | "stable" => assert!(*model.get(WEIGHTS)? == *original),
        "read" => assert!(*model.read(WEIGHTS)? == *original),
        "range" => {
            let (start, end) = (original.len() / 3, original.len() / 2);
            let bytes = model.range(WEIGHTS, start as u64..end as u64)?;
            assert!(*bytes == original[start..end]);
        }
        "reader" => {
            let mut reader = model.reader(WEIGHTS)?;
            let (mut room, mut position) = (vec![0; 100_000], 0);
            loop {
                let count = reader.read(&mut room)?;
                if count == 0 {
                    break;
                }
                assert!(room[..count] == original[position..position + count]);
                position += count;
            }
            assert_eq!(position, original.len());
        }
        "tensor" => {
            // Far behind the header, which is read before it.
            let (tensor, bytes) = model.tensor("pooler.dense.weight")?.into_parts();
            assert!(*bytes == original[tensor.range.start() as usize..tensor.range.end() as usize]);
        }
        "fd" => {
            let descriptor = model.fd(WEIGHTS)?;
            let mut bytes = vec![0; descriptor.length() as usize];
            let file = descriptor.into_file();
            // Twice: what the check has read must be what everybody after it reads.
            for _ in 0..2 {
                file.read_exact_at(&mut bytes, 0)?;
                assert!(bytes == original);
            }
        }
        _ => return Err(format!("no such access: {access:?}").into()),
    }
    Ok(())
}

/// The kind of an error of modelsig, which may stand inside of an I/O error.
fn told(error: &(dyn Error + 'static)) -> String {
    let inner = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
    let modelsig = error
        .downcast_ref::<modelsig::Error>()
        .or_else(|| inner.and_then(|inner| inner.downcast_ref::<modelsig::Error>()));
    match modelsig {
        Some(modelsig::Error::Protection { .. }) => "protection".into(),
        Some(modelsig) => modelsig.kind().outcome().name.into(),
        None => format!("something else: {error}"),
    }
}
