//! Thresholds of the classes that are detected.

use super::{BaseThreshold, DEFAULT_THRESHOLD, GivenThreshold, ThresholdConfig};
use crate::PipelineError;
use crate::class_names::{find_class, unknown_class};
use earmark_core::human::human_amount;
use earmark_core::text::quote;
use earmark_metrics::top_k;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Where the thresholds of classes without one of their own come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdSource {
    /// The model's calibration.
    Model,
    /// Neither the settings nor the model have any: [`DEFAULT_THRESHOLD`], or 0.5 of the classifiers of an index.
    Default,
    /// One for all classes was given.
    Given,
}

/// The thresholds of detected classes. As JSON, an object of numbers by class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassThresholds {
    names: Vec<String>,
    values: Vec<f32>,
    source: ThresholdSource,
    /// The classes that were given one of their own, as numbers into the others.
    given: Vec<usize>,
}

impl ThresholdConfig {
    /// The thresholds of the `detected` classes of a model, numbers into its `classes`; `own` are the model's, one per
    /// class.
    ///
    /// # Errors
    ///
    /// For a class that the model does not have, one with two thresholds, one that is given a threshold but not
    /// detected, and a model without thresholds where its own are asked for.
    pub fn resolve(
        &self,
        classes: &[String],
        detected: &[usize],
        own: Option<&[f32]>,
    ) -> Result<ClassThresholds, PipelineError> {
        if self.base == BaseThreshold::Model && own.is_none() {
            return Err(PipelineError::Request(
                "--threshold model: the model brings no thresholds, as it is not calibrated or --raw leaves that out; \
                 calibrate it with `earmark calibrate`, or give numbers"
                    .into(),
            ));
        }
        self.resolve_over(classes, detected, own, DEFAULT_THRESHOLD)
    }

    /// The thresholds of the `detected` classes of a classifier that never brings any; `default` is the one of classes
    /// that are given none.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Self::resolve), and where the classifier's own are asked for.
    pub fn resolve_without_own(
        &self,
        classes: &[String],
        detected: &[usize],
        default: f32,
    ) -> Result<ClassThresholds, PipelineError> {
        if self.base == BaseThreshold::Model {
            return Err(PipelineError::Request(format!(
                "--threshold model: the classifiers of an index bring no thresholds; give numbers, or leave it out for \
                 {default}"
            )));
        }
        self.resolve_over(classes, detected, None, default)
    }

    fn resolve_over(
        &self,
        classes: &[String],
        detected: &[usize],
        own: Option<&[f32]>,
        default: f32,
    ) -> Result<ClassThresholds, PipelineError> {
        self.check()?;
        let (source, all) = match (self.base, own) {
            (BaseThreshold::All(value), _) => (ThresholdSource::Given, Some(value)),
            (_, Some(_)) => (ThresholdSource::Model, None),
            (_, None) => (ThresholdSource::Default, Some(default)),
        };
        let (table, single) = (by_class(&self.table, classes)?, by_class(&self.classes, classes)?);
        if let Some((_, given)) = single.iter().find(|(class, _)| !detected.contains(class)) {
            return Err(PipelineError::Request(format!(
                "{}: the class is not among those of --classes; add it there, or leave its threshold out",
                given.place
            )));
        }
        let given = |class: &usize| {
            single
                .get(class)
                .or_else(|| table.get(class))
                .map(|given| given.value)
        };
        let value = |class: &usize| {
            let base = all.or_else(|| own?.get(*class).copied());
            given(class).or(base).unwrap_or(default)
        };
        Ok(ClassThresholds {
            names: detected.iter().map(|class| classes[*class].clone()).collect(),
            values: detected.iter().map(value).collect(),
            source,
            given: (0..detected.len())
                .filter(|&at| given(&detected[at]).is_some())
                .collect(),
        })
    }
}

/// The given thresholds by the class's number.
fn by_class<'a>(
    given: &'a [GivenThreshold],
    classes: &[String],
) -> Result<BTreeMap<usize, &'a GivenThreshold>, PipelineError> {
    let mut found = BTreeMap::new();
    for given in given {
        let place = &given.place;
        let class = find_class(classes, &given.class)
            .and_then(|class| class.ok_or_else(|| unknown_class(classes, given.class.trim())))
            .map_err(|problem| PipelineError::Request(format!("{place}: {problem}")))?;
        if let Some(before) = found.insert(class, given) {
            return Err(PipelineError::Request(format!(
                "{place}: the class {} has a threshold already ({}); keep one of the two",
                classes[class], before.place
            )));
        }
    }
    Ok(found)
}

impl ClassThresholds {
    /// One per detected class, 0 to 1.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The classes whose scores, one per detected class, reach their thresholds; best first.
    pub fn reached(&self, scores: &[f32]) -> Vec<usize> {
        let mut best = top_k(scores, scores.len());
        best.retain(|class| scores[*class] >= self.values[*class]);
        best
    }

    /// Where those come from that were not given to a class.
    pub fn source(&self) -> ThresholdSource {
        self.source
    }

    /// As a command gives them, in words, where that is not one number for all classes. Classes that are given none of
    /// their own are not named: a model may have hundreds.
    pub(crate) fn in_words(&self) -> Option<String> {
        if self.given.is_empty() {
            let is_own = self.source == ThresholdSource::Model;
            return is_own.then(|| "the model's own thresholds (no --threshold)".into());
        }
        let mut others = (0..self.values.len()).filter(|class| !self.given.contains(class));
        let all = others.next().filter(|_| self.source == ThresholdSource::Given);
        let all = all.map(|class| format!("--threshold {}", self.values[class]));
        let given = self.given.iter().map(|&class| {
            let (name, value) = (quote(&self.names[class]), self.values[class]);
            format!("--threshold {name}={value}")
        });
        Some(all.into_iter().chain(given).collect::<Vec<_>>().join(" "))
    }

    /// In a few words: `thresholds 0.2 to 0.31 (the model's own; 1 of 3 classes given)`.
    pub fn describe(&self) -> String {
        let lowest = self.values.iter().copied().fold(f32::INFINITY, f32::min);
        let highest = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let short = |value: f32| ((f64::from(value) * 1e3).round() / 1e3).to_string();
        let range = match lowest < highest {
            true => format!("thresholds {} to {}", short(lowest), short(highest)),
            false => format!("threshold {}", short(lowest)),
        };
        let source = match self.source {
            ThresholdSource::Model => "the model's own",
            ThresholdSource::Default => "the default",
            ThresholdSource::Given => "as given",
        };
        match (self.given.len(), self.values.len()) {
            (0, _) => format!("{range} ({source})"),
            (given, all) if given == all => format!("{range} (as given)"),
            (given, all) => {
                let all = human_amount(all, "class", "classes");
                format!("{range} ({source}; {given} of {all} given)")
            }
        }
    }
}

impl Serialize for ClassThresholds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The shortest decimal, as it was typed, rather than the digits of a float made wider.
        let decimal = |value: &f32| value.to_string().parse::<f64>().unwrap_or(f64::from(*value));
        serializer.collect_map(self.names.iter().zip(self.values.iter().map(decimal)))
    }
}
