//! Which score tables to blend: those whose blend scores best, and an honest estimate of what the selection is worth.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use earmark_core::ConfigError;

use super::blend::{BlendMean, blend, in_order_of};
use crate::error::check_length;
use crate::{Aligned, Result, ScoreTable};

/// Up to this many tables, every subset is tried.
const EXHAUSTIVE: usize = 10;

/// What a blend is scored by: higher is better, `None` where it is not defined.
pub type BlendMetric<'a> = &'a dyn Fn(&Aligned) -> Result<Option<f64>>;

/// The tables of a blend.
#[derive(Clone, Debug, PartialEq)]
pub struct BlendSelection {
    /// How often each table counts; 0 leaves it out.
    pub weights: Vec<usize>,
    /// The score of the blend on the clips that selected it: optimistic.
    pub score: f64,
    /// Whether every subset was tried; if not, tables were added one by one, each as often as it helped (Caruana et al. 2004,
    /// "Ensemble selection from libraries of models").
    pub exhaustive: bool,
}

/// The same selection made for each fold on the other folds alone.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedSelection {
    /// The score over all clips, each blended as the other folds selected: what the selection is worth on held-out clips.
    pub score: Option<f64>,
    /// The fold and the weights that the other folds selected for it, by ascending fold.
    pub chosen: Vec<(u32, Vec<usize>)>,
}

/// Score tables of the same files and classes, brought into one order, with their truth.
#[derive(Debug)]
pub struct BlendSelector {
    files: Vec<String>,
    classes: Vec<String>,
    truth: Vec<bool>,
    mean: BlendMean,
    /// For each table, what a blend sums: scores, or their logarithms.
    terms: Vec<Vec<f64>>,
}

/// The best weights so far, and their score.
type BestWeights = Option<(Vec<usize>, f64)>;

impl BlendSelector {
    /// Takes tables of the same files and classes, each in any order; `truth` is `[files, classes]` in the order of the first one.
    ///
    /// # Errors
    /// Those of [`blend`], and truth that is not one mark per score.
    pub fn new(tables: &[ScoreTable], truth: Vec<bool>, mean: BlendMean) -> Result<Self> {
        // Refuses what cannot be blended, with the reason.
        let first = blend(tables, mean, None)?;
        check_length("truth, one mark per score", first.values().len(), truth.len())?;
        let terms = tables.iter().enumerate().map(|(number, table)| {
            let scores = in_order_of(&first, number, table)?;
            Ok(scores.iter().filter_map(|score| mean.term(*score)).collect())
        });
        Ok(Self {
            terms: terms.collect::<Result<_>>()?,
            files: first.files().to_vec(),
            classes: first.classes().to_vec(),
            truth,
            mean,
        })
    }

    /// The blend of the rows `rows` in which each table counts as often as its weight.
    fn blended(&self, weights: &[usize], rows: &[usize]) -> Result<Aligned> {
        let width = self.classes.len();
        let total = weights.iter().sum::<usize>() as f64;
        let used = weights.iter().zip(&self.terms).filter(|(weight, _)| **weight > 0);
        let shares = used.map(|(weight, terms)| (*weight as f64 / total, terms));
        let shares: Vec<(f64, &Vec<f64>)> = shares.collect();
        let sum = |at: usize| -> f64 { shares.iter().map(|(share, terms)| share * terms[at]).sum() };
        let cell = |at: usize| self.mean.score(sum(at));
        let cells = || rows.iter().flat_map(|row| row * width..(row + 1) * width);
        let files = rows.iter().map(|row| self.files[*row].clone()).collect();
        let scores = ScoreTable::new(files, self.classes.clone(), cells().map(cell).collect())?;
        Aligned::from_rows(scores, cells().map(|at| self.truth[at]).collect())
    }

    /// The tables whose blend scores best on all clips; of equal ones the one of fewer tables, then of earlier ones. `None`
    /// where no blend has a score.
    ///
    /// # Errors
    /// Those of `metric`.
    pub fn select(&self, metric: BlendMetric) -> Result<Option<BlendSelection>> {
        self.select_on(&(0..self.files.len()).collect::<Vec<_>>(), metric)
    }

