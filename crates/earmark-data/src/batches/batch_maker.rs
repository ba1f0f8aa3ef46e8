//! The batch at a position, as a pure function.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use earmark_core::random::{self, ChaCha8Rng, Purpose};
use earmark_core::threads::Workers;
use earmark_core::{Check, ConfigError, Within};
use rayon::prelude::*;

use super::batch_position::{BatchPosition, SegmentPlace};
use super::config::BatchConfig;
use super::epoch_order::SegmentIndex;
use super::error::BatchError;
use super::mixing_partners::{Mixing, SameSubset, pairing};
use crate::augment::mixing::blend;
use crate::feature_store::ItemError;

/// Segments and their targets, ready for a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Features, `[batch, channels, bands, frames]`, row-major.
    pub x: Vec<f32>,
    /// Targets, `[batch, classes]`: 0 or 1, or between them where segments were mixed.
    pub y: Vec<f32>,
    /// Clip-level features, `[batch, numbers]`, mixed as `x` is; empty without any.
    pub clip_features: Vec<f32>,
    /// The clip of each segment (of the first one, where two were mixed).
    pub clips: Vec<u32>,
    /// The shape of `x`.
    pub shape: [usize; 4],
    /// Where in the training run it belongs.
    pub position: BatchPosition,
}

/// The shape of segments and targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// `[channels, bands, frames]` of a segment.
    pub segment: [usize; 3],
    /// Number of targets.
    pub classes: usize,
}

/// Makes segments. Called from several threads; the result must depend on the arguments only.
pub trait SegmentSource: Send + Sync {
    /// Fills one segment `x` and its targets `y`, both zero at first, with the random stream of (seed, epoch, place in
    /// the order). Where there are [`partners`](Self::partners), the partner's waveform may be mixed in.
    ///
    /// # Errors
    ///
    /// When the segment cannot be made.
    fn write(
        &self,
        place: SegmentPlace,
        partner: Option<SegmentPlace>,
        xy: (&mut [f32], &mut [f32]),
        rng: &mut ChaCha8Rng,
    ) -> Result<(), ItemError>;

    /// Number of clip-level features.
    fn clip_feature_count(&self) -> usize {
        0
    }

    /// Fills the clip-level features of a clip.
    ///
    /// # Errors
    ///
    /// When they cannot be made.
    fn write_clip_features(&self, _clip: u32, _out: &mut [f32]) -> Result<(), ItemError> {
        Ok(())
    }

    /// Whether each segment has a partner in its epoch, and whether it comes from the same subset.
    fn partners(&self) -> Option<SameSubset> {
        None
    }
}

/// A function that fills a segment and its targets.
impl<F> SegmentSource for F
where
    F: Fn(SegmentPlace, &mut [f32], &mut [f32], &mut ChaCha8Rng) -> Result<(), ItemError> + Send + Sync,
{
    fn write(
        &self,
        place: SegmentPlace,
        _: Option<SegmentPlace>,
        (x, y): (&mut [f32], &mut [f32]),
        rng: &mut ChaCha8Rng,
    ) -> Result<(), ItemError> {
        self(place, x, y, rng)
    }
}

/// Makes batches. See [`batches`](super).
pub struct BatchMaker {
    config: BatchConfig,
    index: SegmentIndex,
    shape: BatchShape,
    seed: u64,
    workers: Workers,
    source: Box<dyn SegmentSource>,
    latest: Mutex<Option<Arc<EpochDraws>>>,
}

