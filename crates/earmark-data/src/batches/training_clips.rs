//! Segments cut from the features of a store, augmented, then postprocessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{ConfigError, Within};
use earmark_features::{Features, Postprocess};

use super::batch_maker::{BatchMaker, BatchShape, SegmentSource};
use super::batch_position::SegmentPlace;
use super::config::BatchConfig;
use super::epoch_order::SegmentIndex;
use super::error::BatchError;
use super::mixing_partners::SameSubset;
use super::sampling::Sampler;
use super::soft_targets::{SoftTargets, add_targets};
use crate::augment::Augment;
use crate::dataset::item::Item;
use crate::feature_store::{ContentHash, FeatureStore, ItemError, Prepared, PreparedClip};

/// The number of segments that each item gives in an epoch: the front end's regular ones, or one where `augment` cuts
/// it from a random place; 0 where the item failed.
pub fn segment_counts(prepared: &Prepared, augment: &Augment) -> Vec<u32> {
    let one = augment.one_segment_per_clip();
    let count = |clip: &PreparedClip| if one { 1 } else { clip.segments as u32 };
    let counts = prepared.clips.iter().map(|clip| clip.as_ref().map_or(0, count));
    counts.collect()
}

/// The clips to train on, with their features and augmentation. Items that failed to prepare are left out; a file that
/// has changed since then is an error.
#[derive(Debug)]
pub struct TrainingClips<'a> {
    /// Gives their features.
    pub store: Arc<FeatureStore>,
    /// The clips, with their labels as targets.
    pub items: Arc<[Item]>,
    /// What preparing them found, in the same order.
    pub prepared: &'a Prepared,
    /// Number of classes.
    pub classes: usize,
    /// How segments are augmented.
    pub augment: &'a Augment,
    /// Scores that the targets are blended with, a row for each clip; without any, the labels are the targets.
    pub soft_targets: Option<SoftTargets>,
}

impl TrainingClips<'_> {
    /// Batches of segments cut from features, augmented, postprocessed (deltas and scale).
    ///
    /// # Errors
    ///
    /// When the front end cuts no segments of one length, a label is out of range, or the settings cannot work.
    pub fn batches(&self, config: &BatchConfig, seed: u64) -> Result<BatchMaker, BatchError> {
        let extractor = self.store.extractor();
        let frames = extractor.segment_frames().ok_or(BatchError::NoSegmentLength)?;
        self.check(config)?;
        let lengths = self.prepared.clips.iter().flatten().map(|clip| clip.frames);
        let config = &BatchConfig {
            length: config.length.map(|length| length.of_clips(lengths)),
            ..config.clone()
        };
        let counts = segment_counts(self.prepared, self.augment);
        let sample = config.sample.as_ref();
        let sampler = sample
            .map(|sample| Sampler::new(sample, &self.items, &counts))
            .transpose()?;
        let index = SegmentIndex::new(&counts)
            .with_groups(subset_numbers(&self.items))
            .with_sampler(sampler);
        let shape = BatchShape {
            segment: [extractor.channels(), extractor.bands(), frames],
            classes: self.classes,
        };
        let content = |clip: &Option<PreparedClip>| clip.as_ref().map(|clip| clip.content);
        let workers = self.store.workers().clone();
        let segments = StoredSegments {
            plain: self.augment.is_nothing() && extractor.front_end().postprocess == Postprocess::default(),
            augment: self.augment.clone(),
            store: Arc::clone(&self.store),
            items: Arc::clone(&self.items),
            contents: self.prepared.clips.iter().map(content).collect(),
            counts,
            soft_targets: self.soft_targets.clone(),
        };
        BatchMaker::new(config, index, shape, seed, workers, segments)
    }

    /// Refuses labels and settings that do not go together.
    fn check(&self, config: &BatchConfig) -> Result<(), BatchError> {
        let (augment, front_end) = (self.augment, self.store.extractor().front_end());
        augment.check_with(front_end).within("augment")?;
        let remedy = "needs { kind = \"random-crop\" } in augment.list, which cuts the segments: add it, or leave this \
                      out";
        let ok = config.length.is_none() || augment.crops_frames();
        ConfigError::unless(ok, "batches.length", "(set)", remedy)?;
        let remedy = "mixes sounds, but front-end.clip-features describe one sound: leave it out, and set \
                      batches.mixup or batches.mix, which mix both";
        let ok = augment.between_class.is_none() || front_end.clip_feature_count() == 0;
        ConfigError::unless(ok, "augment.between-class", "(set)", remedy)?;
        let rows = self.items.len();
        let found = self.soft_targets.as_ref().map(|soft| soft.scores.len());
        let remedy = format!("needs a row of {} scores for each of {rows} clips", self.classes);
        let fits = found.is_none_or(|found| found == rows * self.classes);
        ConfigError::unless(fits, "train.distil", "(scores)", remedy)?;
        for item in self.items.iter() {
            if let Some(&label) = item.labels.iter().find(|&&label| label >= self.classes) {
                return Err(BatchError::Label {
                    file: item.file.clone(),
                    label,
                    classes: self.classes,
                });
            }
        }
        Ok(())
    }
}

