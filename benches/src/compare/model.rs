//! The models: folders of pseudo-random bytes, which no file system compresses, the same in every run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::args::Options;
use crate::case::Case;

pub(crate) struct Model {
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<PathBuf>,
    /// Bytes of all files.
    pub(crate) bytes: u64,
    /// The names below the folder, each ended by NUL, where they are too many for a command line.
    pub(crate) list: Option<PathBuf>,
}

const BLOCK: usize = 1 << 20;
const FILES_IN_A_FOLDER: u64 = 1000;
const CONFIG: &[u8] = br#"{"architectures": ["None"], "model_type": "noise"}"#;

impl Model {
    /// Makes `place`, which only its owner may use, with the model in it.
    pub(crate) fn make(place: &Path, case: Case, options: &Options) -> Result<Self> {
        let mut maker = Maker::new(place)?;
        let size = options.size.0;
        match case {
            Case::One | Case::Load => maker.noise("model.safetensors", size)?,
            Case::Eight => {
                for (number, length) in eighths(size).into_iter().enumerate() {
                    maker.noise(&format!("model-{:05}-of-00008.safetensors", number + 1), length)?;
                }
            }
            Case::Small => {
                maker.noise("model.safetensors", 1_000_000)?;
                maker.file("config.json", |file| file.write_all(CONFIG).map(|()| CONFIG.len() as u64))?;
            }
            Case::Many => {
                for number in 0..u64::from(options.files) {
                    let folder = number / FILES_IN_A_FOLDER;
                    let name = format!("part-{:02}/part-{folder:04}/file-{number:07}", folder / 10);
                    let length = 100 + maker.noise.next() % 301;
                    maker.noise(&name, length)?;
                }
                maker.list(&place.join("files"))?;
            }
            Case::Cold => maker.noise("model.safetensors", options.cold_size())?,
        }
        Ok(maker.model)
    }
}

/// Eight lengths that differ by one byte at most.
fn eighths(size: u64) -> [u64; 8] {
    std::array::from_fn(|index| (size + index as u64) / 8)
}

struct Maker {
    model: Model,
    noise: Noise,
    block: Vec<u8>,
}

impl Maker {
    fn new(place: &Path) -> Result<Self> {
        let folder = place.join("model");
        make_folder(&folder)?;
        let model = Model { folder, files: Vec::new(), bytes: 0, list: None };
        Ok(Self { model, noise: Noise(1), block: vec![0; BLOCK] })
    }

    fn noise(&mut self, name: &str, length: u64) -> Result<()> {
        let mut block = std::mem::take(&mut self.block);
        let mut noise = Noise(self.noise.next());
        self.file(name, |file| {
            let mut left = length;
            while left > 0 {
                let part = left.min(BLOCK as u64) as usize;
                noise.fill(&mut block[..part]);
                file.write_all(&block[..part])?;
                left -= part as u64;
            }
            Ok(length)
        })?;
        self.block = block;
        Ok(())
    }

    /// `write` returns how many bytes it wrote.
    fn file(&mut self, name: &str, write: impl FnOnce(&mut File) -> std::io::Result<u64>) -> Result<()> {
        let path = self.model.folder.join(name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.model.bytes += write(&mut file).map_err(|error| format!("{}: {error}", path.display()))?;
        self.model.files.push(path);
        Ok(())
    }

    fn list(&mut self, path: &Path) -> Result<()> {
        let mut names = Vec::new();
        for file in &self.model.files {
            names.extend(file.strip_prefix(&self.model.folder)?.as_os_str().as_bytes());
            names.push(0);
        }
        std::fs::write(path, names)?;
        self.model.list = Some(path.to_owned());
        Ok(())
    }
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// SplitMix64.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for word in bytes.chunks_mut(8) {
            word.copy_from_slice(&self.next().to_le_bytes()[..word.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn models_have_the_files_and_bytes_that_were_asked_for() {
        let place = tempfile::tempdir().unwrap();
        let options = ["compare", "--size", "100003", "--cold-size", "70001", "--files", "1001"];
        let options = Options::parse_from(options);
        for case in Case::ALL {
            let model = Model::make(&place.path().join(case.id()), case, &options).unwrap();
            let on_disk: u64 = model.files.iter().map(|file| file.metadata().unwrap().len()).sum();
            assert_eq!(model.bytes, on_disk);
            match case {
                Case::One | Case::Load => assert_eq!((model.files.len(), model.bytes), (1, 100_003)),
                Case::Eight => assert_eq!((model.files.len(), model.bytes), (8, 100_003)),
                Case::Small => assert_eq!(model.files.len(), 2),
                Case::Many => {
                    assert_eq!(model.files.len(), 1001);
                    let names = std::fs::read(model.list.unwrap()).unwrap();
                    assert_eq!(names.split_inclusive(|byte| *byte == 0).count(), 1001);
                }
                Case::Cold => assert_eq!(model.bytes, 70_001),
            }
        }
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs for the seed 1234567, as published with the reference code.
        let mut noise = Noise(1_234_567);
        assert_eq!([noise.next(), noise.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