    fn select_on(&self, rows: &[usize], metric: BlendMetric) -> Result<Option<BlendSelection>> {
        let exhaustive = self.terms.len() <= EXHAUSTIVE;
        let best = match exhaustive {
            true => self.every_subset(rows, metric)?,
            false => self.one_by_one(rows, metric)?,
        };
        Ok(best.map(|(weights, score)| BlendSelection {
            weights,
            score,
            exhaustive,
        }))
    }

    /// Replaces `best` by `weights` where these score better.
    fn consider(
        &self,
        weights: Vec<usize>,
        rows: &[usize],
        metric: BlendMetric,
        best: &mut BestWeights,
    ) -> Result<()> {
        if let Some(score) = metric(&self.blended(&weights, rows)?)?
            && best.as_ref().is_none_or(|(_, before)| score > *before)
        {
            *best = Some((weights, score));
        }
        Ok(())
    }

    fn every_subset(&self, rows: &[usize], metric: BlendMetric) -> Result<BestWeights> {
        let n = self.terms.len();
        let mut subsets: Vec<u32> = (1..1_u32 << n).collect();
        // Fewer tables first; of the same number, earlier tables first. A later subset wins only where it is better.
        subsets.sort_by_key(|subset| (subset.count_ones(), Reverse(subset.reverse_bits())));
        let mut best = None;
        for subset in subsets {
            let weights = (0..n).map(|i| (subset >> i & 1) as usize).collect();
            self.consider(weights, rows, metric, &mut best)?;
        }
        Ok(best)
    }

    fn one_by_one(&self, rows: &[usize], metric: BlendMetric) -> Result<BestWeights> {
        let n = self.terms.len();
        let mut best: BestWeights = None;
        loop {
            let before = best.clone();
            let from = before.as_ref().map_or(vec![0; n], |(weights, _)| weights.clone());
            for table in 0..n {
                let mut weights = from.clone();
                weights[table] += 1;
                self.consider(weights, rows, metric, &mut best)?;
            }
            if best == before {
                return Ok(best);
            }
        }
    }

