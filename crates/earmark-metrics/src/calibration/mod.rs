//! Scores that mean something: what scores 0.8 is right in 80 of 100 cases, and each class has the threshold that suits it.
//!
//! A calibration is fitted on scores of clips that the model did not learn from, and stored in the model file.

mod fit;
mod newton;

use crate::{Aligned, MetricsError, Result, ScoreTable};
use fit::{log, logit, platt, sigmoid, slope, softmax_slope};
use serde::{Deserialize, Serialize};

/// The tightest and the widest temperature that is believed.
const SLOPES: std::ops::RangeInclusive<f64> = 0.02..=50.0;

/// How the scores of a model become chances, and from which score on a class is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What is done to a clip's scores.
    pub rule: CalibrationRule,
    /// For each class the CALIBRATED score with the best F1 on the clips that this was fitted on. A class with too few examples has the
    /// threshold that is best for all classes together.
    pub thresholds: Vec<f32>,
    /// Clips that it was fitted on.
    pub clips: usize,
}

/// What is done to a clip's scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CalibrationRule {
    /// `softmax(slope ln p)` over the classes of a clip, for models that name exactly one: the order of classes stays.
    Softmax {
        /// 1 / temperature.
        slope: f32,
    },
    /// `sigmoid(slope logit(p) + shift)` for each class by itself: the order of clips stays.
    Classes {
        /// One a class.
        lines: Vec<CalibrationLine>,
    },
}

/// Slope and shift of one class's logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationLine {
    /// Above 0; 1 / temperature.
    pub slope: f32,
    /// 0 for temperature scaling.
    pub shift: f32,
}

impl CalibrationLine {
    /// Changes nothing.
    pub const IDENTITY: Self = Self {
        slope: 1.0,
        shift: 0.0,
    };
}

/// What is fitted to each class of a model that names any number of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalibrationMethod {
    /// Slope and shift (Platt 1999).
    #[default]
    Platt,
    /// The slope alone.
    Temperature,
}

/// How a calibration is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationOptions {
    /// Whether a clip has exactly one class and its scores are a softmax: then one temperature is fitted, whatever `method` says.
    pub single_label: bool,
    /// For models that name any number of classes.
    pub method: CalibrationMethod,
    /// A class with fewer clips that carry it, or fewer that do not, keeps its scores.
    pub min_examples: usize,
    /// Regularisation towards changing nothing, in units of clips; 0 for none.
    pub strength: f64,
}

impl Default for CalibrationOptions {
    fn default() -> Self {
        Self {
            single_label: false,
            method: CalibrationMethod::Platt,
            min_examples: 5,
            strength: 1.0,
        }
    }
}

impl Calibration {
    /// Fits to scores of clips that the model did not learn from. Clips without a label are ordinary negatives of every class, and are left
    /// out where a clip has exactly one.
    ///
    /// # Errors
    /// A negative or infinite `strength`; a score outside 0 to 1; with `single_label` a clip of several labels, or none with one.
    pub fn fit(clips: &Aligned, options: CalibrationOptions) -> Result<Self> {
        check(clips, options)?;
        let rule = if options.single_label {
            fit_softmax(clips, options)?
        } else {
            let lines = (0..clips.classes().len()).map(|class| fit_class(clips, class, options));
            CalibrationRule::Classes {
                lines: lines.collect(),
            }
        };
        let mut calibration = Self {
            rule,
            thresholds: Vec::new(),
            clips: clips.files().len(),
        };
        calibration.thresholds = thresholds(&calibration.of_clips(clips)?, options.min_examples)?;
        Ok(calibration)
    }

    /// Calibrates the scores of one clip, one a class.
    ///
    /// # Panics
    /// If there are not as many scores as classes; [`Self::check`] tells beforehand.
    pub fn apply(&self, row: &mut [f32]) {
        match &self.rule {
            CalibrationRule::Softmax { slope } => {
                let z: Vec<f64> = row.iter().map(|&p| f64::from(*slope) * log(p)).collect();
                let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = z.iter().map(|z| (z - most).exp()).sum();
                for (p, z) in row.iter_mut().zip(z) {
                    *p = ((z - most).exp() / sum) as f32;
                }
            }
            CalibrationRule::Classes { lines } => {
                assert_eq!(lines.len(), row.len(), "a score for each class");
                for (p, line) in row.iter_mut().zip(lines) {
                    if *line != CalibrationLine::IDENTITY {
                        *p = sigmoid(f64::from(line.slope) * logit(*p) + f64::from(line.shift)) as f32;
                    }
                }
            }
        }
    }

