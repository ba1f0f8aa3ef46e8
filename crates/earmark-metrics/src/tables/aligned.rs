//! Scores and truth side by side, clip by clip and class by class.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::names::{index_by_name, lacking, missing};
use super::{ScoreTable, TruthTable};
use crate::error::check_length;
use crate::{MetricsError, Result};

/// What to do with a true label that has no column in the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownLabels {
    /// Refuse: the results would not cover the whole truth.
    #[default]
    Refuse,
    /// Leave the label out; [`Aligned::ignored_labels`] counts them.
    Ignore,
}

/// Scores and truth of the same clips, in the order of the truth, for the classes of the scores.
///
/// Its metrics ([`lwlrap`](Self::lwlrap), [`curve`](Self::curve) and the others) are defined in their own files.
#[derive(Clone, Debug)]
pub struct Aligned {
    scores: ScoreTable,
    /// `[files, classes]` row-major.
    truth: Vec<bool>,
    extra: Vec<String>,
    ignored_labels: usize,
}

impl Aligned {
    /// Finds the scores of every clip of the truth by file name. Classes are matched by name, in any order.
    ///
    /// # Errors
    /// A clip without scores, or a label without a column (unless `unknown` says to ignore it); both name what is missing.
    pub fn new(scores: &ScoreTable, truth: &TruthTable, unknown: UnknownLabels) -> Result<Self> {
        let rows = index_by_name(scores.files());
        refuse_unscored(scores.files(), truth, &rows)?;
        let columns = index_by_name(scores.classes());
        let column_of = |class: &String| columns.get(class.as_str()).copied();
        let to_column: Vec<Option<usize>> = truth.classes().iter().map(column_of).collect();
        if unknown == UnknownLabels::Refuse {
            refuse_unknown(truth, &to_column)?;
        }

        let width = scores.classes().len();
        let mut values = Vec::with_capacity(truth.files().len() * width);
        let mut marks = vec![false; truth.files().len() * width];
        let mut ignored_labels = 0;
        for (index, (file, labels)) in truth.files().iter().zip(&truth.labels).enumerate() {
            values.extend_from_slice(scores.row(rows[file.as_str()]).unwrap_or_default());
            for &label in labels {
                match to_column[label] {
                    Some(column) => marks[index * width + column] = true,
                    None => ignored_labels += 1,
                }
            }
        }
        let extra = lacking(scores.files(), &index_by_name(truth.files()));
        let extra = extra.into_iter().map(str::to_owned).collect();
        let scores = ScoreTable::new(truth.files().to_vec(), scores.classes().to_vec(), values)?;
        Ok(Self {
            extra,
            ignored_labels,
            ..Self::from_rows(scores, marks)?
        })
    }

    /// Takes truth that is already in the order of the scores: `[files, classes]` row-major.
    ///
    /// # Errors
    /// `truth` not as long as the scores.
    pub fn from_rows(scores: ScoreTable, truth: Vec<bool>) -> Result<Self> {
        check_length("truth, one mark per score", scores.values().len(), truth.len())?;
        Ok(Self {
            scores,
            truth,
            extra: Vec::new(),
            ignored_labels: 0,
        })
    }

    /// The same clips and truth with other scores, `[files, classes]` row-major.
    pub(crate) fn with_scores(&self, values: Vec<f32>) -> Result<Self> {
        let scores = ScoreTable::new(self.files().to_vec(), self.classes().to_vec(), values)?;
        Self::from_rows(scores, self.truth.clone())
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

    /// Class names, one per column.
    pub fn classes(&self) -> &[String] {
        self.scores.classes()
    }

    /// File names, one per row.
    pub fn files(&self) -> &[String] {
        self.scores.files()
    }

    /// Files that have scores but no truth: not evaluated.
    pub fn extra(&self) -> &[String] {
        &self.extra
    }

    /// True labels left out because the scores have no column for them.
    pub fn ignored_labels(&self) -> usize {
        self.ignored_labels
    }

    /// Clips without a label of the scores' classes: lwlrap, MAP@k and accuracy skip them.
    pub fn unlabelled(&self) -> usize {
        self.files().len() - self.labelled().count()
    }

    /// Scores and truth of each clip, one per class.
    pub fn rows(&self) -> impl Iterator<Item = (&[f32], &[bool])> {
        let width = self.classes().len();
        let scores = self.scores.rows().map(|(_, scores)| scores).enumerate();
        scores.map(move |(index, scores)| (scores, &self.truth[index * width..(index + 1) * width]))
    }

    /// Scores and truth of each clip with a label.
    pub(crate) fn labelled(&self) -> impl Iterator<Item = (&[f32], &[bool])> {
        self.rows().filter(|(_, truth)| truth.contains(&true))
    }

    /// The one label of each clip; `None` for a clip without a label.
    ///
    /// # Errors
    /// A clip with several labels.
    pub(crate) fn single_labels(&self) -> Result<Vec<Option<usize>>> {
        let label = |(file, (_, truth)): (&String, (&[f32], &[bool]))| {
            let mut labels = (0..truth.len()).filter(|&class| truth[class]);
            match (labels.next(), labels.count()) {
                (label, 0) => Ok(label),
                (_, more) => Err(MetricsError::NotSingleLabel {
                    file: file.clone(),
                    labels: more + 1,
                }),
            }
        };
        self.files().iter().zip(self.rows()).map(label).collect()
    }

    /// All scores and all marks of the truth, `[files, classes]` row-major.
    pub(crate) fn values(&self) -> (&[f32], &[bool]) {
        (self.scores.values(), &self.truth)
    }
}

/// Refuses truth with files that are not among the scored ones, whose rows are given.
pub(crate) fn refuse_unscored(
    scored: &[String],
    truth: &TruthTable,
    rows: &HashMap<&str, usize>,
) -> Result<()> {
    let unscored = lacking(truth.files(), rows);
    if unscored.is_empty() {
        return Ok(());
    }
    let (count, all) = (unscored.len(), truth.files().len());
    let context = format!("{count} of {all} files of the truth have no scores");
    Err(missing(context, &unscored, name_hint(&unscored, scored)))
}

/// Refuses truth with labels that have no score column.
fn refuse_unknown(truth: &TruthTable, to_column: &[Option<usize>]) -> Result<()> {
    // A class that no clip carries costs nothing: a 0/1 table may list more classes than the model knows.
    let used: BTreeSet<usize> = truth.labels.iter().flatten().copied().collect();
    let unknown = used.iter().filter(|class| to_column[**class].is_none());
    let unknown: Vec<&str> = unknown.map(|class| truth.classes()[*class].as_str()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let count = unknown.len();
    let context = format!("{count} labels of the truth have no column in the scores");
    let hint = "; score with a model that knows them, or correct their spelling";
    Err(missing(context, &unknown, hint))
}

/// Points out the most common reason why names do not match: an extension or a folder in only one of the tables.
fn name_hint(missing: &[&str], scored: &[String]) -> String {
    fn stem(name: &str) -> &str {
        let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
        base.rsplit_once('.').map_or(base, |(stem, _)| stem)
    }
    let by_stem: HashMap<&str, &str> = scored.iter().map(|name| (stem(name), name.as_str())).collect();
    let mut pairs = missing.iter().map(|name| (name, by_stem.get(stem(name))));
    match pairs.find_map(|(name, other)| Some((name, other?))) {
        Some((name, other)) => format!(
            "; the scores have `{other}` for `{name}`: use the same folder and extension in both tables"
        ),
        None => "; predict these files too, or remove them from the truth".into(),
    }
}
