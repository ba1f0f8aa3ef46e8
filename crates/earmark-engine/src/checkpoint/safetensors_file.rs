//! Reading and writing safetensors files of float32 tensors with JSON metadata.
//!
//! The header's metadata has one key, `earmark`: the order of several would not be fixed, and equal runs write equal bytes.

use super::error::ModelFileError;
use earmark_core::atomic;
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

const META_KEY: &str = "earmark";

/// Longest header that is read, in bytes: the limit of the safetensors format.
const MAX_HEADER: u64 = 100_000_000;

/// A tensor on the host: shape and row-major values.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Tensors by name.
pub type Tensors = BTreeMap<String, HostTensor>;

/// Reads all float32 tensors of a safetensors file and the JSON of its `earmark` metadata.
///
/// # Errors
///
/// When the file can't be read, is not a safetensors file, was not written by earmark, or holds numbers that are not float32.
pub fn read_tensors(path: &Path) -> Result<(String, Tensors), ModelFileError> {
    let bytes = std::fs::read(path).map_err(|e| ModelFileError::read(path, e))?;
    parse_tensors(path, &bytes)
}

/// As [`read_tensors`], from the bytes of the file at `path`.
pub(super) fn parse_tensors(path: &Path, bytes: &[u8]) -> Result<(String, Tensors), ModelFileError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| ModelFileError::broken(path, e))?;
    Ok((earmark_json(path, &header)?, float_tensors(path, bytes)?))
}

/// Reads the JSON of a safetensors file's `earmark` metadata and none of its tensors.
///
/// # Errors
///
/// When the file can't be read, is not a safetensors file, or was not written by earmark.
pub(super) fn read_json(path: &Path) -> Result<String, ModelFileError> {
    let mut file = File::open(path).map_err(|e| ModelFileError::read(path, e))?;
    let mut length = [0; 8];
    file.read_exact(&mut length)
        .map_err(|e| ModelFileError::broken(path, e))?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(ModelFileError::broken(path, "the header is too long"));
    }
    let mut header = Vec::new();
    file.take(length)
        .read_to_end(&mut header)
        .map_err(|e| ModelFileError::read(path, e))?;
    let header: Metadata = serde_json::from_slice(&header).map_err(|e| ModelFileError::broken(path, e))?;
    earmark_json(path, &header)
}

fn earmark_json(path: &Path, header: &Metadata) -> Result<String, ModelFileError> {
    let json = header.metadata().as_ref().and_then(|m| m.get(META_KEY));
    json.cloned()
        .ok_or_else(|| ModelFileError::Foreign { path: path.into() })
}

/// Reads all tensors of a safetensors file, whichever program wrote it.
///
/// # Errors
///
/// As [`read_tensors`], except that metadata is not needed.
pub fn read_foreign_tensors(path: &Path) -> Result<Tensors, ModelFileError> {
    let bytes = std::fs::read(path).map_err(|e| ModelFileError::read(path, e))?;
    float_tensors(path, &bytes)
}

fn float_tensors(path: &Path, bytes: &[u8]) -> Result<Tensors, ModelFileError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| ModelFileError::broken(path, e))?;
    let read = |(name, view): (&str, TensorView)| {
        if view.dtype() != Dtype::F32 {
            let reason = format!("`{name}` holds {:?} instead of float32", view.dtype());
            return Err(ModelFileError::broken(path, reason));
        }
        let (numbers, _) = view.data().as_chunks();
        let tensor = HostTensor {
            shape: view.shape().to_vec(),
            values: numbers.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        };
        Ok((name.to_owned(), tensor))
    };
    file.iter().map(read).collect()
}

/// Writes tensors and the JSON of their metadata, atomically.
///
/// # Errors
///
/// When the file can't be written.
pub fn write_tensors(path: &Path, json: String, tensors: &Tensors) -> Result<(), ModelFileError> {
    let bytes: Vec<Vec<u8>> = tensors
        .values()
        .map(|t| t.values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, t), bytes)| {
        let view = TensorView::new(Dtype::F32, t.shape.clone(), bytes);
        (name, view.expect("as many bytes as the shape says"))
    });
    let metadata = HashMap::from([(META_KEY.to_owned(), json)]);
    let data = safetensors::serialize(views, Some(metadata)).map_err(|e| ModelFileError::broken(path, e))?;
    Ok(atomic::write(path, |w| w.write_all(&data))?)
}
