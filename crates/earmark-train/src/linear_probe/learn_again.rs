//! Learning again from a review: its clips are embedded once; each time, probes of the labels before and after the
//! decisions are evaluated fold by fold, and compared on the clips that nobody has reviewed.

use super::backbone::{Backbone, ProbeSource};
use super::background::SeparatedClips;
use super::embed::{Embedder, ProbeClips};
use super::examples::{Examples, ProbeLayer};
use super::job::{ProbeJob, STRENGTHS};
use super::model_file::{recipe, write, written_recipe};
use super::paths::{PathSettings, Paths};
use super::search::{ProbeFound, ProbeSearch};
use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::{Item, Splitter, Stratify};
use earmark_features::Segments;
use earmark_metrics::{Aligned, Bootstrap, ClassMetric, Interval, ModelComparison, ScoreTable};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Folds that are drawn where the clips have none.
const FOLDS: usize = 5;

/// The clips of a review, and the model whose features are probed.
#[derive(Clone, Debug)]
pub struct ReviewedClips {
    /// The model: a file, RUN or RUN@STEP. One that was trained on these clips says too good things of them.
    pub model: String,
    /// Device by name.
    pub device: String,
    /// The classes.
    pub classes: Vec<String>,
    /// The clips by number, with their labels before the review.
    pub items: Vec<Item>,
}

/// What reviewers decided.
#[derive(Clone, Debug, Default)]
pub struct ReviewedLabels {
    /// The right labels of the clips that were decided, by number; none for a clip that is to be left out.
    pub decided: BTreeMap<usize, Vec<String>>,
    /// Numbers of all clips that somebody has seen, decided or not.
    pub seen: BTreeSet<usize>,
    /// New names of classes.
    pub names: BTreeMap<String, String>,
}

/// Clips of a review with their features.
pub struct EmbeddedReview {
    clips: ReviewedClips,
    /// The number of the clip of each example.
    numbers: Vec<usize>,
    /// With the labels before the review.
    examples: Examples,
    /// The windows that the written model cuts recordings into.
    windows: Option<Segments>,
    skipped: Skips,
}

/// What was learned, and what it gains.
#[derive(Clone, Debug, Serialize)]
pub struct LearnedAgain {
    /// What is compared: `accuracy` where each clip has one label, else `lwlrap`.
    pub metric: &'static str,
    /// Clips that nobody has seen: those that it is compared on.
    pub untouched: usize,
    /// The result on them with the labels before the review; `None` without such clips.
    pub before: Option<f64>,
    /// The same with the labels after it.
    pub after: Option<f64>,
    /// Second minus first.
    pub gain: Option<f64>,
    /// Its paired bootstrap interval.
    pub interval: Option<Interval>,
    /// Share of the resampled results inside the interval.
    pub confidence: f64,
    /// Clips that the model is trained on.
    pub clips: usize,
    /// Those of them whose labels the review changed.
    pub changed: usize,
    /// Clips that the review leaves out.
    pub left_out: usize,
    /// The classes of the model.
    pub classes: Vec<String>,
    /// The layer that was chosen.
    pub layer: ProbeLayer,
    /// The strength that was chosen.
    pub strength: f64,
    /// What to know before believing it.
    pub warnings: Vec<String>,
    /// Clips that can't be read, with the reason.
    pub skipped: Skips,
    /// Out-of-fold scores after the review, by the number of the clip, in the classes of the review.
    #[serde(skip)]
    pub scores: BTreeMap<usize, Vec<f32>>,
}

/// Labels of all examples in the classes before and after the review; `None` for what is not trained on.
struct Sides {
    classes: Vec<String>,
    /// The first of the classes: those that there were before.
    known: usize,
    before: Vec<Option<Vec<usize>>>,
    after: Vec<Option<Vec<usize>>>,
    single_label: bool,
}

/// A probe of the labels after the review, next to what it gains.
struct Compared {
    learned: LearnedAgain,
    examples: Examples,
    found: ProbeFound,
}

