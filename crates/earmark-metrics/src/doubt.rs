//! How much a model that did not learn from a clip disagrees with its labels.

use crate::error::check_length;
use crate::lwlrap::label_precision;
use crate::{MetricsError, Result};
use serde::Serialize;

/// How far scores and labels of one clip agree: 1 is full agreement in each, and the lower, the likelier the labels are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The clip's own lwlrap: the mean precision at its labels. argus-2019 chose by it which clips to listen to again.
    pub lwlrap: f64,
    /// The lowest score of a label; with one label, the self-confidence of confident learning (Northcutt, Jiang and Chuang 2021).
    pub self_confidence: f64,
    /// The lowest score of a label less the highest of another class, from -1 to 1 brought to 0 to 1: with one label, the
    /// normalised margin of confident learning. 1/2 where the two are equal.
    pub margin: f64,
}

impl Agreement {
    /// That of one clip: scores in 0 to 1 and truth, one a class. `None` for a clip without labels, which can't be wrong about one.
    /// Without other classes, the highest of them counts as 0.
    ///
    /// # Errors
    /// Slices of different lengths, or a score that is not in 0 to 1.
    pub fn of(scores: &[f32], truth: &[bool]) -> Result<Option<Self>> {
        check_length("truth of a clip, one mark a class", scores.len(), truth.len())?;
        if let Some(class) = scores.iter().position(|score| !(0.0..=1.0).contains(score)) {
            return Err(MetricsError::Option {
                option: "scores",
                value: format!("{} for class {class} (from 0)", scores[class]),
                remedy: "agreement is measured on scores from 0 to 1; give those of `earmark predict`",
            });
        }
        let labels: Vec<usize> = (0..truth.len()).filter(|&class| truth[class]).collect();
        if labels.is_empty() {
            return Ok(None);
        }
        let precision: f64 = labels
            .iter()
            .map(|&class| label_precision(scores, truth, class))
            .sum();
        let lowest = labels
            .iter()
            .map(|&class| scores[class])
            .fold(f32::INFINITY, f32::min);
        let others = scores.iter().zip(truth).filter(|(_, is_true)| !**is_true);
        let highest = others.map(|(score, _)| *score).fold(0.0, f32::max);
        Ok(Some(Self {
            lwlrap: precision / labels.len() as f64,
            self_confidence: f64::from(lowest),
            margin: (f64::from(lowest) - f64::from(highest) + 1.0) / 2.0,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lwlrap;
    use proptest::prelude::*;

    #[test]
    fn one_label_is_confident_learning() {
        // By the definitions: p(label), and (p(label) - max of the others + 1) / 2.
        let a = Agreement::of(&[0.2, 0.7, 0.1], &[true, false, false])
            .unwrap()
            .unwrap();
        assert!((a.self_confidence - 0.2).abs() < 1e-7 && (a.margin - 0.25).abs() < 1e-7);
        assert_eq!(a.lwlrap, 0.5);
    }

    #[test]
    fn clips_without_labels_or_with_all_of_them() {
        assert_eq!(Agreement::of(&[0.5, 0.5], &[false, false]).unwrap(), None);
        let all = Agreement::of(&[0.5, 1.0], &[true, true]).unwrap().unwrap();
        assert_eq!((all.lwlrap, all.self_confidence, all.margin), (1.0, 0.5, 0.75));
        assert!(Agreement::of(&[1.5], &[true]).is_err());
        assert!(Agreement::of(&[f32::NAN], &[true]).is_err());
        assert!(Agreement::of(&[0.5], &[true, false]).is_err());
    }

    proptest! {
        /// The lwlrap of a clip is that of a set of this clip alone, and all three are 1 for perfect scores and never leave 0 to 1.
        #[test]
        fn agreement_is_bounded(cells in prop::collection::vec((0.0_f32..=1.0, any::<bool>()), 1..12)) {
            let (scores, truth): (Vec<f32>, Vec<bool>) = cells.into_iter().unzip();
            let Some(a) = Agreement::of(&scores, &truth).unwrap() else { return Ok(()) };
            let mut set = Lwlrap::new(scores.len());
            set.add(&scores, &truth).unwrap();
            prop_assert!((set.overall().unwrap() - a.lwlrap).abs() < 1e-12);
            for value in [a.lwlrap, a.self_confidence, a.margin] {
                prop_assert!((0.0..=1.0).contains(&value));
            }
            // A margin above 1/2 means that every label stands before every other class.
            prop_assert!(a.margin <= 0.5 || a.lwlrap == 1.0);
            let perfect: Vec<f32> = truth.iter().map(|t| f32::from(u8::from(*t))).collect();
            let best = Agreement::of(&perfect, &truth).unwrap().unwrap();
            prop_assert_eq!((best.lwlrap, best.self_confidence, best.margin), (1.0, 1.0, 1.0));
        }
    }
}
