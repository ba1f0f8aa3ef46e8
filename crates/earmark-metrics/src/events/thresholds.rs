//! Thresholds chosen by events: of each class the one with the best F1, or the lowest with few enough false events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use earmark_core::{Check, ConfigError};
use serde::Serialize;

use super::counts::RecordingCounts;
use super::event_based::count_events;
use super::event_set::{EventSet, TableEvent};
use super::file_names::FileFinder;
use super::intersection::count_intersections;
use super::options::EventMetricOptions;
use super::paired::{ClassSpan, PairedRecording, in_order, spans};
use super::same_species::same_species;
use super::scores::EventMetric;
use super::segment_based::count_segments;
use crate::tables::missing;
use crate::{DecisionCounts, MetricsError, Result};

/// Groups that recordings are assigned to in turn, to choose on all but one and evaluate on that one.
const GROUPS: usize = 5;

/// Candidates are evenly spaced in logits, from -7 to 7 in tenths: 0.0009 to 0.9991.
const TENTHS_OF_LOGITS: i32 = 70;

/// What thresholds are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdGoal {
    /// The best F1 of segments.
    SegmentF1,
    /// The best F1 of events in pairs.
    EventF1,
    /// At most this many false events of a class per hour: predictions that true events of the class cover by less
    /// than [`IntersectionCriteria::dtc`](super::IntersectionCriteria::dtc).
    FalsePerHour(f64),
}

/// How good events are at some thresholds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ThresholdQuality {
    /// The results of the metric that thresholds are chosen by.
    #[serde(flatten)]
    pub metric: EventMetric,
    /// What it counts as falsely predicted, segments or events of all classes, per hour.
    pub false_per_hour: f64,
}

/// Chosen thresholds, and what they are worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChosenThresholds {
    /// What they were chosen by.
    pub goal: ThresholdGoal,
    /// Recordings that they were chosen on.
    pub recordings: usize,
    /// How long these are.
    pub hours: f64,
    /// Of each class with true events.
    pub per_class: BTreeMap<String, f32>,
    /// The best one for all of these together: of other classes, and of those with too few events.
    pub together: f32,
    /// The results at the thresholds from before.
    pub before: ThresholdQuality,
    /// The results of each fifth of the recordings at the thresholds that the others give.
    pub after: ThresholdQuality,
}

/// A predicted event: number of the class, onset and offset in seconds.
pub type FoundSpan = (usize, f64, f64);

/// Counts of predicted events at many thresholds, recording by recording.
pub struct EventThresholds<'a> {
    truth: &'a EventSet,
    /// Numbers of classes by the names that the truth has for them.
    numbers: HashMap<&'a str, usize>,
    /// Classes of the truth that the model does not have.
    unknown: Vec<String>,
    files: Vec<&'a String>,
    finder: FileFinder,
    /// The recording of the predictions that each of the truth was taken for.
    taken: Vec<Option<String>>,
    goal: ThresholdGoal,
    options: EventMetricOptions,
    classes: Vec<String>,
    candidates: Vec<f32>,
    /// By group, candidate and class; the thresholds from before are the last candidate.
    counts: Vec<DecisionCounts>,
    seconds: [f64; GROUPS],
    recordings: usize,
}

