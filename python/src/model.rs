//! Opened models: tag, predict, embed.

use crate::arrays::clip;
use crate::errors::{Failure, FailureKind};
use crate::hooks;
use crate::process;
use crate::tag_request::{TagAnswer, TagRequest};
use earmark::Recipe;
use earmark::audio::Clip;
use earmark::data::{DamagedFiles, ReadAs};
use earmark::engine::ModelFile;
use earmark::inference::model::model_files;
use earmark::inference::tag::{TagEvent, TagJob, Tagger, inputs, to_memory};
use earmark::inference::{Device, EmbedJob, Model, PredictJob, Remarks, Skips, embed_with, predict_with};
use earmark::metrics::{BlendMean, ScoreTable, blend};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Results of tagging: JSON, the number of windows of each recording, and the starts, ends and scores of all windows.
type Tagged<'py> = (
    String,
    Vec<usize>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f32>>,
);

/// What became of recordings, as JSON, and their rows of numbers.
type Rows<'py> = (String, Bound<'py, PyArray1<f32>>);

/// One model, or several whose scores are blended.
#[pyclass(frozen, module = "earmark._earmark")]
pub struct NativeModel {
    models: Vec<Model>,
    mean: BlendMean,
    /// The last tagger, by its request: making one scores a window.
    tagger: Mutex<Option<(String, Arc<Tagger>)>>,
}

#[pymethods]
impl NativeModel {
    /// Opens models by name.
    #[new]
    fn new(py: Python<'_>, names: Vec<String>, mean: &str, device: &str) -> PyResult<Self> {
        let opened = py.detach(|| -> Result<_, Failure> {
            let mean: BlendMean = mean.parse()?;
            let device = Device::named(device).map_err(|e| Failure::new(FailureKind::Config, e))?;
            let open = |path: &PathBuf| -> Result<Model, Failure> {
                Model::open_file(path, &device).map_err(|e| Failure::from(e).about(FailureKind::Model))
            };
            let files = model_files(&names)?;
            // An imported graph is computed once as it is opened; nothing else needs threads before it is used.
            if files.iter().any(|path| is_graph(path)) {
                process::start()?;
            }
            let models = files.iter().map(open).collect::<Result<Vec<Model>, Failure>>()?;
            Ok((models, mean))
        });
        let (models, mean) = opened?;
        Ok(Self {
            models,
            mean,
            tagger: Mutex::new(None),
        })
    }

    /// What the models are, as JSON.
    fn describe(&self) -> PyResult<String> {
        let first = self.first()?;
        let paths: Vec<String> = self
            .models
            .iter()
            .map(|model| model.path().to_string_lossy().into_owned())
            .collect();
        let hashes: Vec<&str> = self.models.iter().map(Model::hash).collect();
        let thresholds = first.calibration().map(|calibration| &calibration.thresholds);
        Ok(json!({
            "paths": paths,
            "hashes": hashes,
            "classes": first.classes(),
            "recipe": first.recipe().to_toml(),
            "sample_rate": first.sample_rate_hz(),
            "embedding_size": first.scorer().network.embedding_len(),
            "licence": first.meta().licence,
            "thresholds": thresholds.filter(|_| self.models.len() == 1),
        })
        .to_string())
    }

    /// Tags files, folders and patterns.
    fn tag<'py>(
        &self,
        py: Python<'py>,
        recordings: Vec<PathBuf>,
        request: &str,
        workers: usize,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<Tagged<'py>> {
        let threads = process::start()?;
        let answer = hooks::run(py, callback, |hooks| {
            let inputs = inputs::find(&recordings)?;
            let tagger = self.tagger(request)?;
            let observer = |event: TagEvent| hooks.tag_event(event);
            let job = TagJob {
                tagger: &tagger,
                threads,
                workers,
                observer: &observer,
                stop: hooks.stop(),
                times_and_places: None,
            };
            let found = to_memory(&job, &inputs)?.ok_or_else(interrupted)?;
            TagAnswer::of(tagger.classes(), &found, &inputs.left_out)
        })?;
        Ok(tagged(py, answer))
    }

    /// Tags samples.
    fn tag_samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
        request: &str,
    ) -> PyResult<Tagged<'py>> {
        let clip = clip(samples, rate)?;
        let answer = hooks::run(py, None, |hooks| {
            let tagger = self.tagger(request)?;
            let found = tagger.tag_clip(&clip, "samples", hooks.stop());
            let found = found.map_err(|e| Failure::from(e).about(FailureKind::Audio))?;
            TagAnswer::of(tagger.classes(), &[found.ok_or_else(interrupted)?], &[])
        })?;
        Ok(tagged(py, answer))
    }

    /// Scores files and folders: what became of them, as JSON, and `[recordings, classes]` in the order of their names.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        recordings: Vec<PathBuf>,
        salvage: bool,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<Rows<'py>> {
        let job = PredictJob {
            files: recordings,
            read: read_as(salvage),
            mean: self.mean,
            device: "cpu".into(),
            ..PredictJob::default()
        };
        let found = hooks::run(py, callback, |hooks| {
            let found = predict_with(&self.models, &job, &|event| hooks.event(event), hooks.stop())?;
            found.ok_or_else(interrupted)
        })?;
        let skipped: Skips = found.skipped.into_iter().chain(found.unnamed).collect();
        let (files, values) = (found.scores.files(), found.scores.values().to_vec());
        Ok(rows(py, files, (&skipped, &found.remarks), values))
    }

    /// Scores samples: `[classes]`.
    fn predict_samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let clip = clip(samples, rate)?;
        process::start()?;
        let scores = py.detach(|| self.scores_of(&clip))?;
        Ok(PyArray1::from_vec(py, scores))
    }

    /// Embeds files and folders: what became of them, as JSON, and `[recordings, numbers]`.
    fn embed<'py>(
        &self,
        py: Python<'py>,
        recordings: Vec<PathBuf>,
        salvage: bool,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<Rows<'py>> {
        let model = self.only()?;
        let job = EmbedJob {
            files: recordings,
            read: read_as(salvage),
            ..EmbedJob::default()
        };
        let found = hooks::run(py, callback, |hooks| {
            let found = embed_with(model, &job, &|event| hooks.event(event), hooks.stop())?;
            found.ok_or_else(interrupted)
        })?;
        let embeddings = found.embeddings;
        let about = (&found.skipped, &found.remarks);
        Ok(rows(py, &embeddings.files, about, embeddings.values))
    }

    /// Embeds samples: `[numbers]`.
    fn embed_samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let clip = clip(samples, rate)?;
        let model = self.only()?;
        process::start()?;
        let found = py.detach(|| model.embed(&clip));
        let numbers = found.map_err(|e| Failure::from(e).about(FailureKind::Audio))?;
        Ok(PyArray1::from_vec(py, numbers))
    }
}