    /// The same scores, calibrated.
    ///
    /// # Errors
    /// Scores of another number of classes.
    pub fn apply_to(&self, scores: &ScoreTable) -> Result<ScoreTable> {
        self.check(scores.classes().len())?;
        let mut values = scores.values().to_vec();
        for row in values.chunks_exact_mut(scores.classes().len().max(1)) {
            self.apply(row);
        }
        ScoreTable::new(scores.files().to_vec(), scores.classes().to_vec(), values)
    }

    /// Clips of known truth with calibrated scores.
    ///
    /// # Errors
    /// Scores of another number of classes.
    pub fn of_clips(&self, clips: &Aligned) -> Result<Aligned> {
        if let CalibrationRule::Classes { lines } = &self.rule {
            crate::error::check_length(
                "calibration lines, one a class",
                clips.classes().len(),
                lines.len(),
            )?;
        }
        let mut values = Vec::new();
        let mut truth = Vec::new();
        for (row, marks) in clips.rows() {
            let start = values.len();
            values.extend_from_slice(row);
            self.apply(&mut values[start..]);
            truth.extend_from_slice(marks);
        }
        let scores = ScoreTable::new(clips.files().to_vec(), clips.classes().to_vec(), values)?;
        Aligned::from_rows(scores, truth)
    }

    /// Refuses a calibration that was made for another number of classes or holds numbers that no fit gives.
    ///
    /// # Errors
    /// The first such number.
    pub fn check(&self, classes: usize) -> Result<()> {
        let length =
            |what: &str, got| crate::error::check_length(format!("{what}, one a class"), classes, got);
        length("calibration thresholds", self.thresholds.len())?;
        let good =
            |line: &CalibrationLine| line.slope > 0.0 && line.slope.is_finite() && line.shift.is_finite();
        let bad = match &self.rule {
            CalibrationRule::Softmax { slope } => (!good(&CalibrationLine {
                slope: *slope,
                shift: 0.0,
            }))
            .then_some(*slope),
            CalibrationRule::Classes { lines } => {
                length("calibration lines", lines.len())?;
                lines.iter().find(|line| !good(line)).map(|line| line.slope)
            }
        };
        match bad {
            None => Ok(()),
            Some(slope) => Err(MetricsError::Option {
                option: "calibration slope",
                value: slope.to_string(),
                remedy: "it must be above 0, with a finite shift; calibrate the model anew",
            }),
        }
    }

    /// Scores of clips in `groups` (folds), each calibrated by what was fitted on the other groups alone, and for each clip the thresholds
    /// found there: what calibration is worth on clips that it has not seen.
    ///
    /// # Errors
    /// As [`Self::fit`]; `groups` not one a clip, or fewer than two groups.
    pub fn cross_fit(
        clips: &Aligned,
        groups: &[u32],
        options: CalibrationOptions,
    ) -> Result<(Aligned, Vec<Vec<f32>>)> {
        crate::error::check_length("groups, one a clip", clips.files().len(), groups.len())?;
        let mut known: Vec<u32> = groups.to_vec();
        known.sort_unstable();
        known.dedup();
        if known.len() < 2 {
            return Err(MetricsError::Option {
                option: "number of groups",
                value: known.len().to_string(),
                remedy: "at least 2 are needed, one to fit on and one to judge",
            });
        }
        let width = clips.classes().len();
        let mut values = vec![0.0; groups.len() * width];
        let mut limits = vec![Vec::new(); groups.len()];
        for group in known {
            let fitted = Self::fit(&clips.select(|i| groups[i] != group)?, options)?;
            for (i, (row, _)) in clips.rows().enumerate().filter(|(i, _)| groups[*i] == group) {
                let out = &mut values[i * width..(i + 1) * width];
                out.copy_from_slice(row);
                fitted.apply(out);
                limits[i].clone_from(&fitted.thresholds);
            }
        }
        let scores = ScoreTable::new(clips.files().to_vec(), clips.classes().to_vec(), values)?;
        let truth = clips
            .rows()
            .flat_map(|(_, marks)| marks.iter().copied())
            .collect();
        Ok((Aligned::from_rows(scores, truth)?, limits))
    }
}

