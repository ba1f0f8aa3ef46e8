//! The results of a submission, which ranks a few labels per clip and has no scores: MAP@k and accuracy.

use std::collections::BTreeSet;

use earmark_core::ConfigError;
use earmark_core::text::one_line;
use serde::{Serialize, Serializer};

use super::text::class_width;
use super::{MapAtK, number};
use crate::mean::mean;
use crate::ranking::average_precision_of;
use crate::tables::{index_by_name, lacking, refuse_unscored};
use crate::{Result, Submission, TruthTable};

/// The results of a submission; `None` where a result is not defined.
///
/// As JSON it is one flat object as that of [`Report`](crate::Report), with the same names for the same things.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubmissionReport {
    /// MAP@k, see [`average_precision_at`](crate::average_precision_at).
    #[serde(flatten)]
    pub map: MapAtK,
    /// Share of labelled clips whose first label is true.
    pub accuracy: Option<f64>,
    /// Clips evaluated, including those without a true label.
    pub clips: usize,
    /// Clips without a true label, which count nowhere.
    pub skipped: usize,
    /// Files in the submission without truth, which count nowhere.
    pub extra: usize,
    /// Labels of the submission that no clip of the truth carries, sorted: wrong in any case, and perhaps misspelt.
    pub unknown_labels: Vec<String>,
    /// Results of each class, in the order of the truth's classes.
    #[serde(serialize_with = "by_name")]
    pub per_class: Vec<SubmissionClass>,
}

/// Results of one class of a submission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubmissionClass {
    /// The class (the key of its object in JSON).
    #[serde(skip)]
    pub name: String,
    /// MAP@k of the clips that carry it; `None` without any.
    #[serde(flatten)]
    pub map: MapAtK,
    /// How many those are.
    pub count: u64,
}

/// Classes as an object by name, in their own order.
fn by_name<S: Serializer>(
    classes: &[SubmissionClass],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(classes.iter().map(|class| (&class.name, class)))
}

impl SubmissionReport {
    /// Evaluates a submission, matched with the truth by file name; `k` is by default the length of its longest row.
    ///
    /// # Errors
    /// A file of the truth without a row in the submission; a `k` of 0.
    pub fn compute(submission: &Submission, truth: &TruthTable, k: Option<usize>) -> Result<Self> {
        let k = k.unwrap_or(submission.longest_row().max(1));
        ConfigError::check_range("map-at", k, 1.., "must be at least 1: the k of MAP@k; 3 is usual")?;
        let rows = index_by_name(submission.files());
        refuse_unscored(submission.files(), truth, &rows)?;
        let (mut all, mut hits) = (Vec::new(), Vec::new());
        let mut of_class = vec![Vec::new(); truth.classes().len()];
        for (clip, file) in truth.files().iter().enumerate() {
            let labels = truth.labels(clip).unwrap_or_default();
            let is_true = |label: &String| labels.iter().any(|&l| truth.classes()[l] == *label);
            let ranked = submission.labels(rows[file.as_str()]).unwrap_or_default();
            let hit = ranked.iter().map(is_true);
            let Some(precision) = average_precision_of(hit.take(k), labels.len().min(k)) else {
                continue;
            };
            all.push(precision);
            hits.push(f64::from(u8::from(ranked.first().is_some_and(is_true))));
            labels.iter().for_each(|&label| of_class[label].push(precision));
        }
        let map = |values: &[f64]| MapAtK {
            k,
            value: mean(values.iter().copied()),
        };
        let class = |(name, values): (&String, &Vec<f64>)| SubmissionClass {
            name: name.clone(),
            map: map(values),
            count: values.len() as u64,
        };
        Ok(Self {
            map: map(&all),
            accuracy: mean(hits.into_iter()),
            clips: truth.files().len(),
            skipped: truth.files().len() - all.len(),
            extra: lacking(submission.files(), &index_by_name(truth.files())).len(),
            unknown_labels: unknown_labels(submission, truth),
            per_class: truth.classes().iter().zip(&of_class).map(class).collect(),
        })
    }

    /// The results and a line per class, best first, for a terminal. `-` is undefined.
    pub fn table(&self) -> String {
        let name = format!("MAP@{}", self.map.k);
        let mut text = String::new();
        for (name, value) in [(name.as_str(), self.map.value), ("accuracy", self.accuracy)] {
            text += &format!("{name:<18} {:>8}\n", number(value));
        }
        let skipped = match self.skipped {
            0 => String::new(),
            n => format!("  ({n} without a label)"),
        };
        text += &format!("{:<18} {:>8}{skipped}\n\n", "clips", self.clips);
        let width = class_width(self.per_class.iter().map(|class| class.name.as_str()));
        text += &format!("{:<width$} {:>6} {:>8}\n", "class", "clips", name);
        let mut classes: Vec<&SubmissionClass> = self.per_class.iter().collect();
        // No precision is negative, so -1 sorts last.
        let value = |class: &SubmissionClass| class.map.value.unwrap_or(-1.0);
        classes.sort_by(|a, b| value(b).total_cmp(&value(a)));
        for class in classes {
            let value = number(class.map.value);
            text += &format!(
                "{:<width$} {:>6} {value:>8}\n",
                one_line(&class.name),
                class.count
            );
        }
        text
    }
}

/// The labels of the submission that no clip of the truth carries, sorted.
fn unknown_labels(submission: &Submission, truth: &TruthTable) -> Vec<String> {
    let known = (0..truth.files().len()).flat_map(|clip| truth.labels(clip).unwrap_or_default());
    let known: BTreeSet<&str> = known.map(|&label| truth.classes()[label].as_str()).collect();
    let rows = (0..submission.files().len()).flat_map(|row| submission.labels(row).unwrap_or_default());
    let named: BTreeSet<&str> = rows.map(String::as_str).collect();
    let unknown = named.difference(&known);
    unknown.map(|&label| label.to_owned()).collect()
}
