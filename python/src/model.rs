//! Opened models: tag, predict, embed.

use crate::arrays::clip;
use crate::errors::{Failure, FailureKind};
use crate::hooks;
use crate::process;
use crate::tag_request::{TagAnswer, TagRequest};
use earmark::audio::Clip;
use earmark::data::{DamagedFiles, ReadAs};
use earmark::inference::model::model_files;
use earmark::inference::tag::{TagEvent, TagJob, Tagger, inputs, to_memory};
use earmark::inference::{Device, EmbedJob, Event, Model, PredictJob, embed_with, predict_with};
use earmark::metrics::{BlendMean, ScoreTable, blend};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::json;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Results of tagging: JSON, the number of windows of each recording, and the starts, ends and scores of all windows.
type Tagged<'py> = (
    String,
    Vec<usize>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f32>>,
);

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
            let open = |path: &PathBuf| -> Result<Model, Failure> { Ok(Model::open_file(path, &device)?) };
            let files = model_files(&names)?;
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
        let clip = clip(&samples, rate)?;
        drop(samples);
        let answer = hooks::run(py, None, |hooks| {
            let tagger = self.tagger(request)?;
            let found = tagger.tag_clip(&clip, "samples", hooks.stop());
            let found = found.map_err(|e| Failure::from(e).of_samples())?;
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
    ) -> PyResult<(String, Bound<'py, PyArray1<f32>>)> {
        let job = PredictJob {
            files: recordings,
            read: read_as(salvage),
            mean: self.mean,
            device: "cpu".into(),
            ..PredictJob::default()
        };
        let found = hooks::run(py, callback, |hooks| {
            let observer = |event: Event| hooks.event(event);
            let found = predict_with(&self.models, &job, &observer, hooks.stop())?;
            found.ok_or_else(interrupted)
        })?;
        let facts = json!({
            "files": found.scores.files(),
            "skipped": found.skipped.iter().chain(&found.unnamed).collect::<Vec<_>>(),
            "damaged": found.remarks.damaged(),
            "notes": found.remarks.notes(),
        });
        let values = PyArray1::from_slice(py, found.scores.values());
        Ok((facts.to_string(), values))
    }

    /// Scores samples: `[classes]`.
    fn predict_samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let clip = clip(&samples, rate)?;
        drop(samples);
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
    ) -> PyResult<(String, Bound<'py, PyArray1<f32>>)> {
        let model = self.only()?;
        let job = EmbedJob {
            files: recordings,
            read: read_as(salvage),
            ..EmbedJob::default()
        };
        let found = hooks::run(py, callback, |hooks| {
            let observer = |event: Event| hooks.event(event);
            let found = embed_with(model, &job, &observer, hooks.stop())?;
            found.ok_or_else(interrupted)
        })?;
        let facts = json!({
            "files": found.embeddings.files,
            "skipped": found.skipped,
            "damaged": found.remarks.damaged(),
            "notes": found.remarks.notes(),
        });
        let values = PyArray1::from_vec(py, found.embeddings.values);
        Ok((facts.to_string(), values))
    }

    /// Embeds samples: `[numbers]`.
    fn embed_samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let clip = clip(&samples, rate)?;
        drop(samples);
        let model = self.only()?;
        process::start()?;
        let found = py.detach(|| model.embed(&clip));
        let numbers = found.map_err(|e| Failure::from(e).of_samples())?;
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
        let score = |model: &Model| model.score(clip).map_err(|e| Failure::from(e).of_samples());
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

fn tagged(py: Python<'_>, answer: TagAnswer) -> Tagged<'_> {
    (
        answer.json,
        answer.windows,
        PyArray1::from_vec(py, answer.starts),
        PyArray1::from_vec(py, answer.ends),
        PyArray1::from_vec(py, answer.scores),
    )
}
