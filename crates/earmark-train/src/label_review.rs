//! Clips whose labels a model that did not learn from them disagrees with: candidates to listen to and correct.

use crate::OutOfFold;
use earmark_metrics::{Aligned, LabelQuality, MetricsError, ScoreTable, TruthTable, UnknownLabels, top_k};
use serde::Serialize;

/// What clips are sorted by, the lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// The clip's own lwlrap.
    #[default]
    Lwlrap,
    /// The lowest score of its labels.
    SelfConfidence,
    /// That less the highest score of another class.
    Margin,
}

impl Measure {
    /// Its value.
    pub fn of(self, agreement: &LabelQuality) -> f64 {
        match self {
            Self::Lwlrap => agreement.lwlrap,
            Self::SelfConfidence => agreement.self_confidence,
            Self::Margin => agreement.margin,
        }
    }
}

/// A clip that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Reviewed {
    /// Its file.
    pub file: String,
    /// Its part of the data, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The fold that scored it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<u32>,
    /// Its labels.
    pub labels: Vec<String>,
    /// As many classes as it has labels, those with the highest scores.
    pub suggested: Vec<String>,
    /// The three highest scores.
    pub best: Vec<(String, f32)>,
    /// How far scores and labels agree.
    #[serde(flatten)]
    pub agreement: LabelQuality,
}

/// The clips of a run of folds, the least agreed-with first; those without labels are left out.
pub fn of_folds(found: &OutOfFold, by: Measure) -> Result<Vec<Reviewed>, MetricsError> {
    let classes = found.scores.classes();
    let mut clips = Vec::new();
    for (((file, scores), item), fold) in found.scores.rows().zip(&found.items).zip(&found.folds) {
        let truth: Vec<bool> = item
            .multi_hot(classes.len())
            .into_iter()
            .map(|v| v > 0.0)
            .collect();
        if let Some(clip) = reviewed(file, classes, scores, &truth)? {
            clips.push(Reviewed {
                part: Some(item.subset.clone()),
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
    by: Measure,
) -> Result<Vec<Reviewed>, MetricsError> {
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
) -> Result<Option<Reviewed>, MetricsError> {
    let Some(agreement) = LabelQuality::of(scores, truth)? else {
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
    Ok(Some(Reviewed {
        file: file.to_owned(),
        part: None,
        fold: None,
        suggested: best(labels.len()).map(|(class, _)| class).collect(),
        best: best(3).collect(),
        labels,
        agreement,
    }))
}

/// By the measure, then by the other ones, which tell ties apart, then by name.
fn sort(clips: &mut [Reviewed], by: Measure) {
    let key = |clip: &Reviewed| {
        let a = &clip.agreement;
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
