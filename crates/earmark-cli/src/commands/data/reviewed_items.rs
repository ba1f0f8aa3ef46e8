//! What `earmark review serve` shows and `earmark review precision` counts: scored clips, or detected events.

use crate::commands::out_of_fold_scores::out_of_fold;
use crate::commands::truth::{is_given, refuse_unread, show_truth, truth_source};
use crate::prelude::*;
use earmark::data::Item;
use earmark::inference::tag::TaggedEvents;
use earmark::metrics::{Aligned, ScoreTable, UnknownLabels};
use earmark::review::{ClipPlace, DetectedEvent, ReviewSet};
use earmark::train::DataLabels;
use earmark_core::remote;
use std::collections::BTreeSet;

/// What is reviewed.
#[derive(Args)]
pub struct ReviewedSource {
    /// A cross-validation run, made by `earmark train --folds`, or a table of events, as `earmark tag` writes it
    #[arg(
        value_name = "RUN|TAGS",
        required_unless_present = "scores",
        conflicts_with = "scores"
    )]
    pub source: Option<PathBuf>,
    /// Instead: scores of clips by models that were not trained on them (fname, then one column per class)
    #[arg(long, requires = "data")]
    pub scores: Option<PathBuf>,
    /// The data folder; default: where it was in the training of the run. Of events, the folder that names of recordings are relative to; default: the current one
    #[arg(long, value_name = "DIR", env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub read: DataArgs,
    /// Only clips of this subset of the data (curated, ...)
    #[arg(long)]
    pub subset: Option<String>,
    /// Log of the decisions; default: decisions.jsonl in the run, or TAGS.decisions.jsonl
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
    /// Random seed of the sample that precision is estimated from, and of the order of equal items
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub compute: Compute,
}

/// The items of a review.
pub struct ReviewedItems {
    /// The items.
    pub set: ReviewSet,
    /// What they are of.
    pub title: String,
    /// Whether no calibration has changed their scores.
    pub of_raw_scores: bool,
    /// Inputs that are left out; each was named.
    pub skipped: usize,
    /// Of clips, each with its labels in the classes of the set and its fold, in the order of the set; of events none.
    #[cfg_attr(not(feature = "serve"), allow(dead_code))]
    pub clips: Vec<Item>,
}

impl ReviewedSource {
    /// Reads the items.
    pub fn read(&self, console: &Console) -> anyhow::Result<ReviewedItems> {
        let title = self.named().display().to_string();
        let (set, clips, skipped) = match (&self.scores, self.named()) {
            (Some(scores), _) => self.scored_clips(scores, console)?,
            (None, run) if run.is_dir() => self.clips_of_run(run, console)?,
            (None, tags) => {
                let (set, skipped) = self.events(tags, console)?;
                (set, Vec::new(), skipped)
            }
        };
        Ok(ReviewedItems {
            of_raw_scores: self.scores.is_none() && self.named().is_dir(),
            title,
            set,
            skipped,
            clips,
        })
    }

    /// The log of the decisions.
    pub fn log(&self) -> PathBuf {
        let next_to_it = || match (&self.scores, self.named()) {
            (None, run) if run.is_dir() => run.join("decisions.jsonl"),
            (_, file) => {
                let mut name = file.as_os_str().to_owned();
                name.push(".decisions.jsonl");
                name.into()
            }
        };
        self.decisions.clone().unwrap_or_else(next_to_it)
    }

    /// One of the two is always given.
    fn named(&self) -> &Path {
        let named = self.source.as_deref().or(self.scores.as_deref());
        named.unwrap_or(Path::new(""))
    }

    fn clips_of_run(&self, run: &Path, console: &Console) -> anyhow::Result<(ReviewSet, Vec<Item>, usize)> {
        refuse_unread(&self.read)?;
        let found = out_of_fold(run, self.data.as_deref(), &self.compute.device, console)?;
        console.clear();
        let items = found.items.iter().zip(&found.folds).map(|(item, fold)| Item {
            fold: Some(*fold),
            ..item.clone()
        });
        let (set, clips) = self.clips(&found.aligned()?, &items.collect::<Vec<_>>())?;
        Ok((set, clips, found.skipped.len()))
    }

