//! The tensors of a model, by the headers of its safetensors and GGUF files. Headers are checked before they are
//! parsed.

use std::sync::Arc;

use modelsig_hash::ByteRange;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::state::once;
use super::{Present, SignedModel, VerifiedFile, VerifiedTensor};
use crate::model::format::{self, Header, SafetensorsIndex, Tensor, TensorFormat};
use crate::{Error, Protection};

/// The end of the names of files that tell which safetensors file a tensor is in.
const INDEX: &str = ".safetensors.index.json";

/// A tensor, and the file of the model that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelTensor {
    /// The name of the file inside the model.
    pub file: String,
    /// What its header says.
    pub tensor: Tensor,
}

/// All tensors of a model, by name and file.
#[derive(Default)]
pub(crate) struct Directory(Vec<(ModelTensor, usize)>);

impl Directory {
    fn named(&self, name: &str) -> &[(ModelTensor, usize)] {
        let start = self.0.partition_point(|(one, _)| one.tensor.name.as_str() < name);
        let end = self.0.partition_point(|(one, _)| one.tensor.name.as_str() <= name);
        self.0.get(start..end).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ModelTensor> {
        self.0.iter().map(|(tensor, _)| tensor)
    }
}

impl SignedModel {
    /// What the header of a file says. `None` for files that are of no format with tensors.
    pub(super) fn header(&self, present: &Present) -> Result<Option<Arc<Header>>, Error> {
        let name = self.name_of(present);
        let Some(format) = TensorFormat::of_name(present.tree.name.as_str()) else { return Ok(None) };
        let read = || {
            // The last chunks that were read: a header is asked for in pieces, of which many may lie in one chunk.
            let mut held: Option<(VerifiedFile, u64)> = None;
            let mut part = |range: ByteRange| {
                if held.as_ref().is_none_or(|held| within(held, range).is_none()) {
                    held = Some(self.cover(present, range).map_err(Stop::Error)?);
                }
                let bytes = held.as_ref().and_then(|held| within(held, range));
                bytes.ok_or_else(|| {
                    Stop::Error(Error::Internal { what: format!("bytes {range} were not covered") })
                })
            };
            format::read_header(format, present.tree.length, &self.limits, &mut part)
                .map_err(|stop: Stop| stop.about(name))
        };
        present.state.header(read).map(Some)
    }

    pub(super) fn directory(&self) -> Result<Arc<Directory>, Error> {
        once(&self.directory, || {
            let mut tensors = Vec::new();
            for (place, present) in self.present.iter().enumerate() {
                if let Some(header) = self.header(present)? {
                    let file = self.name_of(present).to_owned();
                    let of = |tensor: &Tensor| ModelTensor { file: file.clone(), tensor: tensor.clone() };
                    tensors.extend(header.tensors.iter().map(|tensor| (of(tensor), place)));
                }
            }
            tensors.sort_by(|(one, _), (other, _)| {
                (&one.tensor.name, &one.file).cmp(&(&other.tensor.name, &other.file))
            });
            Ok(Directory(tensors))
        })
    }

    pub(super) fn find_tensor(&self, name: &str) -> Result<VerifiedTensor, Error> {
        let directory = self.directory()?;
        let (tensor, place) = match directory.named(name) {
            [] => return Err(Error::NoTensor { name: name.into() }),
            [one] => one,
            several => self.by_index(name, several)?,
        };
        let present = self.present.get(*place).ok_or_else(|| Error::NoTensor { name: name.into() })?;
        self.tensor_bytes(&tensor.tensor, present)
    }

    pub(super) fn tensor_bytes(&self, tensor: &Tensor, present: &Present) -> Result<VerifiedTensor, Error> {
        let bytes = self.part(present, tensor.range)?;
        Ok(VerifiedTensor { tensor: tensor.clone(), bytes })
    }

