//! candle on verified bytes: the sentence encoder all-MiniLM-L6-v2.
//!
//! ```text
//! candle MODEL BUNDLE PUBLIC_KEY WORD...
//! ```
//!
//! prints the embedding of the words, one number on a line. Each must be a line of `vocab.txt`.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use modelsig::{PublicKey, SignedModel, Verifier};

/// From the whole file, in one pass over storage.
fn encoder(model: &SignedModel) -> Result<BertModel, Box<dyn Error>> {
    let config = serde_json::from_slice(&model.get("config.json")?)?;
    let weights = model.get("model.safetensors")?;
    let weights = VarBuilder::from_slice_safetensors(&weights, DType::F32, &Device::Cpu)?;
    Ok(BertModel::load(weights, &config)?)
}

/// Tensor by tensor, from any number of files: of each, only the chunks that it lies in are read.
struct Tensors(SignedModel);

impl candle_nn::var_builder::SimpleBackend for Tensors {
    fn get(
        &self,
        shape: candle_core::Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        if *tensor.shape() != shape {
            candle_core::bail!("{name} has shape {:?} instead of {shape:?}", tensor.shape());
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let verified = self.0.tensor(name).map_err(candle_core::Error::wrap)?;
        let described = verified.tensor();
        let stored = described.dtype.to_lowercase().parse().map_err(candle_core::Error::wrap)?;
        let shape: Vec<usize> = described.shape.iter().map(|&size| size as usize).collect();
        Tensor::from_raw_buffer(&verified, stored, &shape, device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.tensors().is_ok_and(|all| all.iter().any(|one| one.tensor.name == name))
    }
}

/// The mean over the tokens, of length 1: what `modules.json` of the model asks for.
fn embedding(encoder: &BertModel, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
    let tokens = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
    let output = encoder.forward(&tokens, &tokens.zeros_like()?, None)?;
    let mean = output.mean(1)?.squeeze(0)?;
    let length = mean.sqr()?.sum_all()?.sqrt()?;
    mean.broadcast_div(&length)?.to_vec1()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, bundle, key, words @ ..] = &arguments[..] else {
        return Err("MODEL BUNDLE PUBLIC_KEY WORD...".into());
    };
    let model = Verifier::new(PublicKey::from_file(key)?).open(folder, bundle)?;

    let vocabulary = model.get("vocab.txt")?;
    let vocabulary: Vec<&str> = std::str::from_utf8(&vocabulary)?.lines().collect();
    let words = words.iter().filter_map(|word| word.to_str());
    let tokens: Option<Vec<u32>> = ["[CLS]"]
        .into_iter()
        .chain(words)
        .chain(["[SEP]"])
        .map(|word| Some(vocabulary.iter().position(|line| *line == word)? as u32))
        .collect();
    let tokens = tokens.ok_or("a word is not in the vocabulary")?;

    let whole = embedding(&encoder(&model)?, &tokens)?;
    let config = serde_json::from_slice(&model.get("config.json")?)?;
    let weights = VarBuilder::from_backend(Box::new(Tensors(model)), DType::F32, Device::Cpu);
    assert_eq!(whole, embedding(&BertModel::load(weights, &config)?, &tokens)?, "tensor by tensor");
    for number in whole {
        println!("{number}");
    }
    Ok(())
}
