//! Models and the program in one folder, to score recordings where there is no network and nothing installed: a notebook of a
//! competition, a server, a field station.
//!
//! ```text
//! predict.sh        sh predict.sh DATA OUT.csv
//! earmark           the program
//! models/           one file a model, in the order of bundle.json; what second-level models ask lies in folders beside them
//! bundle.json       how they are blended, with what tiles, from where
//! classes.csv       index,name
//! README.md         how to use it
//! LICENCES.md       of the weights and of the program
//! SHA256SUMS        sha256sum -c SHA256SUMS
//! ```
//!
//! Nothing in it tells a time or a place, so that the same models and program make the same bytes.

mod elf;
mod models;
mod sums;
mod texts;

use crate::PipelineError;
use crate::model::ModelSource;
use earmark_core::atomic::{self, WriteError};
use earmark_features::Segments;
use earmark_metrics::BlendMean;
use models::{StackedInputs, pack_models};
use serde::Serialize;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Version of `bundle.json`.
const FORMAT: u32 = 1;

/// The program's name in a bundle.
const PROGRAM: &str = "earmark";

/// What to pack.
#[derive(Clone, Debug)]
pub struct BundleJob {
    /// Models: files, RUN, RUN@STEP, or a set of folds.
    pub models: Vec<String>,
    /// The folder to make.
    pub out: PathBuf,
    /// How several models are blended.
    pub mean: BlendMean,
    /// How much each counts; all alike without.
    pub weights: Option<Vec<f64>>,
    /// The program to put in.
    pub program: PathBuf,
}

/// What a bundle says about itself: `bundle.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundleDescription {
    /// Version of this description.
    pub format: u32,
    /// Version of the program that packed it.
    pub version: String,
    /// How the models are blended.
    pub mean: BlendMean,
    /// How much each counts, where they do not count alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// How many classes they know.
    pub classes: usize,
    /// The models, in the order of the weights.
    pub models: Vec<BundledModel>,
    /// The program.
    pub program: BundledProgram,
}

/// A model in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundledModel {
    /// Its file.
    pub file: String,
    /// Its recipe's name.
    pub recipe: String,
    /// Steps that it was trained for.
    pub step: u64,
    /// Licence of the weights, where the recipe says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Tiles that clips are cut into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Segments>,
    /// Of a second-level model, the folders of the first-level models that it asks, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
}

/// The program in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundledProgram {
    /// Its file.
    pub file: String,
    /// Whether it runs by itself; else it needs the C library of a system as new as the one that it was built on. Unknown for
    /// programs that are no ELF files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#static: Option<bool>,
}

/// What came of packing.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleOutcome {
    /// What the bundle says about itself.
    pub description: BundleDescription,
    /// Whether the folder was there already, with the same content.
    pub unchanged: bool,
}

/// Packs. A folder that holds this very bundle stays as it is; any other that is not empty is refused.
///
/// # Errors
/// When a model can't be read, models know different classes, weights do not fit, or the folder can't be written.
pub fn bundle(job: &BundleJob) -> Result<BundleOutcome, PipelineError> {
    let models = ModelSource::read_all(&job.models)?;
    check_weights(job, models.len())?;
    let first = models
        .first()
        .ok_or_else(|| PipelineError::Request("nothing to pack: name at least one model".into()))?;
    for model in &models {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        if sorted(&model.file.meta.classes) != sorted(&first.file.meta.classes) {
            return Err(PipelineError::Request(format!(
                "{}: its classes differ from those of {}; only models of the same classes can be blended",
                model.path.display(),
                first.path.display()
            )));
        }
    }
    let mut inputs = StackedInputs::default();
    let packed = models
        .iter()
        .enumerate()
        .map(|(k, model)| BundledModel::of(k + 1, model, &mut inputs))
        .collect();
    let classes = &first.file.meta.classes;
    let description = BundleDescription {
        format: FORMAT,
        version: earmark_core::VERSION.into(),
        mean: job.mean,
        weights: job.weights.clone(),
        classes: classes.len(),
        models: packed,
        program: BundledProgram {
            file: PROGRAM.into(),
            r#static: elf::is_static(&job.program).map_err(|e| WriteError::new(&job.program, e))?,
        },
    };
    let stage = StagedFolder::beside(&job.out)?;
    fill(&stage.path, job, classes, &description)?;
    pack_models(&stage.path, &models, &description, &inputs)?;
    seal(&stage.path)?;
    let unchanged = stage.settle(&job.out)?;
    Ok(BundleOutcome {
        description,
        unchanged,
    })
}