impl EmbeddedReview {
    /// Embeds the clips; `None` when stopped.
    ///
    /// # Errors
    /// A model that can't be probed, and clips that can't be divided into folds.
    pub fn embed(
        clips: ReviewedClips,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, PipelineError> {
        let source = ProbeSource::read(&clips.model)?;
        let backbone = Backbone::open(&source, &clips.device)?;
        let mut items = clips.items.clone();
        give_folds(&mut items)?;
        let mut examples = Examples::new(clips.classes.clone(), false, backbone.layers(None));
        let embedder = Embedder {
            backbone: &backbone,
            source: &source,
            copies: 0,
            observer,
            stop,
        };
        let parts = ProbeClips {
            items: &items,
            background: &[],
            files: &[],
        };
        let (mut skipped, mut damaged) = (Skips::new(), Skips::new());
        let Some(windows) = embedder.add(&parts, &mut examples, &mut skipped, &mut damaged)? else {
            return Ok(None);
        };
        let mut numbers = Vec::with_capacity(examples.len());
        let mut embedded = examples.items.iter().peekable();
        for (number, item) in items.iter().enumerate() {
            let is_it = |other: &&Item| (&other.path, &other.subset) == (&item.path, &item.subset);
            // Those that can't be read are not among them.
            if embedded.next_if(is_it).is_some() {
                numbers.push(number);
            }
        }
        Ok(Some(Self {
            clips,
            numbers,
            examples,
            windows,
            skipped,
        }))
    }

    /// Trains a probe on the labels after the review, compares it with one of the labels before it, and writes it;
    /// `None` when stopped, and then nothing is written.
    ///
    /// # Errors
    /// Too few labels, and a file that can't be written.
    pub fn learn(
        &self,
        labels: &ReviewedLabels,
        out: &Path,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<LearnedAgain>, PipelineError> {
        let Some(compared) = self.compare(labels, observer, stop)? else {
            return Ok(None);
        };
        let source = ProbeSource::read(&self.clips.model)?;
        let backbone = Backbone::open(&source, &self.clips.device)?;
        let job = ProbeJob::new(self.clips.model.clone(), "");
        // Names of background are classes like others: a reviewer chooses among all of them.
        let none = SeparatedClips {
            classes: Vec::new(),
            items: Vec::new(),
            background: Vec::new(),
            names: Vec::new(),
        };
        let Compared {
            learned,
            examples,
            found,
        } = compared;
        let adapted = recipe(&source.recipe, &job);
        let adapted = written_recipe(adapted, &none, examples.single_label, self.windows.clone());
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        write(out, &backbone, &source, &settings(&examples), (&adapted, &found))?;
        Ok(Some(learned))
    }

    fn compare(
        &self,
        labels: &ReviewedLabels,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<Compared>, PipelineError> {
        let sides = self.sides(labels)?;
        let relabelled = |classes: &[String], labels: &[Option<Vec<usize>>]| {
            self.examples
                .relabelled(classes.to_vec(), sides.single_label, labels)
        };
        let before = relabelled(&sides.classes[..sides.known], &sides.before);
        let after = relabelled(&sides.classes, &sides.after);
        let first = |event: Event| match event {
            Event::Probing { done, total } => observer(Event::Probing {
                done,
                total: 2 * total,
            }),
            other => observer(other),
        };
        let second = |event: Event| match event {
            Event::Probing { done, total } => observer(Event::Probing {
                done: total + done,
                total: 2 * total,
            }),
            other => observer(other),
        };
        let Some((_, before)) = probed(&before, &first, stop)? else {
            return Ok(None);
        };
        let Some((found, scores)) = probed(&after, &second, stop)? else {
            return Ok(None);
        };
        let (before, scores) = (
            by_example(&before, &sides.before),
            by_example(&scores, &sides.after),
        );
        let compared = self.gain(&sides, labels, &before, &scores)?;
        let changed = self.numbers.iter().zip(sides.before.iter().zip(&sides.after));
        let changed: Vec<bool> = changed
            .filter(|(number, (before, after))| labels.decided.contains_key(*number) && before != after)
            .map(|(_, (_, after))| after.is_some())
            .collect();
        let kept = changed.iter().filter(|is_kept| **is_kept).count();
        let overall = compared.as_ref().map(|compared| &compared.overall);
        let choice = &found.choice;
        let learned = LearnedAgain {
            metric: if sides.single_label { "accuracy" } else { "lwlrap" },
            untouched: compared.as_ref().map_or(0, |compared| compared.clips),
            before: overall.and_then(|overall| overall.a),
            after: overall.and_then(|overall| overall.b),
            gain: overall.and_then(|overall| overall.difference),
            interval: overall.and_then(|overall| overall.interval),
            confidence: Bootstrap::default().confidence,
            clips: after.len(),
            changed: kept,
            left_out: changed.len() - kept,
            classes: sides.classes.clone(),
            layer: after.layers[choice.layer].layer,
            strength: STRENGTHS[choice.strength],
            warnings: found.warnings.clone(),
            skipped: self.skipped.clone(),
            scores: self.scores_of_clips(&sides, labels, &scores),
        };
        Ok(Some(Compared {
            learned,
            examples: after,
            found,
        }))
    }

    /// The labels before and after the review; new names of classes are part of both.
    fn sides(&self, labels: &ReviewedLabels) -> Result<Sides, PipelineError> {
        if labels.decided.is_empty() {
            return Err(PipelineError::Request(
                "nothing is decided yet that a model could be trained on; decide some clips first".into(),
            ));
        }
        let shown = |class: &String| labels.names.get(class).unwrap_or(class).clone();
        let mut classes = unique(self.clips.classes.iter().map(shown));
        let known = classes.len();
        let given = labels.decided.values().flatten().map(shown);
        classes = unique(classes.into_iter().chain(given));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (item, number) in self.examples.items.iter().zip(&self.numbers) {
            let own = item.is_labelled().then(|| {
                let names = item
                    .labels
                    .iter()
                    .filter_map(|&label| self.clips.classes.get(label));
                numbers_of(names, &classes, &labels.names)
            });
            let decided = labels.decided.get(number);
            after.push(match decided {
                Some(names) => (!names.is_empty()).then(|| numbers_of(names, &classes, &labels.names)),
                None => own.clone(),
            });
            before.push(own);
        }
        let trained: Vec<&Vec<usize>> = after.iter().flatten().collect();
        let found: BTreeSet<usize> = trained.iter().flat_map(|labels| labels.iter().copied()).collect();
        if trained.len() < 2 || found.is_empty() {
            return Err(PipelineError::Request(
                "fewer than two clips with labels are left to train on; decide more of them".into(),
            ));
        }
        let single_label = before
            .iter()
            .chain(&after)
            .flatten()
            .all(|labels| labels.len() == 1);
        if single_label && found.len() < 2 {
            return Err(PipelineError::Request(
                "all clips are of one class, so that there is nothing to learn; review clips of several classes"
                    .into(),
            ));
        }
        Ok(Sides {
            classes,
            known,
            before,
            after,
            single_label,
        })
    }

    /// Both probes on the clips that nobody has seen; `None` where there are none with labels.
    fn gain(
        &self,
        sides: &Sides,
        labels: &ReviewedLabels,
        before: &BTreeMap<usize, &[f32]>,
        after: &BTreeMap<usize, &[f32]>,
    ) -> Result<Option<ModelComparison>, PipelineError> {
        let width = sides.classes.len();
        let (mut files, mut truth) = (Vec::new(), Vec::new());
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (example, own) in before {
            let Some(other) = after.get(example) else {
                continue;
            };
            if labels.seen.contains(&self.numbers[*example]) {
                continue;
            }
            let wanted = sides.before[*example].as_deref().unwrap_or_default();
            files.push(self.examples.items[*example].file.clone());
            truth.extend((0..width).map(|class| wanted.contains(&class)));
            first.extend_from_slice(own);
            // A class that there was not before has no score then.
            first.extend(std::iter::repeat_n(0.0, width - sides.known));
            second.extend_from_slice(other);
        }
        if files.is_empty() {
            return Ok(None);
        }
        let aligned = |values: Vec<f32>| -> Result<Aligned, PipelineError> {
            let table = ScoreTable::new(files.clone(), sides.classes.clone(), values)?;
            Ok(Aligned::from_rows(table, truth.clone())?)
        };
        let metric = match sides.single_label {
            true => ClassMetric::Recall,
            false => ClassMetric::Lwlrap,
        };
        let (first, second) = (aligned(first)?, aligned(second)?);
        Ok(Some(ModelComparison::of(
            &first,
            &second,
            metric,
            Bootstrap::default(),
        )?))
    }

    /// Scores by the number of the clip, in the classes of the review.
    fn scores_of_clips(
        &self,
        sides: &Sides,
        labels: &ReviewedLabels,
        scores: &BTreeMap<usize, &[f32]>,
    ) -> BTreeMap<usize, Vec<f32>> {
        let column = |class: &String| {
            let shown = labels.names.get(class).unwrap_or(class);
            sides.classes.iter().position(|other| other == shown)
        };
        let columns: Vec<Option<usize>> = self.clips.classes.iter().map(column).collect();
        let of = |row: &[f32]| -> Vec<f32> {
            let columns = columns.iter();
            columns
                .map(|column| column.map_or(0.0, |column| row[column]))
                .collect()
        };
        let rows = scores.iter();
        rows.map(|(example, row)| (self.numbers[*example], of(row)))
            .collect()
    }
}

fn settings(examples: &Examples) -> PathSettings<'_> {
    PathSettings {
        examples,
        strengths: &STRENGTHS,
        prior: None,
    }
}

/// What is chosen for these examples, and their out-of-fold scores; `None` when stopped.
fn probed(
    examples: &Examples,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(ProbeFound, ScoreTable)>, PipelineError> {
    let search = ProbeSearch::plan(examples, true)?;
    let Some(paths) = Paths::fit(settings(examples), search.sets(), observer, stop) else {
        return Ok(None);
    };
    let found = search.run(&paths)?;
    let scores = found
        .cross_validated
        .as_ref()
        .map(|folds| folds.calibrated.clone());
    let scores = scores.ok_or_else(|| PipelineError::Request("no fold was evaluated".into()))?;
    Ok(Some((found, scores)))
}

/// The rows of a table by the number of the example that they are of: those with labels, in their order.
fn by_example<'a>(scores: &'a ScoreTable, labels: &[Option<Vec<usize>>]) -> BTreeMap<usize, &'a [f32]> {
    let has_label = |labels: &Option<Vec<usize>>| labels.as_ref().is_some_and(|labels| !labels.is_empty());
    let examples = labels.iter().enumerate();
    let examples = examples.filter(|(_, labels)| has_label(labels));
    examples
        .zip(scores.rows())
        .map(|((example, _), (_, row))| (example, row))
        .collect()
}

/// Numbers of classes by their names before they were renamed.
fn numbers_of<'a>(
    names: impl IntoIterator<Item = &'a String>,
    classes: &[String],
    renamed: &BTreeMap<String, String>,
) -> Vec<usize> {
    let number = |name: &'a String| {
        let shown = renamed.get(name).unwrap_or(name);
        classes.iter().position(|class| class == shown)
    };
    let found: BTreeSet<usize> = names.into_iter().filter_map(number).collect();
    found.into_iter().collect()
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Draws folds, unless each clip has one: each class is spread over them, and groups stay together.
fn give_folds(items: &mut [Item]) -> Result<(), PipelineError> {
    let known: BTreeSet<u32> = items.iter().filter_map(|item| item.fold).collect();
    if known.len() > 1 && items.iter().all(|item| item.fold.is_some()) {
        return Ok(());
    }
    let groups: BTreeSet<&String> = items.iter().filter_map(|item| item.group.as_ref()).collect();
    let alone = items.iter().filter(|item| item.group.is_none()).count();
    let count = FOLDS.min(groups.len() + alone);
    if count < 2 {
        return Err(PipelineError::Request(
            "the clips are of one recording, so that none can be held out; add recordings".into(),
        ));
    }
    let splitter = Splitter {
        stratify: match items.iter().all(|item| item.labels.len() <= 1) {
            true => Stratify::Label,
            false => Stratify::Iterative,
        },
        group: !groups.is_empty(),
        seed: 0,
    };
    let folds = splitter.k_fold(items, u32::try_from(count).unwrap_or(u32::MAX))?;
    for (item, fold) in items.iter_mut().zip(folds) {
        item.fold = Some(fold);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
