//! `POST /v1/index/learn`: trains classifiers on the labelled windows and keeps them in the index.

use super::overview::ArchiveOverview;
use super::work::{ArchiveApp, check_classes};
use crate::failure::RequestFailure;
use crate::json::json_body;
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_index::archive::WindowSelection;
use earmark_train::{LearnJob, learn_classes};
use serde::{Deserialize, Serialize};

/// Strength of regularisation, as that of `earmark index learn`.
const STRENGTH: f64 = 1.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LearnRequest {
    classes: Vec<String>,
    /// Whether a window has at most one of them.
    #[serde(default)]
    exclusive: bool,
}

#[derive(Serialize)]
struct TrainedClass {
    class: String,
    yes: usize,
    no: usize,
}

#[derive(Serialize)]
struct LearnedAnswer {
    trained: Vec<TrainedClass>,
    overview: ArchiveOverview,
}

/// Trains.
pub async fn learn(State(archive): State<ArchiveApp>, request: Request) -> Result<Response, RequestFailure> {
    let asked: LearnRequest = json_body(&archive.app, request, "request to learn").await?;
    check_classes(&asked.classes)?;
    let job = LearnJob {
        classes: asked.classes,
        exclusive: asked.exclusive,
        strength: STRENGTH,
        select: WindowSelection::Margin,
        // What to label next is asked for by itself.
        count: 1,
    };
    archive
        .work(move |service, _| {
            let _held = service.change();
            let learned = learn_classes(service.index(), &job)?;
            for classifier in &learned.classifiers {
                classifier.save(service.index())?;
            }
            let trained = learned.classifiers.into_iter().map(|of| TrainedClass {
                class: of.class,
                yes: of.yes,
                no: of.no,
            });
            Ok(LearnedAnswer {
                trained: trained.collect(),
                overview: ArchiveOverview::of(service)?,
            })
        })
        .await
}
