//! Two models class by class: where one is better, and whether that is more than chance.

use serde::Serialize;

use crate::bootstrap::{SplitMix64, quantile};
use crate::lwlrap::label_precision;
use crate::{Aligned, Bootstrap, Interval, MetricsError, Result};

/// What is compared by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassMetric {
    /// Mean precision at the class's labels.
    #[default]
    Lwlrap,
    /// Share of the class's clips whose highest score is a label of theirs.
    Recall,
}

/// One class of two models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassPair {
    /// The class.
    pub name: String,
    /// Clips that carry it.
    pub count: usize,
    /// The first model's result.
    pub a: Option<f64>,
    /// The second one's.
    pub b: Option<f64>,
    /// Second less first.
    pub difference: Option<f64>,
    /// Where the difference lies, over clips drawn again; not with fewer than two clips, which tell nothing of it.
    pub interval: Option<Interval>,
}

/// Two models on the same clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared.
    pub metric: ClassMetric,
    /// Share of the drawn results that each interval holds.
    pub confidence: f64,
    /// Clips that both have scored.
    pub clips: usize,
    /// All labels together.
    pub overall: ClassPair,
    /// Each class, from the greatest gain of the second model to its greatest loss; those that no clip carries last.
    pub classes: Vec<ClassPair>,
}

impl Comparison {
    /// Compares scores of the same clips in the same order. Both models see the same clips, so that each clip's own difference is drawn: what
    /// makes a clip hard for both does not widen the interval.
    ///
    /// # Errors
    /// Other classes or clips, or settings of the bootstrap that can't work.
    pub fn of(a: &Aligned, b: &Aligned, metric: ClassMetric, bootstrap: Bootstrap) -> Result<Self> {
        bootstrap.check()?;
        if a.classes() != b.classes() || a.files() != b.files() {
            return Err(MetricsError::Option {
                option: "models to compare",
                value: "two of different clips or classes".into(),
                remedy: "compare scores of the same clips and classes, in the same order",
            });
        }
        let width = a.classes().len();
        let mut labels: Vec<Vec<[f64; 2]>> = vec![Vec::new(); width];
        let mut clips: Vec<Vec<[f64; 2]>> = Vec::new();
        for ((sa, truth), (sb, _)) in a.rows().zip(b.rows()) {
            let own: Vec<usize> = (0..width).filter(|&class| truth[class]).collect();
            let of = |class: usize| [sa, sb].map(|scores| metric.of(scores, truth, class));
            for &class in &own {
                labels[class].push(of(class));
            }
            if !own.is_empty() {
                clips.push(own.into_iter().map(of).collect());
            }
        }
        let pair = |(name, labels): (&String, &Vec<[f64; 2]>)| {
            let groups: Vec<Vec<[f64; 2]>> = labels.iter().map(|l| vec![*l]).collect();
            ClassPair::of(name, &groups, bootstrap)
        };
        let mut classes: Vec<ClassPair> = a.classes().iter().zip(&labels).map(pair).collect();
        let key = |c: &ClassPair| c.difference.unwrap_or(f64::NEG_INFINITY);
        classes.sort_by(|x, y| key(y).total_cmp(&key(x)));
        Ok(Self {
            metric,
            confidence: bootstrap.confidence,
            clips: a.files().len(),
            overall: ClassPair::of("all", &clips, bootstrap),
            classes,
        })
    }
}

