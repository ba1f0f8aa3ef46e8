//! The report of one run.

use super::frame::{Page, details, facts, grid, lead};
use super::notes::notes;
use super::run_clips::worst_clips;
use super::run_curves::curve_chart;
use super::run_scores::{classes, compared, scores, step_text};
use super::run_types::{Fact, RunReport, SkippedFile, TrainingCurve};
use super::table::{TableCell, table};
use crate::{Chart, ConfusionChart, ReliabilityCurve, reliability_chart};
use earmark_core::human::{human_count, score};
use maud::{Markup, html};

/// Scores shown in the header.
const HEADLINES: usize = 4;
/// Confusions listed in words.
const PAIRS: usize = 15;

/// One HTML page with everything that is known about a run: notes first, then scores, curves, classes, mistakes, and how
/// to run it again.
#[must_use]
pub fn render_run_report(report: &RunReport) -> String {
    let mut page = Page::new("earmark run report", &report.title);
    headlines(&mut page, report);
    page.section("summary", "Summary", summary(report));
    page.section("scores", "Scores", scores(&report.metrics));
    let curves: Vec<Chart> = report.curves.iter().map(curve_chart).collect();
    page.section("training", "Training", grid(&curves));
    page.section("classes", "Classes", classes(&report.per_class));
    if let Some(other) = &report.compared {
        page.section("compared", "Compared with another run", compared(other));
    }
    if let Some(matrix) = &report.confusion {
        page.section("confusion", "Confusion", confusion(matrix));
    }
    page.section("reliability", "Reliability", reliability(&report.reliability));
    page.section("mistakes", "Worst clips", worst_clips(&report.worst_clips));
    page.section("skipped", "Skipped files", skipped(&report.skipped));
    page.section("again", "Run it again", again(report));
    page.finish()
}

/// The best scores, the last value of the first curve, and the number of skipped files.
fn headlines(page: &mut Page, report: &RunReport) {
    for metric in report.metrics.iter().take(HEADLINES) {
        match metric.better.best(&metric.points) {
            Some((step, value)) => {
                let hint = format!("best, step {}", step_text(step));
                page.number(&metric.name, &score(value), &hint);
            }
            None => page.number(&metric.name, "–", "no value"),
        }
    }
    let last = |curve: &TrainingCurve| curve.points.iter().rfind(|p| p.1.is_finite()).copied();
    if let Some((curve, (step, value))) = report.curves.iter().find_map(|c| Some((c, last(c)?))) {
        let hint = format!("last, step {}", step_text(step));
        page.number(&curve.name, &score(value), &hint);
    }
    if !report.skipped.is_empty() {
        page.number("skipped files", &human_count(report.skipped.len() as u64), "");
    }
}

fn summary(report: &RunReport) -> Markup {
    let own = [
        Fact::new("started", &report.started),
        Fact::new("earmark", &report.version),
        Fact::new("seed", report.seed),
    ];
    html! { (notes(&report.notes)) (facts(report.summary.iter().chain(&own))) }
}

fn confusion(confusion: &ConfusionChart) -> Markup {
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

fn reliability(models: &[ReliabilityCurve]) -> Markup {
    html! {
        @if models.iter().any(|m| !m.points.is_empty()) {
            (lead("Of the detections with a score of 0.8, 80 of 100 should be true. Below the diagonal scores are too high, above it too low."))
            (grid(&[reliability_chart(models)]))
        }
    }
}

fn skipped(files: &[SkippedFile]) -> Markup {
    let row = |s: &SkippedFile| vec![TableCell::text(&s.file), TableCell::text(&s.reason)];
    table(&["file", "reason"], &files.iter().map(row).collect::<Vec<_>>())
}

fn again(report: &RunReport) -> Markup {
    html! {
        @if !report.command.is_empty() { pre.command { (report.command) } "\n" }
        @if !report.recipe_toml.is_empty() { (details("Recipe", html! { pre { (report.recipe_toml) } })) }
    }
}
