//! Clips whose labels disagree with the scores of a model that was not trained on them: candidates to listen to and correct.

use crate::{OutOfFold, ScoredTruth};
use earmark_data::Item;
use earmark_metrics::{Aligned, LabelQuality, MetricsError, ScoreTable, UnknownLabels, top_k};
use serde::Serialize;
use std::cmp::Ordering;

/// The measure that clips are sorted by, the lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewMeasure {
    /// The clip's own lwlrap.
    #[default]
    Lwlrap,
    /// The lowest score of its labels.
    SelfConfidence,
    /// The lowest score of its labels minus the highest score of another class.
    Margin,
}

impl ReviewMeasure {
    /// Its value.
    pub fn of(self, quality: &LabelQuality) -> f64 {
        match self {
            Self::Lwlrap => quality.lwlrap,
            Self::SelfConfidence => quality.self_confidence,
            Self::Margin => quality.margin,
        }
    }
}

/// A clip with its labels and scores.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewedClip {
    /// Its file.
    pub file: String,
    /// Its subset, if known.
    #[serde(rename = "part", skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
    /// The fold that scored it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<u32>,
    /// Its labels.
    pub labels: Vec<String>,
    /// The classes with the highest scores, as many as it has labels.
    pub suggested: Vec<String>,
    /// The three highest scores.
    pub best: Vec<(String, f32)>,
    /// How well its scores and labels agree.
    #[serde(flatten)]
    pub quality: LabelQuality,
}

/// The clips of a cross-validation run, the least consistent first; clips without labels are left out.
///
/// # Errors
/// Scores that do not fit the labels, or are not numbers.
pub fn of_folds(found: &OutOfFold, by: ReviewMeasure) -> Result<Vec<ReviewedClip>, MetricsError> {
    let origin = |row: usize| (Some(&found.items[row]), Some(found.folds[row]));
    review(&found.aligned()?, by, origin)
}

/// The same for any score table, with its truth. Clips of a data folder are named as the folder names them.
///
/// # Errors
/// As [`of_folds`], and a label that is not a class of the scores.
pub fn of_tables(
    scores: &ScoreTable,
    truth: &ScoredTruth,
    by: ReviewMeasure,
) -> Result<Vec<ReviewedClip>, MetricsError> {
    let clips = Aligned::new(scores, &truth.truth, UnknownLabels::Refuse)?;
    review(&clips, by, |row| (truth.items.get(row), None))
}

/// Reviews the clips that have labels; `origin` gives the clip of a row in the data, and the fold that scored it.
fn review<'a>(
    clips: &Aligned,
    by: ReviewMeasure,
    origin: impl Fn(usize) -> (Option<&'a Item>, Option<u32>),
) -> Result<Vec<ReviewedClip>, MetricsError> {
    let classes = clips.classes();
    let mut reviewed = Vec::new();
    for (row, (file, (scores, truth))) in clips.files().iter().zip(clips.rows()).enumerate() {
        let Some(quality) = LabelQuality::of(scores, truth)? else {
            continue;
        };
        let labels = classes.iter().zip(truth).filter(|(_, is_true)| **is_true);
        let labels: Vec<String> = labels.map(|(class, _)| class.clone()).collect();
        let best = |k: usize| {
            top_k(scores, k)
                .into_iter()
                .map(|c| (classes[c].clone(), scores[c]))
        };
        let (item, fold) = origin(row);
        reviewed.push(ReviewedClip {
            file: item.map_or(file, |item| &item.file).clone(),
            subset: item.map(|item| item.subset.clone()),
            fold,
            suggested: best(labels.len()).map(|(class, _)| class).collect(),
            best: best(3).collect(),
            labels,
            quality,
        });
    }
    sort(&mut reviewed, by);
    Ok(reviewed)
}

/// By the measure, then by the others to break ties, then by name.
fn sort(clips: &mut [ReviewedClip], by: ReviewMeasure) {
    let key = |clip: &ReviewedClip| {
        let a = &clip.quality;
        [by.of(a), a.margin, a.self_confidence]
    };
    clips.sort_by(|a, b| {
        let (x, y) = (key(a), key(b));
        let order = x.iter().zip(&y).map(|(x, y)| x.total_cmp(y));
        let order = order.fold(Ordering::Equal, Ordering::then);
        order.then_with(|| a.file.cmp(&b.file))
    });
}
