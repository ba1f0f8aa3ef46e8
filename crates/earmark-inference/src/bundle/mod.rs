//! Bundles: models and the program in one folder, to score recordings without network and installation, such as in a competition's
//! notebook, on a server or at a field station.
//!
//! ```text
//! predict.sh        sh predict.sh DATA OUT.csv
//! earmark           the program
//! models/           one file per model, in the order of bundle.json; base models of stacked models in folders next to them
//! bundle.json       how they are blended, their segments and origin
//! classes.csv       index,name
//! README.md         how to use it
//! LICENCES.md       of the weights and of the program
//! SHA256SUMS        sha256sum -c SHA256SUMS
//! ```
//!
//! It contains neither times nor paths, so that the same models and program make the same bytes.

mod checksums;
mod description;
mod elf;
mod files;
mod models;
mod script_readme_and_licences;
mod staged_folder;

pub use description::{BundleDescription, BundledModel, BundledProgram};

use crate::PipelineError;
use crate::model::{ModelSource, check_same_classes};
use description::{FORMAT, PROGRAM};
use earmark_core::atomic::WriteError;
use earmark_metrics::BlendMean;
use files::{write_checksums, write_files};
use models::{StackedInputs, pack_models};
use staged_folder::StagedFolder;
use std::path::PathBuf;

/// What to pack.
#[derive(Clone, Debug)]
pub struct BundleJob {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run.
    pub models: Vec<String>,
    /// The folder to create.
    pub out: PathBuf,
    /// How several models are blended.
    pub mean: BlendMean,
    /// Weight of each model; `None` weighs all equally.
    pub weights: Option<Vec<f64>>,
    /// The program to pack.
    pub program: PathBuf,
}

/// The result of packing.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleOutcome {
    /// The content of `bundle.json`.
    pub description: BundleDescription,
    /// Whether the same bundle was already there.
    pub unchanged: bool,
}

/// Packs models and the program. A folder that contains the same bundle is left alone; any other that is not empty is refused.
///
/// # Errors
///
/// When a model can't be read, models have different classes, weights don't match, or the folder can't be written.
pub fn bundle(job: &BundleJob) -> Result<BundleOutcome, PipelineError> {
    let models = ModelSource::read_all(&job.models)?;
    check_weights(job, models.len())?;
    let first = models
        .first()
        .ok_or_else(|| PipelineError::Request("nothing to pack: name at least one model".into()))?;
    for model in &models {
        check_same_classes(first.path_and_classes(), model.path_and_classes())?;
    }
    let mut inputs = StackedInputs::default();
    let numbered = (1..).zip(&models);
    let packed = numbered.map(|(number, model)| BundledModel::new(number, model, &mut inputs));
    let packed = packed.collect();
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
    let stage = StagedFolder::create(&job.out)?;
    write_files(&stage.path, job, classes, &description)?;
    pack_models(&stage.path, &models, &description, &inputs)?;
    write_checksums(&stage.path)?;
    let unchanged = stage.move_to(&job.out)?;
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
    if weights.iter().any(|w| *w < 0.0 || !w.is_finite()) || weights.iter().all(|w| *w == 0.0) {
        return refuse("weights must be finite, not negative and not all 0".into());
    }
    Ok(())
}
