//! Opened models with the windows, classes and event rule of a [`TagConfig`].

use super::TagError;
use super::classes::choose;
use super::config::{TagConfig, check};
use super::error::TagFailure;
use super::events::EventRule;
use super::recording_facts::ScoreGrid;
use super::result::{TagResult, milliseconds};
use super::resume_log::{TagOutcome, key_of_words};
use super::scratch_file::ScratchFile;
use super::tagged_recording::TaggedRecording;
use super::windows::WindowGrid;
use crate::PipelineError;
use crate::devices_by_name::Device;
use crate::model::{Ensemble, Model};
use crate::thresholds::ClassThresholds;
use crate::window_rule::{WindowLength, WindowRule};
use earmark_audio::{Clip, Damaged};
use earmark_core::caught_panics::catch_panic;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Tags recordings with opened models.
#[derive(Debug)]
pub struct Tagger {
    pub(super) ensemble: Ensemble,
    pub(super) grid: WindowGrid,
    window_rule: WindowRule,
    pub(super) rule: EventRule,
    thresholds: ClassThresholds,
    /// Detected classes, by number.
    pub(super) chosen: Vec<usize>,
    /// Their names.
    names: Vec<String>,
    pub(super) top: Option<usize>,
    pub(super) windows: bool,
    pub(super) damaged: Damaged,
}

impl Tagger {
    /// Opens the models and checks everything; no recording is opened.
    ///
    /// # Errors
    /// A model, class or number that can't be used.
    pub fn new(tag: &TagConfig) -> Result<Self, TagError> {
        // Before a model is read.
        check(tag)?;
        let device = Device::named(&tag.device)
            .map_err(PipelineError::from)?
            .with_precision(tag.precision);
        Self::with_ensemble(Ensemble::open(&tag.models, tag.mean, &device)?, tag)
    }

