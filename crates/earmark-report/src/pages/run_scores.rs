//! The scores of a run: at each checkpoint, by class, compared with another run.

use super::frame::{details, grid, lead};
use super::run_types::{ClassScoreRow, ComparedClass, ComparedRun, MetricCurve};
use super::table::{TableCell, table, tall_table};
use crate::{Chart, LineChart, Series};
use earmark_core::human::{human_count, score};
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
            TableCell::Number(score(value), value)
        };
        let step = TableCell::Number(step_text(*step), *step);
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
    let line = Series {
        name: metric.name.clone(),
        points: metric.points.clone(),
        best: Some(metric.better),
        ..Series::default()
    };
    LineChart::over_steps(line).draw()
}

/// A step: whole numbers without decimals.
pub(super) fn step_text(step: f64) -> String {
    if step >= 0.0 && step.fract() == 0.0 && step < 1e15 {
        human_count(step as u64)
    } else {
        step.to_string()
    }
}

/// A row per class; scores that no class has are left out.
pub(super) fn classes(rows: &[ClassScoreRow]) -> Markup {
    type Score = fn(&ClassScoreRow) -> Option<f64>;
    let mut scores: Vec<(&str, Score)> = vec![("lwlrap", |c| c.lwlrap), ("AP", |c| c.ap), ("AUC", |c| c.auc)];
    scores.retain(|(_, score)| rows.iter().any(|c| score(c).is_some()));
    let headers: Vec<&str> = ["class", "clips"]
        .into_iter()
        .chain(scores.iter().map(|s| s.0))
        .collect();
    let row = |c: &ClassScoreRow| {
        let fixed = [TableCell::text(&c.name), TableCell::count(c.count)];
        fixed
            .into_iter()
            .chain(scores.iter().map(|(_, score)| TableCell::meter(score(c))))
            .collect()
    };
    tall_table(&headers, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Two runs class by class, with a word for differences that are more than chance.
pub(super) fn compared(c: &ComparedRun) -> Markup {
    let row = |class: &ComparedClass| {
        let difference = class.difference.map_or("–".into(), |v| format!("{v:+.3}"));
        let (interval, clear) = match class.interval {
            None => ("–".to_owned(), ""),
            Some([low, high]) => {
                let clear = match () {
                    () if low > 0.0 => "better",
                    () if high < 0.0 => "worse",
                    () => "",
                };
                (format!("{low:+.3} to {high:+.3}"), clear)
            }
        };
        vec![
            TableCell::text(&class.name),
            TableCell::count(class.count),
            TableCell::meter(class.other),
            TableCell::meter(class.own),
            TableCell::Number(difference, class.difference.unwrap_or(f64::NAN)),
            TableCell::Text(interval),
            TableCell::text(clear),
        ]
    };
    let headers = ["class", "clips", "other", "this", "difference", "interval", ""];
    let text = format!(
        "{} of this run and of {}, by class. The interval holds {:.0} % of the differences over resampled clips; where it \
         excludes 0, the last column says so.",
        c.metric,
        c.other,
        100.0 * c.confidence
    );
    let rows: Vec<_> = once(&c.overall).chain(&c.classes).map(row).collect();
    html! { (lead(&text)) (tall_table(&headers, &rows)) }
}
