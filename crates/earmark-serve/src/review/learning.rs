//! Learning again from the decisions, in the background: one model at a time, and none that is half written.

use crate::failure::RequestFailure;
use axum::http::StatusCode;
use earmark_core::caught_panics::catch_panic;
use earmark_inference::{Event, PipelineError};
use earmark_review::ReviewDesk;
use earmark_train::{EmbeddedReview, LearnedAgain, ReviewedClips, ReviewedLabels};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

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
    /// The model that was written.
    model: Option<PathBuf>,
    /// What was learned, and what it gains.
    learned: Option<LearnedAgain>,
    /// Why nothing was learned.
    error: Option<String>,
    /// Whether items are sorted by the scores of this model.
    is_sorted: bool,
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
        *lock(&self.status) = LearningStatus {
            state: LearningState::Running,
            stage: "reading",
            ..LearningStatus::default()
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
                *lock(&self.status) = LearningStatus::default();
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
        let path = self.free_path();
        let learned = review.learn(labels, &path, &show, stop)?;
        Ok(learned.map(|learned| NewModel { path, learned }))
    }

    /// The first path that no model has yet.
    fn free_path(&self) -> PathBuf {
        let path = |number: usize| self.config.folder.join(format!("learned-{number}.safetensors"));
        let mut number = 1;
        while path(number).exists() {
            number += 1;
        }
        path(number)
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
        let state = |state| LearningStatus {
            state,
            ..LearningStatus::default()
        };
        let status = match ended {
            Ok(Ok(Some(new))) => LearningStatus {
                model: Some(new.path),
                learned: Some(new.learned),
                ..state(LearningState::Done)
            },
            Ok(Ok(None)) => state(LearningState::Stopped),
            Ok(Err(error)) if error.is_interrupt() => state(LearningState::Stopped),
            Ok(Err(error)) => LearningStatus {
                error: Some(error.to_string()),
                ..state(LearningState::Failed)
            },
            Err(panic) => LearningStatus {
                error: Some(panic),
                ..state(LearningState::Failed)
            },
        };
        *lock(&self.status) = status;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_review::{DecideRequest, DetectedEvent, ReviewOrder, ReviewSet, Verdict};
    use std::path::Path;

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

    #[test]
    fn no_model_takes_the_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let learning = learning(dir.path());
        assert!(learning.free_path().ends_with("learned-1.safetensors"));
        std::fs::write(dir.path().join("learned-1.safetensors"), "").unwrap();
        assert!(learning.free_path().ends_with("learned-2.safetensors"));
    }
}
