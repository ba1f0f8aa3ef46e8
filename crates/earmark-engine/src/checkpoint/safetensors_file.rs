//! Reading and writing safetensors files of float32 tensors with JSON metadata.
//!
//! The header's metadata has one key, `earmark`: the order of several would not be fixed, and equal runs write equal bytes. Its JSON ends
//! with two checksums, of the tensors with their names and shapes, and of the JSON itself, so that a bit that flips anywhere in the file is
//! noticed. Files of earlier versions have none and are read all the same.

use super::error::ModelFileError;
use super::hashed_input::{HashedInput, MAX_HEADER, open, read_header};
use super::host_tensor::HostTensor;
use earmark_core::atomic;
use earmark_core::checksum::{Checksum, Seal, check_seal, seal};
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensorError};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

const META_KEY: &str = "earmark";

/// Key of the tensors' checksum, in the JSON of the metadata.
const TENSORS_KEY: &str = "tensors-checksum";

/// Name of the bytes of an imported graph, the only ones that are not float32.
const GRAPH: &str = "graph.onnx";

/// Tensors by name.
pub type Tensors = BTreeMap<String, HostTensor>;

/// Reads all float32 tensors of a safetensors file and the JSON of its `earmark` metadata.
///
/// # Errors
///
/// When the file can't be read, is not a safetensors file, was not written by earmark, holds numbers that are not float32, or is damaged.
pub fn read_tensors(path: &Path) -> Result<(String, Tensors), ModelFileError> {
    let (json, tensors) = read_unchecked(path)?;
    check_json(path, &json)?;
    let tensors = tensors.checked(path, &json)?;
    Ok((json, tensors))
}

/// Tensors whose checksum is not compared yet: of a file of a later format, this program can't know what it is a checksum of.
pub(super) struct UncheckedTensors {
    tensors: Tensors,
    graph: Option<Arc<[u8]>>,
    checksum: String,
    /// BLAKE3 of the whole file, in hexadecimal digits.
    pub(super) file_hash: String,
}

impl UncheckedTensors {
    /// The tensors, if they are those that were written with this JSON and nothing else is there.
    pub(super) fn checked(self, path: &Path, json: &str) -> Result<Tensors, ModelFileError> {
        match self.checked_with_graph(path, json)? {
            (tensors, None) => Ok(tensors),
            (_, Some(_)) => Err(ModelFileError::broken(
                path,
                format!("`{GRAPH}` belongs to a model file"),
            )),
        }
    }

    /// The tensors and the bytes of an imported graph, if they are those that were written with this JSON.
    pub(super) fn checked_with_graph(
        self,
        path: &Path,
        json: &str,
    ) -> Result<TensorsAndGraph, ModelFileError> {
        let head: Value = serde_json::from_str(json).map_err(|e| ModelFileError::broken(path, e))?;
        match head.get(TENSORS_KEY).and_then(Value::as_str) {
            Some(written) if written != self.checksum => Err(ModelFileError::damaged(path, "numbers")),
            _ => Ok((self.tensors, self.graph)),
        }
    }
}

/// Tensors, and the bytes of an imported graph.
pub(super) type TensorsAndGraph = (Tensors, Option<Arc<[u8]>>);

/// As [`read_tensors`], without comparing any checksum.
pub(super) fn read_unchecked(path: &Path) -> Result<(String, UncheckedTensors), ModelFileError> {
    let (input, length) = open(path)?;
    parse_tensors(path, input, length)
}

/// As [`read_unchecked`], from `length` bytes. Numbers go straight to where they stay: half of the memory, and of the time.
fn parse_tensors(
    path: &Path,
    input: impl Read,
    length: u64,
) -> Result<(String, UncheckedTensors), ModelFileError> {
    let mut input = HashedInput::new(input);
    let header = read_header(path, &mut input, length)?;
    let json = earmark_json(path, &header)?;
    let (mut tensors, mut graph) = (Tensors::new(), None);
    // In the order of the file, which has all its bytes in them.
    for name in header.offset_keys() {
        let info = header.info(&name).expect("one of the names");
        if name == GRAPH && info.dtype == Dtype::U8 {
            let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
            input.fill(path, &mut bytes)?;
            graph = Some(Arc::from(bytes));
            continue;
        }
        let tensor = input.float_tensor(path, &name, info)?;
        tensors.insert(name, tensor);
    }
    let unchecked = UncheckedTensors {
        checksum: checksum_of(&tensors, graph.as_deref()),
        file_hash: input.hash(),
        tensors,
        graph,
    };
    Ok((json, unchecked))
}

