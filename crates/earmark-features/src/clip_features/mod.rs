//! Clip-level features: a clip in 1,133 handcrafted numbers, those of mobilenetv2-pca-2018.
//!
//! S. Adapa's system for FSDKaggle2018 uses them, standardised and reduced by PCA, in addition to the network's own
//! features; on their own they are useful for simple models and tables. In order:
//!
//! | features | description |
//! |---|---|
//! | 985 | mean, standard deviation, skewness, maximum and minimum over time of 197 rows: mel bands, cosine transform, chroma, spectral contrast, roll-off, centroid, bandwidth, tonal centroids, zero crossings |
//! | 12 | the loudness envelope: runs of sound, attack, relaxation, sign changes |
//! | 64 | the shape of the mean spectrum |
//! | 72 | the waveform in one, two and three parts |
//!
//! The features are defined at 44.1 kHz; the system trims silence first ([`Trimming`](crate::Trimming)). Every clip
//! has all of them, as finite numbers: zeros for a clip without samples, and whatever the definition gives for a
//! silent or very short one; each file documents its own case.

mod chroma;
mod constant_q;
mod frame_rows;
mod handcrafted;
mod harmonic_part;
mod loudness_envelope;
mod mean_spectrum;
mod spectral_contrast;
mod spectral_moments;
mod statistics;
mod stft;
mod tuning;
mod waveform_parts;
mod zero_crossings;

pub use handcrafted::{HandcraftedFeatures, handcrafted_names};
