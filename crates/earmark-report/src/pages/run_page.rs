//! The report of one run.

use super::frame::{Page, details, facts, grid, lead};
use super::notes::notes;
use super::run_clips::worst_clips;
use super::run_confusions::confusion;
use super::run_curves::curve_chart;
use super::run_folds::{self, fold_table};
use super::run_scores::{classes, compared, scores, step_text};
use super::run_types::{Fact, MetricCurve, RunReport, SkippedFile, TrainingCurve};
use super::run_ways::compared_ways;
use super::table::{TableCell, table};
use crate::{Chart, ReliabilityCurve, reliability_chart};
use earmark_core::human::{human_count, score};
use maud::{Markup, html};

/// Scores shown in the header.
const HEADLINES: usize = 4;

/// One HTML page with everything that is known about a run or a cross-validation run: notes first, then scores, curves,
/// classes, mistakes, and how to run it again.
#[must_use]
pub fn render_run_report(report: &RunReport) -> String {
    let kind = match (report.folds.is_some(), report.ways.is_empty()) {
        (true, _) => "earmark cross-validation report",
        (false, true) => "earmark run report",
        (false, false) => "earmark fit report",
    };
    let mut page = Page::new(kind, &report.title);
    headlines(&mut page, report);
    page.section("summary", "Summary", summary(report));
    page.section("ways", "Ways to a model", compared_ways(&report.ways));
    if let Some(folds) = &report.folds {
        page.section("folds", "Folds", fold_table(folds));
    }
    page.section("scores", "Scores", scores(&report.metrics));
    let curves: Vec<Chart> = report.curves.iter().map(curve_chart).collect();
    page.section("training", "Training", grid(&curves));
    let classes = classes(&report.per_class, &report.decision_rule);
    page.section("classes", "Classes", classes);
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

/// The results over all folds, or the scores of the reported checkpoint and the last value of the first curve; and the
/// number of skipped files.
fn headlines(page: &mut Page, report: &RunReport) {
    if let Some(folds) = &report.folds {
        run_folds::headlines(page, folds);
    }
    for metric in report.metrics.iter().take(HEADLINES) {
        let best = || Some((metric.better.best(&metric.points)?, "best, "));
        match reported(report, metric).map(|point| (point, "")).or_else(best) {
            Some(((step, value), what)) => {
                let hint = format!("{what}step {}", step_text(step));
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

/// The value of a metric at the checkpoint that the report is about.
fn reported(report: &RunReport, metric: &MetricCurve) -> Option<(f64, f64)> {
    let step = report.reported.as_ref()?.step as f64;
    let mut points = metric.points.iter().copied();
    points.find(|(at, value)| at.total_cmp(&step).is_eq() && value.is_finite())
}

fn summary(report: &RunReport) -> Markup {
    let own = [
        Fact::new("started", &report.started),
        Fact::new("earmark", &report.version),
        Fact::new("seed", report.seed),
    ];
    html! { (notes(&report.notes)) (facts(report.summary.iter().chain(&own))) }
}

fn reliability(models: &[ReliabilityCurve]) -> Markup {
    html! {
        @if models.iter().any(|m| !m.points.is_empty()) {
            (lead("Of the detections with a score of 0.8, 80 of 100 should be true. Below the diagonal scores are too \
                   high, above it too low."))
            (grid(&[reliability_chart(models)])) "\n"
            (details("As a table", reliability_table(models)))
        }
    }
}

/// A row per bin with scores: how many there are, and whether they are as high as they should be.
fn reliability_table(models: &[ReliabilityCurve]) -> Markup {
    let mut rows = Vec::new();
    for model in models {
        for &(mean, share, count) in &model.points {
            let [mean, share] = [mean, share].map(|value| TableCell::number(score(value), value));
            rows.push(vec![
                TableCell::text(&model.name),
                TableCell::count(count),
                mean,
                share,
            ]);
        }
    }
    table(&["", "count", "mean score", "share true"], &rows)
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
