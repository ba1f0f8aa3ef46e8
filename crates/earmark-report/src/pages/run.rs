//! The report of one run.

use super::run_types::{Compared, ComparedClass, Curve, Metric, Note, RunReport, WorstClip};
use crate::html::{Cell, Page, facts, grid, lead, table};
use crate::{Chart, LineChart, Series, confusion_chart, escape, human_count, reliability_chart, score};

/// Scores that stand in the header.
const HEADLINES: usize = 4;
/// Confusions listed in words.
const PAIRS: usize = 15;
/// Curves longer than this get a moving mean.
const ROUGH: usize = 300;

/// One HTML page with everything that is known about a run: remarks first, then scores, curves, classes, mistakes, and how
/// to run it again.
#[must_use]
pub fn render_run_report(report: &RunReport) -> String {
    let mut page = Page::new("earmark run report", &report.title);
    for metric in report.metrics.iter().take(HEADLINES) {
        match metric.better.best(&metric.points) {
            Some((step, value)) => page.number(
                &metric.name,
                &score(value),
                &format!("best, step {}", number(step)),
            ),
            None => page.number(&metric.name, "–", "no value"),
        }
    }
    if let Some((curve, last)) = report
        .curves
        .iter()
        .find_map(|c| Some((c, c.points.iter().rfind(|p| p.1.is_finite())?)))
    {
        page.number(
            &curve.name,
            &score(last.1),
            &format!("last, step {}", number(last.0)),
        );
    }
    if !report.skipped.is_empty() {
        page.number("skipped files", &human_count(report.skipped.len() as u64), "");
    }

    page.section("summary", "Summary", summary(report));
    page.section("scores", "Scores", scores(&report.metrics));
    page.section(
        "training",
        "Training",
        grid(&report.curves.iter().map(curve_chart).collect::<Vec<_>>()),
    );
    page.section("classes", "Classes", classes(report));
    page.section(
        "compared",
        "Beside another run",
        report.compared.as_ref().map(compared).unwrap_or_default(),
    );
    page.section(
        "confusion",
        "Confusion",
        report.confusion.as_ref().map(confusion).unwrap_or_default(),
    );
    page.section("reliability", "Reliability", reliability(report));
    page.section("mistakes", "Worst clips", mistakes(&report.worst_clips));
    page.section("skipped", "Skipped files", skipped(report));
    page.section("again", "Run it again", again(report));
    page.finish()
}

/// Remarks as a list, the word for their weight in front.
pub(super) fn notes<'a>(items: impl IntoIterator<Item = &'a Note>) -> String {
    let lines: String = items
        .into_iter()
        .map(|n| {
            format!(
                "<li class=\"{}\"><b>{}</b>{}</li>\n",
                n.level.class(),
                n.level.word(),
                escape(&n.text)
            )
        })
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("<ul class=\"notes\">\n{lines}</ul>\n")
    }
}

/// A step: whole numbers without decimals.
fn number(step: f64) -> String {
    if step >= 0.0 && step.fract() == 0.0 && step < 1e15 {
        human_count(step as u64)
    } else {
        step.to_string()
    }
}

fn summary(report: &RunReport) -> String {
    let seed = report.seed.to_string();
    let own = [
        ("started", report.started.as_str()),
        ("earmark", &report.version),
        ("seed", &seed),
    ];
    let given = report.summary.iter().map(|f| (f.name.as_str(), f.value.as_str()));
    notes(&report.notes) + &facts(given.chain(own))
}

fn scores(metrics: &[Metric]) -> String {
    let charts: Vec<Chart> = metrics
        .iter()
        .filter(|m| m.points.len() > 1)
        .map(|m| LineChart {
            title: m.name.clone(),
            x_label: "step".into(),
            series: vec![Series {
                name: m.name.clone(),
                points: m.points.clone(),
                best: Some(m.better),
                ..Series::default()
            }],
            ..LineChart::default()
        })
        .map(|c| c.draw())
        .collect();
    let mut steps: Vec<f64> = metrics
        .iter()
        .flat_map(|m| m.points.iter().map(|p| p.0))
        .collect();
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    let headers: Vec<&str> = ["step"]
        .into_iter()
        .chain(metrics.iter().map(|m| m.name.as_str()))
        .collect();
    let rows: Vec<Vec<Cell>> = steps
        .iter()
        .map(|step| {
            let value = |m: &Metric| {
                m.points
                    .iter()
                    .find(|p| p.0.total_cmp(step).is_eq())
                    .map_or(f64::NAN, |p| p.1)
            };
            let cells = metrics.iter().map(|m| Cell::Number(score(value(m)), value(m)));
            [Cell::Number(number(*step), *step)]
                .into_iter()
                .chain(cells)
                .collect()
        })
        .collect();
    let all = table(&headers, &rows);
    match (charts.is_empty(), all.is_empty()) {
        (true, _) => all,
        (false, _) => {
            format!(
                "{}\n<details><summary>All {} checkpoints</summary>{all}</details>",
                grid(&charts),
                steps.len()
            )
        }
    }
}

