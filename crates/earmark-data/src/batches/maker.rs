//! The batch at a position, as a pure function.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::config::{BatchConfig, BatchError, RandomLength};
use super::index::{ExampleIndex, ExamplePlace};
use super::mixing::{Mixing, SamePart, pairing};
use crate::augment::blend;
use crate::setting::SettingError;
use crate::store::ItemError;
use earmark_core::random::{self, ChaCha8Rng, Purpose};
use earmark_core::threads::Workers;

/// A place in a training: both counts from 0. A `batch` past the end of its epoch is in a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Epochs before this one.
    pub epoch: u64,
    /// Batches of this epoch before this one.
    pub batch: u64,
}

/// Examples and their targets, ready for a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Features, `[batch, channels, bands, frames]`, row-major.
    pub x: Vec<f32>,
    /// Targets, `[batch, classes]`: 0 or 1, or between them where examples were blended.
    pub y: Vec<f32>,
    /// What is known of each whole clip besides, `[batch, numbers]`, blended as `x` is; empty where nothing is.
    pub side: Vec<f32>,
    /// The clip of each example (of the first one, where two were blended).
    pub clips: Vec<u32>,
    /// The shape of `x`.
    pub shape: [usize; 4],
    /// Where in the training it belongs.
    pub position: Position,
}

/// The example to make, and the one whose sound is mixed into it, if any.
type Places = (ExamplePlace, Option<ExamplePlace>);

type MakeExample =
    dyn Fn(Places, &mut [f32], &mut [f32], &mut ChaCha8Rng) -> Result<(), ItemError> + Send + Sync;

/// Fills what is known of a clip besides its examples.
type MakeSide = dyn Fn(u32, &mut [f32]) -> Result<(), ItemError> + Send + Sync;

/// Makes batches. See [`batches`](super).
pub struct BatchMaker {
    config: BatchConfig,
    index: ExampleIndex,
    shape: [usize; 3],
    classes: usize,
    seed: u64,
    workers: Workers,
    make: Box<MakeExample>,
    /// How many numbers are known of each whole clip besides, and what fills them.
    side: Option<(usize, Box<MakeSide>)>,
    /// Whether sounds have partners, and those of the same part.
    pairs: Option<SamePart>,
    latest: Mutex<Option<Arc<Epoch>>>,
}

impl fmt::Debug for BatchMaker {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("BatchMaker")
            .field("config", &self.config)
            .field("examples", &self.index.len())
            .field("shape", &self.shape)
            .field("classes", &self.classes)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What is drawn once an epoch.
struct Epoch {
    number: u64,
    order: Vec<ExamplePlace>,
    /// For each position of the order the position of its partner; empty without blending across the epoch.
    partners: Vec<usize>,
    /// For each position that of the sound mixed into its own; empty without.
    sounds: Vec<usize>,
}

/// A stretch of positions of one epoch, made.
#[derive(Clone)]
struct Rows {
    x: Vec<f32>,
    y: Vec<f32>,
    side: Vec<f32>,
}

impl BatchMaker {
    /// A maker of batches of examples of `shape` (`[channels, bands, frames]`) with `classes` targets each. With `batches.length`, examples
    /// have the frames that were drawn for their batch instead.
    ///
    /// `make` fills one example and its targets, both zero at first, with the random stream of (seed, epoch, place in
    /// the order). It is called from several threads and must depend on nothing else.
    ///
    /// # Errors
    ///
    /// When a setting can't work, or an epoch would have no batch.
    pub fn new(
        config: &BatchConfig,
        index: ExampleIndex,
        shape: [usize; 3],
        classes: usize,
        seed: u64,
        workers: Workers,
        make: impl Fn(ExamplePlace, &mut [f32], &mut [f32], &mut ChaCha8Rng) -> Result<(), ItemError>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, BatchError> {
        config.check("batches")?;
        if config.sample.is_some() != index.is_sampled() {
            let remedy = "goes together with an index that has its sampler (ExampleIndex::with_sampler)";
            return Err(SettingError::new("batches", "sample", config.sample.is_some(), remedy).into());
        }
        if index.is_empty() {
            return Err(BatchError::NoExamples);
        }
        if classes == 0 || shape.contains(&0) {
            return Err(BatchError::Empty { shape, classes });
        }
        if config.drop_last && index.epoch_len() < config.size {
            return Err(BatchError::TooFewExamples {
                size: config.size,
                examples: index.epoch_len(),
            });
        }
        Ok(Self {
            config: config.clone(),
            index,
            shape,
            classes,
            seed,
            workers,
            make: Box::new(move |(place, _), x, y, rng| make(place, x, y, rng)),
            side: None,
            pairs: None,
            latest: Mutex::new(None),
        })
    }

    /// The same with a `make` that is also given a partner: the example at another place of the epoch (of the same part), whose
    /// sound it may mix in. Who is whose partner is drawn at each epoch.
    pub(super) fn with_sound_pairs(
        self,
        same_part: SamePart,
        make: impl Fn(Places, &mut [f32], &mut [f32], &mut ChaCha8Rng) -> Result<(), ItemError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            make: Box::new(make),
            pairs: Some(same_part),
            ..self
        }
    }

