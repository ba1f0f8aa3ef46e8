//! What the index holds: its recordings, and its classes.

use super::service::ArchiveService;
use super::work::{ArchiveApp, check_count};
use crate::failure::RequestFailure;
use crate::json::json_answer;
use crate::query::Query;
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_index::archive::{CurrentLabels, PlacedRecording, TornLabel, WindowClassifier};
use serde::Serialize;
use std::collections::BTreeMap;

/// Recordings of an answer, where the query does not say it.
const USUAL_COUNT: usize = 50;

/// A class of the index.
#[derive(Debug, Default, Serialize)]
struct ArchiveClass {
    class: String,
    /// Windows that are labelled with it, and without it.
    yes: usize,
    no: usize,
    /// When its classifier was trained.
    trained: Option<String>,
}

/// A last line of the labels that is cut off, without the path of the file.
#[derive(Debug, Serialize)]
pub(super) struct ShownTornLabel {
    line: usize,
    bytes: usize,
}

impl From<TornLabel> for ShownTornLabel {
    fn from(torn: TornLabel) -> Self {
        Self {
            line: torn.line,
            bytes: torn.bytes,
        }
    }
}

/// What a page begins with.
#[derive(Debug, Serialize)]
pub(super) struct ArchiveOverview {
    index: String,
    /// What numbers of rows and recordings are of.
    version: String,
    model: String,
    recordings: usize,
    windows: usize,
    window_seconds: f64,
    hop_seconds: f64,
    /// Labels of recordings that have changed or are not in the index.
    stale_labels: usize,
    /// The last line of the labels, where it is cut off; it does not count, and the next label removes it.
    torn_label: Option<ShownTornLabel>,
    classes: Vec<ArchiveClass>,
}

impl ArchiveOverview {
    pub fn of(service: &ArchiveService) -> Result<Self, RequestFailure> {
        let (index, manifest) = (service.index(), service.index().manifest());
        let labels = CurrentLabels::of(index)?;
        let mut classes: BTreeMap<String, ArchiveClass> = BTreeMap::new();
        for (class, rows) in labels.by_class {
            let of_class = classes.entry(class).or_default();
            of_class.yes = rows.values().filter(|yes| **yes).count();
            of_class.no = rows.len() - of_class.yes;
        }
        for classifier in WindowClassifier::all(index)? {
            classes.entry(classifier.class).or_default().trained = Some(classifier.when);
        }
        let name = index.folder().file_name();
        let rate = f64::from(manifest.windows.sample_rate_hz);
        Ok(Self {
            index: name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            version: service.version().to_owned(),
            model: manifest.model.name.clone(),
            recordings: service.recordings().len(),
            windows: index.valid_rows(),
            window_seconds: manifest.windows.window_samples as f64 / rate,
            hop_seconds: manifest.windows.hop_seconds(),
            stale_labels: labels.stale,
            torn_label: labels.torn.map(ShownTornLabel::from),
            classes: classes
                .into_iter()
                .map(|(class, of)| ArchiveClass { class, ..of })
                .collect(),
        })
    }
}

/// `GET /v1/index/overview`
pub async fn overview(State(archive): State<ArchiveApp>) -> Result<Response, RequestFailure> {
    archive.work(|service, _| ArchiveOverview::of(service)).await
}

/// A recording as a page lists it.
#[derive(Serialize)]
struct ListedRecording<'a> {
    recording: usize,
    file: &'a str,
    seconds: f64,
}

#[derive(Serialize)]
struct RecordingList<'a> {
    /// What the numbers of recordings are of.
    version: &'a str,
    /// How many there are of this name.
    total: usize,
    recordings: Vec<ListedRecording<'a>>,
}

/// `GET /v1/index/recordings`: those whose name contains a text, in any letter case.
pub async fn recordings(
    State(archive): State<ArchiveApp>,
    request: Request,
) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["containing", "from", "count"])?;
    let wanted = query.one("containing")?.unwrap_or_default().to_lowercase();
    let from = query.number("from")?.unwrap_or(0);
    let count = query.number("count")?.unwrap_or(USUAL_COUNT);
    check_count(count)?;
    let all = archive.service.recordings().iter().enumerate();
    let is_wanted = |placed: &PlacedRecording| placed.recording.file.to_lowercase().contains(&wanted);
    let found: Vec<(usize, &PlacedRecording)> = all.filter(|(_, placed)| is_wanted(placed)).collect();
    let shown = found.iter().skip(from).take(count);
    let shown = shown.map(|(recording, placed)| ListedRecording {
        recording: *recording,
        file: &placed.recording.file,
        seconds: placed.recording.seconds,
    });
    json_answer(&RecordingList {
        version: archive.service.version(),
        total: found.len(),
        recordings: shown.collect(),
    })
}
