//! What handlers are given, and work in the queue.

use super::service::ArchiveService;
use crate::app::App;
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::json::json_answer;
use crate::queue::Admission;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Most windows of an answer.
const MOST_WINDOWS: usize = 500;

/// Most characters of the name of a class, and of who labels.
const LONGEST_CLASS: usize = 200;
const LONGEST_NAME: usize = 64;

/// What handlers are given.
#[derive(Clone)]
pub(super) struct ArchiveApp {
    pub app: Arc<App>,
    pub service: Arc<ArchiveService>,
}

impl ArchiveApp {
    /// Does work in the queue, and answers with what it gives as JSON.
    pub async fn work<T: Serialize + Send + 'static>(
        &self,
        work: impl FnOnce(&ArchiveService, &AtomicBool) -> Result<T, RequestFailure> + Send + 'static,
    ) -> Result<Response, RequestFailure> {
        let service = Arc::clone(&self.service);
        let done = compute(&self.app, Admission::New, move |stop| work(&service, stop));
        json_answer(&done.await?)
    }
}

/// Refuses a number of windows that no page shows.
pub(super) fn check_count(count: usize) -> Result<(), RequestFailure> {
    match (1..=MOST_WINDOWS).contains(&count) {
        true => Ok(()),
        false => Err(RequestFailure::bad_request(format!(
            "count {count}: give 1 to {MOST_WINDOWS}"
        ))),
    }
}

/// Refuses a text that is empty, too long, of several lines or between blanks.
fn check_text(what: &str, text: &str, longest: usize) -> Result<(), RequestFailure> {
    let is_long = text.chars().count() > longest;
    if text.is_empty() || text.trim() != text || is_long || text.chars().any(char::is_control) {
        return Err(RequestFailure::bad_request(format!(
            "{what}: give 1 to {longest} characters on one line, without blanks around them"
        )));
    }
    Ok(())
}

/// Refuses names that no class can have, and a class that is named twice.
pub(super) fn check_classes(classes: &[String]) -> Result<(), RequestFailure> {
    if classes.is_empty() {
        return Err(RequestFailure::bad_request("classes: name at least one"));
    }
    for (place, class) in classes.iter().enumerate() {
        check_text("class", class, LONGEST_CLASS)?;
        if classes[..place].contains(class) {
            return Err(RequestFailure::bad_request(format!(
                "{class}: is named twice; name each class once"
            )));
        }
    }
    Ok(())
}

/// Refuses what can't be the name of a person, and what says nothing of where labels come from.
pub(super) fn check_provenance(who: &str, from: &str) -> Result<(), RequestFailure> {
    check_text("who", who, LONGEST_NAME)?;
    check_text("from", from, LONGEST_CLASS)
}
