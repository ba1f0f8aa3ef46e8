//! The model file: one `.safetensors` that says everything needed to use it.
//!
//! Tensors have the names of the network's variables; the metadata is the JSON of [`ModelMeta`], followed by checksums
//! of both.

use super::error::ModelFileError;
use super::host_tensor::HostTensor;
use super::safetensors_file::{
    Tensors, check_json, read_json, read_unchecked, serialize, write_tensors, write_with_graph,
};
use burn::tensor::Device;
use earmark_core::atomic::{self, Fill};
use earmark_metrics::Calibration;
use earmark_models::{VarId, VarSpec, Vars};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Version of the layout of model files and run directories that this program writes. It reads every earlier one.
pub const FORMAT: u32 = 1;

/// What a model file says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelMeta {
    /// Version of the file's layout, see [`FORMAT`].
    pub format: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// The resolved recipe, as TOML.
    pub recipe: String,
    /// Class names in the order of the outputs.
    pub classes: Vec<String>,
    /// Licence of the weights, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where the weights come from, where they were not trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Training steps behind the weights.
    pub step: u64,
    /// Turns scores into probabilities, with the thresholds that belong to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// A model file in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// Its metadata.
    pub meta: ModelMeta,
    /// Its variables.
    pub tensors: Tensors,
    /// The bytes of the imported graph that its network is, where it is one.
    pub graph: Option<Arc<[u8]>>,
}

impl ModelFile {
    /// Reads and checks a model file.
    ///
    /// # Errors
    ///
    /// When it can't be read, is not a model file, is damaged, or was written by a later version of this program.
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        Self::read_with_hash(path).map(|(file, _)| file)
    }

    /// As [`ModelFile::read`], with BLAKE3 of the file's bytes in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// As [`ModelFile::read`].
    pub fn read_with_hash(path: &Path) -> Result<(Self, String), ModelFileError> {
        atomic::finish_pending(path)?;
        let (json, mut tensors) = read_unchecked(path)?;
        let hash = std::mem::take(&mut tensors.file_hash);
        let meta = parse_meta(path, &json)?;
        let (tensors, graph) = tensors.checked_with_graph(path, &json)?;
        let file = Self { meta, tensors, graph };
        Ok((file, hash))
    }

    /// Reads and checks what a model file says about itself (recipe, classes, step, ...), and none of its weights.
    ///
    /// # Errors
    ///
    /// As [`ModelFile::read`], except that the weights are not looked at.
    pub fn read_metadata(path: &Path) -> Result<ModelMeta, ModelFileError> {
        atomic::finish_pending(path)?;
        parse_meta(path, &read_json(path)?)
    }

    /// Writes this file as it is, atomically.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        write_with_graph(path, &to_json(&self.meta), &self.tensors, self.graph.as_deref())
    }

    /// Writes several files that belong together, all of them or none: see
    /// [`write_together`](earmark_core::atomic::write_together).
    ///
    /// # Errors
    ///
    /// When one of them can't be written.
    pub fn save_together(files: &[(&Path, &Self)]) -> Result<(), ModelFileError> {
        let fills: Vec<_> = files.iter().map(|&(_, file)| fill_of(file)).collect();
        let paths = files.iter().map(|&(path, _)| path);
        let fills: Vec<(&Path, Fill)> = paths.zip(fills.iter().map(|fill| fill as Fill)).collect();
        Ok(atomic::write_together(&fills)?)
    }

    /// Writes variables with their metadata, atomically.
    ///
    /// # Errors
    ///
    /// When the file can't be written.
    pub fn write(path: &Path, meta: &ModelMeta, vars: &Vars) -> Result<(), ModelFileError> {
        let tensor = |(i, s): (usize, &VarSpec)| {
            let (shape, values) = (s.shape.clone(), vars.to_vec(VarId(i)));
            (s.name.clone(), HostTensor { shape, values })
        };
        let tensors = vars.specs().iter().enumerate().map(tensor).collect();
        write_tensors(path, to_json(meta), &tensors)
    }

    /// Compares the file with the variables of a network: every one must be there in its shape, and nothing else.
    /// Nothing is allocated, so that a recipe can't ask for more memory than its file has weights.
    ///
    /// # Errors
    ///
    /// When a variable is missing, has another shape, or a tensor belongs to no variable.
    pub fn check_fit(&self, path: &Path, specs: &[VarSpec]) -> Result<(), ModelFileError> {
        check_fit(path, &self.tensors, specs)
    }

    /// Fills `vars` with the file's tensors; every variable must be there in its shape, and nothing else.
    ///
    /// # Errors
    ///
    /// When a variable is missing, has another shape, or a tensor belongs to no variable.
    pub fn load_into(&self, path: &Path, vars: &mut Vars) -> Result<(), ModelFileError> {
        check_fit(path, &self.tensors, vars.specs())?;
        for i in 0..vars.len() {
            let values = self.tensors[&vars.specs()[i].name].values.clone();
            vars.set_vec(VarId(i), values);
        }
        Ok(())
    }

    /// Variables with the file's tensors, which it has no longer; every variable must be there in its shape, and nothing
    /// else.
    ///
    /// # Errors
    ///
    /// As [`Self::check_fit`].
    pub fn take_variables(
        &mut self,
        path: &Path,
        specs: Vec<VarSpec>,
        device: &Device,
    ) -> Result<Vars, ModelFileError> {
        check_fit(path, &self.tensors, &specs)?;
        let mut tensors = std::mem::take(&mut self.tensors);
        let values = specs.iter().filter_map(|spec| tensors.remove(&spec.name));
        let values = values.map(|tensor| tensor.values).collect();
        Ok(Vars::with_values(values, specs, device))
    }
}

