//! tract on verified bytes: Magika, which tells what is in a file.
//!
//! ```text
//! tract MODEL BUNDLE PUBLIC_KEY FILE
//! ```
//!
//! prints the 214 scores, one on a line, in the order of `target_labels_space` of the model's configuration.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;

use modelsig::{PublicKey, SignedModel, Verifier};
use tract_onnx::prelude::*;

fn scores(model: &SignedModel, features: &[i32]) -> Result<Vec<f32>, Box<dyn Error>> {
    // A stream: each part is checked before it is handed out.
    let mut reader = model.reader("model.onnx")?;
    let network = tract_onnx::onnx().model_for_read(&mut reader)?;
    let network = network.with_input_fact(0, i32::fact([1, features.len()]).into())?;
    let network = network.into_optimized()?.into_runnable()?;
    let input = Tensor::from_shape(&[1, features.len()], features)?;
    let output = network.run(tvec!(input.into()))?;
    Ok(output[0].to_plain_array_view::<f32>()?.iter().copied().collect())
}

/// The first 1024 bytes and the last 1024, without white space around them and with 256 where there is nothing.
fn features(content: &[u8]) -> Vec<i32> {
    const EACH: usize = 1024;
    let content = content.trim_ascii();
    let mut features = vec![256; 2 * EACH];
    let (first, last) = features.split_at_mut(EACH);
    for (feature, &byte) in first.iter_mut().zip(content) {
        *feature = byte.into();
    }
    for (feature, &byte) in last.iter_mut().rev().zip(content.iter().rev()) {
        *feature = byte.into();
    }
    features
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, bundle, key, file] = &arguments[..] else {
        return Err("MODEL BUNDLE PUBLIC_KEY FILE".into());
    };
    let model = Verifier::new(PublicKey::from_file(key)?).open(model, bundle)?;
    for score in scores(&model, &features(&std::fs::read(file)?))? {
        println!("{score}");
    }
    Ok(())
}