impl NativeModel {
    fn first(&self) -> Result<&Model, Failure> {
        let none = || Failure::new(FailureKind::Config, "no model is named");
        self.models.first().ok_or_else(none)
    }

    /// The model, where there is one.
    fn only(&self) -> Result<&Model, Failure> {
        match self.models.as_slice() {
            [one] => Ok(one),
            several => Err(Failure::new(
                FailureKind::Config,
                format!(
                    "{} models: embeddings are those of one; load it alone",
                    several.len()
                ),
            )),
        }
    }

    /// The tagger of a request.
    fn tagger(&self, request: &str) -> Result<Arc<Tagger>, Failure> {
        let mut kept = self.tagger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, tagger)) = kept.as_ref()
            && known == request
        {
            return Ok(Arc::clone(tagger));
        }
        let config = serde_json::from_str::<TagRequest>(request)?.config(self.mean)?;
        let tagger = Arc::new(Tagger::with_models(self.models.clone(), &config)?);
        *kept = Some((request.to_owned(), Arc::clone(&tagger)));
        Ok(tagger)
    }

    /// Scores of a clip, blended as those of recordings are.
    fn scores_of(&self, clip: &Clip) -> Result<Vec<f32>, Failure> {
        let score = |model: &Model| {
            model
                .score(clip)
                .map_err(|e| Failure::from(e).about(FailureKind::Audio))
        };
        if let [model] = self.models.as_slice() {
            return score(model);
        }
        let table = |model: &Model| -> Result<ScoreTable, Failure> {
            let scores = score(model)?;
            let (file, classes) = (vec!["samples".to_owned()], model.classes().to_vec());
            Ok(ScoreTable::new(file, classes, scores)?)
        };
        let tables = self
            .models
            .iter()
            .map(table)
            .collect::<Result<Vec<_>, Failure>>()?;
        Ok(blend(&tables, self.mean, None)?.values().to_vec())
    }
}

/// The audio files of folders and patterns, and what was left out, with the reason.
#[pyfunction]
pub fn recordings(py: Python<'_>, places: Vec<PathBuf>) -> PyResult<(Vec<String>, Vec<(String, String)>)> {
    let found = py.detach(|| inputs::find(&places)).map_err(Failure::from)?;
    let names = found.files.into_iter().map(|file| file.name);
    Ok((names.collect(), found.left_out))
}

/// Whether a model file holds an imported graph. One that can't be read is refused when it is opened.
fn is_graph(path: &Path) -> bool {
    let meta = ModelFile::read_metadata(path).ok();
    let recipe = meta.and_then(|meta| Recipe::parse(&meta.recipe, path).ok());
    recipe.is_some_and(|recipe| recipe.network.is_graph())
}

fn read_as(salvage: bool) -> ReadAs {
    let damaged = match salvage {
        true => DamagedFiles::Salvage,
        false => DamagedFiles::Refuse,
    };
    ReadAs {
        damaged: Some(damaged),
        ..ReadAs::default()
    }
}

/// What a job that was stopped ends with, unless an exception stopped it.
fn interrupted() -> Failure {
    Failure::new(FailureKind::Other, "interrupted")
}

fn rows<'py>(
    py: Python<'py>,
    files: &[String],
    (skipped, remarks): (&Skips, &Remarks),
    values: Vec<f32>,
) -> Rows<'py> {
    let facts = json!({
        "files": files, "skipped": skipped, "damaged": remarks.damaged(), "notes": remarks.notes(),
    });
    (facts.to_string(), PyArray1::from_vec(py, values))
}

fn tagged(py: Python<'_>, answer: TagAnswer) -> Tagged<'_> {
    (
        answer.json,
        answer.windows,
        PyArray1::from_vec(py, answer.starts),
        PyArray1::from_vec(py, answer.ends),
        PyArray1::from_vec(py, answer.scores),
    )
}