/// Writes the bytes of a file.
fn fill_of(file: &ModelFile) -> impl Fn(&mut dyn Write) -> io::Result<()> {
    move |w: &mut dyn Write| {
        let data = serialize(&to_json(&file.meta), &file.tensors, file.graph.as_deref());
        w.write_all(&data.map_err(|e| io::Error::other(e.to_string()))?)
    }
}

fn to_json(meta: &ModelMeta) -> String {
    serde_json::to_string(meta).expect("strings and numbers")
}

fn parse_meta(path: &Path, json: &str) -> Result<ModelMeta, ModelFileError> {
    // The format comes first: this program can't know what else a later one says.
    let head: Value = serde_json::from_str(json).map_err(|e| ModelFileError::broken(path, e))?;
    let found = head.get("format").and_then(Value::as_u64).unwrap_or(0);
    let version = head.get("version").and_then(Value::as_str);
    check_format(path, u32::try_from(found).unwrap_or(u32::MAX), version)?;
    check_json(path, json)?;
    let meta: ModelMeta = serde_json::from_value(head).map_err(|e| ModelFileError::broken(path, e))?;
    if let Some(calibration) = &meta.calibration {
        let checked = calibration.check(meta.classes.len());
        checked.map_err(|e| ModelFileError::broken(path, e))?;
    }
    Ok(meta)
}

/// Refuses a file of a later format, by the version of the program that wrote it, where it says that.
pub(super) fn check_format(path: &Path, found: u32, version: Option<&str>) -> Result<(), ModelFileError> {
    if found <= FORMAT {
        return Ok(());
    }
    Err(ModelFileError::Newer {
        path: path.into(),
        found,
        known: FORMAT,
        version: version.unwrap_or("unknown").to_owned(),
    })
}

