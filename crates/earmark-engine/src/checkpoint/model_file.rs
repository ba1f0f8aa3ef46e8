//! The model file: one `.safetensors` that says everything needed to use it.
//!
//! Tensors carry the network's variable names. The header's metadata has one key, `earmark`, whose value is the JSON of
//! [`ModelMeta`]: one key, because the order of several is not fixed and equal runs shall write equal bytes.

use earmark_core::atomic::{self, WriteError};
use earmark_metrics::Calibration;
use earmark_models::{VarId, VarSpec, Vars};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Version of the layout of model files and run directories that this program writes. It reads every earlier one.
pub const FORMAT: u32 = 1;

const META_KEY: &str = "earmark";

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
    /// What makes its scores chances, and the thresholds that belong to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// Why a model or state file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}; check the path")]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The bytes are not a safetensors file.
    #[error("{path}: not a model file ({reason}); expected the .safetensors that `earmark train` writes")]
    Broken {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A safetensors file of somebody else's.
    #[error(
        "{path}: has no earmark description; it holds tensors but not which network, front end and classes they belong to"
    )]
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// Written by a later program.
    #[error(
        "{path}: format {found} is newer than the {known} this program knows; update earmark (the file was written by version {version})"
    )]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
        /// Its writer.
        version: String,
    },
    /// The tensors are not the network's.
    #[error(
        "{path}: does not fit this network: {differences}; it belongs to another recipe or another set of classes"
    )]
    Mismatch {
        /// Where.
        path: PathBuf,
        /// The first few differences.
        differences: String,
    },
    /// The state of a training can't be gone on from. There is one state a run, and what it holds stands nowhere else.
    #[error(
        "{path}: a training can't go on from this file ({reason}); put back a copy of it, or delete it: --resume then trains from the start again and ends with the same weights, and the checkpoints there are make way for new ones"
    )]
    State {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

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

/// A model file in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// Its description.
    pub meta: ModelMeta,
    /// Its variables.
    pub tensors: Tensors,
}

impl ModelFile {
    /// Reads and checks a model file.
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        let (meta, tensors) = read_tensors(path)?;
        // The version is read first: what else a later format says, this program can't know.
        let head: serde_json::Value = serde_json::from_str(&meta).map_err(|e| broken(path, &e))?;
        let found = head
            .get("format")
            .and_then(serde_json::Value::as_u64)
            .unwrap_or(0);
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        if found > FORMAT {
            let version = head
                .get("version")
                .and_then(|v| v.as_str())
                .unwrap_or("unknown")
                .to_owned();
            return Err(ModelFileError::Newer {
                path: path.into(),
                found,
                known: FORMAT,
                version,
            });
        }
        let meta: ModelMeta = serde_json::from_value(head).map_err(|e| broken(path, &e))?;
        if let Some(calibration) = &meta.calibration {
            calibration
                .check(meta.classes.len())
                .map_err(|e| broken(path, &e))?;
        }
        Ok(Self { meta, tensors })
    }

    /// Writes this file as it is, atomically.
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        let json = serde_json::to_string(&self.meta).expect("strings and numbers");
        write_tensors(path, json, &self.tensors)
    }

    /// Writes the variables with their description, atomically.
    pub fn write(path: &Path, meta: &ModelMeta, vars: &Vars) -> Result<(), ModelFileError> {
        let json = serde_json::to_string(meta).expect("strings and numbers");
        let tensors = vars
            .specs()
            .iter()
            .enumerate()
            .map(|(i, s)| {
                (
                    s.name.clone(),
                    HostTensor {
                        shape: s.shape.clone(),
                        values: vars.to_vec(VarId(i)),
                    },
                )
            })
            .collect();
        write_tensors(path, json, &tensors)
    }

    /// Fills `vars` with the file's tensors; every variable must be there in its shape, and nothing else.
    pub fn load_into(&self, path: &Path, vars: &mut Vars) -> Result<(), ModelFileError> {
        check_fit(path, &self.tensors, vars.specs())?;
        for i in 0..vars.len() {
            let values = self.tensors[&vars.specs()[i].name].values.clone();
            vars.set_vec(VarId(i), values);
        }
        Ok(())
    }
}

