//! Choosing the strength of a probe's regularisation, and evaluating probes, by cross-validation.

use crate::evaluation::with_truth;
use crate::validation_split::distinct;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::Item;
use earmark_engine::{LinearProbe, LinearProbeData};
use earmark_metrics::{Report, ReportOptions, ScoreTable};

/// Neighbours that vote, for comparison.
const NEIGHBOURS: usize = 5;

/// The features of clips.
pub(super) struct ProbeClips {
    /// Features and labels.
    pub data: LinearProbeData,
    pub items: Vec<Item>,
    /// The fold of each.
    pub folds: Vec<u32>,
    /// Clips that can't be read.
    pub skipped: Skips,
}

/// A fold, evaluated with a probe of the other folds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ProbedFold {
    /// The fold.
    pub fold: u32,
    /// The number of its clips.
    pub clips: usize,
    /// The strength that cross-validation on the other folds chose.
    pub strength: f64,
    /// Share of clips whose highest score is one of their labels.
    pub accuracy: Option<f64>,
    /// The same for a vote of the nearest neighbours.
    pub neighbours: Option<f64>,
}

/// The strength with the smallest loss in cross-validation.
pub(super) fn best_strength(
    clips: &LinearProbeData,
    folds: &[u32],
    strengths: &[f64],
    prior: Option<&LinearProbe>,
) -> f64 {
    let known = distinct(folds);
    if known.len() < 2 || strengths.len() == 1 {
        return strengths[strengths.len() / 2];
    }
    let loss = |strength: f64| -> f64 {
        let of_fold = |fold: &u32| {
            let (test, rest): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == *fold);
            let fitted = LinearProbe::fit(&clips.select(&rest), strength, prior);
            fitted.loss(&clips.select(&test)) * test.len() as f64
        };
        known.iter().map(of_fold).sum()
    };
    let tried = strengths.iter().map(|&strength| (loss(strength), strength));
    let first = (f64::INFINITY, strengths[0]);
    let best = tried.fold(first, |best, other| if other.0 < best.0 { other } else { best });
    best.1
}

/// Evaluates every fold with a probe of the others, whose strength is chosen by cross-validation on the others.
pub(super) fn cross_validate(
    clips: &ProbeClips,
    classes: &[String],
    strengths: &[f64],
    prior: Option<&LinearProbe>,
    observer: Observer,
) -> Result<(Vec<ProbedFold>, (Report, ScoreTable)), PipelineError> {
    let (data, folds) = (&clips.data, &clips.folds);
    let known = distinct(folds);
    if known.len() < 2 {
        return Err(PipelineError::Request(
            "--folds: all clips are in one fold; cross-validation needs at least 2".into(),
        ));
    }
    let table = |items: &[Item], values: Vec<f32>| {
        let files = items.iter().map(|item| item.file.clone()).collect();
        ScoreTable::new(files, classes.to_vec(), values)
    };
    let mut values = vec![0.0; data.y.len()];
    let mut lines = Vec::new();
    for &fold in &known {
        let (test, rest): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == fold);
        let (others, own) = (data.select(&rest), data.select(&test));
        let inner: Vec<u32> = rest.iter().map(|&i| folds[i]).collect();
        let strength = best_strength(&others, &inner, strengths, prior);
        let fitted = LinearProbe::fit(&others, strength, prior);
        let logits = fitted.logits(&own.x, own.width);
        let scores = scores(&logits, classes.len(), data.single_label);
        for (&i, row) in test.iter().zip(scores.chunks_exact(classes.len())) {
            values[i * classes.len()..(i + 1) * classes.len()].copy_from_slice(row);
        }
        let items: Vec<Item> = test.iter().map(|&i| clips.items[i].clone()).collect();
        lines.push(ProbedFold {
            fold,
            clips: test.len(),
            strength,
            accuracy: with_truth(table(&items, scores)?, &items)?.accuracy(),
            neighbours: with_truth(table(&items, votes(&others, &own))?, &items)?.accuracy(),
        });
        observer(Event::Note(format!("fold {fold} of {}", known.len())));
    }
    let scores = table(&clips.items, values)?;
    let aligned = with_truth(scores.clone(), &clips.items)?;
    Ok((lines, (Report::of(&aligned, &ReportOptions::default())?, scores)))
}

/// Scores from logits, one row per clip.
fn scores(logits: &[f64], classes: usize, single_label: bool) -> Vec<f32> {
    let mut out = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes) {
        if single_label {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|z| (z - most).exp()).sum();
            out.extend(row.iter().map(|z| ((z - most).exp() / sum) as f32));
        } else {
            out.extend(row.iter().map(|z| (1.0 / (1.0 + (-z).exp())) as f32));
        }
    }
    out
}

/// For each of `clips`, the labels of its nearest neighbours among `others`, weighted by their similarity.
fn votes(others: &LinearProbeData, clips: &LinearProbeData) -> Vec<f32> {
    let mut index = earmark_index::Embeddings::new(others.width, false);
    for row in others.x.chunks_exact(others.width) {
        index.push("", None, row);
    }
    let mut out = Vec::with_capacity(clips.y.len());
    for query in clips.x.chunks_exact(clips.width) {
        let mut sum = vec![0.0; clips.classes];
        for near in index.nearest(query, NEIGHBOURS, |_| true) {
            let labels = &others.y[near.row * others.classes..(near.row + 1) * others.classes];
            sum.iter_mut()
                .zip(labels)
                .for_each(|(s, y)| *s += y * near.similarity.max(0.0));
        }
        out.extend(sum);
    }
    out
}
