//! The page about a data set, and its charts as files.

use super::data_types::{DataPage, Finding, PartStats, Tally};
use crate::html::{Cell, Page, facts, grid, lead, table};
use crate::{
    BarChart, BarRow, Chart, Histogram, LineChart, Picture, Scale, Series, escape, human_count,
    human_duration,
};

/// Totals that stand in the header.
const HEADLINES: usize = 4;
/// Bars of a length histogram.
const BINS: usize = 30;

/// One HTML page about a data set: what a check found, how much there is of what, how long, how loud, and what it looks
/// like.
#[must_use]
pub fn render_data_page(data: &DataPage) -> String {
    let mut page = Page::new("earmark data set", &data.name);
    for fact in data.totals.iter().take(HEADLINES) {
        page.number(&fact.name, &fact.value, "");
    }
    let rest = data
        .totals
        .iter()
        .skip(HEADLINES)
        .map(|f| (f.name.as_str(), f.value.as_str()));
    page.section("summary", "Summary", facts(rest) + &parts(&data.parts));
    page.section("findings", "Findings", findings(&data.findings));
    let named = |prefix: &str| {
        let charts = data_charts(data)
            .into_iter()
            .filter(|(name, _)| name.starts_with(prefix));
        grid(&charts.map(|(_, chart)| chart).collect::<Vec<_>>())
    };
    page.section("lengths", "Lengths", named("lengths"));
    page.section("classes", "Classes", classes(data));
    page.section("spectrum", "Spectrum", named("spectrum"));
    page.section("pictures", "Pictures", pictures(&data.pictures));
    page.finish()
}

/// The charts of the page with names fit for files (`lengths-1-train`, `classes`, `spectrum`), in the order of the page.
#[must_use]
pub fn data_charts(data: &DataPage) -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    let longest = data
        .parts
        .iter()
        .flat_map(|p| &p.seconds)
        .copied()
        .filter(|s| s.is_finite())
        .fold(0.0, f64::max);
    for (i, part) in data
        .parts
        .iter()
        .enumerate()
        .filter(|(_, p)| !p.seconds.is_empty())
    {
        let chart = Histogram {
            title: format!("Lengths of {}", part.name),
            x_label: "seconds".into(),
            values: part.seconds.clone(),
            bins: BINS,
            range: Some((0.0, longest)), // the same for all parts, so that they can be compared
            colour: i,
        };
        charts.push((
            format!("lengths-{}-{}", i + 1, file_name(&part.name)),
            chart.draw(),
        ));
    }
    if !data.classes.is_empty() {
        charts.push(("classes".into(), class_chart(data)));
    }
    if !data.spectra.is_empty() {
        charts.push(("spectrum".into(), spectrum_chart(data)));
    }
    charts
}

/// Letters and digits of ASCII, everything else a dash: safe on every file system.
fn file_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}

fn class_chart(data: &DataPage) -> Chart {
    let rows = data.classes.iter().map(|c| BarRow {
        name: c.name.clone(),
        values: c.clips.iter().map(|n| *n as f64).collect(),
    });
    BarChart {
        title: "Clips of each class".into(),
        groups: data.parts.iter().map(|p| p.name.clone()).collect(),
        rows: rows.collect(),
        ..BarChart::default()
    }
    .draw()
}

fn spectrum_chart(data: &DataPage) -> Chart {
    let series = data.spectra.iter().map(|s| Series {
        name: s.name.clone(),
        points: s.hz.iter().copied().zip(s.mean.iter().copied()).collect(),
        spread: s.std.clone(),
        ..Series::default()
    });
    LineChart {
        title: "Mean log amplitude of each frequency".into(),
        x_label: "Hz".into(),
        y_label: "line: mean, band: one standard deviation".into(),
        x_scale: Scale::Log,
        series: series.collect(),
        ..LineChart::default()
    }
    .draw()
}

