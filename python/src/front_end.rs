//! A recipe's front end. It uses no threads, so that it works in forked processes as those of PyTorch's `DataLoader`.

use crate::arrays::{Shape, clip, features, numbers, numbers_and_shape};
use crate::errors::{Failure, FailureKind};
use crate::recipes;
use earmark::audio::{Clip, resample};
use earmark::data::feature_store::seconds_beyond;
use earmark::data::{Item, read_item};
use earmark::features::{Extractor, Features};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::json;
use std::path::PathBuf;

/// Features of a file: their numbers and shape, what is missing of it, and notes about it.
type FileFeatures<'py> = (Bound<'py, PyArray1<f32>>, Shape, Option<String>, Vec<String>);

/// Segments: their numbers, how many there are, and the shape of each.
type Segments<'py> = (Bound<'py, PyArray1<f32>>, usize, Shape);

/// Most numbers that samples and features of a file, or segments, may be: 2 GiB.
const MOST_NUMBERS: usize = 1 << 29;

/// A front end that is ready to run.
#[pyclass(frozen, module = "earmark._earmark")]
pub struct NativeFrontEnd {
    extractor: Extractor,
}

#[pymethods]
impl NativeFrontEnd {
    /// That of a recipe, a complete one.
    #[new]
    fn new(recipe: &str) -> PyResult<Self> {
        let recipe = recipes::load(recipe, &[])?;
        let extractor = Extractor::new(&recipe.front_end).map_err(Failure::from)?;
        Ok(Self { extractor })
    }

    /// Its rate and shapes, as JSON.
    fn describe(&self) -> String {
        let extractor = &self.extractor;
        json!({
            "sample_rate": extractor.front_end().sample_rate_hz,
            "channels": extractor.channels(),
            "bands": extractor.bands(),
            "frames_per_second": extractor.frames_per_second(),
            "segment_frames": extractor.segment_frames(),
            "segment_hop_frames": extractor.segment_hop(),
        })
        .to_string()
    }

    /// Features of samples, before or after postprocessing.
    fn of_samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
        postprocess: bool,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Shape)> {
        let clip = clip(samples, rate)?;
        let found = py.detach(|| self.compute(clip, postprocess))?;
        Ok(numbers_and_shape(py, found))
    }

    /// Features of a file.
    fn of_file<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        salvage: bool,
        postprocess: bool,
    ) -> PyResult<FileFeatures<'py>> {
        let item = Item {
            damaged: match salvage {
                true => earmark::audio::Damaged::Salvage,
                false => earmark::audio::Damaged::Refuse,
            },
            path,
            ..Item::default()
        };
        let (found, damage, notes) = py.detach(|| -> Result<_, Failure> {
            self.refuse_too_long(&item)?;
            let read = read_item(&item, self.extractor.front_end().sample_rate_hz)?;
            let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
            let damage = read.damage.as_ref().map(ToString::to_string);
            Ok((self.compute(read.clip, postprocess)?, damage, notes))
        })?;
        let (numbers, shape) = numbers_and_shape(py, found);
        Ok((numbers, shape, damage, notes))
    }

    /// Deltas and scaling of log-mel features.
    fn postprocess<'py>(
        &self,
        py: Python<'py>,
        array: PyReadonlyArray1<'py, f32>,
        shape: Shape,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Shape)> {
        let features = features(numbers(array)?, shape)?;
        let found = py.detach(|| self.extractor.postprocess(&features));
        Ok(numbers_and_shape(py, found.map_err(Failure::from)?))
    }

    /// The segments of features, one after the other.
    fn segments<'py>(
        &self,
        py: Python<'py>,
        array: PyReadonlyArray1<'py, f32>,
        shape: Shape,
    ) -> PyResult<Segments<'py>> {
        let features = features(numbers(array)?, shape)?;
        let (count, frames) = (
            self.extractor.segment_count(features.frames),
            self.extractor.segment_frames().unwrap_or(features.frames),
        );
        let shape = (features.channels, features.bands, frames);
        let size = features.channels * features.bands * frames;
        let all = count.saturating_mul(size);
        if all > MOST_NUMBERS {
            let problem = format!(
                "{count} segments of {size} numbers: at most {MOST_NUMBERS} are cut at a time; cut fewer frames"
            );
            return Err(Failure::new(FailureKind::Audio, problem).into());
        }
        let found = py.detach(|| -> Result<Vec<f32>, Failure> {
            let mut out = vec![0.0; all];
            for (index, segment) in out.chunks_exact_mut(size.max(1)).enumerate() {
                self.extractor.write_segment(&features, index, segment)?;
            }
            Ok(out)
        })?;
        Ok((PyArray1::from_vec(py, found), count, shape))
    }
}

impl NativeFrontEnd {
    fn compute(&self, clip: Clip, postprocess: bool) -> Result<Features, Failure> {
        let rate = self.extractor.front_end().sample_rate_hz;
        let clip = match clip.sample_rate_hz == rate {
            true => clip,
            false => {
                let samples = resample(&clip.samples, clip.sample_rate_hz, rate);
                Clip::new(samples.map_err(|e| Failure::new(FailureKind::Audio, e))?, rate)
            }
        };
        let log_mel = self
            .extractor
            .log_mel_of_clip(&clip, &mut self.extractor.scratch())?;
        match postprocess {
            true => Ok(self.extractor.postprocess(&log_mel)?),
            false => Ok(log_mel),
        }
    }

    /// Refuses a recording that would take too much memory, before it is read.
    fn refuse_too_long(&self, item: &Item) -> Result<(), Failure> {
        let front_end = self.extractor.front_end();
        let shape = front_end.input_shape()?;
        let features = shape.numbers(1) as f64 * shape.frames_per_second;
        let longest = MOST_NUMBERS as f64 / (f64::from(front_end.sample_rate_hz) + features);
        match seconds_beyond(item, longest) {
            None => Ok(()),
            Some(seconds) => Err(Failure::new(
                FailureKind::Audio,
                format!(
                    "{}: {seconds:.0} s long, and the features of at most {longest:.0} s are computed at a time; cut \
                     it into shorter files",
                    item.path.display()
                ),
            )),
        }
    }
}
