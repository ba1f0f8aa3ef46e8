//! The laboratory journal: runs below a folder, side by side.

pub mod history;
mod state;

pub use state::{State, Status};

use crate::run_dir::{RunError, RunHead, fold_run, folds_path};
use earmark_core::text::suggest;
use earmark_engine::ValidationMetric;
use earmark_report::{Better, RunRow, RunsTable};
use history::{History, Judgement, METRICS, best_of, highest, judgements};
use serde::Serialize;
use serde_json::Value;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// Values of the loss that make its small curve.
const SPARK_POINTS: usize = 40;
/// Folders deeper than this hold no runs that anybody would look for.
const MAX_DEPTH: usize = 8;

/// What runs are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The best judged value of a metric, highest first.
    Judged(ValidationMetric),
    /// The best validation, highest first.
    Validation,
    /// When they began, newest first.
    Started,
}

/// A name that runs can't be sorted by.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "--sort {name}: runs can't be sorted by it{suggestion}; choose one of lwlrap, accuracy, map@3, mAP, auc, validation, started"
)]
pub struct UnknownSort {
    name: String,
    suggestion: String,
}

impl std::str::FromStr for SortBy {
    type Err = UnknownSort;

    fn from_str(name: &str) -> Result<Self, UnknownSort> {
        match name {
            "validation" => return Ok(Self::Validation),
            "started" => return Ok(Self::Started),
            _ => {}
        }
        if let Some(metric) = METRICS.into_iter().find(|m| m.name() == name) {
            return Ok(Self::Judged(metric));
        }
        let known = METRICS.iter().map(|m| m.name()).chain(["validation", "started"]);
        let suggestion = suggest(name, known)
            .map(|s| format!(" (did you mean `{s}`?)"))
            .unwrap_or_default();
        Err(UnknownSort {
            name: name.to_owned(),
            suggestion,
        })
    }
}

/// The best validation of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestValidation {
    /// The metric that steers the run.
    pub metric: &'static str,
    /// Its value.
    pub score: f64,
    /// At which step.
    pub step: u64,
}

/// The judged checkpoints of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JudgedSteps {
    /// How many.
    pub count: usize,
    /// The best by the metric that was asked for (lwlrap where none was).
    pub best: Judgement,
    /// The last.
    pub last: Judgement,
}

/// The folds of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Folds {
    /// How many there are.
    pub count: usize,
    /// Mean and standard deviation of each metric over them.
    pub metrics: Value,
}

/// One run in the journal, or a set of folds.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Where it is.
    pub run: PathBuf,
    /// Its path below the journal's folder.
    pub name: String,
    /// Its recipe.
    pub recipe: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// How far it is.
    #[serde(flatten)]
    pub status: Status,
    /// The fold kept for judging.
    pub fold: Option<u32>,
    /// For a set of folds, which is judged on all their clips: how many folds it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<Folds>,
    /// Whether judged clips steered it, so that its scores are optimistic.
    pub optimistic: bool,
    /// Its best validation.
    pub validation: Option<BestValidation>,
    /// Its judged checkpoints.
    pub judged: Option<JudgedSteps>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// The loss in a few dozen values.
    #[serde(skip)]
    pub loss: Vec<Option<f64>>,
}

impl Entry {
    fn read(path: &Path, below: &Path, sort: SortBy) -> Result<Self, RunError> {
        let run = RunHead::open(path)?;
        let history = History::read(path);
        let status = Status::of(path, history.step, run.steps);
        let metric = run.metric;
        let validation = highest(history.validation_of(metric));
        let (mut judged, more) = judgements(&run.eval());
        for judgement in &mut judged {
            // A table of runs is no place for the results of every class; the run's report has them.
            judgement.report.as_object_mut().map(|r| r.remove("per_class"));
        }
        let by = if let SortBy::Judged(metric) = sort {
            metric
        } else {
            ValidationMetric::Lwlrap
        };
        let judged = judged.last().map(|last| JudgedSteps {
            count: judged.len(),
            best: best_of(&judged, by).unwrap_or(last).clone(),
            last: last.clone(),
        });
        let name = path.strip_prefix(below).unwrap_or(path).display().to_string();
        Ok(Self {
            name: if name.is_empty() {
                path.display().to_string()
            } else {
                name
            },
            run: path.into(),
            recipe: run.name,
            started: run.info.started,
            status,
            fold: run.info.data.fold,
            folds: None,
            optimistic: run.info.optimistic,
            validation: validation.map(|(step, score)| BestValidation {
                metric: metric.name(),
                score,
                step,
            }),
            judged,
            problems: [history.problems, more].concat(),
            loss: spark(&history.loss),
        })
    }