    /// The same with `numbers` of each whole clip besides (given by its index), in [`Batch::side`]; 0 for none.
    pub(super) fn with_side(
        self,
        numbers: usize,
        make: impl Fn(u32, &mut [f32]) -> Result<(), ItemError> + Send + Sync + 'static,
    ) -> Self {
        let side = (numbers > 0).then(|| (numbers, Box::new(make) as Box<MakeSide>));
        Self { side, ..self }
    }

    /// Batches in an epoch: at least one.
    pub fn batches_per_epoch(&self) -> u64 {
        let (examples, size) = (self.index.epoch_len(), self.config.size);
        (if self.config.drop_last {
            examples / size
        } else {
            examples.div_ceil(size)
        }) as u64
    }

    /// Examples in the set.
    pub fn examples(&self) -> usize {
        self.index.len()
    }

    /// How batches are made up.
    pub fn config(&self) -> &BatchConfig {
        &self.config
    }

    /// Where step `step` (counted from 0) of a training stands.
    pub fn position(&self, step: u64) -> Position {
        self.settle(Position {
            epoch: 0,
            batch: step,
        })
    }

    /// The same place with `batch` within its epoch.
    pub(super) fn settle(&self, at: Position) -> Position {
        let length = self.batches_per_epoch();
        Position {
            epoch: at.epoch + at.batch / length,
            batch: at.batch % length,
        }
    }

    /// The batch at `at`.
    ///
    /// # Errors
    ///
    /// When an example can't be made, for example because its file was deleted or changed since the run began. Of
    /// several such, the first in the order of the batch is named.
    pub fn batch(&self, at: Position) -> Result<Batch, ItemError> {
        let at = self.settle(at);
        let epoch = self.epoch(at.epoch);
        let first = at.batch as usize * self.config.size;
        let positions: Vec<usize> = (first..(first + self.config.size).min(epoch.order.len())).collect();
        let frames = self.frames(at);
        let mut rows = self.rows(&epoch, &positions, frames)?;
        if let Some(mixing) = Mixing::of(&self.config) {
            self.mix(mixing, &epoch, at, frames, &positions, &mut rows)?;
        }
        let [channels, bands, _] = self.shape;
        Ok(Batch {
            x: rows.x,
            y: rows.y,
            side: rows.side,
            clips: positions
                .iter()
                .map(|&position| epoch.order[position].clip)
                .collect(),
            shape: [positions.len(), channels, bands, frames],
            position: at,
        })
    }

    /// Frames of the examples of a batch.
    fn frames(&self, at: Position) -> usize {
        let Some(RandomLength {
            min_frames,
            max_frames,
        }) = self.config.length
        else {
            return self.shape[2];
        };
        let mut rng = random::stream(self.seed, &[Purpose::Length as u64, at.epoch, at.batch]);
        min_frames + random::below(&mut rng, max_frames - min_frames + 1)
    }

    /// Numbers of an example of so many frames.
    fn example_len(&self, frames: usize) -> usize {
        self.shape[0] * self.shape[1] * frames
    }

    /// The examples at `positions` of the epoch's order, of so many frames.
    fn rows(&self, epoch: &Epoch, positions: &[usize], frames: usize) -> Result<Rows, ItemError> {
        let (width, classes) = (self.example_len(frames), self.classes);
        let mut x = vec![0.0; positions.len() * width];
        let mut y = vec![0.0; positions.len() * classes];
        let failures: Vec<Option<ItemError>> = self.workers.run(|| {
            x.par_chunks_mut(width)
                .zip(y.par_chunks_mut(classes))
                .zip(positions)
                .map(|((x, y), &position)| {
                    let path = [Purpose::Augment as u64, epoch.number, position as u64];
                    let partner = epoch.sounds.get(position).map(|&other| epoch.order[other]);
                    let places = (epoch.order[position], partner);
                    (self.make)(places, x, y, &mut random::stream(self.seed, &path)).err()
                })
                .collect()
        });
        match failures.into_iter().flatten().next() {
            Some(error) => Err(error),
            None => Ok(Rows {
                x,
                y,
                side: self.side_rows(epoch, positions)?,
            }),
        }
    }