impl<'a> EventThresholds<'a> {
    /// Of a model's `classes` only those with true events are looked at: of others it is not known what is right.
    ///
    /// # Errors
    /// An option that cannot work, and a truth without any event of these classes.
    pub fn new(
        truth: &'a EventSet,
        classes: &[String],
        goal: ThresholdGoal,
        options: EventMetricOptions,
    ) -> Result<Self> {
        options.check()?;
        if let ThresholdGoal::FalsePerHour(rate) = goal {
            let remedy = "must be 0 or more per hour";
            ConfigError::check_range("false-per-hour", rate, 0.0..f64::INFINITY, remedy)?;
        }
        let events = || truth.recordings().values().flat_map(|r| &r.events);
        let all: BTreeSet<&str> = classes.iter().map(String::as_str).collect();
        let mut of_truth: BTreeMap<&'a str, Option<&str>> = BTreeMap::new();
        for TableEvent { class, .. } in events() {
            let exact = || all.get(class.as_str()).copied();
            of_truth
                .entry(class)
                .or_insert_with(|| exact().or_else(|| same_species(class, &all)));
        }
        let has_events = |class: &&String| of_truth.values().flatten().any(|name| name == class);
        let with_events: Vec<String> = classes.iter().filter(has_events).cloned().collect();
        if with_events.is_empty() {
            let context = "no class of the scores has a true event".to_owned();
            let names: Vec<&str> = classes.iter().map(String::as_str).collect();
            let hint = match of_truth.keys().next() {
                Some(class) => format!("; the truth has `{class}`: spell classes the same way in both"),
                None => "; the truth has no event at all".to_owned(),
            };
            return Err(missing(context, &names, hint));
        }
        let number = |(name, class): (&&'a str, &Option<&str>)| {
            let class = (*class)?;
            Some((*name, with_events.iter().position(|name| name == class)?))
        };
        let numbers = of_truth.iter().filter_map(number).collect();
        let unknown = of_truth.iter().filter(|(_, class)| class.is_none());
        let files: Vec<&String> = truth.recordings().keys().collect();
        let candidates = candidates();
        Ok(Self {
            finder: FileFinder::new(files.iter().copied()),
            taken: vec![None; files.len()],
            counts: vec![DecisionCounts::default(); GROUPS * (candidates.len() + 1) * with_events.len()],
            unknown: unknown.map(|(name, _)| (*name).to_owned()).collect(),
            truth,
            numbers,
            files,
            goal,
            options,
            classes: with_events,
            candidates,
            seconds: [0.0; GROUPS],
            recordings: 0,
        })
    }

    /// The classes that thresholds are chosen for, in the model's order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Classes with true events that the model does not have.
    pub fn unknown_classes(&self) -> &[String] {
        &self.unknown
    }

    /// The thresholds that are tried, ascending.
    pub fn candidates(&self) -> &[f32] {
        &self.candidates
    }

    /// Counts what was found in a recording: at each of the candidates, and last at the thresholds from before, with
    /// classes numbered as [`Self::classes`] lists them. False where the truth does not list the recording.
    ///
    /// # Errors
    /// A name that may mean several recordings, and a second one that means the same.
    pub fn add(&mut self, file: &str, seconds: f64, found: Vec<Vec<FoundSpan>>) -> Result<bool> {
        let Some(number) = self.finder.find(file)? else {
            return Ok(false);
        };
        if let Some(other) = self.taken[number].replace(file.to_owned()) {
            let context = format!("two recordings of the scores may be `{}`", self.files[number]);
            let hint = "; give them the same folders in both tables";
            return Err(missing(context, &[other.as_str(), file], hint));
        }
        let truth = &self.truth.recordings()[self.files[number]];
        let mut recording = PairedRecording {
            file: file.to_owned(),
            seconds: Some(seconds),
            truth: spans(&truth.events, &self.numbers),
            predicted: Vec::new(),
        };
        let group = self.recordings % GROUPS;
        let width = self.candidates.len() + 1;
        for (candidate, found) in found.into_iter().take(width).enumerate() {
            let span = |(class, onset, offset): FoundSpan| ClassSpan { class, onset, offset };
            recording.predicted = found.into_iter().map(span).collect();
            in_order(&mut recording.predicted);
            let counts = match self.goal {
                ThresholdGoal::SegmentF1 => count_segments(&recording, self.options.segment_seconds),
                ThresholdGoal::EventF1 => count_events(&recording, &self.options),
                ThresholdGoal::FalsePerHour(_) => count_intersections(&recording, &self.options.intersection),
            };
            let from = (group * width + candidate) * self.classes.len();
            for (class, counts) in counts.classes {
                self.counts[from + class].join(&counts);
            }
        }
        self.seconds[group] += seconds;
        self.recordings += 1;
        Ok(true)
    }

    /// Recordings of the truth of which nothing was added.
    pub fn without_scores(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter().zip(&self.taken);
        files
            .filter(|(_, taken)| taken.is_none())
            .map(|(file, _)| file.as_str())
    }

