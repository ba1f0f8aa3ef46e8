//! The scores of a run: at each checkpoint, by class, compared with another run.

use super::frame::{details, grid, lead};
use super::run_types::{ClassScoreRow, ComparedClass, ComparedRun, MetricCurve};
use super::table::{TableCell, table, tall_table};
use crate::charts::bars::whole;
use crate::{Chart, LineChart, Series};
use earmark_core::human::score;
use maud::{Markup, html};
use std::iter::once;

/// A chart per metric that has several values, and a table of all values.
pub(super) fn scores(metrics: &[MetricCurve]) -> Markup {
    let several = metrics.iter().filter(|m| m.points.len() > 1);
    let charts: Vec<Chart> = several.map(metric_chart).collect();
    let mut steps: Vec<f64> = metrics.iter().flat_map(|m| &m.points).map(|p| p.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    let names = metrics.iter().map(|m| m.name.as_str());
    let headers: Vec<&str> = once("step").chain(names).collect();
    let row = |step: &f64| {
        let value = |m: &MetricCurve| {
            let point = m.points.iter().find(|p| p.0.total_cmp(step).is_eq());
            let value = point.map_or(f64::NAN, |p| p.1);
            TableCell::number(score(value), value)
        };
        let step = TableCell::number(step_text(*step), *step);
        once(step).chain(metrics.iter().map(value)).collect()
    };
    let all = table(&headers, &steps.iter().map(row).collect::<Vec<_>>());
    if charts.is_empty() {
        return all;
    }
    let summary = format!("All {} checkpoints", steps.len());
    html! { (grid(&charts)) "\n" (details(&summary, all)) }
}

fn metric_chart(metric: &MetricCurve) -> Chart {
    let mut line = Series::new(&metric.name, metric.points.clone());
    line.best = Some(metric.better);
    LineChart::over_steps(line).draw()
}

/// A step: whole numbers without decimals.
pub(super) fn step_text(step: f64) -> String {
    whole(step).unwrap_or_else(|| step.to_string())
}

/// A row per class, after the rule of its decisions; scores that no class has are left out.
pub(super) fn classes(rows: &[ClassScoreRow], decision_rule: &str) -> Markup {
    type Score = fn(&ClassScoreRow) -> Option<f64>;
    let mut scores: Vec<(&str, Score)> = vec![
        ("precision", |c| c.precision),
        ("recall", |c| c.recall),
        ("F1", |c| c.f1),
        ("AP", |c| c.ap),
        ("AUC", |c| c.auc),
        ("lwlrap", |c| c.lwlrap),
        ("threshold", |c| c.threshold),
    ];
    scores.retain(|(_, score)| rows.iter().any(|c| score(c).is_some()));
    let names = scores.iter().map(|s| s.0);
    let headers: Vec<&str> = ["class", "clips"].into_iter().chain(names).collect();
    let row = |c: &ClassScoreRow| {
        let fixed = [TableCell::text(&c.name), TableCell::count(c.count)];
        let meters = scores.iter().map(|(_, score)| TableCell::meter(score(c)));
        fixed.into_iter().chain(meters).collect()
    };
    let all = tall_table(&headers, &rows.iter().map(row).collect::<Vec<_>>());
    match rows.is_empty() || decision_rule.is_empty() {
        true => all,
        false => html! { (lead(decision_rule)) (all) },
    }
}

/// Two runs class by class, with a word for differences that are more than chance.
pub(super) fn compared(c: &ComparedRun) -> Markup {
    let row = |class: &ComparedClass| {
        let dash = || "–".to_owned();
        let range = |[low, high]: [f64; 2]| format!("{low:+.3} to {high:+.3}");
        let difference = class.difference.map_or_else(dash, |v| format!("{v:+.3}"));
        let clear = match class.interval {
            Some([low, _]) if low > 0.0 => "better",
            Some([_, high]) if high < 0.0 => "worse",
            _ => "",
        };
        vec![
            TableCell::text(&class.name),
            TableCell::count(class.count),
            TableCell::meter(class.other),
            TableCell::meter(class.own),
            TableCell::number(difference, class.difference.unwrap_or(f64::NAN)),
            TableCell::text(&class.interval.map_or_else(dash, range)),
            TableCell::text(clear),
        ]
    };
    let headers = ["class", "clips", "other", "this", "difference", "interval", ""];
    let text = format!(
        "{} of this run and of {}, by class. The interval holds {:.0} % of the differences over resampled clips; where \
         it excludes 0, the last column says so.",
        c.metric,
        c.other,
        100.0 * c.confidence
    );
    let rows: Vec<_> = once(&c.overall).chain(&c.classes).map(row).collect();
    html! { (lead(&text)) (tall_table(&headers, &rows)) }
}