impl fmt::Debug for BatchMaker {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("BatchMaker")
            .field("config", &self.config)
            .field("segments", &self.index.len())
            .field("shape", &self.shape)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What is drawn once per epoch.
struct EpochDraws {
    number: u64,
    order: Vec<SegmentPlace>,
    /// For each position of the order the position of its partner; empty without mixing across the epoch.
    partners: Vec<usize>,
    /// For each position that of the waveform mixed into its own; empty without.
    waveforms: Vec<usize>,
}

/// Segments at some positions of one epoch.
#[derive(Clone)]
struct BatchRows {
    x: Vec<f32>,
    y: Vec<f32>,
    clip_features: Vec<f32>,
}

impl BatchMaker {
    /// A maker of batches of the segments of `source`. With `batches.length`, segments
    /// have the number of frames drawn for their batch instead of the one of `shape`.
    ///
    /// # Errors
    ///
    /// When a setting cannot work, or an epoch would have no batch.
    pub fn new(
        config: &BatchConfig,
        index: SegmentIndex,
        shape: BatchShape,
        seed: u64,
        workers: Workers,
        source: impl SegmentSource + 'static,
    ) -> Result<Self, BatchError> {
        config.check().within("batches")?;
        let sampled = config.sample.is_some();
        let remedy = "needs an index with a sampler (SegmentIndex::with_sampler)";
        ConfigError::unless(sampled == index.is_sampled(), "batches.sample", sampled, remedy)?;
        if index.is_empty() {
            return Err(BatchError::NoSegments);
        }
        if shape.classes == 0 || shape.segment.contains(&0) {
            return Err(BatchError::Empty {
                shape: shape.segment,
                classes: shape.classes,
            });
        }
        if config.drop_last && index.epoch_len() < config.size {
            return Err(BatchError::TooFewSegments {
                size: config.size,
                segments: index.epoch_len(),
            });
        }
        Ok(Self {
            config: config.clone(),
            index,
            shape,
            seed,
            workers,
            source: Box::new(source),
            latest: Mutex::new(None),
        })
    }

    /// Batches in an epoch: at least one.
    pub fn batches_per_epoch(&self) -> u64 {
        let (segments, size) = (self.index.epoch_len(), self.config.size);
        let batches = match self.config.drop_last {
            true => segments / size,
            false => segments.div_ceil(size),
        };
        batches as u64
    }

    /// Number of segments in the set.
    pub fn segments(&self) -> usize {
        self.index.len()
    }

    /// How batches are made up.
    pub fn config(&self) -> &BatchConfig {
        &self.config
    }

    /// The position of step `step` (counted from 0) of a training run.
    pub fn position(&self, step: u64) -> BatchPosition {
        self.settle(BatchPosition {
            epoch: 0,
            batch: step,
        })
    }

    /// The same position with `batch` within its epoch.
    pub(super) fn settle(&self, at: BatchPosition) -> BatchPosition {
        let length = self.batches_per_epoch();
        BatchPosition {
            epoch: at.epoch + at.batch / length,
            batch: at.batch % length,
        }
    }

    /// The batch at `at`.
    ///
    /// # Errors
    ///
    /// When a segment cannot be made, for example because its file was deleted or changed since the run began. Of
    /// several such, the first in the order of the batch is named.
    pub fn batch(&self, at: BatchPosition) -> Result<Batch, ItemError> {
        let at = self.settle(at);
        let epoch = self.epoch(at.epoch);
        let positions: Vec<usize> = self.positions(at.batch as usize, epoch.order.len()).collect();
        let frames = self.frames(at);
        let mut rows = self.rows(&epoch, &positions, frames)?;
        if let Some(mixing) = Mixing::of(&self.config) {
            self.mix(mixing, &epoch, at, &positions, &mut rows)?;
        }
        let [channels, bands, _] = self.shape.segment;
        let clips = positions.iter().map(|&position| epoch.order[position].clip);
        Ok(Batch {
            x: rows.x,
            y: rows.y,
            clip_features: rows.clip_features,
            clips: clips.collect(),
            shape: [positions.len(), channels, bands, frames],
            position: at,
        })
    }

    /// The positions of a batch in the order of an epoch of `segments`.
    fn positions(&self, batch: usize, segments: usize) -> Range<usize> {
        let begin = |batch: usize| match self.config.even {
            true => batch * segments / self.batches_per_epoch() as usize,
            false => (batch * self.config.size).min(segments),
        };
        begin(batch)..begin(batch + 1)
    }

    /// Frames of the segments of a batch.
    fn frames(&self, at: BatchPosition) -> usize {
        match self.config.length {
            Some(length) => length.draw(self.seed, at),
            None => self.shape.segment[2],
        }
    }

    /// Number of values in a segment of `frames` frames.
    fn segment_len(&self, frames: usize) -> usize {
        self.shape.segment[0] * self.shape.segment[1] * frames
    }