fn parts(parts: &[PartStats]) -> String {
    let rows: Vec<Vec<Cell>> = parts
        .iter()
        .map(|part| {
            let lengths = Histogram {
                values: part.seconds.clone(),
                ..Histogram::default()
            };
            let total: f64 = part.seconds.iter().filter(|s| s.is_finite()).sum();
            let median = lengths.median().unwrap_or(f64::NAN);
            let shortest = part.shortest.as_ref();
            let least = shortest.map_or_else(
                || "–".into(),
                |s| format!("{} ({})", human_duration(s.seconds), s.file),
            );
            let time = |s: f64| {
                if s.is_nan() {
                    "–".into()
                } else {
                    human_duration(s)
                }
            };
            vec![
                Cell::Text(part.name.clone()),
                Cell::Number(human_count(part.seconds.len() as u64), part.seconds.len() as f64),
                Cell::Number(time(total), total),
                Cell::Number(time(median), median),
                Cell::Number(least, shortest.map_or(f64::NAN, |s| s.seconds)),
                Cell::Text(tallies(&part.sample_rates)),
                Cell::Text(tallies(&part.channels)),
            ]
        })
        .collect();
    table(
        &[
            "part",
            "clips",
            "total",
            "median",
            "shortest",
            "sample rates",
            "channels",
        ],
        &rows,
    )
}

/// `44.1 kHz`, or with counts as soon as clips differ.
fn tallies(items: &[Tally]) -> String {
    match items {
        [] => "–".into(),
        [one] => one.name.clone(),
        more => more
            .iter()
            .map(|t| format!("{} × {}", human_count(t.clips), t.name))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn findings(items: &[Finding]) -> String {
    let lines: String = items
        .iter()
        .map(|f| {
            let place = if f.file.is_empty() {
                String::new()
            } else {
                format!("{}: ", f.file)
            };
            let fix = if f.remedy.is_empty() {
                String::new()
            } else {
                format!("<span class=\"fix\">{}</span>", escape(&f.remedy))
            };
            let text = escape(&format!("{place}{}", f.message));
            format!(
                "<li class=\"{}\"><b>{}</b>{text}{fix}</li>\n",
                f.level.class(),
                f.level.word()
            )
        })
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("<ul class=\"notes\">\n{lines}</ul>\n")
    }
}

fn classes(data: &DataPage) -> String {
    if data.classes.is_empty() {
        return String::new();
    }
    let headers: Vec<&str> = ["class"]
        .into_iter()
        .chain(data.parts.iter().map(|p| p.name.as_str()))
        .chain(["all"])
        .collect();
    let rows: Vec<Vec<Cell>> = data
        .classes
        .iter()
        .map(|class| {
            let count = |n: u64| Cell::Number(human_count(n), n as f64);
            let parts = (0..data.parts.len()).map(|i| count(class.clips.get(i).copied().unwrap_or(0)));
            let all = count(class.clips.iter().fold(0, |sum: u64, n| sum.saturating_add(*n)));
            [Cell::Text(class.name.clone())]
                .into_iter()
                .chain(parts)
                .chain([all])
                .collect()
        })
        .collect();
    let numbers = table(&headers, &rows);
    format!(
        "{}\n<details><summary>As a table</summary>{numbers}</details>",
        grid(&[class_chart(data)])
    )
}

fn pictures(classes: &[(String, Vec<Picture>)]) -> String {
    let rows: String = classes
        .iter()
        .map(|(class, pictures)| {
            let figures: String = pictures
                .iter()
                .map(|p| {
                    let image = picture_html(p, &format!("{class}: {}", p.caption()));
                    format!(
                        "<figure>{image}<figcaption>{}</figcaption></figure>\n",
                        escape(p.caption())
                    )
                })
                .collect();
            format!(
                "<h3>{}</h3>\n<div class=\"pictures\">\n{figures}</div>\n",
                escape(class)
            )
        })
        .collect();
    if rows.is_empty() {
        rows
    } else {
        lead("Time runs to the right, low frequencies are at the bottom.") + &rows
    }
}

/// An image element; should the encoder fail, its words stand in place of the picture.
pub(super) fn picture_html(picture: &Picture, alt: &str) -> String {
    match picture.to_data_uri() {
        Ok(uri) => format!("<img alt=\"spectrogram of {}\" src=\"{uri}\"/>", escape(alt)),
        Err(error) => format!("<p>{}</p>", escape(&error.to_string())),
    }
}
