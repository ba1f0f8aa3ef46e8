//! Two models class by class: where one is better, and whether that is more than chance.

use earmark_core::{Check, ConfigError};
use serde::Serialize;

use super::{Bootstrap, Interval};
use crate::ranking::{hit, label_precision};
use crate::{Aligned, Result};

/// What is compared by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassMetric {
    /// Mean precision at the class's labels.
    #[default]
    Lwlrap,
    /// Share of the class's clips whose highest score is one of their labels.
    Recall,
}

/// One class of two models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassComparison {
    /// The class.
    pub name: String,
    /// Clips that carry it.
    pub count: usize,
    /// The first model's result.
    pub a: Option<f64>,
    /// The second model's result.
    pub b: Option<f64>,
    /// Second minus first.
    pub difference: Option<f64>,
    /// Bootstrap interval of the difference; `None` with fewer than two clips, which say nothing about it.
    pub interval: Option<Interval>,
}

/// Two models on the same clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelComparison {
    /// What is compared.
    pub metric: ClassMetric,
    /// Share of the resampled results inside each interval.
    pub confidence: f64,
    /// Clips that both have scored.
    pub clips: usize,
    /// All labels together.
    pub overall: ClassComparison,
    /// Each class, from the second model's greatest gain to its greatest loss; classes that no clip carries come last.
    pub classes: Vec<ClassComparison>,
}

/// What the labels of a clip add to the first model's mean and to the second's, and their number.
type LabelSums = ([f64; 2], f64);

impl ModelComparison {
    /// Compares scores of the same clips in the same order. The resampling is paired: a clip brings its own difference, so a
    /// clip that is hard for both models does not widen the interval.
    ///
    /// # Errors
    /// Different classes or clips, or settings of the bootstrap that can't work.
    pub fn of(a: &Aligned, b: &Aligned, metric: ClassMetric, bootstrap: Bootstrap) -> Result<Self> {
        bootstrap.check()?;
        if a.classes() != b.classes() || a.files() != b.files() {
            let remedy = "compare scores of the same clips and classes, in the same order";
            return Err(
                ConfigError::new("models to compare", "two with different clips or classes", remedy).into(),
            );
        }
        let width = a.classes().len();
        // For each class its clips, one label each; and all clips with all their labels.
        let mut by_class: Vec<Vec<LabelSums>> = vec![Vec::new(); width];
        let mut clips: Vec<LabelSums> = Vec::new();
        for ((scores_a, truth), (scores_b, _)) in a.rows().zip(b.rows()) {
            let ([mut sum_a, mut sum_b], mut labels) = LabelSums::default();
            for class in (0..width).filter(|&class| truth[class]) {
                let [a, b] = [scores_a, scores_b].map(|scores| metric.of(scores, truth, class));
                by_class[class].push(([a, b], 1.0));
                (sum_a, sum_b, labels) = (sum_a + a, sum_b + b, labels + 1.0);
            }
            if labels > 0.0 {
                clips.push(([sum_a, sum_b], labels));
            }
        }
        let named = a.classes().iter().zip(&by_class);
        let compared = named.map(|(name, clips)| ClassComparison::of(name, clips, bootstrap));
        let mut classes: Vec<ClassComparison> = compared.collect();
        let key = |c: &ClassComparison| c.difference.unwrap_or(f64::NEG_INFINITY);
        classes.sort_by(|x, y| key(y).total_cmp(&key(x)));
        Ok(Self {
            metric,
            confidence: bootstrap.confidence,
            clips: a.files().len(),
            overall: ClassComparison::of("all", &clips, bootstrap),
            classes,
        })
    }
}

impl ClassMetric {
    /// What one label of a clip adds to the mean.
    fn of(self, scores: &[f32], truth: &[bool], class: usize) -> f64 {
        match self {
            Self::Lwlrap => label_precision(scores, truth, class),
            Self::Recall => hit(scores, truth),
        }
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lwlrap => "lwlrap",
            Self::Recall => "recall",
        }
    }
}

