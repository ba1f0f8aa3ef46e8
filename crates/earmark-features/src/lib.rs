//! Clips to features: what a network takes as input.
//!
//! A front end is a [`FrontEnd`]: plain settings, written out in a recipe and checked before any audio is read. An
//! [`Extractor`] is the same thing ready to run: windows, FFT plan and mel bank are computed once, then shared by any
//! number of threads.
//!
//! ```text
//! samples --(trim)--stft--> [bins, frames] --mel--> [bands, frames] --amplitude--> log-mel
//!         --(augment)--> segments --postprocess--> input
//! ```
//!
//! Extraction has two halves. [`Extractor::log_mel`] is the slow one: it turns samples into a log-mel spectrogram,
//! which is the same in every epoch and may be cached under [`Extractor::fingerprint`]. [`Extractor::postprocess`]
//! adds deltas and scales; it runs after augmentation, because deltas of an augmented spectrogram are not augmented
//! deltas.
//!
//! ```
//! use earmark_features::{Extractor, FrontEnd};
//!
//! let extractor = Extractor::new(&FrontEnd::default())?; // the DCASE 2019 baseline's
//! let second = vec![0.0_f32; 44_100];
//! let log_mel = extractor.log_mel(&second, &mut extractor.scratch())?; // [1, 96, 98]
//! assert_eq!((log_mel.channels, log_mel.bands, log_mel.frames), (1, 96, 98));
//! assert_eq!(extractor.segment_count(log_mel.frames), 2); // 98 frames, a new segment every 50
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same samples give the same numbers with any number of threads: nothing is shared or reordered.
//!
//! | module | stage |
//! |---|---|
//! | `front_end` | the settings, their checks, and the fingerprint that names cached features |
//! | `trimming` | silence at both ends of a clip |
//! | `trimming_in_blocks` | the same of a recording that comes in blocks |
//! | `features_in_blocks` | log-mel of a recording that comes in blocks |
//! | `overlapping_windows` | log-mels of windows that overlap, whose frames they share |
//! | `stft` | window, framing, FFT |
//! | `mel` | mel bands |
//! | `amplitude` | amplitude scale: linear, log, decibels, PCEN |
//! | `segments` | pieces of one length |
//! | `postprocess` | deltas and scaling, after augmentation |
//! | `clip_features` | handcrafted features of a whole clip |
//! | `scaler` | scaler and PCA, fitted on training data |
//! | `onnx` | the front end as an ONNX graph, one file per stage |

mod amplitude;
mod clip_features;
mod error;
mod extractor;
mod features;
mod features_in_blocks;
mod front_end;
mod mel;
mod npy_of_features;
mod onnx;
mod overlapping_windows;
mod positive_integer;
mod postprocess;
mod pre_emphasis;
pub mod real_fft;
mod sample_check;
mod scaler;
mod seconds_or_count;
mod segments;
mod simd;
mod stft;
mod trimming;
mod trimming_in_blocks;

pub use amplitude::{AmplitudeScale, Pcen};
pub use clip_features::{HandcraftedFeatures, handcrafted_names};
pub use error::FeatureError;
pub use extractor::{Extractor, ExtractorScratch};
pub use features::Features;
pub use features_in_blocks::{FeaturePass, WholeFeatures};
pub use front_end::{ClipFeatures, FrontEnd, InputShape, MOST_SEGMENT_NUMBERS};
pub use mel::{Mel, MelNorm, MelScale, Triangles};
pub use npy_of_features::NpyParts;
pub use onnx::OnnxSegments;
pub use overlapping_windows::OverlappingWindows;
pub use postprocess::{BandScale, Deltas, GlobalScale, Postprocess};
pub use scaler::{NamedTensor, Pca, Scaler, ScalerError};
pub use segments::{FirstPass, SegmentCutter, SegmentPad, SegmentPlacement, Segments, equal_pieces};
pub use stft::{BinValue, Centre, Stft, WindowFunction};
pub use trimming::{TrimPadding, TrimmedSpan, Trimming};
pub use trimming_in_blocks::TrimPass;
