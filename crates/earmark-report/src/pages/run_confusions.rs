//! The confusions of a run: the matrix, and the most frequent mistakes in words.

use super::frame::lead;
use super::table::{TableCell, table};
use crate::ConfusionChart;
use maud::{Markup, html};

/// Confusions listed in words.
const PAIRS: usize = 15;

/// The section of a report about which classes were taken for which.
pub(super) fn confusion(confusion: &ConfusionChart) -> Markup {
    let mistake = |(truth, predicted, count, share): (&str, &str, u64, f64)| {
        vec![
            TableCell::text(truth),
            TableCell::text(predicted),
            TableCell::count(count),
            TableCell::meter(Some(share)),
        ]
    };
    let rows: Vec<_> = confusion.worst_pairs(PAIRS).into_iter().map(mistake).collect();
    html! {
        (lead("Each row is a true class; the stronger a cell, the larger its share of the row. Blue is right, red is wrong."))
        div."card matrix-box" { (confusion.draw().inline()) } "\n"
        @if !rows.is_empty() {
            p."lead after" { "Most frequent mistakes:" } "\n"
            (table(&["true class", "predicted as", "clips", "share of class"], &rows))
        }
    }
}