impl ClassComparison {
    fn of(name: &str, clips: &[LabelSums], bootstrap: Bootstrap) -> Self {
        let labels: f64 = clips.iter().map(|clip| clip.1).sum();
        let sum = |k: usize| clips.iter().map(|clip| clip.0[k]).sum::<f64>();
        let mean = |k: usize| (labels > 0.0).then(|| sum(k) / labels);
        let (a, b) = (mean(0), mean(1));
        let differences: Vec<(f64, f64)> = clips.iter().map(|(s, n)| (s[1] - s[0], *n)).collect();
        Self {
            name: name.to_owned(),
            count: clips.len(),
            a,
            b,
            difference: a.zip(b).map(|(a, b)| b - a),
            interval: match clips.len() {
                0 | 1 => None,
                _ => bootstrap.interval_of_ratio(&differences),
            },
        }
    }

    /// Whether the interval leaves out 0.
    pub fn is_clear(&self) -> bool {
        self.interval.is_some_and(|i| i.low > 0.0 || i.high < 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoreTable;

    fn aligned(rows: &[[f32; 2]], truth: &[[bool; 2]]) -> Aligned {
        let files = (0..rows.len()).map(|i| i.to_string()).collect();
        let classes = vec!["a".to_owned(), "b".to_owned()];
        let scores = ScoreTable::new(files, classes, rows.concat()).unwrap();
        Aligned::from_rows(scores, truth.concat()).unwrap()
    }

    const A: [bool; 2] = [true, false];
    const B: [bool; 2] = [false, true];

    #[test]
    fn classes_are_sorted_by_the_gain_of_the_second_model() {
        let truth = [A, A, B, B];
        let a = aligned(&[[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]], &truth);
        let b = aligned(&[[0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]], &truth);
        for (metric, wrong) in [(ClassMetric::Lwlrap, 0.5), (ClassMetric::Recall, 0.0)] {
            let c = ModelComparison::of(&a, &b, metric, Bootstrap::default()).unwrap();
            let names: Vec<&str> = c.classes.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(names, ["b", "a"]);
            // One of two clips: its result is 1 where it was `wrong`.
            let gain = (1.0 - wrong) / 2.0;
            assert_eq!(c.classes[0].difference, Some(gain));
            assert_eq!(c.classes[1].difference, Some(-gain));
            assert_eq!((c.overall.difference, c.overall.count), (Some(0.0), 4));
            assert!(!c.overall.is_clear());
        }
    }

    /// The interval of a mean of n differences of 0 and 1 is where the binomial distribution has it.
    #[test]
    fn intervals_contain_the_share_they_claim() {
        let truth = vec![A; 400];
        let (wrong, right) = ([0.1, 0.9], [0.9, 0.1]);
        let a = aligned(&vec![wrong; 400], &truth);
        let rows: Vec<[f32; 2]> = (0..400).map(|i| if i % 4 == 0 { right } else { wrong }).collect();
        let b = aligned(&rows, &truth);
        let c = ModelComparison::of(&a, &b, ClassMetric::Recall, Bootstrap::default()).unwrap();
        let i = c.classes[0].interval.unwrap();
        let deviation = (0.25_f64 * 0.75 / 400.0).sqrt();
        assert!((i.low - (0.25 - 1.96 * deviation)).abs() < 0.006, "{i:?}");
        assert!((i.high - (0.25 + 1.96 * deviation)).abs() < 0.006, "{i:?}");
        assert!(c.classes[0].is_clear());
        // A class that no clip carries has no results, and comes last.
        assert_eq!((c.classes[1].count, c.classes[1].difference), (0, None));
    }

    #[test]
    fn different_clips_are_refused() {
        let a = aligned(&[[0.9, 0.1]], &[A]);
        let b = aligned(&[[0.9, 0.1], [0.9, 0.1]], &[A, B]);
        assert!(ModelComparison::of(&a, &b, ClassMetric::Lwlrap, Bootstrap::default()).is_err());
        let one = ModelComparison::of(&a, &a, ClassMetric::Lwlrap, Bootstrap::default()).unwrap();
        assert_eq!(one.classes[0].interval, None, "one clip says nothing");
    }
}