fn curve_chart(curve: &Curve) -> Chart {
    let rough = curve.points.len() > ROUGH && changes_often(&curve.points);
    let smooth_points = if rough {
        (curve.points.len() / 60).max(2)
    } else {
        0
    };
    let y_label = if rough {
        format!("thin: each value, bold: moving mean of {smooth_points}")
    } else {
        String::new()
    };
    LineChart {
        title: curve.name.clone(),
        x_label: "step".into(),
        y_label,
        y_scale: curve.scale,
        series: vec![Series {
            name: curve.name.clone(),
            points: curve.points.clone(),
            smooth_points,
            ..Series::default()
        }],
        ..LineChart::default()
    }
    .draw()
}

/// Whether a curve jitters (a loss) and does not follow a plan (a learning rate): more than a tenth of its points are turns.
fn changes_often(points: &[(f64, f64)]) -> bool {
    let turns = points
        .windows(3)
        .filter(|w| (w[1].1 - w[0].1) * (w[2].1 - w[1].1) < 0.0)
        .count();
    turns * 10 > points.len()
}

fn classes(report: &RunReport) -> String {
    let meter = |value: Option<f64>| Cell::Meter(value.unwrap_or(f64::NAN));
    let has = |get: fn(&super::run_types::ClassRow) -> Option<f64>| {
        report.per_class.iter().any(|c| get(c).is_some())
    };
    let shown = [
        ("lwlrap", has(|c| c.lwlrap)),
        ("AP", has(|c| c.ap)),
        ("AUC", has(|c| c.auc)),
    ];
    let headers: Vec<&str> = ["class", "clips"]
        .into_iter()
        .chain(shown.iter().filter(|s| s.1).map(|s| s.0))
        .collect();
    let rows: Vec<Vec<Cell>> = report
        .per_class
        .iter()
        .map(|c| {
            let fixed = [
                Cell::Text(c.name.clone()),
                Cell::Number(human_count(c.count), c.count as f64),
            ];
            let scores = [meter(c.lwlrap), meter(c.ap), meter(c.auc)];
            fixed
                .into_iter()
                .chain(
                    scores
                        .into_iter()
                        .zip(shown)
                        .filter(|(_, s)| s.1)
                        .map(|(cell, _)| cell),
                )
                .collect()
        })
        .collect();
    table(&headers, &rows).replacen("\"scroll\"", "\"scroll tall\"", 1)
}

/// Two runs class by class, the differences that are more than chance in words.
fn compared(c: &Compared) -> String {
    let signed = |v: Option<f64>| match v {
        Some(v) => Cell::Number(format!("{v:+.3}"), v),
        None => Cell::Number("–".into(), f64::NAN),
    };
    let row = |class: &ComparedClass| {
        let interval = class
            .interval
            .map_or("–".to_owned(), |[low, high]| format!("{low:+.3} to {high:+.3}"));
        let clear = match class.interval {
            Some([low, _]) if low > 0.0 => "better",
            Some([_, high]) if high < 0.0 => "worse",
            _ => "",
        };
        vec![
            Cell::Text(class.name.clone()),
            Cell::Number(human_count(class.count), class.count as f64),
            Cell::Meter(class.other.unwrap_or(f64::NAN)),
            Cell::Meter(class.own.unwrap_or(f64::NAN)),
            signed(class.difference),
            Cell::Text(interval),
            Cell::Text(clear.into()),
        ]
    };
    let headers = ["class", "clips", "other", "this", "difference", "interval", ""];
    let text = format!(
        "{} of this run and of {}, by class. The interval holds the difference over clips drawn again and again in {:.0} % of the draws; where it leaves out 0, the last column says so.",
        c.metric,
        c.other,
        100.0 * c.confidence
    );
    let rows: Vec<Vec<Cell>> = std::iter::once(&c.overall).chain(&c.classes).map(row).collect();
    lead(&text) + &table(&headers, &rows).replacen("\"scroll\"", "\"scroll tall\"", 1)
}

