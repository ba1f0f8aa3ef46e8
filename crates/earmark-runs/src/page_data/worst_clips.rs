//! The evaluated clips that a model got most wrong.

use super::clip_audio::ClipAudio;
use earmark_metrics::{Aligned, Lwlrap, MetricsError, top_k};
use earmark_report::{PredictedClass, WorstClip};
use std::error::Error;

/// Clips shown.
const SHOWN: usize = 12;
/// Predicted classes listed per clip.
const LISTED: usize = 5;

/// A clip that is not ranked perfectly.
struct Mistake<'a> {
    file: &'a str,
    fold: Option<u32>,
    lwlrap: f64,
    mean_true_score: f64,
    scores: &'a [f32],
    truth: &'a [bool],
}

/// The clips with the lowest lwlrap of their own, worst first; of equals the one whose true classes score lower. Clips that
/// are ranked perfectly are no mistakes. `folds` has the fold that scored each clip, or nothing where there is one run.
pub(super) fn worst_clips(
    clips: &Aligned,
    folds: &[u32],
    audio: Option<&ClipAudio>,
) -> Result<Vec<WorstClip>, MetricsError> {
    let mut mistakes = Vec::new();
    for (row, (file, (scores, truth))) in clips.files().iter().zip(clips.rows()).enumerate() {
        let mut lwlrap = Lwlrap::new(scores.len());
        lwlrap.add(scores, truth)?;
        let true_scores: Vec<f64> = scores_where(scores, truth, true).map(f64::from).collect();
        let mean_true_score = true_scores.iter().sum::<f64>() / true_scores.len().max(1) as f64;
        mistakes.extend(lwlrap.overall().filter(|v| *v < 1.0).map(|lwlrap| Mistake {
            file,
            fold: folds.get(row).copied(),
            lwlrap,
            mean_true_score,
            scores,
            truth,
        }));
    }
    // Stable: equals stay in the order of the table.
    mistakes.sort_by(|a, b| {
        let by_score = a.mean_true_score.total_cmp(&b.mean_true_score);
        a.lwlrap.total_cmp(&b.lwlrap).then(by_score)
    });
    mistakes.truncate(SHOWN);
    let shown = |m: &Mistake| m.shown(clips.classes(), audio);
    Ok(mistakes.iter().map(shown).collect())
}

/// The scores of the classes that are true, or of those that are not.
fn scores_where<'a>(scores: &'a [f32], truth: &'a [bool], wanted: bool) -> impl Iterator<Item = f32> {
    let pairs = scores.iter().zip(truth);
    pairs.filter(move |(_, t)| **t == wanted).map(|(s, _)| *s)
}

impl Mistake<'_> {
    fn shown(&self, classes: &[String], audio: Option<&ClipAudio>) -> WorstClip {
        let best = scores_where(self.scores, self.truth, true).fold(f32::MIN, f32::max);
        let higher = scores_where(self.scores, self.truth, false).filter(|s| *s >= best);
        let fold = self.fold.map(|fold| format!("fold {fold}; "));
        let mut note = format!(
            "{}lwlrap {:.3}; the best true class comes at rank {} of {}",
            fold.unwrap_or_default(),
            self.lwlrap,
            1 + higher.count(),
            classes.len()
        );
        let mut lacks = |what: &str, why: Box<dyn Error>| note.push_str(&format!("; no {what}: {why}"));
        let image = audio.map(|audio| audio.image(self.file));
        let spectrogram = image.and_then(|image| image.map_err(|why| lacks("spectrogram", why)).ok());
        let player = audio.map(|audio| audio.player(self.file));
        let player = player.and_then(|player| player.map_err(|why| lacks("sound", why)).ok());
        let predicted = |class: usize| PredictedClass {
            class: classes[class].clone(),
            score: f64::from(self.scores[class]),
        };
        let labels = classes.iter().zip(self.truth).filter(|(_, t)| **t);
        WorstClip {
            file: self.file.to_owned(),
            truth: labels.map(|(class, _)| class.clone()).collect(),
            predictions: top_k(self.scores, LISTED).into_iter().map(predicted).collect(),
            spectrogram,
            player,
            note,
        }
    }
}
