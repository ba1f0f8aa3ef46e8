//! How far a result would move with other clips of the same kind: percentile bootstrap over clips.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};

use crate::{Aligned, Lwlrap, Result};

/// Settings of the bootstrap (Efron, "Bootstrap methods: another look at the jackknife", 1979; percentile interval).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Bootstrap {
    /// How often the clips are resampled, with replacement.
    pub resamples: usize,
    /// Share of the resampled results inside the interval, between 0 and 1.
    pub confidence: f64,
    /// Start of the random sequence; the same seed gives the same interval.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 1000,
            confidence: 0.95,
            seed: 0,
        }
    }
}

/// A range that contains the chosen share of the resampled results.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Intervals of the results that have one; `None` where no clip has a label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Intervals {
    /// Share of the resampled results inside each interval.
    pub confidence: f64,
    /// Of the overall lwlrap.
    pub lwlrap: Option<Interval>,
    /// Of the accuracy.
    pub accuracy: Option<Interval>,
}

impl Check for Bootstrap {
    fn check(&self) -> std::result::Result<(), ConfigError> {
        let remedy = "must be 1 to 1000000; 1000 is usual";
        ConfigError::check_range("resamples", self.resamples, 1..=1_000_000, remedy)?;
        let remedy = "must be a share between 0 and 1; 0.95 is usual";
        let is_share = self.confidence > 0.0 && self.confidence < 1.0;
        ConfigError::unless(is_share, "confidence", self.confidence, remedy)
    }
}

impl Bootstrap {
    /// Resamples the labelled clips and gives the intervals of lwlrap and accuracy.
    ///
    /// # Errors
    /// No resamples, or a confidence outside 0 to 1.
    pub fn intervals(&self, aligned: &Aligned) -> Result<Intervals> {
        self.check()?;
        // A mean over resampled clips needs only what each clip adds to numerator and denominator.
        let mut precisions = Vec::new();
        for (scores, truth) in aligned.labelled() {
            let mut one = Lwlrap::new(truth.len());
            one.add(scores, truth)?;
            precisions.push(one.sums());
        }
        let hits: Vec<(f64, f64)> = aligned.hits().map(|hit| (hit, 1.0)).collect();
        Ok(Intervals {
            confidence: self.confidence,
            lwlrap: self.interval_of_ratio(&precisions),
            accuracy: self.interval_of_ratio(&hits),
        })
    }

    /// The intervals of several results of `items` resampled items, which are given by their numbers; `None` for a
    /// result that no resample has.
    pub(crate) fn intervals_of(
        &self,
        items: usize,
        results: &dyn Fn(&[usize]) -> Vec<Option<f64>>,
    ) -> Result<Vec<Option<Interval>>> {
        self.check()?;
        let mut random = SplitMix64(self.seed);
        let mut drawn = vec![0; items];
        let mut found: Vec<Vec<f64>> = Vec::new();
        for _ in 0..self.resamples {
            drawn.fill_with(|| random.below(items));
            let values = results(&drawn);
            found.resize(values.len(), Vec::new());
            for (all, value) in found.iter_mut().zip(values) {
                all.extend(value);
            }
        }
        Ok(found.into_iter().map(|values| self.interval(values)).collect())
    }

    /// The interval of sum(first) / sum(second) over resampled clips; `None` without clips.
    pub(super) fn interval_of_ratio(&self, clips: &[(f64, f64)]) -> Option<Interval> {
        if clips.is_empty() {
            return None;
        }
        let mut random = SplitMix64(self.seed);
        let resampled = (0..self.resamples).map(|_| {
            let (sum, weight) = (0..clips.len()).fold((0.0, 0.0), |(sum, weight), _| {
                let (more, labels) = clips[random.below(clips.len())];
                (sum + more, weight + labels)
            });
            sum / weight
        });
        self.interval(resampled.collect())
    }

    /// The middle of resampled results; `None` without any.
    fn interval(&self, mut results: Vec<f64>) -> Option<Interval> {
        results.sort_unstable_by(f64::total_cmp);
        let outside = (1.0 - self.confidence) / 2.0;
        (!results.is_empty()).then(|| Interval {
            low: quantile(&results, outside),
            high: quantile(&results, 1.0 - outside),
        })
    }
}

/// The quantile of sorted values, linear between neighbours as NumPy's default.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (low, high) = (position.floor() as usize, position.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (position - low as f64)
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): small, and the same on every
/// machine.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; the bias of the multiplication is below `end` / 2^64.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}
