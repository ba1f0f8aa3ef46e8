//! Splits a set into folds, or into a training and a held-out subset.

use serde::{Deserialize, Serialize};

use super::kept_together::Units;
use super::{iterative_stratification, stratified_by_class, whole_groups};
use crate::dataset::item::Item;
use crate::settings::settings;
use earmark_core::random;

/// How a split balances the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stratify {
    /// Not at all: a shuffle, cut into pieces (as argus-2019 made its folds).
    None,
    /// Every class is dealt out evenly: exact to one recording per class and fold. For sets with one
    /// label per recording.
    Label,
    /// Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, "On the Stratification of
    /// Multi-Label Data"): the rarest label first, to the fold that lacks it most.
    #[default]
    Iterative,
}

settings! {
    /// How to split a set. All randomness comes from the seed: the same items in the same order give the same split on every
    /// machine.
    #[derive(Eq)]
    pub struct Splitter {
        /// How the classes are balanced.
        pub stratify: Stratify = Stratify::Iterative,
        /// Whether recordings of one group stay together; those without a group are groups of one. Windows of one
        /// recording always do.
        pub group: bool = true,
        /// The seed of all draws.
        pub seed: u64 = 0,
    }
}

/// Why a set cannot be split as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FoldError {
    /// A hold-out fraction outside of (0, 1).
    #[error("`fraction` = {0}; choose a held-out share above 0 and below 1, for example 0.1")]
    Fraction(f64),
    /// Fewer than two folds.
    #[error("`folds` = {0}; at least 2 folds are needed, one to evaluate on and one to train on")]
    TooFewFolds(u32),
    /// Fewer recordings or groups than pieces.
    #[error("cannot split {units} {what} into {pieces} pieces; use fewer folds or more recordings")]
    TooFewUnits {
        /// Pieces asked for.
        pieces: usize,
        /// Recordings or groups that can be separated.
        units: usize,
        /// "recordings" or "groups".
        what: &'static str,
    },
    /// Several labels where the method allows one.
    #[error(
        "{file:?} has {labels} labels, but `stratify` = \"label\" needs at most one per recording; use \"iterative\""
    )]
    ManyLabels {
        /// The first such recording.
        file: String,
        /// Its number of labels.
        labels: usize,
    },
    /// Every class has only one recording (or group), which training needs.
    #[error(
        "nothing can be held out: each class has only one of the {0}; add recordings, or set `stratify` = \"none\""
    )]
    NothingToHold(&'static str),
}

impl Splitter {
    /// Splits off a held-out subset: `(train, held_out)`, indices into `items`, ascending.
    ///
    /// Unless `stratify` is [`Stratify::None`], a class with only one recording (or group)
    /// keeps it in training: the score of a class that could not be trained means nothing.
    ///
    /// # Errors
    /// [`FoldError`] for a fraction outside of (0, 1), for too few recordings, and for recordings with
    /// several labels under [`Stratify::Label`].
    pub fn hold_out(&self, items: &[Item], fraction: f64) -> Result<(Vec<usize>, Vec<usize>), FoldError> {
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(FoldError::Fraction(fraction));
        }
        let units = Units::new(items, self.group);
        let mut piece = self.assign(items, &units, &[1.0 - fraction, fraction])?;
        if self.stratify != Stratify::None {
            units.keep_every_class(&mut piece, 0);
        }
        if !piece.contains(&1) {
            return Err(FoldError::NothingToHold(units.what()));
        }
        let piece = units.spread(&piece);
        Ok((0..items.len()).partition(|&i| piece[i] == 0))
    }

    /// Gives every item a fold, numbered 1 to `folds` (as ESC-50 numbers its own).
    ///
    /// # Errors
    /// [`FoldError`] for fewer than two folds, for fewer recordings (or groups) than folds, and for
    /// recordings with several labels under [`Stratify::Label`].
    pub fn k_fold(&self, items: &[Item], folds: u32) -> Result<Vec<u32>, FoldError> {
        if folds < 2 {
            return Err(FoldError::TooFewFolds(folds));
        }
        let units = Units::new(items, self.group);
        // Before anything is made of a number that may be absurd.
        let pieces = usize::try_from(folds).unwrap_or(usize::MAX);
        check_enough(&units, pieces)?;
        let numbers: Vec<u32> = (1..=folds).collect();
        let shares = vec![1.0 / f64::from(folds); pieces];
        let piece = self.assign(items, &units, &shares)?;
        Ok(units.spread(&piece).into_iter().map(|p| numbers[p]).collect())
    }

    /// The piece (index into `shares`) of every unit; no piece is empty.
    fn assign(&self, items: &[Item], units: &Units, shares: &[f64]) -> Result<Vec<usize>, FoldError> {
        if self.stratify == Stratify::Label
            && let Some(item) = items.iter().find(|i| i.labels.len() > 1)
        {
            return Err(FoldError::ManyLabels {
                file: item.file.clone(),
                labels: item.labels.len(),
            });
        }
        check_enough(units, shares.len())?;
        let mut rng = random::stream(self.seed, &[random::Purpose::Split as u64]);
        let order = random::permutation(&mut rng, units.len());
        let mut of_unit = match (self.stratify, units.are_items()) {
            (Stratify::None, true) => stratified_by_class::shuffled(&order, shares),
            (Stratify::Label, true) => stratified_by_class::by_label(units, &order, shares),
            (Stratify::Iterative, true) => {
                iterative_stratification::stratified(units, &order, shares, &mut rng)
            }
            (Stratify::None, false) => whole_groups::greedy(units, &order, shares, false),
            (Stratify::Label | Stratify::Iterative, false) => {
                whole_groups::greedy(units, &order, shares, true)
            }
        };
        units.fill_empty(&mut of_unit, shares.len());
        Ok(of_unit)
    }
}

/// Refuses more pieces than there are recordings or groups.
fn check_enough(units: &Units, pieces: usize) -> Result<(), FoldError> {
    match units.len() < pieces {
        false => Ok(()),
        true => Err(FoldError::TooFewUnits {
            pieces,
            units: units.len(),
            what: units.what(),
        }),
    }
}
