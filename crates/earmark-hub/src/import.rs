//! A published checkpoint becomes a model file that says everything about itself.

use super::{Architecture, audioset, image_body, read_labels};
use burn::tensor::Device;
use earmark_core::ConfigError;
use earmark_core::VERSION;
use earmark_core::text::suggest;
use earmark_engine::{FORMAT, ModelFile, ModelFileError, ModelMeta};
use earmark_features::Extractor;
use earmark_models::{Network, VarId, VarSpec, Vars};
use earmark_recipe::{Recipe, RecipeError};
use earmark_torch::{TorchError, TorchTensor};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What to import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The checkpoint, as it was published.
    pub file: PathBuf,
    /// Which network it is, by name.
    pub architecture: String,
    /// A table of class names; without it AudioSet's.
    pub labels: Option<PathBuf>,
    /// Where it comes from; without it, home page and file name.
    pub source: Option<String>,
    /// The model file to write.
    pub out: PathBuf,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The network's name in full.
    pub architecture: String,
    /// Its classes; none where it is a body alone, to start trainings from.
    pub classes: usize,
    /// Tensors that were taken over.
    pub tensors: usize,
    /// Trainable numbers in them.
    pub parameters: usize,
    /// Tensors that prediction has no use for, left out.
    pub ignored: usize,
}

/// Why a checkpoint can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No network of that name.
    #[error("--as {name}: no such network{near}; known are {}", Architecture::KNOWN)]
    Unknown {
        /// The name.
        name: String,
        /// `, did you mean X?` or nothing.
        near: String,
    },
    /// The tensors are not the network's.
    #[error("{path}: does not fit {architecture}: {differences}{remedy}")]
    Fit {
        /// The checkpoint.
        path: PathBuf,
        /// The network.
        architecture: String,
        /// The first few differences.
        differences: String,
        /// What to do about it.
        remedy: String,
    },
    /// The class names are not those of the network.
    #[error("--labels {path}: {reason}")]
    Labels {
        /// The table.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another number of classes than AudioSet's.
    #[error(
        "{path}: scores {classes} classes, and AudioSet has 527; name them with --labels TABLE.csv (index,name lines)"
    )]
    Unnamed {
        /// The checkpoint.
        path: PathBuf,
        /// Its classes.
        classes: usize,
    },
    /// Keras's own container.
    #[error(
        "{path}: is an HDF5 file; write its tensors to a safetensors file first, as `recipes/mobilenetv2-pca-2018` shows"
    )]
    Hdf5 {
        /// The file.
        path: PathBuf,
    },
    /// The checkpoint can't be read.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// The network's recipe is refused.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// Its front end or its network is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model file can't be written.
    #[error(transparent)]
    Model(#[from] ModelFileError),
}

/// Reads the checkpoint, checks every tensor by name and shape, and writes the model file.
///
/// # Errors
/// See [`ImportError`]; nothing is written then.
pub fn import(job: &Import) -> Result<Imported, ImportError> {
    let architecture = Architecture::parse(&job.architecture).ok_or_else(|| unknown(&job.architecture))?;
    if architecture == Architecture::ImageBody {
        return image_body::import(job);
    }
    let mut theirs: BTreeMap<String, TorchTensor> = earmark_torch::read(&job.file)?.into_iter().collect();
    let mut recipe = architecture.recipe()?;
    let channels = Extractor::new(&recipe.front_end)?.channels();
    let build = |classes| Network::build(&recipe.network, channels, classes);
    let classes = classes(&architecture, &theirs, &build(1)?.1).unwrap_or(1);
    let (_, specs) = build(classes)?;
    let values = take_all(&architecture, &mut theirs, &specs, &job.file)?;
    check_mel(&architecture, &recipe, &theirs, &job.file)?;
    let names = class_names(job, classes)?;
    let mut vars = Vars::init(specs, 0, &Device::flex());
    let tensors = values.len();
    for (i, values) in values.into_iter().enumerate() {
        vars.set_vec(VarId(i), values);
    }
    recipe.licence = Some(architecture.licence().into());
    let meta = ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe: recipe.to_toml(),
        classes: names,
        licence: recipe.licence.clone(),
        source: Some(
            job.source
                .clone()
                .unwrap_or_else(|| place(architecture.home(), &job.file)),
        ),
        calibration: None,
        step: 0,
    };
    ModelFile::write(&job.out, &meta, &vars)?;
    Ok(Imported {
        architecture: architecture.name(),
        classes,
        tensors,
        parameters: vars.count(true),
        ignored: theirs.len(),
    })
}

/// Home page and file name: where weights come from.
pub(super) fn place(home: &str, file: &Path) -> String {
    let name = file
        .file_name()
        .map_or(String::new(), |n| n.to_string_lossy().into_owned());
    format!("{home} ({name})")
}

fn unknown(name: &str) -> ImportError {
    let plain = name.to_lowercase().replace('_', "-");
    let known = [
        "efficientat-mn04",
        "efficientat-mn05",
        "efficientat-mn10",
        "efficientat-mn20",
        "efficientat-mn30",
        "efficientat-mn40",
        image_body::NAME,
        "panns-cnn14",
        "panns-cnn10",
        "panns-mobilenet-v1",
        "panns-mobilenet-v2",
    ];
    let near = suggest(&plain, known).map_or(String::new(), |near| format!(", did you mean {near}?"));
    ImportError::Unknown {
        name: name.into(),
        near,
    }
}

