//! Learning again from the decisions, in the background: one model at a time, and none that is half written.

use crate::failure::RequestFailure;
use axum::http::StatusCode;
use earmark_core::atomic::{WriteError, process_mark};
use earmark_core::caught_panics::catch_panic;
use earmark_inference::{Event, PipelineError};
use earmark_review::ReviewDesk;
use earmark_train::{EmbeddedReview, LearnedAgain, ReviewedClips, ReviewedLabels};
use serde::Serialize;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tempfile::TempPath;

/// What is learned again, and where its models are written.
#[derive(Clone, Debug)]
pub struct LearningConfig {
    /// The clips of the review, in its order.
    pub clips: ReviewedClips,
    /// The folder of the models: `learned-1.safetensors`, `learned-2.safetensors` and so on.
    pub folder: PathBuf,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum LearningState {
    /// Nothing was learned yet.
    #[default]
    Idle,
    Running,
    Done,
    Stopped,
    Failed,
}

/// How far it is, as a page shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct LearningStatus {
    state: LearningState,
    /// What is being done.
    stage: &'static str,
    done: usize,
    total: usize,
    /// The model that was written last.
    model: Option<PathBuf>,
    /// What was learned, and what it gains.
    learned: Option<LearnedAgain>,
    /// Why nothing was learned.
    error: Option<String>,
    /// Whether items are sorted by the scores of this model.
    is_sorted: bool,
}

impl LearningStatus {
    /// Another state, in which the last model is still what it was.
    fn in_state(&self, state: LearningState) -> Self {
        Self {
            state,
            model: self.model.clone(),
            learned: self.learned.clone(),
            is_sorted: self.is_sorted,
            ..Self::default()
        }
    }
}

/// A model that was just written.
struct NewModel {
    path: PathBuf,
    learned: LearnedAgain,
}

/// The work in progress.
#[derive(Default)]
struct Work {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Learns again when it is asked to.
pub(crate) struct Learning {
    config: LearningConfig,
    status: Mutex<LearningStatus>,
    /// Kept from one model to the next: the clips stay the same.
    embedded: Mutex<Option<EmbeddedReview>>,
    work: Mutex<Work>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn conflict(message: &str) -> RequestFailure {
    RequestFailure::new(StatusCode::CONFLICT, message)
}

/// The decisions of a desk as labels of its clips.
fn labels(desk: &ReviewDesk) -> Result<ReviewedLabels, RequestFailure> {
    let (settled, seen) = desk.settled()?;
    let decided = settled.items.into_iter();
    let decided = decided.filter_map(|item| Some((desk.set().find(&item.key)?, item.labels)));
    Ok(ReviewedLabels {
        decided: decided.collect(),
        seen,
        names: settled.new_names,
    })
}

impl Learning {
    pub fn new(config: LearningConfig) -> Self {
        Self {
            config,
            status: Mutex::default(),
            embedded: Mutex::default(),
            work: Mutex::default(),
        }
    }

    pub(super) fn status(&self) -> LearningStatus {
        lock(&self.status).clone()
    }

    /// Begins to train on what is decided now.
    pub(super) fn start(self: &Arc<Self>, desk: &ReviewDesk) -> Result<(), RequestFailure> {
        let labels = labels(desk)?;
        if labels.decided.is_empty() {
            return Err(conflict(
                "nothing is decided yet that a model could be trained on; decide some clips first",
            ));
        }
        let mut work = lock(&self.work);
        if lock(&self.status).state == LearningState::Running {
            return Err(conflict(
                "a model is being learned already; wait for it, or stop it",
            ));
        }
        let stop = Arc::<AtomicBool>::default();
        let (learning, flag) = (Arc::clone(self), Arc::clone(&stop));
        let before = {
            let mut status = lock(&self.status);
            let begun = LearningStatus {
                stage: "reading",
                ..status.in_state(LearningState::Running)
            };
            std::mem::replace(&mut *status, begun)
        };
        let thread = std::thread::Builder::new().name("earmark-learning".into());
        let thread = thread.spawn(move || {
            let ended = catch_panic(|| learning.learn(&labels, &flag));
            learning.end(ended);
        });
        match thread {
            Ok(thread) => {
                *work = Work {
                    stop,
                    thread: Some(thread),
                };
                Ok(())
            }
            Err(error) => {
                *lock(&self.status) = before;
                Err(RequestFailure::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!("no thread can be started ({error}); end other programs and try again"),
                ))
            }
        }
    }

    /// Ends what is in progress; nothing is written then.
    pub(super) fn stop(&self) {
        lock(&self.work).stop.store(true, Ordering::Relaxed);
    }

