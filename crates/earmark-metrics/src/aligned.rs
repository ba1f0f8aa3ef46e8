//! Scores and truth side by side, clip by clip and class by class.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::error::{check_length, shorten};
use crate::{
    ConfusionMatrix, Counts, Lwlrap, MetricsError, Result, ScoreTable, SweepPoint, ThresholdCurve,
    TruthTable, average_precision_at, top_k,
};

/// What to do with a true label that the scores have no column for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownLabels {
    /// Refuse: the results would not be about the whole truth.
    #[default]
    Refuse,
    /// Leave the label out; [`Aligned::ignored_labels`] says how often.
    Ignore,
}

/// Scores and truth of the same clips, in the order of the truth, for the classes of the scores.
#[derive(Clone, Debug)]
pub struct Aligned {
    scores: ScoreTable,
    /// `[files, classes]` row-major.
    truth: Vec<bool>,
    extra: Vec<String>,
    ignored_labels: usize,
}

impl Aligned {
    /// Finds the scores of every clip of the truth, by file name. Classes are matched by name, in any order.
    ///
    /// # Errors
    /// A clip without scores, or a label without a column (unless `unknown` says to ignore it); both name what is missing.
    pub fn new(scores: &ScoreTable, truth: &TruthTable, unknown: UnknownLabels) -> Result<Self> {
        let rows = scores.index();
        let missing: Vec<&str> = truth
            .files()
            .iter()
            .map(String::as_str)
            .filter(|file| !rows.contains_key(file))
            .collect();
        if !missing.is_empty() {
            return Err(MetricsError::Missing {
                context: format!(
                    "{} of {} files of the truth have no scores",
                    missing.len(),
                    truth.files().len()
                ),
                missing: shorten(&missing),
                hint: name_hint(&missing, scores.files()),
            });
        }
        let columns: HashMap<&str, usize> = scores
            .classes()
            .iter()
            .enumerate()
            .map(|(index, class)| (class.as_str(), index))
            .collect();
        let to_column: Vec<Option<usize>> = truth
            .classes()
            .iter()
            .map(|class| columns.get(class.as_str()).copied())
            .collect();
        if unknown == UnknownLabels::Refuse {
            refuse_unknown(truth, &to_column)?;
        }

        let width = scores.classes().len();
        let mut values = Vec::with_capacity(truth.files().len() * width);
        let mut marks = vec![false; truth.files().len() * width];
        let mut ignored_labels = 0;
        for (index, file) in truth.files().iter().enumerate() {
            values.extend_from_slice(scores.row(rows[file.as_str()]).unwrap_or_default());
            for &label in truth.labels(index).unwrap_or_default() {
                match to_column[label] {
                    Some(column) => marks[index * width + column] = true,
                    None => ignored_labels += 1,
                }
            }
        }
        let known: std::collections::HashSet<&str> = truth.files().iter().map(String::as_str).collect();
        let extra = scores
            .files()
            .iter()
            .filter(|file| !known.contains(file.as_str()))
            .cloned()
            .collect();
        let scores = ScoreTable::new(truth.files().to_vec(), scores.classes().to_vec(), values)?;
        Ok(Self {
            scores,
            truth: marks,
            extra,
            ignored_labels,
        })
    }

    /// Takes truth that is already in the order of the scores: `[files, classes]` row-major.
    ///
    /// # Errors
    /// `truth` not as long as the scores.
    pub fn from_rows(scores: ScoreTable, truth: Vec<bool>) -> Result<Self> {
        check_length("truth, one mark a score", scores.values().len(), truth.len())?;
        Ok(Self {
            scores,
            truth,
            extra: Vec::new(),
            ignored_labels: 0,
        })
    }

    /// The clips whose row (from 0) is wanted, in the same order.
    ///
    /// # Errors
    /// None in practice: the scores have been checked.
    pub fn select(&self, wanted: impl Fn(usize) -> bool) -> Result<Self> {
        let (mut files, mut values, mut marks) = (vec![], vec![], vec![]);
        for (index, (scores, truth)) in self.rows().enumerate().filter(|(index, _)| wanted(*index)) {
            files.push(self.files()[index].clone());
            values.extend_from_slice(scores);
            marks.extend_from_slice(truth);
        }
        Self::from_rows(ScoreTable::new(files, self.classes().to_vec(), values)?, marks)
    }

    /// Class names, one a column.
    pub fn classes(&self) -> &[String] {
        self.scores.classes()
    }

    /// File names, one a row.
    pub fn files(&self) -> &[String] {
        self.scores.files()
    }

    /// Files that have scores but no truth: not judged.
    pub fn extra(&self) -> &[String] {
        &self.extra
    }

    /// True labels left out because the scores have no column for them.
    pub fn ignored_labels(&self) -> usize {
        self.ignored_labels
    }

    /// Clips without a label of the scores' classes: lwlrap, MAP@k and accuracy skip them.
    pub fn unlabelled(&self) -> usize {
        self.rows().filter(|(_, truth)| !truth.contains(&true)).count()
    }

    /// Scores and truth of each clip, one a class.
    pub fn rows(&self) -> impl Iterator<Item = (&[f32], &[bool])> {
        let width = self.classes().len();
        self.scores
            .rows()
            .enumerate()
            .map(move |(index, (_, scores))| (scores, &self.truth[index * width..(index + 1) * width]))
    }

