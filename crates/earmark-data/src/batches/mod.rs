//! Examples, their order in an epoch, and batches of them.
//!
//! A [`BatchMaker`] is a pure function: the batch at a [`Position`] follows from the seed and the position alone.
//! A [`BatchStream`] calls it ahead of the training, in a thread of its own. So the number of workers changes nothing,
//! and a run that is resumed at any position sees the batches that it would have seen.
//!
//! ```
//! use earmark_core::threads::Workers;
//! use earmark_data::batches::{BatchConfig, BatchMaker, BatchStream, ExampleIndex, Position};
//!
//! let index = ExampleIndex::new(&[3, 1, 2]); // clips of 3, 1 and 2 examples
//! let config = BatchConfig { size: 4, ..BatchConfig::default() };
//! let maker = BatchMaker::new(&config, index, [1, 1, 2], 3, 17, Workers::new(1)?, |place, x, y, _rng| {
//!     x.fill(place.example as f32);
//!     y[place.clip as usize] = 1.0;
//!     Ok(())
//! })?;
//! let mut batches = BatchStream::start(maker, Position { epoch: 0, batch: 0 });
//! let batch = batches.next().unwrap()?;
//! assert_eq!(batch.shape, [4, 1, 1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod from_store;
mod index;
mod maker;
mod mixing;
mod sample;
mod stream;

pub use config::{BatchConfig, BatchError, Order, RandomLength};
pub use from_store::{example_counts, store_maker};
pub use index::{ExampleIndex, ExamplePlace};
pub use maker::{Batch, BatchMaker, Position};
pub use sample::{Draw, Sample, Sampler, Source};
pub use stream::BatchStream;