    /// The same, and waits for it.
    pub fn close(&self) {
        self.stop();
        let thread = lock(&self.work).thread.take();
        if let Some(thread) = thread {
            // Panics of work are caught; nothing is left to report.
            let _ = thread.join();
        }
    }

    /// Sorts the items of a desk by the scores of the model that was learned last.
    pub(super) fn sort(&self, desk: &ReviewDesk) -> Result<(), RequestFailure> {
        let mut status = lock(&self.status);
        let Some(learned) = &status.learned else {
            return Err(conflict("there is no new model to sort by; learn again first"));
        };
        desk.sort_again(&learned.scores)?;
        status.is_sorted = true;
        Ok(())
    }

    fn learn(&self, labels: &ReviewedLabels, stop: &AtomicBool) -> Result<Option<NewModel>, PipelineError> {
        let show = |event: Event| self.show(&event);
        let mut embedded = lock(&self.embedded);
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if embedded.is_none() {
            *embedded = EmbeddedReview::embed(self.config.clips.clone(), &show, stop)?;
        }
        let Some(review) = embedded.as_ref() else {
            return Ok(None);
        };
        let unnamed = self.unnamed();
        let Some(learned) = review.learn(labels, &unnamed, &show, stop)? else {
            return Ok(None);
        };
        let path = self.give_name(&unnamed)?;
        Ok(Some(NewModel { path, learned }))
    }

    /// Where a model is written before it has a name: nobody else writes there.
    fn unnamed(&self) -> PathBuf {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".learned-{}-{count}.safetensors", process_mark());
        self.config.folder.join(name)
    }

    /// Gives a model that is whole the first name that is free. It replaces none, as another server may have taken a
    /// name in the same folder meanwhile.
    fn give_name(&self, unnamed: &Path) -> Result<PathBuf, PipelineError> {
        let mut model = TempPath::try_from_path(unnamed).map_err(|e| WriteError::new(unnamed, e))?;
        let folder = model.parent().map(Path::to_path_buf);
        let mut number = 0;
        let path = loop {
            number += 1;
            let path = self.config.folder.join(format!("learned-{number}.safetensors"));
            match model.persist_noclobber(&path) {
                Ok(()) => break path,
                Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => model = taken.path,
                Err(failed) => return Err(WriteError::new(&path, failed.error).into()),
            }
        };
        // So that the name is there after a power cut; not every system can sync a folder, or needs to.
        let _ = folder.map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
        Ok(path)
    }

    fn show(&self, event: &Event) {
        let (stage, done, total) = match event {
            Event::Features { done, total } | Event::Reading { done, total } => ("reading", *done, *total),
            Event::Scoring { done, total } => ("embedding", *done, *total),
            Event::Probing { done, total } => ("fitting", *done, *total),
            // Clips that can't be read are part of the result.
            _ => return,
        };
        let mut status = lock(&self.status);
        // Several threads report; the last report need not be the latest.
        let done = if status.stage == stage {
            done.max(status.done)
        } else {
            done
        };
        (status.stage, status.done, status.total) = (stage, done, total);
    }

