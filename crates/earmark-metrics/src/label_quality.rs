//! How likely the labels of a clip are right, by the scores of a model that was not trained on the clip.

use earmark_core::ConfigError;
use serde::Serialize;

use crate::Result;
use crate::error::check_length;
use crate::ranking::label_precision;

/// How well scores and labels of one clip agree: 1 is full agreement in each field. The lower, the likelier a label is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LabelQuality {
    /// The clip's own lwlrap: the mean precision at its labels. argus-2019 used it to choose clips to relabel.
    pub lwlrap: f64,
    /// The lowest score of a label; with one label, the self-confidence of confident learning (Northcutt, Jiang and Chuang 2021).
    pub self_confidence: f64,
    /// The lowest score of a label minus the highest of any other class, mapped from -1..1 to 0..1: with one label, the
    /// normalised margin of confident learning. 1/2 where the two are equal.
    pub margin: f64,
}

impl LabelQuality {
    /// The label quality of one clip: scores in 0 to 1 and truth, one per class. `None` for a clip without labels. Where all
    /// classes are labels, the highest score of the others counts as 0.
    ///
    /// # Errors
    /// Slices of different lengths, or a score that is not in 0 to 1.
    pub fn of(scores: &[f32], truth: &[bool]) -> Result<Option<Self>> {
        check_length("truth of a clip, one mark per class", scores.len(), truth.len())?;
        if let Some(class) = scores.iter().position(|score| !(0.0..=1.0).contains(score)) {
            let (key, value) = (format!("score of class {class} (from 0)"), scores[class]);
            let remedy = "label quality needs scores from 0 to 1, such as those of `earmark predict`";
            return Err(ConfigError::new(key, value, remedy).into());
        }
        let labels: Vec<usize> = (0..truth.len()).filter(|&class| truth[class]).collect();
        if labels.is_empty() {
            return Ok(None);
        }
        let precisions = labels.iter().map(|&class| label_precision(scores, truth, class));
        let precision: f64 = precisions.sum();
        let own = labels.iter().map(|&class| scores[class]);
        let lowest = own.fold(f32::INFINITY, f32::min);
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
        let a = LabelQuality::of(&[0.2, 0.7, 0.1], &[true, false, false])
            .unwrap()
            .unwrap();
        assert!((a.self_confidence - 0.2).abs() < 1e-7 && (a.margin - 0.25).abs() < 1e-7);
        assert_eq!(a.lwlrap, 0.5);
    }

    #[test]
    fn clips_without_labels_or_with_all_of_them() {
        assert_eq!(LabelQuality::of(&[0.5, 0.5], &[false, false]).unwrap(), None);
        let all = LabelQuality::of(&[0.5, 1.0], &[true, true]).unwrap().unwrap();
        assert_eq!((all.lwlrap, all.self_confidence, all.margin), (1.0, 0.5, 0.75));
        assert!(LabelQuality::of(&[1.5], &[true]).is_err());
        assert!(LabelQuality::of(&[f32::NAN], &[true]).is_err());
        assert!(LabelQuality::of(&[0.5], &[true, false]).is_err());
    }

    proptest! {
        /// The lwlrap of a clip is that of a set of this clip alone; all three are 1 for perfect scores and stay in 0 to 1.
        #[test]
        fn label_quality_is_bounded(cells in prop::collection::vec((0.0_f32..=1.0, any::<bool>()), 1..12)) {
            let (scores, truth): (Vec<f32>, Vec<bool>) = cells.into_iter().unzip();
            let Some(a) = LabelQuality::of(&scores, &truth).unwrap() else { return Ok(()) };
            let mut set = Lwlrap::new(scores.len());
            set.add(&scores, &truth).unwrap();
            prop_assert!((set.overall().unwrap() - a.lwlrap).abs() < 1e-12);
            for value in [a.lwlrap, a.self_confidence, a.margin] {
                prop_assert!((0.0..=1.0).contains(&value));
            }
            // A margin above 1/2 means that every label ranks above every other class.
            prop_assert!(a.margin <= 0.5 || a.lwlrap == 1.0);
            let perfect: Vec<f32> = truth.iter().map(|t| f32::from(u8::from(*t))).collect();
            let best = LabelQuality::of(&perfect, &truth).unwrap().unwrap();
            prop_assert_eq!((best.lwlrap, best.self_confidence, best.margin), (1.0, 1.0, 1.0));
        }
    }
}