fn confusion(confusion: &crate::Confusion) -> String {
    let rows: Vec<Vec<Cell>> = confusion
        .worst_pairs(PAIRS)
        .into_iter()
        .map(|(truth, taken, count, share)| {
            vec![
                Cell::Text(truth.to_owned()),
                Cell::Text(taken.to_owned()),
                Cell::Number(human_count(count), count as f64),
                Cell::Meter(share),
            ]
        })
        .collect();
    let mut html = lead(
        "Each row is a true class; the stronger a cell, the larger its share of the row. Blue is right, red is wrong.",
    );
    html += &format!(
        "<div class=\"card matrix-box\">{}</div>\n",
        confusion_chart(confusion).inline()
    );
    if !rows.is_empty() {
        html += "<p class=\"lead after\">Most frequent mistakes:</p>\n";
        html += &table(&["true", "taken for", "clips", "share of class"], &rows);
    }
    html
}

fn reliability(report: &RunReport) -> String {
    if report.reliability.iter().all(|r| r.points.is_empty()) {
        return String::new();
    }
    lead(
        "Of what is said with a score of 0.8, 80 of 100 should be true. Below the diagonal scores promise too much, above it too little.",
    ) + &grid(&[reliability_chart(&report.reliability)])
}

fn mistakes(clips: &[WorstClip]) -> String {
    if clips.is_empty() {
        return String::new();
    }
    let cards: String = clips.iter().map(clip_card).collect();
    lead("Worst first. A prediction in green is one of the true classes.")
        + &format!("<div class=\"clips\">\n{cards}</div>")
}

fn clip_card(clip: &WorstClip) -> String {
    let chips: String = clip
        .truth
        .iter()
        .map(|t| format!("<span class=\"chip\">{}</span>", escape(t)))
        .collect();
    let predictions: String = clip
        .predictions
        .iter()
        .map(|p| {
            let hit = if clip.truth.contains(&p.class) {
                " class=\"hit-class\""
            } else {
                ""
            };
            let percent = if p.score.is_finite() {
                (p.score.clamp(0.0, 1.0) * 100.0).round()
            } else {
                0.0
            };
            let value = if p.score.is_finite() {
                format!("{:.3}", p.score)
            } else {
                "–".into()
            };
            format!(
                "<li{hit} style=\"--v:{percent}%\"><span>{}</span><span>{value}</span></li>",
                escape(&p.class)
            )
        })
        .collect();
    let mut html = format!("<article class=\"card\"><h3>{}</h3>", escape(&clip.file));
    if let Some(picture) = &clip.picture {
        html += &super::data::picture_html(picture, &clip.file);
        html += &format!("<span class=\"caption\">{}</span>", escape(picture.caption()));
    }
    html += &format!("<p class=\"chips\"><span>truth:</span>{chips}</p>");
    if !predictions.is_empty() {
        html += &format!("<ol class=\"preds\">{predictions}</ol>");
    }
    if !clip.note.is_empty() {
        html += &format!("<span class=\"caption\">{}</span>", escape(&clip.note));
    }
    html + "</article>\n"
}

fn skipped(report: &RunReport) -> String {
    let rows: Vec<Vec<Cell>> = report
        .skipped
        .iter()
        .map(|s| vec![Cell::Text(s.file.clone()), Cell::Text(s.reason.clone())])
        .collect();
    table(&["file", "reason"], &rows)
}

fn again(report: &RunReport) -> String {
    let mut html = String::new();
    if !report.command.is_empty() {
        html += &format!("<pre class=\"command\">{}</pre>\n", escape(&report.command));
    }
    if !report.recipe_toml.is_empty() {
        html += &format!(
            "<details><summary>Recipe</summary><pre>{}</pre></details>",
            escape(&report.recipe_toml)
        );
    }
    html
}
