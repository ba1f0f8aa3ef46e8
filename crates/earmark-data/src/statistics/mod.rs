//! Statistics of a data set: lengths, classes, rates, spectra and example spectrograms, as numbers.
//!
//! This is the exploration with which the starter kernel of 2018 begins (histogram of lengths of
//! train and test with the minima, mean and spread of the log amplitude per frequency bin, spectrograms
//! of clips), for any layout. Charts are drawn elsewhere.

mod band_curve;
mod curve;
mod lengths_and_classes;
mod mean_spectrum;
mod options;
mod report;
mod report_text;

pub use band_curve::{BandCurve, band_curve};
pub use lengths_and_classes::statistics;
pub use options::StatisticsOptions;
pub use report::{
    ClassStatistics, ClipSpectrogram, DataStatistics, LengthHistogram, MeanSpectrum, ShortestClip,
    SubsetStatistics, Unreadable,
};
