//! Reading and writing safetensors files of float32 tensors with JSON metadata.
//!
//! The header's metadata has one key, `earmark`: the order of several would not be fixed, and equal runs write equal bytes. Its JSON ends
//! with two checksums, of the tensors with their names and shapes, and of the JSON itself, so that a bit that flips anywhere in the file is
//! noticed. Files of earlier versions have none and are read all the same.

use super::error::ModelFileError;
use earmark_core::atomic;
use earmark_core::checksum::{Checksum, Seal, check_seal, seal};
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde_json::Value;
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
/// When the file can't be read, is not a safetensors file, was not written by earmark, holds numbers that are not float32, or is damaged.
pub fn read_tensors(path: &Path) -> Result<(String, Tensors), ModelFileError> {
    let bytes = std::fs::read(path).map_err(|e| ModelFileError::read(path, e))?;
    let (json, tensors) = parse_tensors(path, &bytes)?;
    check_json(path, &json)?;
    let tensors = tensors.checked(path, &json)?;
    Ok((json, tensors))
}

/// Tensors whose checksum is not compared yet: of a file of a later format, this program can't know what it is a checksum of.
pub(super) struct UncheckedTensors {
    tensors: Tensors,
    graph: Option<Arc<[u8]>>,
    checksum: String,
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

/// As [`read_tensors`], from the bytes of the file at `path`, without comparing any checksum.
pub(super) fn parse_tensors(path: &Path, bytes: &[u8]) -> Result<(String, UncheckedTensors), ModelFileError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| ModelFileError::broken(path, e))?;
    let json = earmark_json(path, &header)?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| ModelFileError::broken(path, e))?;
    // In the order of names, which the file doesn't promise.
    let views: BTreeMap<&str, TensorView> = file.iter().collect();
    let (mut tensors, mut graph, mut checksum) = (Tensors::new(), None, Checksum::default());
    for (name, view) in views {
        if name == GRAPH && view.dtype() == Dtype::U8 {
            graph = Some(Arc::from(view.data()));
            continue;
        }
        tensors.insert(name.to_owned(), float_tensor(path, name, &view)?);
        add_name(&mut checksum, name, view.shape());
        checksum.update(view.data());
    }
    let unchecked = UncheckedTensors {
        tensors,
        checksum: with_graph(checksum, graph.as_deref()),
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
    let mut bytes = Vec::new();
    for (name, tensor) in tensors {
        add_name(&mut checksum, name, &tensor.shape);
        for values in tensor.values.chunks(1 << 14) {
            to_bytes(values, &mut bytes);
            checksum.update(&bytes);
        }
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

/// Puts numbers into `bytes`, in place of what they held; number by number, which compiles to a copy.
fn to_bytes(values: &[f32], bytes: &mut Vec<u8>) {
    bytes.resize(size_of_val(values), 0);
    for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
        *bytes = value.to_le_bytes();
    }
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
    let bytes = std::fs::read(path).map_err(|e| ModelFileError::read(path, e))?;
    float_tensors(path, &bytes)
}

fn float_tensors(path: &Path, bytes: &[u8]) -> Result<Tensors, ModelFileError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| ModelFileError::broken(path, e))?;
    let read = |(name, view): (&str, TensorView)| Ok((name.to_owned(), float_tensor(path, name, &view)?));
    file.iter().map(read).collect()
}

fn float_tensor(path: &Path, name: &str, view: &TensorView) -> Result<HostTensor, ModelFileError> {
    if view.dtype() != Dtype::F32 {
        let reason = format!("`{name}` holds {:?} instead of float32", view.dtype());
        return Err(ModelFileError::broken(path, reason));
    }
    let (numbers, _) = view.data().as_chunks();
    Ok(HostTensor {
        shape: view.shape().to_vec(),
        values: numbers.iter().map(|b| f32::from_le_bytes(*b)).collect(),
    })
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
    let bytes: Vec<Vec<u8>> = tensors
        .values()
        .map(|t| {
            let mut bytes = Vec::new();
            to_bytes(&t.values, &mut bytes);
            bytes
        })
        .collect();
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
            let read = parse_tensors(&path, &damaged).and_then(|(json, tensors)| {
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
        let (json, unchecked) = parse_tensors(&path, &whole).unwrap();
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
        let (json, unchecked) = parse_tensors(&path, &damaged).unwrap();
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
