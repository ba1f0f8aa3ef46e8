//! Windows of the index as a page shows them.

use super::service::ArchiveService;
use earmark_index::archive::{CurrentLabels, IndexedWindow};
use serde::Serialize;
use std::collections::BTreeMap;

/// A window as a page shows it.
#[derive(Debug, Serialize)]
pub(super) struct ShownWindow {
    /// By which it is labelled.
    pub row: usize,
    /// Number of the recording, by which its sound is asked for.
    recording: Option<usize>,
    #[serde(flatten)]
    window: IndexedWindow,
    /// To what was searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    similarity: Option<f32>,
    /// Probabilities of classes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    scores: BTreeMap<String, f32>,
    /// Whether classes are in it.
    labels: BTreeMap<String, bool>,
}

impl ShownWindow {
    pub fn new(service: &ArchiveService, labels: &CurrentLabels, row: usize) -> Self {
        let window = service.index().window(row);
        let of_class = labels.by_class.iter();
        let of_row = of_class.filter_map(|(class, rows)| Some((class.clone(), *rows.get(&row)?)));
        Self {
            row,
            recording: service.number_of(&window.file),
            window,
            similarity: None,
            scores: BTreeMap::new(),
            labels: of_row.collect(),
        }
    }

    pub fn with_similarity(self, similarity: f32) -> Self {
        Self {
            similarity: Some(similarity),
            ..self
        }
    }

    pub fn with_scores(self, scores: BTreeMap<String, f32>) -> Self {
        Self { scores, ..self }
    }
}
