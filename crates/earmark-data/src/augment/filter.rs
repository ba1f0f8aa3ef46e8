//! Another room, another microphone: bands louder or softer (FilterAugment: Nam, Kim and Park 2022, "FilterAugment: An
//! Acoustic Environmental Data Augmentation Method").

use serde::{Deserialize, Serialize};

use super::gain::LevelUnit;
use super::{Shape, Spec};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Cuts the bands of an example into a few stretches at random places and changes each one's level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Filter {
    /// Probability that an example is filtered.
    pub prob: f64,
    /// Fewest stretches.
    pub min_stretches: u32,
    /// Most stretches.
    pub max_stretches: u32,
    /// Narrowest stretch, in bands; narrower ones come up where an example has too few bands.
    pub min_bands: u32,
    /// Lowest gain in decibels.
    pub min_db: f64,
    /// Highest gain in decibels.
    pub max_db: f64,
    /// How gains follow each other along frequency.
    pub shape: FilterShape,
}

/// How gains follow each other along frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilterShape {
    /// A gain for each boundary of stretches, and straight lines (of decibels) between them.
    #[default]
    Linear,
    /// A gain for each stretch.
    Step,
}

impl Default for Filter {
    /// The authors' choice for sound event detection: three to six stretches, 6 dB either way, lines.
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_stretches: 3,
            max_stretches: 6,
            min_bands: 6,
            min_db: -6.0,
            max_db: 6.0,
            shape: FilterShape::Linear,
        }
    }
}

/// A filter as drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct BandGains {
    /// What is added to each band, in the unit of the features: `[bands]`; empty for nothing.
    pub added: Vec<f32>,
}

impl Filter {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        if !(1..=100).contains(&self.max_stretches) {
            return Err(SettingError::new(
                section,
                "max-stretches",
                self.max_stretches,
                "must be between 1 and 100",
            ));
        }
        if !(1..=self.max_stretches).contains(&self.min_stretches) {
            let remedy = format!("must be between 1 and max-stretches = {}", self.max_stretches);
            return Err(SettingError::new(
                section,
                "min-stretches",
                self.min_stretches,
                remedy,
            ));
        }
        if self.min_bands == 0 {
            return Err(SettingError::new(section, "min-bands", 0, "must be 1 or more"));
        }
        super::gain::check_range(section, self.min_db, self.max_db)
    }

    /// Draws the filter of one example of this shape. The boundaries are uniform over the places that leave each stretch
    /// at least `min-bands` wide.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape, unit: LevelUnit) -> BandGains {
        if !random::chance(rng, self.prob) {
            return BandGains { added: Vec::new() };
        }
        let bands = shape.bands;
        let more = self.max_stretches.saturating_sub(self.min_stretches) as usize;
        let stretches = (self.min_stretches as usize + random::below(rng, more + 1)).min(bands.max(1));
        let narrowest = (self.min_bands as usize).min(bands / stretches);
        // Sorted places in what is left when every stretch has its least width, then that width put back.
        let free = bands - narrowest * stretches;
        let mut inner: Vec<usize> = (1..stretches).map(|_| random::below(rng, free + 1)).collect();
        inner.sort_unstable();
        let mut edges = vec![0];
        edges.extend((1..stretches).map(|cut| inner[cut - 1] + cut * narrowest));
        edges.push(bands);
        let gains: Vec<f64> = match self.shape {
            FilterShape::Linear => (0..=stretches)
                .map(|_| random::uniform(rng, self.min_db, self.max_db))
                .collect(),
            FilterShape::Step => (0..stretches)
                .map(|_| random::uniform(rng, self.min_db, self.max_db))
                .collect(),
        };
        BandGains::new(&edges, &gains, self.shape, unit)
    }
}

impl BandGains {
    /// Gains in decibels at boundaries (or, in steps, between them): `edges` ascend from 0 to the number of bands.
    pub fn new(edges: &[usize], gains_db: &[f64], shape: FilterShape, unit: LevelUnit) -> Self {
        let mut added = Vec::with_capacity(edges.last().copied().unwrap_or(0));
        for (stretch, ends) in edges.windows(2).enumerate() {
            let (start, end) = (ends[0], ends[1]);
            for band in start..end {
                let gain = match shape {
                    FilterShape::Step => gains_db[stretch],
                    FilterShape::Linear => {
                        // Both ends of a stretch have their gains, the last band the gain of the far boundary.
                        let way = (band - start) as f64 / (end - start).saturating_sub(1).max(1) as f64;
                        gains_db[stretch] + way * (gains_db[stretch + 1] - gains_db[stretch])
                    }
                };
                added.push((gain * unit.per_db()) as f32);
            }
        }
        Self { added }
    }

    /// Adds the gains to all frames and channels.
    pub fn apply(&self, spec: &mut Spec) {
        if self.added.is_empty() {
            return;
        }
        let gains = self.added.iter().cycle();
        for (row, gain) in spec.rows().zip(gains) {
            row.iter_mut().for_each(|value| *value += gain);
        }
    }
}