    /// What is known besides of the clips at `positions` of the epoch's order. Kept in memory, as a rule, and so not worth a worker.
    fn side_rows(&self, epoch: &Epoch, positions: &[usize]) -> Result<Vec<f32>, ItemError> {
        let Some((numbers, make)) = &self.side else {
            return Ok(Vec::new());
        };
        let mut side = vec![0.0; positions.len() * numbers];
        for (row, &position) in side.chunks_exact_mut(*numbers).zip(positions) {
            make(epoch.order[position].clip, row)?;
        }
        Ok(side)
    }

    fn mix(
        &self,
        mixing: Mixing,
        epoch: &Epoch,
        at: Position,
        frames: usize,
        positions: &[usize],
        rows: &mut Rows,
    ) -> Result<(), ItemError> {
        let mut rng = random::stream(self.seed, &[Purpose::Mix as u64, at.epoch, at.batch]);
        let mixed: Vec<_> = positions.iter().map(|_| mixing.draw(&mut rng)).collect();
        // For each row that is mixed the row of its partner among those made.
        let wanted: Vec<usize> = (0..positions.len())
            .filter(|&row| !mixed[row].is_alone())
            .collect();
        let (partners, made) = match mixing.across_epoch() {
            false => {
                let groups: Vec<u32> = positions
                    .iter()
                    .map(|&position| self.group(mixing.same_part(), epoch.order[position]))
                    .collect();
                let pairs = pairing(&mut rng, &groups);
                (
                    wanted.iter().map(|&row| pairs[row]).collect::<Vec<_>>(),
                    rows.clone(),
                )
            }
            true => {
                let others: Vec<usize> = wanted.iter().map(|&row| epoch.partners[positions[row]]).collect();
                ((0..wanted.len()).collect(), self.rows(epoch, &others, frames)?)
            }
        };
        let (width, classes) = (self.example_len(frames), self.classes);
        for (&row, &partner) in wanted.iter().zip(&partners) {
            let own = (
                &mut rows.x[row * width..][..width],
                &mut rows.y[row * classes..][..classes],
            );
            let other = (
                &made.x[partner * width..][..width],
                &made.y[partner * classes..][..classes],
            );
            let kept = mixed[row].apply(frames, own, other);
            if let Some((numbers, _)) = self.side {
                let own = &mut rows.side[row * numbers..][..numbers];
                blend(own, &made.side[partner * numbers..][..numbers], kept);
            }
        }
        Ok(())
    }

    /// Which examples may be partners of the one at a position of the epoch: those of the same number.
    fn group(&self, same_part: SamePart, place: ExamplePlace) -> u32 {
        match same_part {
            SamePart(true) => self.index.group(place.clip),
            SamePart(false) => 0,
        }
    }

    /// The draws of an epoch; the latest is kept, since batches are asked for in order.
    fn epoch(&self, number: u64) -> Arc<Epoch> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(epoch) = latest.as_ref().filter(|epoch| epoch.number == number) {
            return Arc::clone(epoch);
        }
        let order = self.index.epoch_order(self.config.order, self.seed, number);
        let pairs = |same_part, path: &[u64]| {
            let groups: Vec<u32> = order.iter().map(|&place| self.group(same_part, place)).collect();
            pairing(&mut random::stream(self.seed, path), &groups)
        };
        let across = Mixing::of(&self.config).filter(|mixing| mixing.across_epoch());
        let partners = across.map(|mixing| pairs(mixing.same_part(), &[Purpose::Mix as u64, number]));
        let sounds = self
            .pairs
            .map(|same_part| pairs(same_part, &[Purpose::Pair as u64, number]));
        let epoch = Epoch {
            number,
            partners: partners.unwrap_or_default(),
            sounds: sounds.unwrap_or_default(),
            order,
        };
        let epoch = Arc::new(epoch);
        *latest = Some(Arc::clone(&epoch));
        epoch
    }
}