fn check_fit(path: &Path, tensors: &Tensors, specs: &[VarSpec]) -> Result<(), ModelFileError> {
    let difference = |s: &VarSpec| match tensors.get(&s.name) {
        None => Some(format!("`{}` is missing", s.name)),
        Some(t) if t.shape != s.shape => {
            Some(format!("`{}` is {:?} instead of {:?}", s.name, t.shape, s.shape))
        }
        Some(_) => None,
    };
    let unknown = tensors
        .keys()
        .filter(|name| specs.iter().all(|s| s.name != **name))
        .map(|name| format!("`{name}` is unknown"));
    let mut differences: Vec<String> = specs.iter().filter_map(difference).chain(unknown).collect();
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(3);
    differences.truncate(3);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(ModelFileError::Mismatch {
        path: path.into(),
        differences: differences.join(", ") + &more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_models::{VarInit, VarKind};

    fn model(tensors: impl IntoIterator<Item = (&'static str, Vec<usize>)>) -> ModelFile {
        let tensors = tensors.into_iter().map(|(name, shape)| {
            let values = vec![0.5; shape.iter().product()];
            (name.to_owned(), HostTensor { shape, values })
        });
        ModelFile {
            meta: ModelMeta {
                format: FORMAT,
                version: "0.0.0".into(),
                recipe: "name = \"test\"".into(),
                classes: vec!["dog".into(), "owl".into()],
                licence: None,
                source: None,
                step: 42,
                calibration: None,
            },
            tensors: tensors.collect(),
            graph: None,
        }
    }

    /// A file that has some of the variables, or one of another shape, gives none of them.
    #[test]
    fn all_variables_are_in_the_file_or_none_is_taken() {
        let spec = |(name, shape): (&str, &[usize])| VarSpec {
            name: name.into(),
            shape: shape.into(),
            kind: VarKind::Trainable,
            init: VarInit::Constant(0.0),
        };
        let specs: Vec<VarSpec> = [("w", &[2, 3][..]), ("b", &[2])].map(spec).into();
        let (path, device) = (Path::new("m.safetensors"), Device::flex());
        for (tensors, problem) in [
            (vec![("w", vec![2, 3])], "`b` is missing"),
            (
                vec![("w", vec![3, 2]), ("b", vec![2])],
                "`w` is [3, 2] instead of [2, 3]",
            ),
            (
                vec![("w", vec![2, 3]), ("b", vec![2]), ("c", vec![1])],
                "`c` is unknown",
            ),
        ] {
            let mut file = model(tensors);
            let whole = file.clone();
            let error = file.take_variables(path, specs.clone(), &device).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
            let mut vars = Vars::init(specs.clone(), 1, &device);
            assert!(file.load_into(path, &mut vars).is_err());
            assert_eq!(vars.to_vec(VarId(0)), [0.0; 6]);
            assert_eq!(file, whole, "nothing is taken");
        }
        let mut file = model([("w", vec![2, 3]), ("b", vec![2])]);
        let vars = file.take_variables(path, specs, &device).unwrap();
        assert_eq!(vars.to_vec(VarId(0)), [0.5; 6]);
        assert_eq!(vars.to_vec(VarId(1)), [0.5; 2]);
        assert!(file.tensors.is_empty());
    }

    #[test]
    fn metadata_is_read_without_the_weights() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let file = ModelFile {
            graph: Some(b"a graph".as_slice().into()),
            ..model([("w", vec![2, 100])])
        };
        file.save(&path).unwrap();
        assert_eq!(ModelFile::read(&path).unwrap(), file);
        // Without the last weights the file is broken, and its metadata still there.
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
        assert!(ModelFile::read(&path).is_err());
        assert_eq!(ModelFile::read_metadata(&path).unwrap(), file.meta);
        // Two that belong together are written as each by itself.
        let other = dir.path().join("other.safetensors");
        ModelFile::save_together(&[(&path, &file), (&other, &file)]).unwrap();
        assert!(std::fs::read(&path).unwrap() == bytes && std::fs::read(&other).unwrap() == bytes);
        std::fs::write(&path, &bytes[..20]).unwrap();
        let message = ModelFile::read_metadata(&path).unwrap_err().to_string();
        assert!(message.contains("not a model file"), "{message}");
    }
}
