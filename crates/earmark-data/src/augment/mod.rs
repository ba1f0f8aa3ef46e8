//! Augmentation of waveforms and spectrograms, and mixing.
//!
//! Every kind is *drawn* first and *applied* afterwards, so that what happens to a segment is a plain value which can be
//! printed, tested and repeated:
//!
//! ```
//! use std::borrow::Cow;
//! use earmark_core::random::{self, Purpose};
//! use earmark_data::augment::Augment;
//! use earmark_data::augment::spectrogram::{AugmentContext, FreqMask, SpectrogramShape};
//! use earmark_features::Features;
//! let augment = Augment { freq_mask: Some(FreqMask::default()), ..Augment::default() };
//! let segment = Features::new(1, 8, 10, vec![1.0; 8 * 10])?;
//! let context = AugmentContext { segment_frames: 10, unit: None };
//! let mut rng = random::stream(17, &[Purpose::Augment as u64, 0, 0]);
//! let masks = augment.draw(&mut rng, SpectrogramShape::of(&segment), context);
//! let mut augmented = Cow::Borrowed(&segment);
//! masks.iter().for_each(|masks| masks.apply(&mut augmented));
//! # Ok::<(), earmark_features::FeatureError>(())
//! ```
//!
//! [`Augment`] is the section of a recipe: lists of [`WaveformStep`](waveform::WaveformStep)s and
//! [`AugmentStep`](spectrogram::AugmentStep)s, and four that have a key of their own.

mod bounds;
mod config;
mod draw_and_apply;
mod kinds_macro;
pub mod mixing;
pub mod spectrogram;
pub mod waveform;

pub(crate) use bounds::check_weights;
pub use config::Augment;
pub(crate) use config::check_optional;
pub use draw_and_apply::AugmentedWaveform;
