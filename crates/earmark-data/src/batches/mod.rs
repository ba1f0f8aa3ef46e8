//! Segments, their order in an epoch, and batches of them.
//!
//! A [`BatchMaker`] is a pure function: the batch at a [`BatchPosition`] follows from the seed and the position alone.
//! A [`BatchStream`] calls it in advance, in a thread of its own. So the number of workers changes nothing,
//! and a run that is resumed at any position sees the batches that it would have seen.
//!
//! ```
//! use earmark_core::random::ChaCha8Rng;
//! use earmark_core::threads::Workers;
//! use earmark_data::batches::{
//!     BatchConfig, BatchMaker, BatchPosition, BatchShape, BatchStream, SegmentIndex, SegmentPlace,
//! };
//!
//! let index = SegmentIndex::new(&[3, 1, 2]); // clips of 3, 1 and 2 segments
//! let config = BatchConfig { size: 4, ..BatchConfig::default() };
//! let shape = BatchShape { segment: [1, 1, 2], classes: 3 };
//! let write = |place: SegmentPlace, x: &mut [f32], y: &mut [f32], _: &mut ChaCha8Rng| {
//!     x.fill(place.segment as f32);
//!     y[place.clip as usize] = 1.0;
//!     Ok(())
//! };
//! let maker = BatchMaker::new(&config, index, shape, 17, Workers::new(1)?, write)?;
//! let mut batches = BatchStream::start(maker, BatchPosition { epoch: 0, batch: 0 });
//! let batch = batches.next().unwrap()?;
//! assert_eq!(batch.shape, [4, 1, 1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod augment_preview;
mod batch_maker;
mod batch_position;
mod config;
mod epoch_order;
mod error;
mod mixing_partners;
mod prefetch;
mod random_length;
mod sampling;
mod soft_targets;
mod training_clips;

pub use augment_preview::{AugmentedSegment, ClipPreview, mix_preview, preview};
pub use batch_maker::{Batch, BatchMaker, BatchShape, SegmentSource};
pub use batch_position::{BatchPosition, SegmentPlace};
pub use config::{BatchConfig, SegmentOrder};
pub use epoch_order::SegmentIndex;
pub use error::BatchError;
pub use mixing_partners::SameSubset;
pub use prefetch::BatchStream;
pub use random_length::RandomLength;
pub use sampling::{DrawMode, SampleSource, Sampler, Sampling};
pub use soft_targets::SoftTargets;
pub use training_clips::{TrainingClips, segment_counts};