    fn end(&self, ended: Result<Result<Option<NewModel>, PipelineError>, String>) {
        let mut status = lock(&self.status);
        let ended = match ended {
            Ok(Ok(Some(new))) => LearningStatus {
                state: LearningState::Done,
                model: Some(new.path),
                learned: Some(new.learned),
                ..LearningStatus::default()
            },
            Ok(Ok(None)) => status.in_state(LearningState::Stopped),
            Ok(Err(error)) if error.is_interrupt() => status.in_state(LearningState::Stopped),
            Ok(Err(error)) => LearningStatus {
                error: Some(error.to_string()),
                ..status.in_state(LearningState::Failed)
            },
            Err(panic) => LearningStatus {
                error: Some(panic),
                ..status.in_state(LearningState::Failed)
            },
        };
        *status = ended;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_review::{DecideRequest, DetectedEvent, ReviewOrder, ReviewSet, Verdict};
    use earmark_train::ProbeLayer;
    use std::collections::BTreeMap;

    fn desk(folder: &Path) -> ReviewDesk {
        let event = DetectedEvent {
            file: "a.wav".into(),
            path: "a.wav".into(),
            class: 0,
            seconds: [0.0, 1.0],
            score: 0.5,
        };
        let set = ReviewSet::of_events(vec!["Dog".into()], [event]).unwrap();
        let order = (ReviewOrder::Worst, &[0.5][..], 1);
        ReviewDesk::open("tags".into(), set, order, &folder.join("log.jsonl")).unwrap()
    }

    fn accept(desk: &ReviewDesk) {
        let request = DecideRequest {
            id: "1".into(),
            review: desk.overview("anna").review,
            reviewer: "anna".into(),
            verdict: Verdict::Accept,
            item: Some(0),
            labels: Vec::new(),
            class: None,
        };
        desk.decide(&request).unwrap();
    }

    fn learning(folder: &Path) -> Arc<Learning> {
        Arc::new(Learning::new(LearningConfig {
            clips: ReviewedClips {
                model: folder.join("no-model.safetensors").to_string_lossy().into_owned(),
                device: "cpu".into(),
                classes: vec!["Dog".into()],
                items: Vec::new(),
            },
            folder: folder.to_path_buf(),
        }))
    }

    #[test]
    fn one_model_is_learned_at_a_time_and_a_stop_ends_it() {
        let dir = tempfile::tempdir().unwrap();
        let (desk, learning) = (desk(dir.path()), learning(dir.path()));
        let refused = learning.start(&desk).unwrap_err();
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.message.starts_with("nothing is decided yet"));
        accept(&desk);
        // The thread waits for the clips.
        let held = lock(&learning.embedded);
        learning.start(&desk).unwrap();
        assert_eq!(learning.status().state, LearningState::Running);
        let refused = learning.start(&desk).unwrap_err();
        assert!(refused.message.starts_with("a model is being learned already"));
        assert!(learning.sort(&desk).is_err(), "there are no scores yet");
        learning.stop();
        drop(held);
        learning.close();
        assert_eq!(learning.status().state, LearningState::Stopped);
        assert!(!dir.path().join("learned-1.safetensors").exists());
    }

    #[test]
    fn what_fails_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let (desk, learning) = (desk(dir.path()), learning(dir.path()));
        accept(&desk);
        learning.start(&desk).unwrap();
        let thread = lock(&learning.work).thread.take().unwrap();
        thread.join().unwrap();
        let status = learning.status();
        assert_eq!(status.state, LearningState::Failed);
        let error = status.error.unwrap();
        assert!(error.contains("no-model.safetensors"), "{error}");
    }

    /// A model that scores the only clip.
    fn first_model(folder: &Path) -> NewModel {
        NewModel {
            path: folder.join("learned-1.safetensors"),
            learned: LearnedAgain {
                metric: "accuracy",
                untouched: 0,
                before: None,
                after: None,
                gain: None,
                interval: None,
                confidence: 0.95,
                clips: 1,
                changed: 1,
                left_out: 0,
                classes: vec!["Dog".into()],
                layer: ProbeLayer::Last,
                strength: 1.0,
                warnings: Vec::new(),
                skipped: Vec::new(),
                scores: BTreeMap::from([(0, vec![0.7])]),
            },
        }
    }

    #[test]
    fn what_is_stopped_or_fails_takes_nothing_from_the_model_before() {
        let dir = tempfile::tempdir().unwrap();
        let (desk, learning) = (desk(dir.path()), learning(dir.path()));
        accept(&desk);
        learning.end(Ok(Ok(Some(first_model(dir.path())))));
        learning.sort(&desk).unwrap();
        let check = |state: LearningState| {
            let status = learning.status();
            assert_eq!((status.state, status.is_sorted), (state, true));
            assert!(status.model.unwrap().ends_with("learned-1.safetensors"));
            assert_eq!(status.learned.unwrap().changed, 1);
            learning.sort(&desk).unwrap();
        };
        let held = lock(&learning.embedded);
        learning.start(&desk).unwrap();
        check(LearningState::Running);
        learning.stop();
        drop(held);
        learning.close();
        check(LearningState::Stopped);
        // There is no model to learn with.
        learning.start(&desk).unwrap();
        let thread = lock(&learning.work).thread.take().unwrap();
        thread.join().unwrap();
        check(LearningState::Failed);
        // The next model is not what the items are sorted by.
        learning.end(Ok(Ok(Some(first_model(dir.path())))));
        assert!(!learning.status().is_sorted);
    }

    #[test]
    fn no_model_takes_the_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        // Two servers that write to one folder, and finish one after the other.
        let servers = [learning(dir.path()), learning(dir.path())];
        let unnamed = servers.each_ref().map(|server| server.unnamed());
        for (path, content) in unnamed.iter().zip(["first", "second"]) {
            std::fs::write(path, content).unwrap();
        }
        for (server, path) in servers.iter().zip(&unnamed) {
            server.give_name(path).unwrap();
        }
        let content = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(content("learned-1.safetensors"), "first");
        assert_eq!(content("learned-2.safetensors"), "second");
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 2, "nothing else is left behind");
    }
}
