//! Progress of long jobs, reported to an [`Observer`].

use crate::Skips;
use earmark_engine::FitEvent;
use earmark_metrics::Report;

/// What a job reports while it runs; called from any thread.
#[derive(Debug)]
pub enum Event<'a> {
    /// Features are being computed or read from the cache.
    Features {
        /// Clips done.
        done: usize,
        /// Clips in all.
        total: usize,
    },
    /// Recordings are being read, before anything is computed of them.
    Reading {
        /// Recordings done.
        done: usize,
        /// Recordings in all.
        total: usize,
    },
    /// From the training loop.
    Fit(FitEvent<'a>),
    /// A network is being trained as a part of larger work, which says the rest itself.
    Training {
        /// Steps done.
        done: u64,
        /// Steps in all.
        total: u64,
    },
    /// A checkpoint is being evaluated.
    Evaluating {
        /// Its step.
        step: u64,
        /// Clips done.
        done: usize,
        /// Clips in all.
        total: usize,
        /// Lwlrap so far.
        lwlrap: Option<f64>,
    },
    /// A checkpoint was evaluated.
    Evaluated {
        /// Its step.
        step: u64,
        /// The results.
        report: &'a Report,
    },
    /// Clips are being scored.
    Scoring {
        /// Clips done.
        done: usize,
        /// Clips in all.
        total: usize,
    },
    /// Linear probes are being fitted.
    Probing {
        /// Fits done.
        done: usize,
        /// Fits in all: one per layer and set of training clips, over all strengths.
        total: usize,
    },
    /// A clip was left out.
    Skipped {
        /// Its name.
        file: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A clip is used, though a part of it is missing.
    Damaged {
        /// Its name.
        file: &'a str,
        /// What is used of it, and what is missing.
        what: &'a str,
    },
    /// A data folder was read: what it is taken for, and notes about that, as
    /// [`DataSet::lines`](earmark_data::DataSet::lines) gives them. A job may say it several times.
    Data(&'a [String]),
    /// A line for the user.
    Note(String),
}

/// Receives [`Event`]s.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);

/// Reports a clip that can't be used, and adds it to `skipped`.
pub(crate) fn skip(observer: Observer, skipped: &mut Skips, file: &str, reason: String) {
    observer(Event::Skipped {
        file,
        reason: &reason,
    });
    skipped.push((file.to_owned(), reason));
}
