//! Another room, another microphone: bands louder or softer (FilterAugment: Nam, Kim and Park 2022, "FilterAugment: An
//! Acoustic Environmental Data Augmentation Method").

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{Drawing, Effect, SpectrogramAugmentation, SpectrogramChange, minimum, rows};
use super::level_unit::LevelUnit;
use super::spec_augment::draw_count;
use crate::augment::bounds::check_gains;
use crate::settings::settings;

settings! {
    /// Divides the bands of a segment into a few ranges at random places and changes each one's level. Needs logarithmic
    /// features.
    // The defaults are the authors' choice for sound event detection: three to six ranges, 6 dB either way, lines.
    pub struct Filter {
        /// Probability that a segment is filtered.
        pub prob: f64 = 0.5,
        /// Smallest number of ranges.
        #[serde(alias = "min-stretches")]
        pub min_ranges: u32 = 3,
        /// Largest number of ranges.
        #[serde(alias = "max-stretches")]
        pub max_ranges: u32 = 6,
        /// Width of the narrowest range, in bands; ranges are narrower where a segment has too few bands.
        pub min_bands: u32 = 6,
        /// Lowest gain in decibels.
        pub min_db: f64 = -6.0,
        /// Highest gain in decibels.
        pub max_db: f64 = 6.0,
        /// How the gain changes along frequency.
        pub shape: FilterShape = FilterShape::Linear,
    }
}

/// How the gain changes along frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilterShape {
    /// One gain per boundary of ranges, and straight lines (of decibels) between them.
    #[default]
    Linear,
    /// One gain per range.
    Step,
}

impl Check for Filter {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        let (least, most) = (self.min_ranges, self.max_ranges);
        ConfigError::check_range("max-ranges", most, 1..=100, "must be between 1 and 100")?;
        let remedy = format!("must be between 1 and max-ranges = {most}");
        ConfigError::check_range("min-ranges", least, 1..=most, &remedy)?;
        ConfigError::check_range("min-bands", self.min_bands, 1.., "must be 1 or more")?;
        check_gains(self.min_db, self.max_db, 120.0)
    }
}

impl SpectrogramAugmentation for Filter {
    /// The boundaries are uniform over the places that leave each range at least `min-bands` wide.
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let (bands, rng) = (drawing.shape.bands, &mut *drawing.rng);
        let unit = drawing.context.unit.filter(|_| random::chance(rng, self.prob));
        let Some(unit) = unit else { return };
        let ranges = draw_count(rng, self.min_ranges, self.max_ranges).min(bands.max(1));
        let narrowest = (self.min_bands as usize).min(bands / ranges);
        // Sorted places in what is left when every range has its least width, then that width added back.
        let free = bands - narrowest * ranges;
        let mut inner: Vec<usize> = (1..ranges).map(|_| random::below(rng, free + 1)).collect();
        inner.sort_unstable();
        let mut edges = vec![0];
        edges.extend((1..ranges).map(|cut| inner[cut - 1] + cut * narrowest));
        edges.push(bands);
        let gains: Vec<f64> = (0..ranges + usize::from(self.shape == FilterShape::Linear))
            .map(|_| random::uniform(rng, self.min_db, self.max_db))
            .collect();
        drawing.push(Some(BandGains::new(&edges, &gains, self.shape, unit)));
    }

    fn has(&self, effect: Effect) -> bool {
        effect == Effect::NeedsDecibels
    }
}

/// A filter as drawn.
#[derive(Clone, Debug, derive_more::Display, PartialEq)]
#[display("bands' levels {:+.2} to {:+.2}", minimum(added), added.iter().copied().fold(f32::MIN, f32::max))]
pub struct BandGains {
    /// What is added to each band, in the unit of the features: `[bands]`.
    pub added: Vec<f32>,
}

impl BandGains {
    /// Gains in decibels at boundaries (or, in steps, between them): `edges` ascend from 0 to the number of bands.
    pub fn new(edges: &[usize], gains_db: &[f64], shape: FilterShape, unit: LevelUnit) -> Self {
        let mut added = Vec::with_capacity(edges.last().copied().unwrap_or(0));
        for (range, ends) in edges.windows(2).enumerate() {
            let (start, end) = (ends[0], ends[1]);
            for band in start..end {
                let gain = match shape {
                    FilterShape::Step => gains_db[range],
                    FilterShape::Linear => {
                        // Both ends of a range have their gains, the last band the gain of the far boundary.
                        let way = (band - start) as f64 / (end - start).saturating_sub(1).max(1) as f64;
                        gains_db[range] + way * (gains_db[range + 1] - gains_db[range])
                    }
                };
                added.push((gain * unit.per_db()) as f32);
            }
        }
        Self { added }
    }
}

impl SpectrogramChange for BandGains {
    /// Adds the gains to all frames and channels.
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let gains = self.added.iter().cycle();
        for (row, gain) in rows(features.to_mut()).zip(gains) {
            row.iter_mut().for_each(|value| *value += gain);
        }
    }
}