/// Refuses metadata that are not those that were written.
pub(super) fn check_json(path: &Path, json: &str) -> Result<(), ModelFileError> {
    match check_seal(json.as_bytes()) {
        Seal::Broken => Err(ModelFileError::damaged(path, "recipe, classes or other metadata")),
        Seal::Whole | Seal::Missing => Ok(()),
    }
}

/// The checksum of tensors with their names and shapes, in the order of names, then of the graph.
fn checksum_of(tensors: &Tensors, graph: Option<&[u8]>) -> String {
    let mut checksum = Checksum::default();
    for (name, tensor) in tensors {
        add_name(&mut checksum, name, &tensor.shape);
        checksum.update(&to_bytes(&tensor.values));
    }
    with_graph(checksum, graph)
}

fn add_name(checksum: &mut Checksum, name: &str, shape: &[usize]) {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    checksum.update(format!("{name}\n{}\n", shape.join(" ")).as_bytes());
}

fn with_graph(mut checksum: Checksum, graph: Option<&[u8]>) -> String {
    if let Some(graph) = graph {
        checksum.update(format!("{GRAPH}\n{}\n", graph.len()).as_bytes());
        checksum.update(graph);
    }
    checksum.hex()
}

/// Numbers as a file has them; on most machines, those in memory.
fn to_bytes(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(values));
    }
    Cow::Owned(values.iter().flat_map(|v| v.to_le_bytes()).collect())
}

/// The JSON of an object with the checksums.
fn with_checksums(json: &str, tensors: &Tensors, graph: Option<&[u8]>) -> String {
    let Some(open) = json.trim_end().strip_suffix('}') else {
        return json.to_owned();
    };
    let comma = if open.trim_end().ends_with('{') { "" } else { "," };
    let checksum = checksum_of(tensors, graph);
    seal(format!("{open}{comma}\"{TENSORS_KEY}\":\"{checksum}\"}}"))
}

