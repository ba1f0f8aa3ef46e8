//! `POST /v1/index/look`: windows by the classifiers of the index: those with the best scores, or those to label next.

use super::service::ArchiveService;
use super::windows::ShownWindow;
use super::work::{ArchiveApp, check_classes, check_count};
use crate::failure::RequestFailure;
use crate::json::json_body;
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_index::archive::{CurrentLabels, WindowClassifier, WindowSelection, select_windows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which windows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LookOrder {
    /// Those with the best scores, labelled ones with them.
    Best,
    /// Those that the classifiers are least sure of.
    Margin,
    /// Of these, those that are least similar to what is labelled and to each other.
    Diverse,
    /// Any.
    Random,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookRequest {
    classes: Vec<String>,
    /// Whether a window has at most one of them.
    #[serde(default)]
    exclusive: bool,
    order: LookOrder,
    count: usize,
    /// Of [`LookOrder::Random`].
    #[serde(default)]
    seed: u64,
}

#[derive(Serialize)]
struct LookAnswer {
    /// What numbers of rows and recordings are of.
    version: String,
    hits: Vec<ShownWindow>,
}

/// Looks again.
pub async fn look(State(archive): State<ArchiveApp>, request: Request) -> Result<Response, RequestFailure> {
    let asked: LookRequest = json_body(&archive.app, request, "request to look").await?;
    check_classes(&asked.classes)?;
    check_count(asked.count)?;
    archive.work(move |service, _| found(service, &asked)).await
}

fn found(service: &ArchiveService, asked: &LookRequest) -> Result<LookAnswer, RequestFailure> {
    let index = service.index();
    let classes = asked.classes.iter();
    let classifiers: Vec<WindowClassifier> = match asked.order {
        // Where windows are drawn, there is no need to know anything yet.
        LookOrder::Random => Vec::new(),
        _ => classes
            .map(|class| WindowClassifier::read(index, class))
            .collect::<Result<_, _>>()?,
    };
    let logits = index.logits(&classifiers)?;
    let labels = CurrentLabels::of(index)?;
    let others: &[String] = if asked.exclusive { &asked.classes } else { &[] };
    let how = match asked.order {
        LookOrder::Best => None,
        LookOrder::Margin => Some(WindowSelection::Margin),
        LookOrder::Diverse => Some(WindowSelection::Diverse),
        LookOrder::Random => Some(WindowSelection::Random { seed: asked.seed }),
    };
    let rows = match how {
        None => best(service, &logits, asked.count),
        Some(how) => {
            let of_class = asked.classes.iter().map(|class| labels.of_class(class, others));
            let labelled: BTreeSet<usize> = of_class.flat_map(|rows| rows.into_keys()).collect();
            select_windows(index, how, asked.count, (&logits, asked.exclusive), &labelled)?
        }
    };
    let shown = rows.into_iter().map(|row| {
        let scores = classifiers.iter().zip(&logits);
        let scores = scores.map(|(of, logits)| (of.class.clone(), probability(logits[row])));
        ShownWindow::new(service, &labels, row).with_scores(scores.collect())
    });
    Ok(LookAnswer {
        version: service.version().to_owned(),
        hits: shown.collect(),
    })
}

/// The rows with the best scores of one of the classes, equal ones in their order.
fn best(service: &ArchiveService, logits: &[Vec<f32>], count: usize) -> Vec<usize> {
    let index = service.index();
    let logit = |row: usize| {
        let of_row = logits.iter().map(|of_class| of_class[row]);
        of_row.fold(f32::NEG_INFINITY, f32::max)
    };
    let rows = (0..index.rows()).filter(|row| index.is_valid(*row));
    let mut keyed: Vec<(f32, usize)> = rows.map(|row| (logit(row), row)).collect();
    keyed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    keyed.into_iter().take(count).map(|(_, row)| row).collect()
}

fn probability(logit: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32
}