fn check_weights(job: &BundleJob, models: usize) -> Result<(), PipelineError> {
    let Some(weights) = &job.weights else {
        return Ok(());
    };
    let refuse = |why: String| Err(PipelineError::Request(format!("--weights {weights:?}: {why}")));
    if weights.len() != models {
        return refuse(format!("there are {models} models; give one weight each"));
    }
    let fine = weights.iter().all(|w| *w >= 0.0 && w.is_finite()) && weights.iter().sum::<f64>() > 0.0;
    match fine {
        true => Ok(()),
        false => refuse("weights are finite, not negative and not all 0".into()),
    }
}

/// Writes all files of a bundle but models and checksums.
fn fill(
    folder: &Path,
    job: &BundleJob,
    classes: &[String],
    description: &BundleDescription,
) -> Result<(), PipelineError> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |e| WriteError::new(&path, e)
    };
    let program = folder.join(PROGRAM);
    fs::copy(&job.program, &program).map_err(io(&job.program))?;
    mode(&program, 0o755).map_err(io(&program))?;
    let json =
        serde_json::to_string_pretty(description).map_err(|e| PipelineError::Request(e.to_string()))?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    for (index, name) in classes.iter().enumerate() {
        csv.write_record([&index.to_string(), name])
            .map_err(|e| PipelineError::Request(e.to_string()))?;
    }
    let csv = csv
        .into_inner()
        .map_err(|e| PipelineError::Request(e.to_string()))?;
    for (name, content) in [
        ("bundle.json", format!("{json}\n").into_bytes()),
        ("classes.csv", csv),
        ("predict.sh", texts::script(description).into_bytes()),
        ("README.md", texts::readme(description).into_bytes()),
        ("LICENCES.md", texts::licences(description).into_bytes()),
    ] {
        atomic::write(&folder.join(name), |w| w.write_all(&content))?;
    }
    let script = folder.join("predict.sh");
    mode(&script, 0o755).map_err(io(&script))?;
    Ok(())
}

/// Writes the checksums, last of all.
fn seal(folder: &Path) -> Result<(), PipelineError> {
    let sums = sums::of_folder(folder).map_err(|e| WriteError::new(folder, e))?;
    Ok(atomic::write(&folder.join(sums::NAME), |w| {
        w.write_all(sums.as_bytes())
    })?)
}

/// Permissions, where the system has them.
fn mode(path: &Path, bits: u32) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(bits))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, bits); // executability is a matter of names there
        Ok(())
    }
}

/// A name with nothing in it that a shell or a file system minds.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' || c == '-' {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// A folder that becomes the bundle when it is whole; dropped before, it is taken away.
struct StagedFolder {
    path: PathBuf,
}

impl StagedFolder {
    fn beside(out: &Path) -> Result<Self, PipelineError> {
        let name = out.file_name().ok_or_else(|| {
            PipelineError::Request(format!("-o {}: names no folder; give one to make", out.display()))
        })?;
        let mut staged = OsString::from(".");
        staged.push(name);
        staged.push(format!(".{}", std::process::id()));
        let path = out.with_file_name(staged);
        fs::create_dir_all(&path).map_err(|e| WriteError::new(&path, e))?;
        Ok(Self { path })
    }

    /// Puts it in its place; true where the same was there already.
    fn settle(self, out: &Path) -> Result<bool, PipelineError> {
        let refused = |e| WriteError::new(out, e);
        let holds_something = match fs::read_dir(out) {
            Ok(mut entries) => entries.next().is_some(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
            Err(e) => return Err(refused(e).into()),
        };
        if !holds_something {
            // Renaming on to an empty folder is not everywhere possible.
            match fs::remove_dir(out) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(refused(e).into()),
                _ => {}
            }
            fs::rename(&self.path, out).map_err(refused)?;
            return Ok(false);
        }
        let sums = |folder: &Path| fs::read_to_string(folder.join(sums::NAME)).ok();
        let told = sums(out);
        if told.is_none() || told != sums(&self.path) {
            return Err(PipelineError::Request(format!(
                "{}: holds something else than this bundle; choose another folder, or take it away first",
                out.display()
            )));
        }
        if sums::of_folder(out).map_err(refused)? != told.unwrap_or_default() {
            return Err(PipelineError::Request(format!(
                "{}: holds this bundle, but some of its files are damaged or missing (sha256sum -c {}); take it away and pack again",
                out.display(),
                sums::NAME
            )));
        }
        Ok(true)
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path); // renamed away, or of no use to anybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_harmless() {
        assert_eq!(plain("argus-2019/1-fold"), "argus-2019-1-fold");
        assert_eq!(plain("it's; rm -rf $HOME"), "it-s--rm--rf--HOME");
    }
}