    /// Chooses the thresholds; a class with fewer true events or segments than `least` gets the one of all together.
    ///
    /// # Errors
    /// Fewer than two recordings: there is none to evaluate on.
    pub fn choose(&self, least: u64) -> Result<ChosenThresholds> {
        if self.recordings < 2 {
            let problem = "fewer than two recordings have both scores and true events; thresholds are chosen on some \
                           and evaluated on others";
            let place = "the truth".to_owned();
            let problem = problem.to_owned();
            return Err(MetricsError::Table { place, problem });
        }
        let (classes, last) = (self.classes.len(), self.candidates.len());
        let (chosen, together) = self.best(None, least);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for group in 0..GROUPS {
            let (of_others, _) = self.best(Some(group), least);
            let counts = |candidate: &dyn Fn(usize) -> usize| RecordingCounts {
                classes: (0..classes)
                    .map(|class| (class, *self.at(group, candidate(class), class)))
                    .collect(),
                ..RecordingCounts::default()
            };
            before.push(counts(&|_| last));
            after.push(counts(&|class| of_others[class]));
        }
        let thresholds = chosen.into_iter().map(|candidate| self.candidates[candidate]);
        Ok(ChosenThresholds {
            goal: self.goal,
            recordings: self.recordings,
            hours: self.hours(None),
            per_class: self.classes.iter().cloned().zip(thresholds).collect(),
            together: self.candidates[together],
            before: self.quality(&before)?,
            after: self.quality(&after)?,
        })
    }

    fn at(&self, group: usize, candidate: usize, class: usize) -> &DecisionCounts {
        let width = self.candidates.len() + 1;
        &self.counts[(group * width + candidate) * self.classes.len() + class]
    }

    /// The length of the recordings outside a group.
    fn hours(&self, without: Option<usize>) -> f64 {
        let kept = (0..GROUPS).filter(|group| Some(*group) != without);
        kept.map(|group| self.seconds[group]).sum::<f64>() / 3600.0
    }

    /// The best candidate of each class by the recordings outside a group, and of all classes together.
    fn best(&self, without: Option<usize>, least: u64) -> (Vec<usize>, usize) {
        let hours = self.hours(without);
        let mut all = vec![DecisionCounts::default(); self.candidates.len()];
        let mut own = Vec::new();
        for class in 0..self.classes.len() {
            let mut curve = vec![DecisionCounts::default(); self.candidates.len()];
            for (candidate, counts) in curve.iter_mut().enumerate() {
                for group in (0..GROUPS).filter(|group| Some(*group) != without) {
                    counts.join(self.at(group, candidate, class));
                }
                all[candidate].join(counts);
            }
            // How many are falsely predicted is known without any that is true.
            let is_rate = matches!(self.goal, ThresholdGoal::FalsePerHour(_));
            let enough = is_rate || curve[0].true_positives + curve[0].false_negatives >= least;
            own.push(self.best_of(&curve, hours).filter(|_| enough));
        }
        // Where nothing is ever right, no threshold is better than the middle one.
        let together = self.best_of(&all, hours * self.classes.len() as f64);
        let together = together.unwrap_or(self.candidates.len() / 2);
        let own = own.into_iter().map(|best| best.unwrap_or(together)).collect();
        (own, together)
    }

    /// The best point of a curve: of several with the same F1, the middle of the first that follow each other. `None`
    /// where nothing is right at any.
    fn best_of(&self, curve: &[DecisionCounts], hours: f64) -> Option<usize> {
        if let ThresholdGoal::FalsePerHour(rate) = self.goal {
            let most = rate * hours;
            let above = curve
                .iter()
                .rposition(|counts| counts.false_positives as f64 > most);
            return Some(above.map_or(0, |above| above + 1).min(curve.len() - 1));
        }
        let f1 = |counts: &DecisionCounts| counts.f1().unwrap_or(0.0);
        let best = curve.iter().map(f1).fold(0.0, f64::max);
        let first = curve.iter().position(|counts| f1(counts) == best)?;
        let run = curve[first..].iter().take_while(|counts| f1(counts) == best);
        (best > 0.0).then(|| first + (run.count() - 1) / 2)
    }

    fn quality(&self, groups: &[RecordingCounts]) -> Result<ThresholdQuality> {
        let wrong: u64 = groups
            .iter()
            .flat_map(|counts| counts.classes.values())
            .map(|counts| counts.false_positives)
            .sum();
        Ok(ThresholdQuality {
            metric: EventMetric::of(groups, &self.classes, false, None)?,
            false_per_hour: wrong as f64 / self.hours(None).max(f64::MIN_POSITIVE),
        })
    }
}

/// In steps that a person can read: four decimals.
fn candidates() -> Vec<f32> {
    let sigmoid = |tenths: i32| 1.0 / (1.0 + (-f64::from(tenths) / 10.0).exp());
    let logits = -TENTHS_OF_LOGITS..=TENTHS_OF_LOGITS;
    let mut found: Vec<f32> = logits
        .map(|tenths| (sigmoid(tenths) * 1e4).round() as f32 / 1e4)
        .collect();
    found.dedup();
    found
}