/// How many classes the checkpoint scores: the length of the logits' bias.
fn classes(
    architecture: &Architecture,
    theirs: &BTreeMap<String, TorchTensor>,
    specs: &[VarSpec],
) -> Option<usize> {
    let bias = specs.iter().find(|s| s.name == "logits.bias")?;
    match theirs.get(&architecture.their_name(bias, specs))?.shape[..] {
        [n] => Some(n).filter(|n| *n > 0),
        _ => None,
    }
}

/// [`take`], for a published network.
fn take_all(
    architecture: &Architecture,
    theirs: &mut BTreeMap<String, TorchTensor>,
    specs: &[VarSpec],
    path: &Path,
) -> Result<Vec<Vec<f32>>, ImportError> {
    let shapes: BTreeMap<String, Vec<usize>> =
        theirs.iter().map(|(n, t)| (n.clone(), t.shape.clone())).collect();
    let their_name = |spec: &VarSpec| architecture.their_name(spec, specs);
    let taken = take(theirs, specs, &their_name, &|name| architecture.ignores(name));
    taken.map_err(|Differences(text)| {
        let remedy = match architecture.fitting(|name| shapes.get(name).cloned()) {
            Some(other) if other != architecture.name() => {
                format!("; its sizes are those of --as {other}")
            }
            _ => "; it is another network, or the file is damaged".into(),
        };
        ImportError::Fit {
            path: path.into(),
            architecture: architecture.name(),
            differences: text,
            remedy,
        }
    })
}

/// How tensors differ from those of a network: the first few, in words.
pub(super) struct Differences(pub String);

/// Takes the values of every variable out of `theirs`; what the network ignores stays there, and nothing else may.
pub(super) fn take(
    theirs: &mut BTreeMap<String, TorchTensor>,
    specs: &[VarSpec],
    their_name: &dyn Fn(&VarSpec) -> String,
    ignores: &dyn Fn(&str) -> bool,
) -> Result<Vec<Vec<f32>>, Differences> {
    let mut differences = Vec::new();
    let mut values = Vec::with_capacity(specs.len());
    for spec in specs {
        let name = their_name(spec);
        match theirs.remove(&name) {
            None => differences.push(format!("`{name}` is missing")),
            Some(t) if t.shape != spec.shape => {
                differences.push(format!("`{name}` is {:?} instead of {:?}", t.shape, spec.shape));
            }
            Some(TorchTensor {
                values: None, dtype, ..
            }) => {
                differences.push(format!("`{name}` holds {dtype:?} instead of floating numbers"));
            }
            Some(TorchTensor { values: Some(v), .. }) => {
                if let Some(bad) = v.iter().find(|x| !x.is_finite()) {
                    differences.push(format!("`{name}` holds {bad}"));
                }
                values.push(v);
            }
        }
    }
    let unknown = theirs.keys().filter(|name| !ignores(name));
    differences.extend(unknown.map(|name| format!("`{name}` is unknown")));
    if differences.is_empty() {
        return Ok(values);
    }
    let count = differences.len();
    differences.truncate(4);
    let mut text = differences.join(", ");
    if count > 4 {
        text.push_str(&format!(" and {} more", count - 4));
    }
    Err(Differences(text))
}

/// Where the checkpoint holds the mel bank that it was trained with, ours must be the same.
fn check_mel(
    architecture: &Architecture,
    recipe: &Recipe,
    theirs: &BTreeMap<String, TorchTensor>,
    path: &Path,
) -> Result<(), ImportError> {
    let found = architecture
        .mel_bank()
        .and_then(|name| Some((name, theirs.get(name)?)));
    let (Some((name, bank)), Some(mel)) = (found, &recipe.front_end.mel) else {
        return Ok(());
    };
    let fft = recipe
        .front_end
        .stft
        .fft_samples
        .or(recipe.front_end.stft.window_samples)
        .unwrap_or(0);
    let ours = mel.matrix(recipe.front_end.sample_rate_hz, fft as usize)?;
    let (bands, bins) = (ours.len(), ours[0].len());
    let theirs = bank.values.as_ref().filter(|_| bank.shape == [bins, bands]);
    let far = |values: &Vec<f32>| {
        values
            .iter()
            .enumerate()
            .any(|(i, v)| (f64::from(*v) - ours[i % bands][i / bands]).abs() > 1e-4)
    };
    if theirs.is_some_and(|values| !far(values)) {
        return Ok(());
    }
    Err(ImportError::Fit {
        path: path.into(),
        architecture: architecture.name(),
        differences: format!("its mel bank `{name}` is not that of this front end"),
        remedy: "; it was trained on other features (another sample rate or other bands)".into(),
    })
}

fn class_names(job: &Import, classes: usize) -> Result<Vec<String>, ImportError> {
    let Some(path) = &job.labels else {
        let names = audioset();
        return if names.len() == classes {
            Ok(names)
        } else {
            Err(ImportError::Unnamed {
                path: job.file.clone(),
                classes,
            })
        };
    };
    let refuse = |reason| ImportError::Labels {
        path: path.clone(),
        reason,
    };
    let names = read_labels(path).map_err(refuse)?;
    if names.len() == classes {
        Ok(names)
    } else {
        Err(refuse(format!(
            "names {} classes, and the network scores {classes}",
            names.len()
        )))
    }
}