fn check_fit(path: &Path, tensors: &Tensors, specs: &[VarSpec]) -> Result<(), ModelFileError> {
    let mut differences: Vec<String> = Vec::new();
    for s in specs {
        match tensors.get(&s.name) {
            None => differences.push(format!("`{}` is missing", s.name)),
            Some(t) if t.shape != s.shape => {
                differences.push(format!("`{}` is {:?} instead of {:?}", s.name, t.shape, s.shape));
            }
            Some(_) => {}
        }
    }
    differences.extend(
        tensors
            .keys()
            .filter(|n| specs.iter().all(|s| s.name != **n))
            .map(|n| format!("`{n}` is unknown")),
    );
    if differences.is_empty() {
        return Ok(());
    }
    let n = differences.len();
    differences.truncate(3);
    let mut text = differences.join(", ");
    if n > 3 {
        text.push_str(&format!(" and {} more", n - 3));
    }
    Err(ModelFileError::Mismatch {
        path: path.into(),
        differences: text,
    })
}

fn broken(path: &Path, reason: &dyn std::fmt::Display) -> ModelFileError {
    ModelFileError::Broken {
        path: path.into(),
        reason: reason.to_string(),
    }
}

/// Reads all float32 tensors of a safetensors file and the JSON of its `earmark` metadata.
///
/// # Errors
/// A file that can't be read, is no safetensors file, was not written by earmark or holds other numbers than float32.
pub fn read_tensors(path: &Path) -> Result<(String, Tensors), ModelFileError> {
    let bytes = std::fs::read(path).map_err(|cause| ModelFileError::Read {
        path: path.into(),
        cause,
    })?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(path, &e))?;
    let meta = header
        .metadata()
        .as_ref()
        .and_then(|m| m.get(META_KEY))
        .ok_or_else(|| ModelFileError::Foreign { path: path.into() })?
        .clone();
    Ok((meta, float_tensors(path, &bytes)?))
}

/// Reads all tensors of a safetensors file, whoever wrote it and whatever it says about them.
///
/// # Errors
/// As [`read_tensors`], but for the description that it need not have.
pub fn read_foreign_tensors(path: &Path) -> Result<Tensors, ModelFileError> {
    let bytes = std::fs::read(path).map_err(|cause| ModelFileError::Read {
        path: path.into(),
        cause,
    })?;
    float_tensors(path, &bytes)
}

fn float_tensors(path: &Path, bytes: &[u8]) -> Result<Tensors, ModelFileError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| broken(path, &e))?;
    let mut tensors = Tensors::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(broken(
                path,
                &format!("`{name}` holds {:?} instead of float32", view.dtype()),
            ));
        }
        let values = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        tensors.insert(
            name.to_owned(),
            HostTensor {
                shape: view.shape().to_vec(),
                values,
            },
        );
    }
    Ok(tensors)
}

/// Writes tensors and the JSON of their description, atomically.
///
/// # Errors
/// A file that can't be written.
pub fn write_tensors(path: &Path, meta: String, tensors: &Tensors) -> Result<(), ModelFileError> {
    let bytes: Vec<(&String, &HostTensor, Vec<u8>)> = tensors
        .iter()
        .map(|(name, t)| (name, t, t.values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views: Vec<(&str, TensorView)> = bytes
        .iter()
        .map(|(name, t, b)| {
            let view =
                TensorView::new(Dtype::F32, t.shape.clone(), b).expect("as many bytes as the shape says");
            (name.as_str(), view)
        })
        .collect();
    let data = safetensors::serialize(views, Some(HashMap::from([(META_KEY.to_owned(), meta)])))
        .map_err(|e| broken(path, &e))?;
    Ok(atomic::write(path, |w| w.write_all(&data))?)
}
