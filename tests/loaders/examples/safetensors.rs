//! The crate `safetensors` on verified bytes.
//!
//! ```text
//! safetensors MODEL BUNDLE PUBLIC_KEY
//! ```
//!
//! prints name, type and shape of the tensors of `model.safetensors`.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::{Path, PathBuf};

use modelsig::{PublicKey, VerifiedFile, Verifier};
use safetensors::SafeTensors;

fn print_tensors(model: &Path, bundle: &Path, key: &Path) -> Result<(), Box<dyn Error>> {
    let model = Verifier::new(PublicKey::from_file(key)?).open(model, bundle)?;
    // Read once, into memory of this process, and checked there.
    let weights: VerifiedFile = model.get("model.safetensors")?;
    for (name, tensor) in SafeTensors::deserialize(&weights)?.iter() {
        println!("{name} {} {:?}", tensor.dtype(), tensor.shape());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, bundle, key] = &arguments[..] else { return Err("MODEL BUNDLE PUBLIC_KEY".into()) };
    print_tensors(model, bundle, key)?;
    agree(model, bundle, key)
}

/// modelsig's own reader of headers must find the same: the same tensors, types, shapes and bytes.
fn agree(model: &Path, bundle: &Path, key: &Path) -> Result<(), Box<dyn Error>> {
    let model = Verifier::new(PublicKey::from_file(key)?).open(model, bundle)?;
    let weights = model.get("model.safetensors")?;
    let theirs = SafeTensors::deserialize(&weights)?;
    let ours = model.tensors()?;
    assert_eq!(ours.len(), theirs.len(), "number of tensors");
    for found in &ours {
        let tensor = theirs.tensor(&found.tensor.name)?;
        assert_eq!(found.file, "model.safetensors");
        assert_eq!(found.tensor.dtype, tensor.dtype().to_string(), "type of {}", found.tensor.name);
        assert!(found.tensor.shape.iter().copied().eq(tensor.shape().iter().map(|&size| size as u64)));
        assert_eq!(&model.tensor(&found.tensor.name)?[..], tensor.data(), "bytes of {}", found.tensor.name);
    }
    Ok(())
}