    /// Label-weighted label-ranking average precision of all clips.
    ///
    /// # Errors
    /// None in practice: the scores have been checked.
    pub fn lwlrap(&self) -> Result<Lwlrap> {
        let mut lwlrap = Lwlrap::new(self.classes().len());
        for (scores, truth) in self.rows() {
            lwlrap.add(scores, truth)?;
        }
        Ok(lwlrap)
    }

    /// MAP@`k`: mean over the labelled clips of [`average_precision_at`]; `None` without any.
    pub fn map_at(&self, k: usize) -> Option<f64> {
        mean(
            self.rows()
                .filter_map(|(scores, truth)| average_precision_at(k, scores, truth)),
        )
    }

    /// Share of the labelled clips whose highest score is a true label; `None` without any.
    ///
    /// With one label a clip this is plain accuracy; with several it is hit@1.
    pub fn accuracy(&self) -> Option<f64> {
        mean(self.hits().map(|hit| if hit { 1.0 } else { 0.0 }))
    }

    /// For each labelled clip, whether its highest score is a true label.
    pub(crate) fn hits(&self) -> impl Iterator<Item = bool> {
        self.rows()
            .filter(|(_, truth)| truth.contains(&true))
            .map(|(scores, truth)| top_k(scores, 1).first().is_some_and(|&class| truth[class]))
    }

    /// The threshold curve of class `class` (from 0): average precision, AUC, F1 at any threshold.
    ///
    /// # Errors
    /// A class past the end.
    pub fn curve(&self, class: usize) -> Result<ThresholdCurve> {
        if class >= self.classes().len() {
            return Err(MetricsError::Option {
                option: "class index",
                value: class.to_string(),
                remedy: "it must be below the number of classes",
            });
        }
        let (scores, truth): (Vec<f32>, Vec<bool>) = self
            .rows()
            .map(|(scores, truth)| (scores[class], truth[class]))
            .unzip();
        ThresholdCurve::new(&scores, &truth)
    }

    /// One threshold curve of all clips and classes together ("micro").
    ///
    /// # Errors
    /// None in practice: the scores have been checked.
    pub fn micro_curve(&self) -> Result<ThresholdCurve> {
        ThresholdCurve::new(self.scores.values(), &self.truth)
    }

    /// Decisions `score >= threshold` of all clips and classes together, counted.
    pub fn counts(&self, threshold: f32) -> Counts {
        Counts::of(self.scores.values(), &self.truth, threshold)
    }

    /// Precision, recall and F1 of all decisions at each of `thresholds`.
    ///
    /// # Errors
    /// None in practice: the scores have been checked.
    pub fn sweep(&self, thresholds: &[f32]) -> Result<Vec<SweepPoint>> {
        let curve = self.micro_curve()?;
        Ok(thresholds
            .iter()
            .map(|&threshold| SweepPoint::new(threshold, curve.at(threshold)))
            .collect())
    }

    /// What was taken for what, by highest score; clips without a label are left out.
    ///
    /// # Errors
    /// A clip with several labels.
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        let mut matrix = ConfusionMatrix::new(self.classes().to_vec());
        for (file, (scores, truth)) in self.files().iter().zip(self.rows()) {
            let labels: Vec<usize> = (0..truth.len()).filter(|&class| truth[class]).collect();
            match (labels.as_slice(), top_k(scores, 1).first()) {
                ([], _) | (_, None) => {}
                (&[label], Some(&predicted)) => matrix.add(label, predicted)?,
                (several, _) => {
                    return Err(MetricsError::NotSingleLabel {
                        file: file.clone(),
                        labels: several.len(),
                    });
                }
            }
        }
        Ok(matrix)
    }
}

/// The mean, or `None` of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// Refuses truth with labels that no score column stands for.
fn refuse_unknown(truth: &TruthTable, to_column: &[Option<usize>]) -> Result<()> {
    let mut used = vec![false; to_column.len()];
    for index in 0..truth.files().len() {
        for &label in truth.labels(index).unwrap_or_default() {
            used[label] = true;
        }
    }
    // A class that no clip carries costs nothing: a 0/1 table may list more classes than the model knows.
    let unknown: Vec<&str> = (0..to_column.len())
        .filter(|&class| used[class] && to_column[class].is_none())
        .map(|class| truth.classes()[class].as_str())
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(MetricsError::Missing {
        context: format!(
            "{} labels of the truth have no column in the scores",
            unknown.len()
        ),
        missing: shorten(&unknown),
        hint: "; score with a model that knows them, or correct their spelling".into(),
    })
}

/// Tells the commonest reason why names do not match: an extension or a folder on one side only.
fn name_hint(missing: &[&str], scored: &[String]) -> String {
    fn stem(name: &str) -> &str {
        let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
        base.rsplit_once('.').map_or(base, |(stem, _)| stem)
    }
    let by_stem: HashMap<&str, &str> = scored.iter().map(|name| (stem(name), name.as_str())).collect();
    match missing
        .iter()
        .find_map(|name| by_stem.get(stem(name)).map(|other| (name, other)))
    {
        Some((name, other)) => format!(
            "; the scores have `{other}` for `{name}`: make folder and extension the same in both tables"
        ),
        None => "; predict these files too, or take them out of the truth".into(),
    }
}
