//! The ways to a model that a fit compared, and those that it left out.

use super::frame::lead;
use super::run_types::ComparedWay;
use super::table::{TableCell, table};
use maud::{Markup, html};

/// A row per way, the first one first.
pub(super) fn compared_ways(ways: &[ComparedWay]) -> Markup {
    let row = |way: &ComparedWay| {
        let clips = match way.clips {
            0 => TableCell::number("–", f64::NAN),
            clips => TableCell::count(clips),
        };
        vec![
            TableCell::text(&way.name),
            TableCell::text(&way.description),
            TableCell::meter(way.accuracy),
            TableCell::meter(way.lwlrap),
            TableCell::text(&way.difference),
            clips,
            TableCell::text(&way.time),
            TableCell::text(&way.outcome),
        ]
    };
    let headers = [
        "way",
        "what it is",
        "accuracy",
        "lwlrap",
        "than the first",
        "clips",
        "time",
        "outcome",
    ];
    let rows: Vec<_> = ways.iter().map(row).collect();
    html! {
        @if !rows.is_empty() {
            (lead("Each clip is scored by a model that was not trained on it. A later way replaces the first one only \
                   where it is better on the same clips; with fewer than 100 clips, by more than the error behind the \
                   ±."))
            (table(&headers, &rows))
        }
    }
}