/// Reads the JSON of a safetensors file's `earmark` metadata and none of its tensors; [`check_json`] is the caller's.
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
    let (input, length) = open(path)?;
    let mut input = HashedInput::new(input);
    let header = read_header(path, &mut input, length)?;
    let mut tensors = Tensors::new();
    for name in header.offset_keys() {
        let info = header.info(&name).expect("one of the names");
        let tensor = input.float_tensor(path, &name, info)?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// Writes tensors and the JSON object of their metadata, with their checksums, atomically.
///
/// # Errors
///
/// When the file can't be written.
pub fn write_tensors(path: &Path, json: String, tensors: &Tensors) -> Result<(), ModelFileError> {
    write_with_graph(path, &json, tensors, None)
}

/// As [`write_tensors`], with the bytes of an imported graph.
pub(super) fn write_with_graph(
    path: &Path,
    json: &str,
    tensors: &Tensors,
    graph: Option<&[u8]>,
) -> Result<(), ModelFileError> {
    let data = serialize(json, tensors, graph).map_err(|e| ModelFileError::broken(path, e))?;
    Ok(atomic::write(path, |w| w.write_all(&data))?)
}

/// The bytes of a file.
pub(super) fn serialize(
    json: &str,
    tensors: &Tensors,
    graph: Option<&[u8]>,
) -> Result<Vec<u8>, SafeTensorError> {
    let bytes: Vec<Cow<[u8]>> = tensors.values().map(|t| to_bytes(&t.values)).collect();
    let views = tensors.iter().zip(&bytes).map(|((name, t), bytes)| {
        let view = TensorView::new(Dtype::F32, t.shape.clone(), bytes);
        (name.as_str(), view.expect("as many bytes as the shape says"))
    });
    let graph_view = graph.map(|graph| TensorView::new(Dtype::U8, vec![graph.len()], graph));
    let graph_view = graph_view.transpose()?.map(|view| (GRAPH, view));
    let views: Vec<(&str, TensorView)> = views.chain(graph_view).collect();
    let metadata = HashMap::from([(META_KEY.to_owned(), with_checksums(json, tensors, graph))]);
    safetensors::serialize(views, Some(metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Tensors {
        let tensor = |shape: &[usize], values: &[f32]| HostTensor {
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        Tensors::from([
            (
                "a.weight".into(),
                tensor(&[2, 3], &[0.5, -1.0, 3.25, 0.0, 8.5, 1e-3]),
            ),
            ("a.bias".into(), tensor(&[2], &[0.25, f32::NAN])),
        ])
    }

    const JSON: &str = r#"{"format":1,"classes":["owl","a \"dog\""]}"#;

    /// Names, shapes and bits: NaN is unequal to itself.
    fn bits(tensors: &Tensors) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let mut all = Vec::new();
        for (name, tensor) in tensors {
            let bits = tensor.values.iter().map(|v| v.to_bits()).collect();
            all.push((name.clone(), tensor.shape.clone(), bits));
        }
        all
    }

    /// Each single bit of the whole file: noticed, or what is read is the same.
    #[test]
    fn every_flipped_bit_is_noticed_or_without_effect() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.safetensors");
        write_tensors(&path, JSON.into(), &small()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let wanted: Value = serde_json::from_str(JSON).unwrap();
        let (json, tensors) = read_tensors(&path).unwrap();
        assert!(json.contains(TENSORS_KEY) && bits(&tensors) == bits(&small()));
        let mut refused = 0;
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let read =
                parse_tensors(&path, damaged.as_slice(), damaged.len() as u64).and_then(|(json, tensors)| {
                    check_json(&path, &json)?;
                    Ok((json.clone(), tensors.checked(&path, &json)?))
                });
            let Ok((json, tensors)) = read else {
                refused += 1;
                continue;
            };
            let json: Value = serde_json::from_str(&json).unwrap();
            assert!(bits(&tensors) == bits(&small()), "bit {bit}");
            assert!(
                ["format", "classes"].iter().all(|k| json[k] == wanted[k]),
                "bit {bit}"
            );
        }
        assert!(refused > 7 * whole.len(), "{refused} of {}", 8 * whole.len());
    }

    /// The graph is read back to the byte, its damage is noticed, and only model files may have one.
    #[test]
    fn a_graph_is_kept_next_to_the_tensors() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.safetensors");
        let graph: Vec<u8> = (0..=255).collect();
        write_with_graph(&path, JSON, &small(), Some(&graph)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let (json, unchecked) = parse_tensors(&path, whole.as_slice(), whole.len() as u64).unwrap();
        let (tensors, read) = unchecked.checked_with_graph(&path, &json).unwrap();
        assert!(bits(&tensors) == bits(&small()) && read.as_deref() == Some(graph.as_slice()));
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(
            message.contains("`graph.onnx` belongs to a model file"),
            "{message}"
        );
        let mut damaged = whole.clone();
        let at = whole.windows(4).position(|w| w == [7, 8, 9, 10]).unwrap();
        damaged[at] ^= 1;
        let (json, unchecked) = parse_tensors(&path, damaged.as_slice(), damaged.len() as u64).unwrap();
        let message = unchecked
            .checked_with_graph(&path, &json)
            .unwrap_err()
            .to_string();
        assert!(message.contains("is damaged: its numbers"), "{message}");
    }

    #[test]
    fn files_of_earlier_versions_are_read_without_checksums() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.safetensors");
        let bytes = 1.5_f32.to_le_bytes();
        let view = TensorView::new(Dtype::F32, vec![1], &bytes).unwrap();
        let metadata = HashMap::from([(META_KEY.to_owned(), JSON.to_owned())]);
        let old = safetensors::serialize([("w", view)], Some(metadata)).unwrap();
        std::fs::write(&path, old).unwrap();
        let (json, tensors) = read_tensors(&path).unwrap();
        assert_eq!((json.as_str(), tensors["w"].values[0]), (JSON, 1.5));
    }

    #[test]
    fn what_is_damaged_is_named_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.safetensors");
        write_tensors(&path, JSON.into(), &small()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let refused = |at: usize| {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            std::fs::write(&path, damaged).unwrap();
            read_tensors(&path).unwrap_err().to_string()
        };
        let message = refused(whole.len() - 20);
        assert!(
            message.contains("is damaged: its numbers are not those"),
            "{message}"
        );
        assert!(message.contains("restore it from a copy"), "{message}");
        let owl = whole.windows(3).position(|w| w == b"owl").unwrap();
        let message = refused(owl);
        assert!(
            message.contains("its recipe, classes or other metadata"),
            "{message}"
        );
    }
}
