//! Train, evaluate and run audio taggers: the crates of earmark under one roof.
//!
//! ```
//! use earmark::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let (model_file, recording) = earmark::doc_support::tiny_model_and_recording(dir.path())?;
//! # let (model_file, recording) = (model_file.to_str().unwrap(), recording.as_path());
//! let model = Model::open(&model_file.into(), &Device::cpu()?)?; // MODEL.safetensors, RUN, RUN@STEP or an installed model's name
//! let result = model.tag(recording)?;
//! for event in &result.events {
//!     println!("{:.1} to {:.1} s: {} ({:.2})", event.onset, event.offset, event.class, event.score);
//! }
//! # assert!(result.seconds > 0.5 && !result.top.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! | crate | for |
//! |---|---|
//! | [`inference`] | [`Model`](inference::Model): open, score, tag, stream, embed, export |
//! | [`train`] | train, evaluate, cross-validate, stack, tune, calibrate, probe |
//! | [`recipe`] | one TOML that says everything about a system; the built-in ones |
//! | [`runs`] | run directories, compared and shown; from a name to a model |
//! | [`hub`] | published models: catalogue, download, import |
//! | [`review`] | decisions of people on what was found, and what is made of them |
//! | [`index`] | embeddings of recordings, written and searched |
//! | [`audio`], [`features`], [`data`], [`models`], [`engine`] | the data flow: file, clip, features, batch, logits, scores |
//! | [`metrics`], [`report`], [`onnx`] | numbers in; results, pages or graphs out |
//! | `foreign` | imported ONNX graphs, with the feature `onnx-models` |
//!
//! The folder `examples` of this crate tags a file, trains on a folder and tags a stream in ten lines each.

pub use earmark_audio as audio;
pub use earmark_data as data;
pub use earmark_engine as engine;
pub use earmark_features as features;
#[cfg(feature = "onnx-models")]
pub use earmark_foreign as foreign;
pub use earmark_hub as hub;
pub use earmark_index as index;
pub use earmark_inference as inference;
pub use earmark_metrics as metrics;
pub use earmark_models as models;
pub use earmark_onnx as onnx;
pub use earmark_recipe as recipe;
pub use earmark_report as report;
pub use earmark_review as review;
pub use earmark_runs as runs;
pub use earmark_train as train;

pub use earmark_recipe::Recipe;

/// What most programs need.
pub mod prelude {
    pub use earmark_audio::Clip;
    pub use earmark_inference::stream::{Feed, Playback, StreamConfig, StreamTagger, tag_stream};
    pub use earmark_inference::tag::{SoundEvent, TagConfig, TagResult, Tagger};
    pub use earmark_inference::{Device, Event, Model, PipelineError, ThresholdConfig};
    pub use earmark_recipe::Recipe;
    pub use earmark_runs::run_dir::ModelRef;
    pub use earmark_train::{TrainJob, TrainResult, train};
}

/// A model and a recording to show things with.
#[doc(hidden)]
pub mod doc_support {
    use earmark_inference::PipelineError;
    use earmark_recipe::Recipe;
    use earmark_train::{TrainJob, train};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::AtomicBool;

    /// Writes the demo set below `dir`, trains two steps on its curated clips, and returns the model file and a test clip.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn tiny_model_and_recording(dir: &Path) -> Result<(PathBuf, PathBuf), PipelineError> {
        let data = dir.join("data");
        earmark_data::synth::write_demo(&data, 1, &|_, _| {})?;
        let overrides = ["train.steps=2", "network.width=0.05", "cache.disk-mib=0"];
        let recipe = Recipe::load("demo/2-curated", &overrides.map(String::from))?;
        let run = dir.join("run");
        train(
            &TrainJob::new(recipe, &data, &run),
            &|_| {},
            &AtomicBool::new(false),
        )?;
        let recording = std::fs::read_dir(data.join("test"))
            .ok()
            .and_then(|mut files| files.next()?.ok());
        let recording = recording.map(|entry| entry.path()).unwrap_or_default();
        Ok((run, recording))
    }
}
