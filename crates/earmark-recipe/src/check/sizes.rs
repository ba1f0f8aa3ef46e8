//! Products of sizes from several sections: each key is in its range, and all of them together ask for more memory than
//! there is. A recipe may be a stranger's, inside a model file. Everything here is computed; nothing is allocated.

use crate::Recipe;
use earmark_core::ConfigError;
use earmark_engine::RandomCrops;
use earmark_features::{InputShape, MOST_SEGMENT_NUMBERS};
use earmark_models::Network;

/// Most numbers of a batch of segments: 4 GiB. Usual are half a million to 30 million.
const MOST_BATCH_NUMBERS: usize = 1 << 30;
/// Most numbers of all batches that are prepared in advance: 16 GiB.
const MOST_PREFETCHED_NUMBERS: usize = 1 << 32;
/// Most numbers that all layers give for a batch: 256 GiB. Usual are 50 million to 3 thousand million.
const MOST_ACTIVATIONS: usize = 1 << 36;
/// Most numbers of all random crops of a clip: 256 MiB.
const MOST_CROP_NUMBERS: usize = 1 << 26;
/// Most folds that a recipe may ask for; how many a data set has clips for is seen when it is split.
pub(super) const MOST_FOLDS: u32 = 10_000;

impl Recipe {
    pub(super) fn check_sizes(&self) -> Result<(), ConfigError> {
        let shape = self.front_end.input_shape()?;
        let cut = shape.frames.unwrap_or(1);
        let mut longest = cut;
        if let Some(length) = &self.batches.length {
            check_frames("batches.length.max-frames", length.max_frames, &shape)?;
            longest = longest.max(length.max_frames);
        }
        for (key, crops) in [
            ("predict.random-crops", &self.predict.random_crops),
            ("validation.random-crops", &self.validation.random_crops),
        ] {
            crops
                .iter()
                .try_for_each(|crops| check_crops(key, crops, &shape))?;
            let frames = crops.iter().flat_map(|crops| crops.frames.iter().copied());
            longest = frames.fold(longest, usize::max);
        }
        for front_end in [
            self.predict_front_end(),
            self.validation_front_end(),
            self.out_of_fold_front_end(),
        ] {
            longest = longest.max(front_end.input_shape()?.frames.unwrap_or(1));
        }
        self.check_batches(shape.numbers(longest))?;
        self.check_activations(&shape, longest)
    }

    /// `numbers` are those of the longest segment.
    fn check_batches(&self, numbers: usize) -> Result<(), ConfigError> {
        let (size, prefetch) = (self.batches.size, self.batches.prefetch);
        let remedy = format!("give at most {}", MOST_BATCH_NUMBERS / numbers.max(1));
        let batch = size.saturating_mul(numbers);
        ConfigError::unless(batch <= MOST_BATCH_NUMBERS, "batches.size", size, remedy)
            .map_err(|error| error.because(format!("is too many for segments of {numbers} numbers")))?;
        let remedy = format!("give at most {}", MOST_PREFETCHED_NUMBERS / batch.max(1));
        let prefetched = batch.saturating_mul(prefetch);
        ConfigError::unless(
            prefetched <= MOST_PREFETCHED_NUMBERS,
            "batches.prefetch",
            prefetch,
            remedy,
        )
        .map_err(|error| error.because(format!("is too many batches of {batch} numbers")))
    }

    /// What all layers give for a batch of the longest segments.
    fn check_activations(&self, shape: &InputShape, frames: usize) -> Result<(), ConfigError> {
        // The number of classes is not known yet; one is the least.
        let (network, _) = Network::build(&self.network, shape.channels, 1)?;
        let one = network
            .layer_table(shape.channels, shape.bands, frames)
            .activations();
        let size = self.batches.size;
        let remedy = match MOST_ACTIVATIONS / one.max(1) {
            0 => "make the network narrower or front-end.segments shorter".to_owned(),
            most => format!("give at most {most}, or make the network narrower"),
        };
        let fits = one.saturating_mul(size) <= MOST_ACTIVATIONS;
        ConfigError::unless(fits, "batches.size", size, remedy).map_err(|error| {
            error.because(format!(
                "is too many, as the layers of network give {one} numbers for each segment of {frames} frames"
            ))
        })
    }
}

/// Refuses a length that makes a segment too large.
fn check_frames(key: &str, frames: usize, shape: &InputShape) -> Result<(), ConfigError> {
    let most = MOST_SEGMENT_NUMBERS / shape.numbers(1).max(1);
    let rows = shape.numbers(1);
    ConfigError::unless(frames <= most, key, frames, format!("give at most {most} frames"))
        .map_err(|error| error.because(format!("is too long for {rows} numbers in each frame")))
}

/// Refuses crops that are too long, one by one or together.
fn check_crops(key: &str, crops: &RandomCrops, shape: &InputShape) -> Result<(), ConfigError> {
    let longest = crops.frames.iter().copied().max().unwrap_or(0);
    check_frames(&format!("{key}.frames"), longest, shape)?;
    let frames = crops
        .frames
        .iter()
        .fold(0, |sum: usize, n| sum.saturating_add(*n));
    let numbers = shape.numbers(frames).saturating_mul(crops.crops);
    let most = MOST_CROP_NUMBERS / shape.numbers(frames).max(1);
    let remedy = format!("give at most {most}, or fewer and shorter {key}.frames");
    ConfigError::unless(
        numbers <= MOST_CROP_NUMBERS,
        format!("{key}.crops"),
        crops.crops,
        remedy,
    )
    .map_err(|error| error.because(format!("makes {numbers} numbers of a clip")))
}
