//! A clip's tiles, some of them: how a second-level network is shown the same clip differently in each epoch.

use crate::setting::{SettingError, check_share};
use earmark_core::random;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Which tiles an example averages: those that follow each other, or any of them (argus-2019's second level).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TileSubset {
    /// Probability that there is a choice at all; all tiles otherwise, as in judging.
    pub prob: f64,
    /// Probability that the chosen tiles follow each other; any of them otherwise.
    pub crop_prob: f64,
}

impl Default for TileSubset {
    fn default() -> Self {
        Self {
            prob: 1.0,
            crop_prob: 0.5,
        }
    }
}

impl TileSubset {
    /// Refuses what is no probability; `section` is where this stands in the recipe.
    ///
    /// # Errors
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_share(section, "crop-prob", self.crop_prob)
    }

    /// The tiles of an example, ascending, of a clip that has `tiles` of them: at least one, each number of them as likely.
    ///
    /// Streams in the same state give the same tiles for clips of as many of them, which is how several first-level networks are shown
    /// the same part of a clip.
    pub fn draw(&self, tiles: usize, rng: &mut impl Rng) -> Vec<usize> {
        let (any, crop) = (
            random::chance(rng, self.prob),
            random::chance(rng, self.crop_prob),
        );
        if !any || tiles < 2 {
            return (0..tiles).collect();
        }
        let length = 1 + random::below(rng, tiles);
        if crop {
            let start = random::below(rng, tiles - length + 1);
            return (start..start + length).collect();
        }
        let mut chosen = random::permutation(rng, tiles);
        chosen.truncate(length);
        chosen.sort_unstable();
        chosen
    }
}

/// The mean of the rows `chosen` of `[tiles, width]`, row-major: `[width]`.
pub fn mean_of(rows: &[f32], width: usize, chosen: &[usize]) -> Vec<f32> {
    let mut sum = vec![0.0_f64; width];
    for &tile in chosen {
        let row = &rows[tile * width..(tile + 1) * width];
        sum.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*v));
    }
    let count = chosen.len() as f64;
    sum.into_iter().map(|s| (s / count) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::random::stream;

    fn draws(subset: TileSubset, tiles: usize) -> Vec<Vec<usize>> {
        (0..2000)
            .map(|k| subset.draw(tiles, &mut stream(1, &[k])))
            .collect()
    }

    fn contiguous(tiles: &[usize]) -> bool {
        tiles.windows(2).all(|w| w[1] == w[0] + 1)
    }

    #[test]
    fn crops_follow_each_other_and_subsets_need_not() {
        let crop = TileSubset {
            crop_prob: 1.0,
            ..Default::default()
        };
        let any = TileSubset {
            crop_prob: 0.0,
            ..Default::default()
        };
        assert!(draws(crop, 5).iter().all(|d| contiguous(d)));
        let any = draws(any, 5);
        assert!(any.iter().any(|d| !contiguous(d)));
        for d in any.iter().chain(&draws(TileSubset::default(), 5)) {
            assert!(!d.is_empty() && d.is_sorted() && d.iter().all(|t| *t < 5));
            assert!(d.windows(2).all(|w| w[0] != w[1]), "{d:?}");
        }
    }

    /// Each number of tiles comes a fifth of the time, each tile in three of five draws.
    #[test]
    fn lengths_and_tiles_are_alike() {
        let drawn = draws(
            TileSubset {
                crop_prob: 0.0,
                ..Default::default()
            },
            5,
        );
        for length in 1..=5 {
            let share = drawn.iter().filter(|d| d.len() == length).count() as f64 / 2000.0;
            assert!((share - 0.2).abs() < 0.03, "{length}: {share}");
        }
        for tile in 0..5 {
            let share = drawn.iter().filter(|d| d.contains(&tile)).count() as f64 / 2000.0;
            assert!((share - 0.6).abs() < 0.04, "{tile}: {share}");
        }
    }

    #[test]
    fn without_a_choice_all_tiles_count() {
        let never = TileSubset {
            prob: 0.0,
            ..Default::default()
        };
        assert!(draws(never, 4).iter().all(|d| *d == [0, 1, 2, 3]));
        assert!(draws(TileSubset::default(), 1).iter().all(|d| *d == [0]));
        assert!(
            TileSubset {
                prob: 1.5,
                ..Default::default()
            }
            .check("stack.subset")
            .is_err()
        );
    }

    #[test]
    fn a_mean_is_of_the_chosen_rows() {
        let rows = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0];
        assert_eq!(mean_of(&rows, 2, &[0, 2]), [5.0, 6.0]);
        assert_eq!(mean_of(&rows, 2, &[1]), [2.0, 3.0]);
    }
}
