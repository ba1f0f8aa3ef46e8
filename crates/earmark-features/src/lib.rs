//! Clips to features: what a network hears.
//!
//! A front end is a [`FrontEnd`]: plain data that a recipe spells out, checked before any audio is read. An [`Extractor`] is
//! the same thing made ready: windows, FFT plan and mel bank are computed once, then shared by any number of threads.
//!
//! ```text
//! samples --(trim)--stft--> [bins, frames] --mel--> [bands, frames] --level--> base --(augment)--> finish --> examples
//! ```
//!
//! The way has two halves. [`Extractor::base`] turns samples into a log-mel: it is the slow half, the same in every epoch,
//! and may be kept on disk under [`Extractor::fingerprint`]. [`Extractor::finish`] adds deltas and scales: it comes
//! after augmentation, since deltas of an augmented image are not augmented deltas.
//!
//! ```
//! use earmark_features::{Extractor, FrontEnd};
//!
//! let extractor = Extractor::new(&FrontEnd::default())?; // the DCASE 2019 baseline's
//! let second = vec![0.0_f32; 44_100];
//! let base = extractor.base(&second, &mut extractor.scratch())?; // [1, 96, 98]
//! assert_eq!((base.channels, base.bands, base.frames), (1, 96, 98));
//! assert_eq!(extractor.examples(&base), 2); // 98 frames, a new example every 50
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same samples give the same numbers whatever the number of threads: nothing here is shared or reordered.

mod band_scale;
mod error;
mod examples;
mod extractor;
mod fast_log;
mod features;
mod finish;
mod fitted;
mod front_end;
mod lanes;
mod level;
mod mel;
mod onnx;
mod pcen;
mod spectrum;
mod stft;
mod summary;
mod trimming;
mod whole;
mod window;

pub use band_scale::BandScale;
pub use error::{ConfigError, FeatureError};
pub use examples::{Examples, Pad, Place};
pub use extractor::{Extractor, Scratch};
pub use features::Features;
pub use finish::{Deltas, Finish, Scale};
pub use fitted::{FittedError, Keep, NamedTensor, Pca, Standardiser};
pub use front_end::{FrontEnd, Side};
pub use level::Level;
pub use mel::{Mel, MelNorm, MelScale, Triangles};
pub use onnx::OnnxExamples;
pub use pcen::Pcen;
pub use stft::{Centre, Stft, Value};
pub use summary::{Summariser, summary_names};
pub use trimming::Trimming;
pub use window::Window;