    /// The segments at `positions` of the epoch's order, with `frames` frames each.
    fn rows(&self, epoch: &EpochDraws, positions: &[usize], frames: usize) -> Result<BatchRows, ItemError> {
        let (width, classes) = (self.segment_len(frames), self.shape.classes);
        let mut x = vec![0.0; positions.len() * width];
        let mut y = vec![0.0; positions.len() * classes];
        let failures: Vec<Option<ItemError>> = self.workers.run(|| {
            x.par_chunks_mut(width)
                .zip(y.par_chunks_mut(classes))
                .zip(positions)
                .map(|(xy, &position)| {
                    let path = [Purpose::Augment as u64, epoch.number, position as u64];
                    let partner = epoch.waveforms.get(position).map(|&other| epoch.order[other]);
                    let mut rng = random::stream(self.seed, &path);
                    self.source
                        .write(epoch.order[position], partner, xy, &mut rng)
                        .err()
                })
                .collect()
        });
        if let Some(error) = failures.into_iter().flatten().next() {
            return Err(error);
        }
        // Usually cached in memory, and so not worth a worker.
        let count = self.source.clip_feature_count();
        let mut clip_features = vec![0.0; positions.len() * count];
        for (row, &position) in clip_features.chunks_exact_mut(count.max(1)).zip(positions) {
            self.source.write_clip_features(epoch.order[position].clip, row)?;
        }
        Ok(BatchRows { x, y, clip_features })
    }

    fn mix(
        &self,
        mixing: Mixing,
        epoch: &EpochDraws,
        at: BatchPosition,
        positions: &[usize],
        rows: &mut BatchRows,
    ) -> Result<(), ItemError> {
        let frames = self.frames(at);
        let mut rng = random::stream(self.seed, &[Purpose::Mix as u64, at.epoch, at.batch]);
        let mixed: Vec<_> = positions.iter().map(|_| mixing.draw(&mut rng)).collect();
        // For each row that is mixed, the row of its partner among those made.
        let rows_of_batch = 0..positions.len();
        let wanted: Vec<usize> = rows_of_batch.filter(|&row| !mixed[row].is_alone()).collect();
        let (partners, made): (Vec<usize>, BatchRows) = match mixing.across_epoch() {
            false => {
                let group = |&position: &usize| self.group(mixing.same_subset(), epoch.order[position]);
                let groups: Vec<u32> = positions.iter().map(group).collect();
                let pairs = pairing(&mut rng, &groups);
                (wanted.iter().map(|&row| pairs[row]).collect(), rows.clone())
            }
            true => {
                let others: Vec<usize> = wanted.iter().map(|&row| epoch.partners[positions[row]]).collect();
                ((0..wanted.len()).collect(), self.rows(epoch, &others, frames)?)
            }
        };
        let (width, classes) = (self.segment_len(frames), self.shape.classes);
        let numbers = self.source.clip_feature_count();
        let span = |row: usize, width: usize| row * width..(row + 1) * width;
        for (&row, &partner) in wanted.iter().zip(&partners) {
            let own = (&mut rows.x[span(row, width)], &mut rows.y[span(row, classes)]);
            let other = (&made.x[span(partner, width)], &made.y[span(partner, classes)]);
            let kept = mixed[row].apply(frames, own, other);
            let own = &mut rows.clip_features[span(row, numbers)];
            blend(own, &made.clip_features[span(partner, numbers)], kept);
        }
        Ok(())
    }

    /// Which segments may be partners: those with the same number.
    fn group(&self, same_subset: SameSubset, place: SegmentPlace) -> u32 {
        match same_subset {
            SameSubset(true) => self.index.group(place.clip),
            SameSubset(false) => 0,
        }
    }

    /// The draws of an epoch; the latest is kept, since batches are asked for in order.
    fn epoch(&self, number: u64) -> Arc<EpochDraws> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(epoch) = latest.as_ref().filter(|epoch| epoch.number == number) {
            return Arc::clone(epoch);
        }
        let order = self.index.epoch_order(self.config.order, self.seed, number);
        let pairs = |same_subset, purpose: Purpose| {
            let groups = order.iter().map(|&place| self.group(same_subset, place));
            let groups: Vec<u32> = groups.collect();
            pairing(&mut random::stream(self.seed, &[purpose as u64, number]), &groups)
        };
        let across = Mixing::of(&self.config).filter(|mixing| mixing.across_epoch());
        let partners = across.map(|mixing| pairs(mixing.same_subset(), Purpose::Mix));
        let waveforms = self.source.partners();
        let waveforms = waveforms.map(|same_subset| pairs(same_subset, Purpose::Pair));
        let epoch = Arc::new(EpochDraws {
            number,
            partners: partners.unwrap_or_default(),
            waveforms: waveforms.unwrap_or_default(),
            order,
        });
        *latest = Some(Arc::clone(&epoch));
        epoch
    }
}
