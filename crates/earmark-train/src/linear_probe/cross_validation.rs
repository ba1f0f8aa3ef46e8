//! Evaluating probes: each fold by a probe of the other folds, whose layer and strength those alone chose.

use super::choice::{HeldOutScores, ProbeCalibration, ProbeChoice};
use super::examples::{Examples, ProbeLayer};
use super::inner_folds::InnerFolds;
use super::neighbour_votes::votes;
use super::paths::Paths;
use crate::PipelineError;
use earmark_metrics::{CalibrationQuality, Report, ReportOptions, ScoreTable};
use std::collections::BTreeSet;

/// A fold, evaluated with a probe of the other folds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ProbedFold {
    /// The fold.
    pub fold: u32,
    /// The number of its clips, without background.
    pub clips: usize,
    /// The layer that cross-validation on the other folds chose.
    pub layer: ProbeLayer,
    /// The strength that it chose.
    pub strength: f64,
    /// Mean of `-ln` of the score given to the truth, calibrated by the other folds.
    pub log_loss: Option<f64>,
    /// Share of clips whose highest score is one of their labels.
    pub accuracy: Option<f64>,
    /// The same for a vote of the nearest neighbours.
    pub neighbours: Option<f64>,
}

/// The results of all folds together.
#[derive(Clone, Debug)]
pub struct ProbedFolds {
    /// Each fold.
    pub folds: Vec<ProbedFold>,
    /// Over all clips and background, without copies, with scores that the other folds calibrated.
    pub report: Report,
    /// The uncalibrated scores of all clips.
    pub scores: ScoreTable,
    /// The same, calibrated by the other folds.
    pub calibrated: ScoreTable,
}

/// A fold to evaluate, and what its probe may see.
pub(super) struct OuterFold {
    fold: u32,
    /// Its examples and all others, without copies.
    test: Vec<usize>,
    rest: Vec<usize>,
    /// The others with their copies.
    train: Vec<usize>,
    inner: Option<InnerFolds>,
}

impl OuterFold {
    /// All folds of the examples.
    pub fn all_of(examples: &Examples) -> Result<Vec<Self>, PipelineError> {
        let items = &examples.items;
        let known: BTreeSet<u32> = items.iter().filter_map(|item| item.fold).collect();
        if known.len() < 2 {
            return Err(PipelineError::Request(
                "--folds: all clips are in one fold; cross-validation needs at least 2".into(),
            ));
        }
        let of = |fold: u32| -> Result<Self, PipelineError> {
            let (test, rest): (Vec<usize>, Vec<usize>) =
                (0..examples.originals()).partition(|&i| items[i].fold == Some(fold));
            Ok(Self {
                fold,
                test,
                train: examples.with_copies(&rest),
                inner: InnerFolds::of(examples, &rest)?,
                rest,
            })
        };
        known.into_iter().map(of).collect()
    }

    /// The sets of examples that paths must be fitted to.
    pub fn sets(&self) -> impl Iterator<Item = Vec<usize>> {
        let inner = self.inner.iter().flat_map(InnerFolds::splits);
        let inner = inner.map(|(train, _)| train.clone());
        inner.chain([self.train.clone()])
    }

    /// The result, and the fold's scores: uncalibrated, and calibrated by the other folds.
    fn evaluate(&self, paths: &Paths) -> Result<(ProbedFold, Vec<f32>, Vec<f32>), PipelineError> {
        let (examples, strengths) = (paths.settings.examples, paths.settings.strengths);
        let choice = ProbeChoice::by(paths, self.inner.as_ref());
        let probe = &paths.of(&self.train)[choice.layer][choice.strength];
        let raw = examples.scores(choice.layer, probe, &self.test);
        let mut scores = raw.clone();
        if let Some(inner) = &self.inner {
            let held_out = HeldOutScores::of(paths, inner, &choice);
            let calibration = ProbeCalibration::fit(examples, &held_out)?.calibration;
            let rows = scores.chunks_exact_mut(examples.classes.len());
            rows.for_each(|row| calibration.apply(row));
        }
        let clips = |all: &[usize]| -> Vec<usize> {
            let labelled = all.iter().copied();
            labelled.filter(|&i| !examples.is_background(i)).collect()
        };
        let (rest, test) = (clips(&self.rest), clips(&self.test));
        let voted = examples.aligned(&test, votes(examples, 0, &rest, &test))?;
        let aligned = examples.aligned(&self.test, scores.clone())?;
        let half = vec![0.5; examples.classes.len()];
        let quality = CalibrationQuality::of(&aligned, examples.single_label, |_| &half)?;
        let result = ProbedFold {
            fold: self.fold,
            clips: test.len(),
            layer: examples.layers[choice.layer].layer,
            strength: strengths[choice.strength],
            log_loss: quality.log_loss,
            accuracy: aligned.accuracy(),
            neighbours: voted.accuracy(),
        };
        Ok((result, raw, scores))
    }
}

/// Evaluates every fold.
pub(super) fn cross_validate(paths: &Paths, folds: &[OuterFold]) -> Result<ProbedFolds, PipelineError> {
    let examples = paths.settings.examples;
    let width = examples.classes.len();
    let mut raw = vec![0.0; examples.originals() * width];
    let mut calibrated = raw.clone();
    let mut lines = Vec::with_capacity(folds.len());
    for fold in folds {
        let (line, own, scores) = fold.evaluate(paths)?;
        for (k, &i) in fold.test.iter().enumerate() {
            raw[i * width..(i + 1) * width].copy_from_slice(&own[k * width..(k + 1) * width]);
            calibrated[i * width..(i + 1) * width].copy_from_slice(&scores[k * width..(k + 1) * width]);
        }
        lines.push(line);
    }
    // Clips without a fold were trained on in all of them.
    let evaluated: Vec<usize> = (0..examples.originals())
        .filter(|&i| examples.items[i].fold.is_some())
        .collect();
    let clips: Vec<usize> = evaluated
        .iter()
        .copied()
        .filter(|&i| !examples.is_background(i))
        .collect();
    let of = |values: &[f32], wanted: &[usize]| -> Vec<f32> {
        let row = |&i: &usize| &values[i * width..(i + 1) * width];
        wanted.iter().flat_map(row).copied().collect()
    };
    let aligned = examples.aligned(&evaluated, of(&calibrated, &evaluated))?;
    Ok(ProbedFolds {
        folds: lines,
        report: Report::of(&aligned, &ReportOptions::default())?,
        scores: examples.table(&clips, of(&raw, &clips))?,
        calibrated: examples.table(&clips, of(&calibrated, &clips))?,
    })
}