    /// The selection made for each fold on the other folds alone, and its score over all clips; `folds` is the fold of each clip.
    ///
    /// # Errors
    /// Folds that are not one per clip, fewer than two of them, or those of `metric`.
    pub fn nested(&self, folds: &[u32], metric: BlendMetric) -> Result<NestedSelection> {
        check_length("folds, one per clip", self.files.len(), folds.len())?;
        let numbers: BTreeSet<u32> = folds.iter().copied().collect();
        let numbers: Vec<u32> = numbers.into_iter().collect();
        if numbers.len() < 2 {
            let remedy = "an honest estimate needs two or more: one to evaluate on and one to select on";
            return Err(ConfigError::new("folds", format!("{numbers:?}"), remedy).into());
        }
        let mut chosen = Vec::new();
        let (mut files, mut values, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for fold in numbers {
            let (own, others): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == fold);
            let Some(selection) = self.select_on(&others, metric)? else {
                continue;
            };
            let blended = self.blended(&selection.weights, &own)?;
            files.extend_from_slice(blended.files());
            values.extend_from_slice(blended.values().0);
            truth.extend_from_slice(blended.values().1);
            chosen.push((fold, selection.weights));
        }
        let scores = ScoreTable::new(files, self.classes.clone(), values)?;
        Ok(NestedSelection {
            score: metric(&Aligned::from_rows(scores, truth)?)?,
            chosen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lwlrap(aligned: &Aligned) -> Result<Option<f64>> {
        Ok(aligned.lwlrap()?.overall())
    }

    /// Tables that are each right about some clips, by a formula.
    fn tables(n: usize, clips: usize) -> (Vec<ScoreTable>, Vec<bool>) {
        let files: Vec<String> = (0..clips).map(|i| format!("{i}.wav")).collect();
        let classes: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let label = |clip: usize| clip * 7 % 3;
        let table = |t: usize| {
            let score = |clip: usize, class: usize| {
                let noise = ((clip * 31 + class * 17 + t * 101) * 7919 % 1000) as f32 / 1000.0;
                0.05 + 0.6 * noise + if class == label(clip) { 0.25 } else { 0.0 }
            };
            let values = (0..clips).flat_map(|clip| (0..3).map(move |class| score(clip, class)));
            ScoreTable::new(files.clone(), classes.clone(), values.collect()).unwrap()
        };
        let truth = (0..clips).flat_map(|clip| (0..3).map(move |class| class == label(clip)));
        ((0..n).map(table).collect(), truth.collect())
    }

    #[test]
    fn a_selected_blend_equals_blend() {
        let (tables, truth) = tables(4, 30);
        for mean in [BlendMean::Geometric, BlendMean::Arithmetic] {
            let selector = BlendSelector::new(&tables, truth.clone(), mean).unwrap();
            let rows: Vec<usize> = (0..30).collect();
            let own = selector.blended(&[2, 0, 1, 1], &rows).unwrap();
            let wanted = blend(&tables, mean, Some(&[2.0, 0.0, 1.0, 1.0])).unwrap();
            for ((got, _), (_, wanted)) in own.rows().zip(wanted.rows()) {
                assert_eq!(got, wanted);
            }
        }
    }

    #[test]
    fn no_subset_is_better_than_the_chosen_one() {
        let (tables, truth) = tables(5, 40);
        let selector = BlendSelector::new(&tables, truth.clone(), BlendMean::Geometric).unwrap();
        let chosen = selector.select(&lwlrap).unwrap().unwrap();
        assert!(chosen.exhaustive);
        let mut best = 0.0_f64;
        for subset in 1..32_usize {
            let some: Vec<ScoreTable> = (0..5)
                .filter(|i| subset >> i & 1 == 1)
                .map(|i| tables[i].clone())
                .collect();
            let blended = blend(&some, BlendMean::Geometric, None).unwrap();
            let score = lwlrap(&Aligned::from_rows(blended, truth.clone()).unwrap())
                .unwrap()
                .unwrap();
            best = best.max(score);
        }
        assert_eq!(chosen.score, best);
        let single = (0..5).map(|i| {
            let aligned = Aligned::from_rows(tables[i].clone(), truth.clone()).unwrap();
            lwlrap(&aligned).unwrap().unwrap()
        });
        assert!(single.fold(0.0, f64::max) < best, "blending helps here");
    }

    #[test]
    fn of_equal_blends_the_smaller_and_earlier_one_is_taken() {
        let (one, truth) = tables(1, 12);
        let three = vec![one[0].clone(); 3];
        let selector = BlendSelector::new(&three, truth, BlendMean::Geometric).unwrap();
        assert_eq!(selector.select(&lwlrap).unwrap().unwrap().weights, [1, 0, 0]);
    }

    #[test]
    fn many_tables_are_added_one_by_one() {
        let (tables, truth) = tables(EXHAUSTIVE + 2, 40);
        let selector = BlendSelector::new(&tables, truth.clone(), BlendMean::Geometric).unwrap();
        let chosen = selector.select(&lwlrap).unwrap().unwrap();
        assert!(!chosen.exhaustive);
        let best_single = tables.iter().map(|t| {
            let aligned = Aligned::from_rows(t.clone(), truth.clone()).unwrap();
            lwlrap(&aligned).unwrap().unwrap()
        });
        assert!(chosen.score > best_single.fold(0.0, f64::max));
        // One more of any table does not help: that is why the selection ended.
        for table in 0..tables.len() {
            let mut weights = chosen.weights.clone();
            weights[table] += 1;
            let rows: Vec<usize> = (0..40).collect();
            let score = lwlrap(&selector.blended(&weights, &rows).unwrap())
                .unwrap()
                .unwrap();
            assert!(score <= chosen.score);
        }
    }

    #[test]
    fn a_fold_is_blended_as_the_others_choose() {
        let (tables, truth) = tables(4, 36);
        let folds: Vec<u32> = (0..36).map(|i| 1 + i % 3).collect();
        let selector = BlendSelector::new(&tables, truth.clone(), BlendMean::Geometric).unwrap();
        let nested = selector.nested(&folds, &lwlrap).unwrap();
        assert_eq!(
            nested.chosen.iter().map(|(fold, _)| *fold).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        // A fold's own labels cannot change what is chosen for it.
        let mut other = truth.clone();
        for clip in (0..36).filter(|c| folds[*c] == 2) {
            other[clip * 3..clip * 3 + 3].rotate_left(1);
        }
        let changed = BlendSelector::new(&tables, other, BlendMean::Geometric)
            .unwrap()
            .nested(&folds, &lwlrap)
            .unwrap();
        assert_eq!(nested.chosen[1], changed.chosen[1]);
        assert!(changed.score < nested.score);
        assert!(selector.nested(&[1; 36], &lwlrap).is_err());
        assert!(selector.nested(&[1, 2], &lwlrap).is_err());
    }
}
