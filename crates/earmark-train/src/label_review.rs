//! Clips whose labels disagree with the scores of a model that was not trained on them: candidates to listen to and correct.

use crate::OutOfFold;
use earmark_metrics::{Aligned, LabelQuality, MetricsError, ScoreTable, TruthTable, UnknownLabels, top_k};
use serde::Serialize;

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
pub fn of_folds(found: &OutOfFold, by: ReviewMeasure) -> Result<Vec<ReviewedClip>, MetricsError> {
    let classes = found.scores.classes();
    let mut clips = Vec::new();
    for (((file, scores), item), fold) in found.scores.rows().zip(&found.items).zip(&found.folds) {
        let truth: Vec<bool> = item
            .multi_hot(classes.len())
            .into_iter()
            .map(|v| v > 0.0)
            .collect();
        if let Some(clip) = reviewed(file, classes, scores, &truth)? {
            clips.push(ReviewedClip {
                subset: Some(item.subset.clone()),
                fold: Some(*fold),
                ..clip
            });
        }
    }
    sort(&mut clips, by);
    Ok(clips)
}

/// The same for any score table, with its truth.
pub fn of_tables(
    scores: &ScoreTable,
    truth: &TruthTable,
    by: ReviewMeasure,
) -> Result<Vec<ReviewedClip>, MetricsError> {
    let aligned = Aligned::new(scores, truth, UnknownLabels::Refuse)?;
    let mut clips = Vec::new();
    for (file, (scores, truth)) in aligned.files().iter().zip(aligned.rows()) {
        clips.extend(reviewed(file, aligned.classes(), scores, truth)?);
    }
    sort(&mut clips, by);
    Ok(clips)
}

fn reviewed(
    file: &str,
    classes: &[String],
    scores: &[f32],
    truth: &[bool],
) -> Result<Option<ReviewedClip>, MetricsError> {
    let Some(quality) = LabelQuality::of(scores, truth)? else {
        return Ok(None);
    };
    let labels: Vec<String> = classes
        .iter()
        .zip(truth)
        .filter(|(_, is_true)| **is_true)
        .map(|(class, _)| class.clone())
        .collect();
    let best = |k: usize| {
        top_k(scores, k)
            .into_iter()
            .map(|c| (classes[c].clone(), scores[c]))
    };
    Ok(Some(ReviewedClip {
        file: file.to_owned(),
        subset: None,
        fold: None,
        suggested: best(labels.len()).map(|(class, _)| class).collect(),
        best: best(3).collect(),
        labels,
        quality,
    }))
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
        order
            .reduce(std::cmp::Ordering::then)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.file.cmp(&b.file))
    });
}