    /// The same with opened models; `models` and `device` of `tag` are not used.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with_models(models: Vec<Model>, tag: &TagConfig) -> Result<Self, TagError> {
        Self::with_ensemble(Ensemble::of(models, tag.mean)?, tag)
    }

    fn with_ensemble(ensemble: Ensemble, tag: &TagConfig) -> Result<Self, TagError> {
        check(tag)?;
        let window_rule = WindowRule::new(ensemble.first(), tag.window_seconds, tag.hop)?;
        let (window, hop) = window_rule.samples();
        let grid = WindowGrid::new(window, hop, ensemble.sample_rate_hz());
        // A network scores the segments of its training; of a foreign graph, nobody has seen that.
        let own_network = ensemble.only().is_some_and(|m| !m.recipe().network.is_graph());
        if !(own_network && window_rule.length() == WindowLength::Trained) {
            check_window(&ensemble, grid, &window_rule)?;
        }
        let chosen = choose(ensemble.classes(), &tag.classes)?;
        let own = ensemble.thresholds();
        let thresholds = tag
            .thresholds
            .resolve(ensemble.classes(), &chosen, own.as_deref())?;
        Ok(Self {
            grid,
            window_rule,
            rule: tag.event_rule(&thresholds),
            thresholds,
            names: chosen.iter().map(|c| ensemble.classes()[*c].clone()).collect(),
            chosen,
            ensemble,
            top: tag.top,
            windows: tag.windows,
            damaged: tag.damaged,
        })
    }

    /// The models.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Names of the detected classes, in the order of the model.
    pub fn classes(&self) -> &[String] {
        &self.names
    }

    /// Windows, and why they are as long as they are.
    pub fn window_rule(&self) -> &WindowRule {
        &self.window_rule
    }

    /// Its windows in samples, and the rate of these.
    pub fn score_grid(&self) -> ScoreGrid {
        ScoreGrid {
            rate_hz: self.ensemble.sample_rate_hz(),
            window_samples: self.grid.window,
            hop_samples: self.grid.hop,
        }
    }

    /// Whether scores of windows are kept.
    pub fn keeps_windows(&self) -> bool {
        self.windows
    }

    /// Number of best classes kept per recording (per window); `None` keeps all.
    pub fn top(&self) -> Option<usize> {
        self.top
    }

    /// Threshold of each detected class.
    pub fn thresholds(&self) -> &ClassThresholds {
        &self.thresholds
    }

    /// Everything that results depend on apart from the recordings, by the name of its flag.
    pub fn settings(&self) -> Vec<(String, String)> {
        let rule = &self.rule;
        let (window, hop) = (self.window_rule.seconds(), self.window_rule.hop_seconds());
        let thresholds = self.thresholds.values();
        let one = thresholds
            .first()
            .filter(|first| thresholds.iter().all(|t| t == *first));
        let threshold = one.map_or_else(|| format!("{thresholds:?}"), f32::to_string);
        let samples = format!("{} and {}", self.grid.window, self.grid.hop);
        let pairs = [
            ("earmark", earmark_core::VERSION.to_owned()),
            ("--model", self.ensemble.fingerprint()),
            ("--window", milliseconds(window).to_string()),
            ("--hop", milliseconds(hop).to_string()),
            ("samples of a window and hop", samples),
            ("--classes", self.names.join(",")),
            ("--threshold", threshold),
            ("--release", rule.release.to_string()),
            ("--merge", rule.merge_seconds.to_string()),
            ("--min-duration", rule.min_seconds.to_string()),
            ("--score", format!("{:?}", rule.score).to_lowercase()),
            ("--top-k", self.top.map_or("all".into(), |k| k.to_string())),
            ("--windows", self.windows.to_string()),
        ];
        // Only where it is not the default, as earlier logs don't name it; what is skipped is tried again in any case.
        let refuse = (self.damaged == Damaged::Refuse).then(|| ("--damaged", "refuse".to_owned()));
        let all = pairs.into_iter().chain(refuse);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The settings for a resume log, which says some of them in words as well: models are compared by contents,
    /// thresholds and classes one by one, which nobody types.
    pub(super) fn log_settings(&self) -> Vec<(String, String)> {
        let models = ("--model", Some(self.ensemble.in_words()));
        let thresholds = ("--threshold", self.thresholds.in_words());
        let detects_all = self.chosen.len() == self.ensemble.classes().len();
        let all = detects_all.then(|| "all classes (no --classes)".to_owned());
        let words = [models, thresholds, ("--classes", all)].into_iter();
        let words = words.filter_map(|(key, words)| Some((key_of_words(key), words?)));
        self.settings().into_iter().chain(words).collect()
    }

    /// Tags one recording.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub fn tag(&self, path: &Path) -> Result<TagResult, TagError> {
        let mut lines = ScratchFile::new(Path::new(""));
        let name = path.to_string_lossy();
        match self.decode_and_score(path, &name, &mut lines, &AtomicBool::new(false), |_, _| ()) {
            Ok(result) => Ok(result),
            Err(TagFailure::Recording(reason)) => Err(TagError::Request(format!("{name}: {reason}"))),
            Err(TagFailure::Fatal(error)) => Err(error),
            Err(TagFailure::Stopped) => unreachable!("nothing stops it"),
        }
    }

    /// Tags one recording under the name `name`, as [`to_memory`](super::to_memory) does: one that can't be read is not
    /// an error but has a reason in place of results. `None` when stopped.
    ///
    /// # Errors
    ///
    /// When no recording can be tagged at all.
    pub fn tag_named(
        &self,
        path: &Path,
        name: &str,
        stop: &AtomicBool,
    ) -> Result<Option<TaggedRecording>, TagError> {
        let mut lines = ScratchFile::new(&std::env::temp_dir());
        let tagged = catch_panic(|| self.decode_and_score(path, name, &mut lines, stop, |_, _| ()));
        let outcome = match tagged.unwrap_or_else(|what| Err(TagFailure::Recording(what))) {
            Ok(result) => TagOutcome::Tagged(result),
            Err(TagFailure::Recording(reason)) => {
                lines.clear();
                TagOutcome::Failed {
                    file: name.to_owned(),
                    reason,
                }
            }
            Err(TagFailure::Fatal(error)) => return Err(error),
            Err(TagFailure::Stopped) => return Ok(None),
        };
        TaggedRecording::new(outcome, lines).map(Some)
    }

    /// Tags a clip in memory, of any sample rate, as if `name` were a file of its samples; `None` when stopped.
    ///
    /// # Errors
    ///
    /// For samples and rates that can't be used, and scores that are not finite.
    pub fn tag_clip(
        &self,
        clip: &Clip,
        name: &str,
        stop: &AtomicBool,
    ) -> Result<Option<TaggedRecording>, TagError> {
        let mut lines = ScratchFile::new(&std::env::temp_dir());
        match self.score_clip(clip, name, &mut lines, stop) {
            Ok(result) => TaggedRecording::new(TagOutcome::Tagged(result), lines).map(Some),
            Err(TagFailure::Recording(reason)) => Err(TagError::Request(format!("{name}: {reason}"))),
            Err(TagFailure::Fatal(error)) => Err(error),
            Err(TagFailure::Stopped) => Ok(None),
        }
    }
}

/// Refuses a window that can't be scored before any recording is opened, by scoring one of silence.
fn check_window(ensemble: &Ensemble, grid: WindowGrid, rule: &WindowRule) -> Result<(), TagError> {
    let silence = vec![0.0; grid.window];
    match ensemble.score_windows(&[silence], grid.window, grid.hop) {
        Ok(_) => Ok(()),
        Err(e) => Err(TagError::Request(format!(
            "--window {}: the model can't score windows of this length ({e}); give a longer one",
            milliseconds(rule.seconds())
        ))),
    }
}
