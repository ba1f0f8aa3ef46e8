//! Amplitude scale: from energies, which span twelve decades, to numbers that a network can be trained on.

mod amplitude_scale;
mod decibels;
mod natural_log;
mod pcen;

pub use amplitude_scale::AmplitudeScale;
pub(crate) use decibels::{DecibelFactors, decibel_factors, loudest, raise_to};
pub use pcen::Pcen;