/// Makes segments from a store.
struct StoredSegments {
    store: Arc<FeatureStore>,
    items: Arc<[Item]>,
    contents: Vec<Option<ContentHash>>,
    /// Segments of each clip, as an epoch counts them.
    counts: Vec<u32>,
    augment: Augment,
    soft_targets: Option<SoftTargets>,
    /// Nothing to do except cutting: straight into the batch.
    plain: bool,
}

impl SegmentSource for StoredSegments {
    fn write(
        &self,
        place: SegmentPlace,
        partner: Option<SegmentPlace>,
        (x, y): (&mut [f32], &mut [f32]),
        rng: &mut ChaCha8Rng,
    ) -> Result<(), ItemError> {
        let clip = place.clip as usize;
        let item = &self.items[clip];
        add_targets(self.soft_targets.as_ref(), clip, &item.labels, 1.0, y);
        let failed = |error| ItemError::new(item, error);
        let extractor = self.store.extractor();
        let mut index = place.segment as usize;
        let features = if self.augment.needs_samples() {
            let features = Arc::new(self.augmented_waveform(place, partner, y, rng)?);
            // A sound of another length has other segments: one at the same share of it, or any of a fragment's.
            let count = extractor.segment_count(features.frames);
            index = match self.augment.one_segment_per_clip() {
                true => random::below(rng, count),
                false => index * count / self.counts[clip].max(1) as usize,
            };
            features
        } else {
            self.store.get(item, self.contents[clip])?
        };
        if self.plain {
            return extractor.write_segment(&features, index, x).map_err(failed);
        }
        // The number of frames in this batch.
        let frames = x.len() / (extractor.channels() * extractor.bands()).max(1);
        let augmented = self.augment.segment(frames, extractor, &features, index, rng);
        let (segment, _) = augmented.map_err(failed)?;
        x.copy_from_slice(&extractor.postprocess(&segment).map_err(failed)?.data);
        Ok(())
    }

    fn clip_feature_count(&self) -> usize {
        self.store.extractor().front_end().clip_feature_count()
    }

    fn write_clip_features(&self, clip: u32, out: &mut [f32]) -> Result<(), ItemError> {
        let clip = clip as usize;
        let features = self.store.clip_features(&self.items[clip], self.contents[clip])?;
        if let Some(features) = features {
            out.copy_from_slice(&features.data);
        }
        Ok(())
    }

    fn partners(&self) -> Option<SameSubset> {
        let between = self.augment.between_class.as_ref()?;
        Some(SameSubset(between.same_subset))
    }
}

impl StoredSegments {
    /// The features of a clip whose waveform is augmented, mixed with its partner's if it has one; the targets too.
    fn augmented_waveform(
        &self,
        place: SegmentPlace,
        partner: Option<SegmentPlace>,
        y: &mut [f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<Features, ItemError> {
        let samples = |place: SegmentPlace| {
            let clip = place.clip as usize;
            self.store.samples(&self.items[clip], self.contents[clip])
        };
        let own = samples(place)?;
        let other = partner.map(samples).transpose()?;
        let rate = self.store.extractor().front_end().sample_rate_hz;
        let other = other.as_ref().map(|other| &*other.data);
        let augmented = self.augment.augment_waveform(&own.data, other, rate, rng);
        if let (Some(ratio), Some(partner)) = (augmented.ratio, partner) {
            let ratio = ratio as f32;
            y.iter_mut().for_each(|target| *target *= ratio);
            let other = partner.clip as usize;
            let labels = &self.items[other].labels;
            add_targets(self.soft_targets.as_ref(), other, labels, 1.0 - ratio, y);
        }
        let item = &self.items[place.clip as usize];
        let features = self.store.features_of(&augmented.samples);
        features.map_err(|error| ItemError::new(item, error))
    }
}

/// A number for the subset of each item.
fn subset_numbers(items: &[Item]) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    items
        .iter()
        .map(|item| {
            let next = numbers.len() as u32;
            *numbers.entry(item.subset.as_str()).or_insert(next)
        })
        .collect()
}