    fn scored_clips(
        &self,
        scores: &Path,
        console: &Console,
    ) -> anyhow::Result<(ReviewSet, Vec<Item>, usize)> {
        let labels = DataLabels {
            subset: self.subset.clone(),
            ..DataLabels::default()
        };
        let truth = truth_source(None, self.data.as_deref(), &self.read, labels)?;
        let scores = ScoreTable::read(scores)?;
        let found = truth.read(scores.files())?;
        show_truth(&found, console);
        let aligned = Aligned::new(&scores, &found.truth, UnknownLabels::Refuse)?;
        let left_out = found.missing.len() + found.extra.len();
        let (set, clips) = self.clips(&aligned, &found.items)?;
        Ok((set, clips, left_out))
    }

    /// Clips of the wanted subset; `items` are the clips of the rows.
    fn clips(&self, aligned: &Aligned, items: &[Item]) -> anyhow::Result<(ReviewSet, Vec<Item>)> {
        if items.iter().any(|item| item.span.is_some()) {
            bail!(
                "the clips are windows of labels with times, which corrections can't change; review the events that \
                 `earmark tag` finds in the recordings instead"
            );
        }
        let is_wanted = |row: usize| {
            let subset = self.subset.as_ref();
            subset.is_none_or(|subset| items[row].subset == *subset)
        };
        let wanted: Vec<usize> = (0..items.len()).filter(|&row| is_wanted(row)).collect();
        if let (Some(subset), true) = (&self.subset, wanted.is_empty()) {
            bail!("--subset {subset}: none of the scored clips is in this subset");
        }
        let place = |row: usize| {
            let item = &items[wanted[row]];
            ClipPlace {
                file: item.file.clone(),
                subset: Some(item.subset.clone()),
                path: item.path.clone(),
            }
        };
        let set = ReviewSet::of_clips(&aligned.select(is_wanted)?, place)?;
        let clips = wanted.iter().zip(set.items()).map(|(row, reviewed)| Item {
            labels: reviewed.labels.clone(),
            ..items[*row].clone()
        });
        let clips = clips.collect();
        Ok((set, clips))
    }

    fn events(&self, tags: &Path, console: &Console) -> anyhow::Result<(ReviewSet, usize)> {
        if let Some(subset) = &self.subset {
            bail!("--subset {subset}: events have no subset; leave it out");
        }
        refuse_unread(&self.read)?;
        let found = TaggedEvents::read(tags)?;
        // What the environment names is a folder of clips.
        let root = self.data.as_deref().filter(|data| is_given(data));
        let path_of = |file: &str| root.map_or_else(|| PathBuf::from(file), |root| root.join(file));
        let files: BTreeSet<&str> = found.events.iter().map(|event| event.file.as_str()).collect();
        let missing: Vec<&str> = files
            .iter()
            .copied()
            .filter(|file| {
                let path = path_of(file);
                // Whether something is at an address shows when it is read.
                remote::address(&path).is_none() && !path.exists()
            })
            .collect();
        if let (Some(first), true) = (missing.first(), missing.len() == files.len()) {
            bail!(
                "{}: none of its recordings is there, first {}; name the folder that they are in with --data",
                tags.display(),
                path_of(first).display()
            );
        }
        for file in &missing {
            console.skipped(file, "the recording is not there");
        }
        let is_there = |file: &str| missing.binary_search(&file).is_err();
        let events = found.events.iter().filter(|event| is_there(&event.file));
        let events = events.map(|event| DetectedEvent {
            file: event.file.clone(),
            path: path_of(&event.file),
            class: event.class,
            seconds: event.seconds,
            score: event.score,
        });
        Ok((
            ReviewSet::of_events(found.classes.clone(), events)?,
            missing.len(),
        ))
    }
}
