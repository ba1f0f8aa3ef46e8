//! A check report as text.

use std::fmt::Write;

use super::{CheckReport, Place, Severity, amount};

/// How many files of a finding are named.
const NAMED: usize = 4;

pub(super) fn render(report: &CheckReport) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{}, {} readable, {:.2} hours, {}",
        amount(report.files, "recording", "recordings"),
        report.readable,
        report.hours,
        amount(report.classes.len(), "class", "classes"),
    );
    if let Some(ratio) = report.imbalance {
        let counts = || report.classes.iter().map(|c| c.training);
        let (least, most) = (
            counts().min().unwrap_or_default(),
            counts().max().unwrap_or_default(),
        );
        let _ = writeln!(
            text,
            "training clips per class: {least} to {most} (ratio {ratio:.1})"
        );
    }
    let rates: Vec<String> = report
        .sample_rates_hz
        .iter()
        .map(|(rate, n)| format!("{rate} Hz ({n})"))
        .collect();
    let channels: Vec<String> = report
        .channels
        .iter()
        .map(|&(c, n)| format!("{} ({n})", amount(c.into(), "channel", "channels")))
        .collect();
    if !rates.is_empty() {
        let _ = writeln!(
            text,
            "sample rates: {}; {}",
            rates.join(", "),
            channels.join(", ")
        );
    }
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let _ = writeln!(text, "{severity}: {}", finding.message);
        for place in finding.places.iter().take(NAMED) {
            let _ = writeln!(text, "    {}", at(place));
        }
        if finding.places.len() > NAMED {
            let _ = writeln!(text, "    and {} more", finding.places.len() - NAMED);
        }
        let _ = writeln!(text, "  remedy: {}", finding.remedy);
    }
    let (errors, warnings) = (report.errors(), report.warnings());
    let _ = match (errors, warnings) {
        (0, 0) => writeln!(text, "nothing is wrong"),
        _ => writeln!(
            text,
            "{}, {}",
            amount(errors, "error", "errors"),
            amount(warnings, "warning", "warnings")
        ),
    };
    text
}

/// "a.wav (curated, line 3)".
fn at(place: &Place) -> String {
    let line = place.line.map(|l| format!("line {l}"));
    let part = Some(place.part.clone()).filter(|p| !p.is_empty());
    let details: Vec<String> = part.into_iter().chain(line).collect();
    if details.is_empty() {
        place.file.clone()
    } else {
        format!("{} ({})", place.file, details.join(", "))
    }
}