impl ClassMetric {
    /// What one label of a clip adds to the mean.
    fn of(self, scores: &[f32], truth: &[bool], class: usize) -> f64 {
        match self {
            Self::Lwlrap => label_precision(scores, truth, class),
            Self::Recall => {
                let best = crate::top_k(scores, 1);
                f64::from(u8::from(best.first().is_some_and(|&best| truth[best])))
            }
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

impl ClassPair {
    /// From what each clip's labels add to the two means.
    fn of(name: &str, clips: &[Vec<[f64; 2]>], bootstrap: Bootstrap) -> Self {
        let sums: Vec<([f64; 2], f64)> = clips
            .iter()
            .map(|labels| {
                let sum = |k: usize| labels.iter().map(|l| l[k]).sum::<f64>();
                ([sum(0), sum(1)], labels.len() as f64)
            })
            .collect();
        let mean = |k: usize| {
            let labels: f64 = sums.iter().map(|s| s.1).sum();
            (labels > 0.0).then(|| sums.iter().map(|s| s.0[k]).sum::<f64>() / labels)
        };
        let (a, b) = (mean(0), mean(1));
        let differences: Vec<(f64, f64)> = sums.iter().map(|(s, n)| (s[1] - s[0], *n)).collect();
        Self {
            name: name.to_owned(),
            count: clips.len(),
            a,
            b,
            difference: a.zip(b).map(|(a, b)| b - a),
            interval: (clips.len() > 1).then(|| interval(&differences, bootstrap)),
        }
    }

    /// Whether the interval leaves out 0.
    pub fn is_clear(&self) -> bool {
        self.interval.is_some_and(|i| i.low > 0.0 || i.high < 0.0)
    }
}

/// The percentile interval of a mean over drawn clips, each with a sum and the number of its labels.
fn interval(clips: &[(f64, f64)], bootstrap: Bootstrap) -> Interval {
    let mut random = SplitMix64(bootstrap.seed);
    let mut results: Vec<f64> = (0..bootstrap.resamples)
        .map(|_| {
            let (sum, labels) = (0..clips.len()).fold((0.0, 0.0), |(sum, labels), _| {
                let (more, n) = clips[random.below(clips.len())];
                (sum + more, labels + n)
            });
            sum / labels
        })
        .collect();
    results.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - bootstrap.confidence) / 2.0;
    Interval {
        low: quantile(&results, outside),
        high: quantile(&results, 1.0 - outside),
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
    fn classes_are_sorted_by_the_gain_of_the_second() {
        let truth = [A, A, B, B];
        let a = aligned(&[[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]], &truth);
        let b = aligned(&[[0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]], &truth);
        for (metric, wrong) in [(ClassMetric::Lwlrap, 0.5), (ClassMetric::Recall, 0.0)] {
            let c = Comparison::of(&a, &b, metric, Bootstrap::default()).unwrap();
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

    /// The interval of a mean of n differences of 0 and 1 lies where the binomial distribution has it.
    #[test]
    fn intervals_hold_the_share_they_say() {
        let truth = vec![A; 400];
        let (wrong, right) = ([0.1, 0.9], [0.9, 0.1]);
        let a = aligned(&vec![wrong; 400], &truth);
        let rows: Vec<[f32; 2]> = (0..400).map(|i| if i % 4 == 0 { right } else { wrong }).collect();
        let b = aligned(&rows, &truth);
        let c = Comparison::of(&a, &b, ClassMetric::Recall, Bootstrap::default()).unwrap();
        let i = c.classes[0].interval.unwrap();
        let deviation = (0.25_f64 * 0.75 / 400.0).sqrt();
        assert!((i.low - (0.25 - 1.96 * deviation)).abs() < 0.006, "{i:?}");
        assert!((i.high - (0.25 + 1.96 * deviation)).abs() < 0.006, "{i:?}");
        assert!(c.classes[0].is_clear());
        // A class that nobody carries has no results, and stands last.
        assert_eq!((c.classes[1].count, c.classes[1].difference), (0, None));
    }

    #[test]
    fn other_clips_are_refused() {
        let a = aligned(&[[0.9, 0.1]], &[A]);
        let b = aligned(&[[0.9, 0.1], [0.9, 0.1]], &[A, B]);
        assert!(Comparison::of(&a, &b, ClassMetric::Lwlrap, Bootstrap::default()).is_err());
        let one = Comparison::of(&a, &a, ClassMetric::Lwlrap, Bootstrap::default()).unwrap();
        assert_eq!(one.classes[0].interval, None, "one clip tells nothing");
    }
}