    /// Of several tensors of one name, the one to which an index points.
    fn by_index<'t>(
        &self,
        name: &str,
        several: &'t [(ModelTensor, usize)],
    ) -> Result<&'t (ModelTensor, usize), Error> {
        let mut meant: Option<&(ModelTensor, usize)> = None;
        for present in self.present.iter().filter(|present| present.tree.name.as_str().ends_with(INDEX)) {
            let index = self.index(present)?;
            let folder = present.tree.name.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            let Some(file) = index.weight_map.get(name) else { continue };
            let file = if folder.is_empty() { file.clone() } else { format!("{folder}/{file}") };
            let found = several.iter().find(|(tensor, _)| tensor.file == file);
            match (meant, found) {
                (Some(meant), Some(found)) if meant.1 != found.1 => {
                    return Err(ambiguous(name, &meant.0, &found.0));
                }
                (None, Some(found)) => meant = Some(found),
                _ => {}
            }
        }
        match (meant, several) {
            (Some(meant), _) => Ok(meant),
            (None, [(one, _), (other, _), ..]) => Err(ambiguous(name, one, other)),
            (None, _) => Err(Error::NoTensor { name: name.into() }),
        }
    }

    fn index(&self, present: &Present) -> Result<SafetensorsIndex, Error> {
        let (name, length) = (self.name_of(present), present.tree.length);
        let limit = self.limits.header_bytes;
        if length > limit {
            let what = "the size of an index in bytes";
            return Err(Error::Limit { path: name.into(), what, limit, found: length });
        }
        let bytes = self.part(present, ByteRange::whole(length))?;
        format::parse_index(&bytes, &self.limits).map_err(|fault| Error::Format { path: name.into(), fault })
    }

    /// Says of damaged ranges which tensors lie in them, as far as headers are sound.
    pub(crate) fn name_damaged_tensors(&mut self) {
        if cfg!(not(feature = "tensors")) {
            return;
        }
        let mut named = Vec::new();
        for present in &self.present {
            let file = self.report.files.get(present.report);
            let Some(Error::DigestMismatch { ranges, .. }) = file.and_then(|file| file.problem.as_deref())
            else {
                continue;
            };
            // Where no parts are signed, a damaged file has no header that could be checked.
            let signed = present.signed_in(&self.manifest);
            let has_parts = signed.parts(self.check).is_some();
            if ranges.is_empty() || !has_parts || self.policy.min_protection > Protection::Private {
                continue;
            }
            let Ok(Some(header)) = self.header(present) else { continue };
            let is_in = |tensor: &&Tensor| {
                // They are in order, and apart from each other.
                let next = ranges.partition_point(|range| range.end() <= tensor.range.start());
                ranges.get(next).is_some_and(|range| range.start() < tensor.range.end())
            };
            let tensors: Vec<String> =
                header.tensors.iter().filter(is_in).map(|tensor| tensor.name.clone()).collect();
            named.push((present.report, tensors));
        }
        for (place, names) in named {
            let file = self.report.files.get_mut(place);
            if let Some(Error::DigestMismatch { tensors, .. }) =
                file.and_then(|file| file.problem.as_deref_mut())
            {
                *tensors = names;
            }
        }
    }
}

/// A range of the file, if what is held of it has all of the range.
fn within((bytes, start): &(VerifiedFile, u64), range: ByteRange) -> Option<Vec<u8>> {
    let place = |at: u64| usize::try_from(at.checked_sub(*start)?).ok();
    bytes.get(place(range.start())?..place(range.end())?).map(<[u8]>::to_vec)
}

/// What ends the reading of a header.
pub(crate) enum Stop {
    Error(Error),
    Fault(format::FormatFault),
}

impl Stop {
    /// The error about a file.
    pub(crate) fn about(self, file: &str) -> Error {
        match self {
            Self::Error(error) => error,
            Self::Fault(fault) => Error::Format { path: file.into(), fault },
        }
    }
}

impl From<format::FormatFault> for Stop {
    fn from(fault: format::FormatFault) -> Self {
        Self::Fault(fault)
    }
}

impl Serialize for ModelTensor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Tensor { name, dtype, shape, range } = &self.tensor;
        let mut tensor = serializer.serialize_struct("Tensor", 5)?;
        tensor.serialize_field("file", &self.file)?;
        tensor.serialize_field("name", name)?;
        tensor.serialize_field("dtype", dtype)?;
        tensor.serialize_field("shape", shape)?;
        tensor.serialize_field("bytes", &[range.start(), range.end()])?;
        tensor.end()
    }
}

fn ambiguous(name: &str, one: &ModelTensor, other: &ModelTensor) -> Error {
    Error::AmbiguousTensor { name: name.into(), path: one.file.clone(), other: other.file.clone() }
}