    /// A set of folds whose `folds.json` is written.
    fn read_set(path: &Path, below: &Path) -> Result<Self, RunError> {
        let file = folds_path(path);
        let bad = |message: String| RunError::Info {
            path: file.clone(),
            message,
        };
        let text = std::fs::read_to_string(&file).map_err(|e| RunError::read(&file, e))?;
        let report: Value = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
        let Some(folds) = report["folds"].as_array().filter(|folds| !folds.is_empty()) else {
            return Err(bad("it has no folds".into()));
        };
        let first = RunHead::open(&fold_run(path, folds[0]["fold"].as_u64().unwrap_or(0) as u32))?;
        let step = folds.iter().filter_map(|f| f["step"].as_u64()).max().unwrap_or(0);
        let mut pooled = report["pooled"].clone();
        pooled.as_object_mut().map(|r| r.remove("per_class"));
        let judgement = Judgement { step, report: pooled };
        let name = path.strip_prefix(below).unwrap_or(path).display().to_string();
        Ok(Self {
            name: if name.is_empty() {
                path.display().to_string()
            } else {
                name
            },
            run: path.into(),
            recipe: first.name,
            started: first.info.started,
            status: Status {
                state: State::Finished,
                step,
                total: None,
            },
            fold: None,
            folds: Some(Folds {
                count: folds.len(),
                metrics: report["metrics"].clone(),
            }),
            optimistic: report["optimistic"].as_bool().unwrap_or(false),
            validation: None,
            judged: Some(JudgedSteps {
                count: folds.len(),
                best: judgement.clone(),
                last: judgement,
            }),
            problems: Vec::new(),
            loss: Vec::new(),
        })
    }

    /// The value of a metric at the best judged checkpoint.
    pub fn value(&self, metric: ValidationMetric) -> Option<f64> {
        self.judged.as_ref().and_then(|j| j.best.value(metric))
    }

    /// What must be known before comparing, in words.
    pub fn note(&self) -> String {
        let mut notes = Vec::new();
        if let Some(folds) = &self.folds {
            let spread = &folds.metrics[ValidationMetric::Lwlrap.name()];
            let mut note = format!("all clips of {} folds", folds.count);
            if let (Some(mean), Some(deviation)) = (spread["mean"].as_f64(), spread["deviation"].as_f64()) {
                note.push_str(&format!(", mean lwlrap {mean:.4} ± {deviation:.4}"));
            }
            notes.push(note);
        }
        if let Some(judged) = self
            .judged
            .as_ref()
            .filter(|j| j.count > 1 && self.folds.is_none())
        {
            // The clips that judge have chosen among them, so that the score flatters.
            notes.push(format!("best of {} judged checkpoints", judged.count));
        }
        if self.optimistic {
            notes.push("OPTIMISTIC: judged clips steered it".to_owned());
        }
        if let State::StoppedEarly { reason } = &self.status.state {
            notes.push(reason.clone());
        }
        notes.extend(self.problems.iter().cloned());
        notes.join("; ")
    }

    fn key(&self, sort: SortBy) -> Option<f64> {
        match sort {
            SortBy::Judged(metric) => self.value(metric),
            SortBy::Validation => self.validation.as_ref().map(|v| v.score),
            SortBy::Started => None,
        }
    }
}

/// Runs, sorted, and what looked like one but can't be opened.
#[derive(Debug, Default)]
pub struct Journal {
    /// The runs.
    pub entries: Vec<Entry>,
    /// Folders with a `run.json` that can't be opened, with the reason.
    pub broken: Vec<RunError>,
}

/// A folder that can't be looked through.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be looked through for runs: {cause}; give the folder that holds them", folder.display())]
pub struct JournalError {
    /// The folder.
    pub folder: PathBuf,
    /// Why.
    pub cause: std::io::Error,
}

