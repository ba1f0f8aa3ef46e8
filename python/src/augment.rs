//! A recipe's augmentations, drawn from streams that depend on (seed, epoch, item) alone. They use no threads.

use crate::arrays::{Shape, features, numbers, numbers_and_shape};
use crate::errors::Failure;
use crate::recipes;
use earmark::data::Augment;
use earmark::features::Extractor;
use earmark_core::random::{self, ChaCha8Rng, Purpose};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// Samples after augmentation, the first sound's share of the labels where it was mixed, and what was done.
type AugmentedSamples<'py> = (Bound<'py, PyArray1<f32>>, Option<f64>, Vec<String>);

/// A segment after augmentation, its shape, and what was done.
type AugmentedSegment<'py> = (Bound<'py, PyArray1<f32>>, Shape, Vec<String>);

/// What a draw is for: epoch and item.
type Draw = (u64, u64);

/// The augmentations of a recipe.
#[pyclass(frozen, module = "earmark._earmark")]
pub struct NativeAugment {
    augment: Augment,
    extractor: Extractor,
    seed: u64,
}

#[pymethods]
impl NativeAugment {
    /// Those of a recipe, a complete one.
    #[new]
    fn new(recipe: &str, seed: u64) -> PyResult<Self> {
        let recipe = recipes::load(recipe, &[])?;
        Ok(Self {
            extractor: Extractor::new(&recipe.front_end).map_err(Failure::from)?,
            augment: recipe.augment,
            seed,
        })
    }

    /// Whether samples are changed, whether segments are cut from anywhere in a clip, and the rate of samples.
    fn describe(&self) -> (bool, bool, u32) {
        let rate = self.extractor.front_end().sample_rate_hz;
        (self.augment.needs_samples(), self.augment.crops_frames(), rate)
    }

    /// Augments samples at the front end's rate, and mixes those of a partner in.
    fn waveform<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        partner: Option<PyReadonlyArray1<'py, f32>>,
        draw: Draw,
    ) -> PyResult<AugmentedSamples<'py>> {
        let own = numbers(samples)?;
        let other = partner.map(numbers).transpose()?;
        let rate = self.extractor.front_end().sample_rate_hz;
        let (found, changes) = py.detach(|| {
            let mut rng = self.stream(draw, 0);
            let found = self
                .augment
                .augment_waveform(&own, other.as_deref(), rate, &mut rng);
            let changes: Vec<String> = found.changes.iter().map(ToString::to_string).collect();
            ((found.samples, found.ratio), changes)
        });
        let (samples, ratio) = found;
        Ok((PyArray1::from_vec(py, samples), ratio, changes))
    }

    /// One augmented segment of a clip's log-mel features.
    fn segment<'py>(
        &self,
        py: Python<'py>,
        array: PyReadonlyArray1<'py, f32>,
        shape: Shape,
        index: usize,
        draw: Draw,
    ) -> PyResult<AugmentedSegment<'py>> {
        let clip = features(numbers(array)?, shape)?;
        let frames = self.extractor.segment_frames().unwrap_or(clip.frames);
        let (found, changes) = py.detach(|| -> Result<_, Failure> {
            let mut rng = self.stream(draw, 1);
            let drawn = self
                .augment
                .segment(frames, &self.extractor, &clip, index, &mut rng);
            let (found, changes) = drawn?;
            let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
            Ok((found, changes))
        })?;
        let (numbers, shape) = numbers_and_shape(py, found);
        Ok((numbers, shape, changes))
    }
}

impl NativeAugment {
    /// The stream of an item in an epoch: one for samples, one for segments.
    fn stream(&self, (epoch, item): Draw, part: u64) -> ChaCha8Rng {
        random::stream(self.seed, &[Purpose::Augment as u64, epoch, item, part])
    }
}
