//! `POST /v1/index/label`: says of windows whether a class is in them, answered when that is on the disk.

use super::overview::{ArchiveOverview, ShownTornLabel};
use super::windows::ShownWindow;
use super::work::{ArchiveApp, check_classes, check_provenance};
use crate::failure::RequestFailure;
use crate::json::json_body;
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_index::archive::{CurrentLabels, LabelAnswer, WindowLabel, append_labels};
use earmark_runs::run_dir::now;
use serde::{Deserialize, Serialize};

/// What labels come from, where the page does not say it.
const FROM_PAGE: &str = "earmark review serve";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelRequest {
    rows: Vec<usize>,
    /// What the numbers of rows are of, as they were listed.
    version: String,
    class: String,
    answer: LabelAnswer,
    who: String,
    /// What it comes from: a search, a proposal.
    from: Option<String>,
}

#[derive(Serialize)]
struct LabelledAnswer {
    windows: Vec<ShownWindow>,
    /// The last line of the labels, where it was cut off and is now removed.
    torn_label: Option<ShownTornLabel>,
    overview: ArchiveOverview,
}

/// Labels.
pub async fn label(State(archive): State<ArchiveApp>, request: Request) -> Result<Response, RequestFailure> {
    let asked: LabelRequest = json_body(&archive.app, request, "label").await?;
    check_classes(std::slice::from_ref(&asked.class))?;
    let from = asked.from.as_deref().unwrap_or(FROM_PAGE);
    check_provenance(&asked.who, from)?;
    archive.service.check_version(&asked.version)?;
    let index = archive.service.index();
    let is_wrong = |row: &usize| *row >= index.rows() || !index.is_valid(*row);
    if let Some(row) = asked.rows.iter().find(|&row| is_wrong(row)) {
        return Err(RequestFailure::bad_request(format!(
            "row {row}: is not a window of the index; search again"
        )));
    }
    let when = now();
    let label = |row: &usize| {
        let window = index.window(*row);
        WindowLabel {
            content: index.placed(*row).recording.version.content.clone(),
            file: window.file,
            start_seconds: window.start_seconds,
            end_seconds: window.end_seconds,
            class: asked.class.clone(),
            answer: asked.answer,
            who: asked.who.clone(),
            when: when.clone(),
            from: from.to_owned(),
        }
    };
    let labels: Vec<WindowLabel> = asked.rows.iter().map(label).collect();
    let rows = asked.rows;
    archive
        .work(move |service, _| {
            let torn = {
                let _held = service.change();
                append_labels(service.index(), &labels)?
            };
            let current = CurrentLabels::of(service.index())?;
            let windows = rows.iter().map(|row| ShownWindow::new(service, &current, *row));
            Ok(LabelledAnswer {
                windows: windows.collect(),
                torn_label: torn.map(ShownTornLabel::from),
                overview: ArchiveOverview::of(service)?,
            })
        })
        .await
}