/// Refuses what can't be fitted.
fn check(clips: &Aligned, options: CalibrationOptions) -> Result<()> {
    if !(options.strength >= 0.0 && options.strength.is_finite()) {
        return Err(MetricsError::Option {
            option: "strength of the regularisation",
            value: options.strength.to_string(),
            remedy: "choose 0 or more; 1 is usual",
        });
    }
    for (file, (scores, _)) in clips.files().iter().zip(clips.rows()) {
        if let Some(class) = scores.iter().position(|s| !(0.0..=1.0).contains(s)) {
            return Err(MetricsError::NotAChance {
                place: format!("file `{file}` for class `{}`", clips.classes()[class]),
                value: scores[class],
            });
        }
    }
    Ok(())
}

fn fit_softmax(clips: &Aligned, options: CalibrationOptions) -> Result<CalibrationRule> {
    let mut rows = Vec::new();
    for (file, (scores, truth)) in clips.files().iter().zip(clips.rows()) {
        let mut labels = (0..truth.len()).filter(|&class| truth[class]);
        match (labels.next(), labels.count()) {
            (None, _) => {}
            (Some(label), 0) => rows.push((scores.iter().map(|&p| log(p)).collect(), label)),
            (Some(_), more) => {
                return Err(MetricsError::NotSingleLabel {
                    file: file.clone(),
                    labels: more + 1,
                });
            }
        }
    }
    if rows.len() < options.min_examples.max(1) {
        return Ok(CalibrationRule::Softmax { slope: 1.0 });
    }
    let slope = softmax_slope(&rows, options.strength);
    // Scores that are worse than chance can't be mended by making them surer, and turning them round is not what anybody wants.
    let slope = if slope > 0.0 { clamp(slope) } else { 1.0 };
    Ok(CalibrationRule::Softmax { slope })
}

fn clamp(slope: f64) -> f32 {
    slope.clamp(*SLOPES.start(), *SLOPES.end()) as f32
}

fn fit_class(clips: &Aligned, class: usize, options: CalibrationOptions) -> CalibrationLine {
    let (logits, truth): (Vec<f64>, Vec<bool>) = clips
        .rows()
        .map(|(scores, truth)| (logit(scores[class]), truth[class]))
        .unzip();
    let positives = truth.iter().filter(|t| **t).count();
    if positives.min(truth.len() - positives) < options.min_examples.max(1) {
        return CalibrationLine::IDENTITY;
    }
    let [slope, shift] = match options.method {
        CalibrationMethod::Platt => platt(&logits, &truth, options.strength),
        CalibrationMethod::Temperature => [slope(&logits, &truth, options.strength), 0.0],
    };
    // As with a softmax: a class is never turned round.
    if slope > 0.0 && slope.is_finite() && shift.is_finite() {
        CalibrationLine {
            slope: clamp(slope),
            shift: shift as f32,
        }
    } else {
        CalibrationLine::IDENTITY
    }
}

/// F1-best thresholds on calibrated scores, halfway between the lowest clip that is named and the highest that is not.
fn thresholds(clips: &Aligned, min_examples: usize) -> Result<Vec<f32>> {
    let halfway = |curve: &crate::ThresholdCurve| {
        let best = curve.best_threshold()?.threshold;
        Some(
            curve
                .next_below(best)
                .map_or(best / 2.0, |next| best / 2.0 + next / 2.0),
        )
    };
    let together = halfway(&clips.micro_curve()?).unwrap_or(0.5);
    (0..clips.classes().len())
        .map(|class| {
            let curve = clips.curve(class)?;
            let enough = curve.positives() >= min_examples as u64;
            Ok(halfway(&curve).filter(|_| enough).unwrap_or(together))
        })
        .collect()
}