/// All runs and sets of folds in and below `folder`; those without the value asked for come last. Hidden folders are passed over, links are not
/// followed, and nothing is looked for inside of a run.
pub fn journal(folder: &Path, sort: SortBy) -> Result<Journal, JournalError> {
    let mut paths = Vec::new();
    find(folder, MAX_DEPTH, &mut paths).map_err(|cause| JournalError {
        folder: folder.into(),
        cause,
    })?;
    let mut journal = Journal::default();
    for path in paths {
        let read = if path.join("run.json").is_file() {
            Entry::read(&path, folder, sort)
        } else {
            Entry::read_set(&path, folder)
        };
        match read {
            Ok(entry) => journal.entries.push(entry),
            Err(e) => journal.broken.push(e),
        }
    }
    journal.entries.sort_by(|a, b| {
        let value = |e: &Entry| e.key(sort).unwrap_or(f64::NEG_INFINITY);
        let order = value(b).total_cmp(&value(a));
        let newest = if sort == SortBy::Started {
            b.started.cmp(&a.started)
        } else {
            Ordering::Equal
        };
        order.then(newest).then_with(|| a.name.cmp(&b.name))
    });
    Ok(journal)
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.join("run.json").is_file() {
        found.push(folder.to_path_buf());
        return Ok(());
    }
    if folds_path(folder).is_file() {
        found.push(folder.to_path_buf());
    }
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|e| e.path())
        .collect();
    below.sort();
    if depth > 0 {
        for folder in below {
            // A folder that may not be entered is none of the user's runs.
            let _ = find(&folder, depth - 1, found);
        }
    }
    Ok(())
}

/// Means of equal stretches of a curve.
fn spark(points: &[(f64, f64)]) -> Vec<Option<f64>> {
    let group = points.len().div_ceil(SPARK_POINTS).max(1);
    let mean = |part: &[(f64, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
    points
        .chunks(group)
        .map(|part| Some(mean(part)).filter(|m| m.is_finite()))
        .collect()
}

impl Journal {
    /// The journal as a table of [`earmark_report`], sorted by the metric asked for. A page can't be sorted by a date, so that
    /// [`SortBy::Started`] puts lwlrap first.
    pub fn table(&self, title: &str, sort: SortBy) -> RunsTable {
        let mut metrics = METRICS.to_vec();
        if let SortBy::Judged(first) = sort {
            metrics.sort_by_key(|m| *m != first);
        }
        let mut names: Vec<(String, Better)> = metrics
            .iter()
            .map(|m| (m.name().to_owned(), Better::Higher))
            .collect();
        let at = if sort == SortBy::Validation {
            0
        } else {
            names.len()
        };
        names.insert(at, ("validation".to_owned(), Better::Higher));
        let row = |e: &Entry| {
            let mut values: Vec<Option<f64>> = metrics.iter().map(|m| e.value(*m)).collect();
            values.insert(at, e.validation.as_ref().map(|v| v.score));
            let note = e.note();
            RunRow {
                name: e.name.clone(),
                recipe: e.recipe.clone(),
                started: e.started.clone(),
                values,
                loss: e.loss.clone(),
                note: if note.is_empty() {
                    e.status.to_string()
                } else {
                    format!("{}; {note}", e.status)
                },
            }
        };
        RunsTable {
            title: title.to_owned(),
            metrics: names,
            runs: self.entries.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_known_by_name() {
        assert_eq!("map@3".parse(), Ok(SortBy::Judged(ValidationMetric::MapAt3)));
        assert_eq!("started".parse(), Ok(SortBy::Started));
        let error = "acuracy".parse::<SortBy>().unwrap_err().to_string();
        assert!(
            error.contains("did you mean `accuracy`?") && error.contains("map@3"),
            "{error}"
        );
    }

    #[test]
    fn the_small_curve_is_of_means() {
        let points: Vec<(f64, f64)> = (0..80).map(|i| (f64::from(i), f64::from(i))).collect();
        let small = spark(&points);
        assert_eq!((small.len(), small[0], small[39]), (40, Some(0.5), Some(78.5)));
        assert_eq!(spark(&[(1.0, f64::NAN)]), [None]);
        assert!(spark(&[]).is_empty());
    }

    #[test]
    fn broken_runs_are_named_and_hidden_folders_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/b", ".hidden", "c"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
            std::fs::write(dir.path().join(name).join("run.json"), "{}").unwrap();
        }
        let found = journal(dir.path(), SortBy::Started).unwrap();
        assert_eq!((found.entries.len(), found.broken.len()), (0, 2));
        assert!(journal(&dir.path().join("none"), SortBy::Started).is_err());
    }
}
