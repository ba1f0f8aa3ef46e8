//! The page about a data set, and its charts as files.

use super::data_types::{DataPage, SubsetRow};
use super::frame::{Page, details, facts, grid, lead};
use super::notes::notes;
use super::run_clips::spectrogram;
use super::table::{TableCell, table};
use crate::{AxisScale, BarChart, BarRow, Chart, HistogramChart, LineChart, Series, SpectrogramImage};
use earmark_core::human::{human_count, human_duration};
use maud::{Markup, html};
use std::iter::once;

/// Totals shown in the header.
const HEADLINES: usize = 4;
/// Bars of a length histogram.
const BINS: usize = 30;

/// One HTML page about a data set: what a check found, its amounts, lengths and spectra, and what it looks like.
#[must_use]
pub fn render_data_page(data: &DataPage) -> String {
    let mut page = Page::new("earmark data set", &data.name);
    for fact in data.totals.iter().take(HEADLINES) {
        page.number(&fact.name, &fact.value, "");
    }
    let rest = data.totals.iter().skip(HEADLINES);
    let summary = html! { (facts(rest)) (subsets(&data.subsets)) };
    page.section("summary", "Summary", summary);
    page.section("findings", "Findings", notes(&data.findings));
    let charts = data_charts(data);
    let named = |prefix: &str| {
        let charts = charts.iter().filter(|(name, _)| name.starts_with(prefix));
        grid(&charts.map(|(_, chart)| chart.clone()).collect::<Vec<_>>())
    };
    page.section("lengths", "Lengths", named("lengths"));
    if !data.classes.is_empty() {
        let table = details("As a table", classes(data));
        page.section("classes", "Classes", html! { (named("classes")) "\n" (table) });
    }
    page.section("spectrum", "Spectrum", named("spectrum"));
    page.section("spectrograms", "Spectrograms", spectrograms(&data.spectrograms));
    page.finish()
}

/// The charts of the page with names fit for files (`lengths-1-train`, `classes`, `spectrum`), in the order of the page.
#[must_use]
pub fn data_charts(data: &DataPage) -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    let seconds = data.subsets.iter().flat_map(|s| &s.seconds).copied();
    let longest = seconds.filter(|s| s.is_finite()).fold(0.0, f64::max);
    let subsets = data.subsets.iter().enumerate();
    for (i, subset) in subsets.filter(|(_, s)| !s.seconds.is_empty()) {
        let chart = HistogramChart {
            title: format!("Lengths of {}", subset.name),
            x_label: "seconds".into(),
            values: subset.seconds.clone(),
            bins: BINS,
            range: Some((0.0, longest)), // the same for all subsets, so that they can be compared
            colour: i,
        };
        let name = format!("lengths-{}-{}", i + 1, file_name(&subset.name));
        charts.push((name, chart.draw()));
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
    let name = name.to_ascii_lowercase();
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

fn class_chart(data: &DataPage) -> Chart {
    let rows = data.classes.iter().map(|c| BarRow {
        name: c.name.clone(),
        values: c.clips.iter().map(|n| *n as f64).collect(),
    });
    BarChart {
        title: "Clips of each class".into(),
        groups: data.subsets.iter().map(|s| s.name.clone()).collect(),
        rows: rows.collect(),
    }
    .draw()
}

fn spectrum_chart(data: &DataPage) -> Chart {
    let series = data.spectra.iter().map(|s| {
        let points = s.hz.iter().copied().zip(s.mean.iter().copied());
        let mut line = Series::new(&s.name, points.collect());
        line.spread.clone_from(&s.std);
        line
    });
    LineChart {
        title: "Mean log amplitude of each frequency".into(),
        x_label: "Hz".into(),
        y_label: "line: mean, band: one standard deviation".into(),
        x_scale: AxisScale::Log,
        series: series.collect(),
        ..LineChart::default()
    }
    .draw()
}

fn subsets(subsets: &[SubsetRow]) -> Markup {
    let none = || TableCell::number("–", f64::NAN);
    let time = |seconds: f64| TableCell::number(human_duration(seconds), seconds);
    let time_of = |(file, seconds): &(String, f64)| {
        TableCell::number(format!("{} ({file})", human_duration(*seconds)), *seconds)
    };
    let row = |subset: &SubsetRow| {
        vec![
            TableCell::text(&subset.name),
            TableCell::count(subset.seconds.len() as u64),
            time(subset.seconds.iter().filter(|s| s.is_finite()).sum()),
            HistogramChart::median(&subset.seconds).map_or_else(none, time),
            subset.shortest.as_ref().map_or_else(none, time_of),
            TableCell::text(&amounts(&subset.sample_rates)),
            TableCell::text(&amounts(&subset.channels)),
        ]
    };
    let rows: Vec<_> = subsets.iter().map(row).collect();
    let headers = [
        "subset",
        "clips",
        "total",
        "median",
        "shortest",
        "sample rates",
        "channels",
    ];
    table(&headers, &rows)
}

/// `44.1 kHz`, or with counts as soon as clips differ.
fn amounts(clips: &[(String, u64)]) -> String {
    let counted = |(name, n): &(String, u64)| format!("{} × {name}", human_count(*n));
    match clips {
        [] => "–".into(),
        [(name, _)] => name.clone(),
        several => several.iter().map(counted).collect::<Vec<_>>().join(", "),
    }
}

fn classes(data: &DataPage) -> Markup {
    let subsets = data.subsets.iter().map(|s| s.name.as_str());
    let headers: Vec<&str> = once("class").chain(subsets).chain(["all"]).collect();
    let rows = data.classes.iter().map(|class| {
        let clips = |subset: usize| TableCell::count(class.clips.get(subset).copied().unwrap_or(0));
        let all = TableCell::count(class.clips.iter().fold(0, |sum: u64, n| sum.saturating_add(*n)));
        let counts = (0..data.subsets.len()).map(clips);
        let name = once(TableCell::text(&class.name));
        name.chain(counts).chain([all]).collect()
    });
    table(&headers, &rows.collect::<Vec<_>>())
}

fn spectrograms(classes: &[(String, Vec<SpectrogramImage>)]) -> Markup {
    html! {
        @if !classes.is_empty() {
            (lead("Time runs to the right, low frequencies are at the bottom."))
            @for (class, images) in classes {
                h3 { (class) }
                "\n" div.pictures {
                    "\n" @for image in images {
                        figure {
                            (spectrogram(image, &format!("{class}: {}", image.caption())))
                            figcaption { (image.caption()) }
                        } "\n"
                    }
                } "\n"
            }
        }
    }
}
