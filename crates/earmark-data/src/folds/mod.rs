//! Splitting a set into folds, or into a training and a held-out part.
//!
//! Every splitter works on the same two ideas: `shares` (which fraction of the set each fold is to
//! get) and *units* (what stays together: one recording, or one group of them). A hold-out split is
//! two folds of unequal share. All randomness comes from the seed, so that the same items in the
//! same order give the same split on every machine.

mod dealt;
mod grouped;
mod iterative;
mod table;
mod units;

use serde::{Deserialize, Serialize};

pub use table::{FoldTable, FoldTableError};

use crate::item::Item;
use earmark_core::random;
use units::Units;

/// What a split does about the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stratify {
    /// Nothing: a shuffle, cut into pieces (as argus-2019 made its folds).
    None,
    /// Every class is dealt out evenly: exact to one recording per class and fold. For sets with one
    /// label per recording.
    Label,
    /// Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, "On the Stratification of
    /// Multi-Label Data"): the rarest label first, to the fold that lacks it most.
    #[default]
    Iterative,
}

/// How many pieces.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SplitKind {
    /// One held-out part.
    HoldOut {
        /// The held-out share of the recordings, above 0 and below 1.
        fraction: f64,
    },
    /// Folds of equal size.
    KFold {
        /// Number of folds, at least 2.
        folds: u32,
    },
}

/// How to split a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Split {
    /// How many pieces.
    pub kind: SplitKind,
    /// What to do about the classes.
    pub stratify: Stratify,
    /// Whether recordings of one group stay together; those without a group are on their own.
    pub group: bool,
    /// Where the randomness comes from.
    pub seed: u64,
}

impl Default for Split {
    fn default() -> Self {
        Self {
            kind: SplitKind::KFold { folds: 5 },
            stratify: Stratify::Iterative,
            group: true,
            seed: 0,
        }
    }
}

/// Why a set cannot be split as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FoldError {
    /// A hold-out fraction outside of (0, 1).
    #[error("`fraction` = {0}; a held-out share lies above 0 and below 1, for example 0.1")]
    Fraction(f64),
    /// Fewer than two folds.
    #[error("`folds` = {0}; at least 2 folds are needed, one to judge and one to train")]
    TooFewFolds(u32),
    /// More pieces than things to put in them.
    #[error("cannot make {pieces} pieces of {units} {what}; use fewer folds or more recordings")]
    TooFewUnits {
        /// Pieces asked for.
        pieces: usize,
        /// Things that can be separated.
        units: usize,
        /// "recordings" or "groups".
        what: &'static str,
    },
    /// Several labels where the method needs one.
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
        "nothing can be held out: each class has only one of the {0}; add recordings, or use `stratify` = \"none\""
    )]
    NothingToHold(&'static str),
}

/// The result of a [`Split`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// Indices of the training and of the held-out recordings, ascending.
    HoldOut {
        /// To train on.
        train: Vec<usize>,
        /// To judge on.
        held: Vec<usize>,
    },
    /// The fold of each recording, 1 to k.
    KFold(Vec<u32>),
}

impl Split {
    /// Splits the items.
    ///
    /// # Errors
    /// [`FoldError`].
    pub fn apply(&self, items: &[Item]) -> Result<Pieces, FoldError> {
        match self.kind {
            SplitKind::HoldOut { fraction } => {
                let (train, held) = hold_out(items, fraction, self.stratify, self.group, self.seed)?;
                Ok(Pieces::HoldOut { train, held })
            }
            SplitKind::KFold { folds } => {
                k_fold(items, folds, self.stratify, self.group, self.seed).map(Pieces::KFold)
            }
        }
    }
}

/// Splits off a held-out part: `(train, held)`, indices into `items`, ascending.
///
/// Unless `stratify` is [`Stratify::None`], a class of which there is only one recording (or group)
/// keeps it in training: judging a class that could not be learned says nothing.
///
/// # Errors
/// [`FoldError`] for a fraction outside of (0, 1), for too few recordings, and for recordings with
/// several labels under [`Stratify::Label`].
pub fn hold_out(
    items: &[Item],
    fraction: f64,
    stratify: Stratify,
    group: bool,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), FoldError> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(FoldError::Fraction(fraction));
    }
    let shares = [1.0 - fraction, fraction];
    let units = Units::new(items, group);
    let mut piece = assign(items, &units, &shares, stratify, seed)?;
    if stratify != Stratify::None {
        units.keep_every_class(&mut piece, 0);
    }
    if !piece.contains(&1) {
        return Err(FoldError::NothingToHold(units.what()));
    }
    let piece = units.spread(&piece, items.len());
    Ok((0..items.len()).partition(|&i| piece[i] == 0))
}

/// Gives every item a fold, numbered 1 to `folds` (as ESC-50 numbers its own).
///
/// # Errors
/// [`FoldError`] for fewer than two folds, for fewer recordings (or groups) than folds, and for
/// recordings with several labels under [`Stratify::Label`].
pub fn k_fold(
    items: &[Item],
    folds: u32,
    stratify: Stratify,
    group: bool,
    seed: u64,
) -> Result<Vec<u32>, FoldError> {
    if folds < 2 {
        return Err(FoldError::TooFewFolds(folds));
    }
    let shares = vec![1.0 / f64::from(folds); folds as usize];
    let units = Units::new(items, group);
    let of_unit = assign(items, &units, &shares, stratify, seed)?;
    let numbers: Vec<u32> = (1..=folds).collect();
    Ok(units
        .spread(&of_unit, items.len())
        .into_iter()
        .map(|p| numbers[p])
        .collect())
}

/// The piece (index into `shares`) of every unit; no piece is empty.
fn assign(
    items: &[Item],
    units: &Units,
    shares: &[f64],
    stratify: Stratify,
    seed: u64,
) -> Result<Vec<usize>, FoldError> {
    if stratify == Stratify::Label
        && let Some(item) = items.iter().find(|i| i.labels.len() > 1)
    {
        return Err(FoldError::ManyLabels {
            file: item.file.clone(),
            labels: item.labels.len(),
        });
    }
    if units.len() < shares.len() {
        return Err(FoldError::TooFewUnits {
            pieces: shares.len(),
            units: units.len(),
            what: units.what(),
        });
    }
    let mut rng = random::stream(seed, &[random::Purpose::Split as u64]);
    let order = random::permutation(&mut rng, units.len());
    let mut of_unit = match (stratify, units.are_items()) {
        (Stratify::None, true) => dealt::shuffled(&order, shares),
        (Stratify::Label, true) => dealt::by_label(units, &order, shares),
        (Stratify::Iterative, true) => iterative::stratified(units, &order, shares, &mut rng),
        (Stratify::None, false) => grouped::greedy(units, &order, shares, false),
        (Stratify::Label | Stratify::Iterative, false) => grouped::greedy(units, &order, shares, true),
    };
    units.fill_empty(&mut of_unit, shares.len());
    Ok(of_unit)
}
