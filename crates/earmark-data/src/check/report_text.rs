//! A check report as text.

use std::fmt::{self, Write};

use earmark_core::human::human_amount;
use earmark_core::text::one_line;

use super::findings_and_remedies::{CheckReport, Finding, FindingPlace};
use crate::wording::tally_text;

/// How many examples of a cause are shown.
const EXAMPLES: usize = 5;

/// How many files of one example among several are named.
const FILES: usize = 3;

impl CheckReport {
    /// The report as lines of text for a terminal or a log.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let files = human_amount(self.files, "recording", "recordings");
        let classes = human_amount(self.classes.len(), "class", "classes");
        let (readable, hours) = (self.readable, self.hours);
        writeln!(out, "{files}, {readable} readable, {hours:.2} hours, {classes}")?;
        if let Some(ratio) = self.imbalance {
            let counts = || self.classes.iter().map(|c| c.training);
            let least = counts().min().unwrap_or_default();
            let most = counts().max().unwrap_or_default();
            writeln!(
                out,
                "training clips per class: {least} to {most} (ratio {ratio:.1})"
            )?;
        }
        if !self.sample_rates_hz.is_empty() {
            let rates = tally_text(&self.sample_rates_hz, |rate| format!("{rate} Hz"));
            let channels = tally_text(&self.channels, |n| human_amount(n.into(), "channel", "channels"));
            writeln!(out, "sample rates: {rates}; {channels}")?;
        }
        let same = |a: &Finding, b: &Finding| a.kind == b.kind && a.cause == b.cause;
        for findings in self.findings.chunk_by(same) {
            match findings {
                [one] => one.write(out)?,
                [first, ..] => write_together(first, findings, out)?,
                [] => {}
            }
        }
        match (self.errors(), self.warnings()) {
            (0, 0) => writeln!(out, "no problems found"),
            (errors, warnings) => {
                let errors = human_amount(errors, "error", "errors");
                let warnings = human_amount(warnings, "warning", "warnings");
                writeln!(out, "{errors}, {warnings}")
            }
        }
    }
}

impl Finding {
    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}: {}", self.severity, one_line(&self.message))?;
        for place in self.places.iter().take(EXAMPLES) {
            writeln!(out, "    {place}")?;
        }
        write_more(self.places.len(), out)?;
        writeln!(out, "  remedy: {}", self.remedy)
    }

    /// The finding as one line among others of its cause.
    fn example(&self) -> String {
        let named: Vec<String> = self
            .places
            .iter()
            .take(FILES)
            .map(FindingPlace::to_string)
            .collect();
        let mut line = named.join(", ");
        if self.places.len() > FILES {
            line += &format!(" and {} more", self.places.len() - FILES);
        }
        match self.message.strip_prefix(&self.cause) {
            Some("") | None => line,
            Some(particulars) => format!("{line}{}", one_line(particulars)),
        }
    }
}

/// Findings of one cause: how many, examples, and the remedy once.
fn write_together(first: &Finding, findings: &[Finding], out: &mut String) -> fmt::Result {
    writeln!(
        out,
        "{}: {} ({} times)",
        first.severity,
        one_line(&first.cause),
        findings.len()
    )?;
    for finding in findings.iter().take(EXAMPLES) {
        writeln!(out, "    {}", finding.example())?;
    }
    write_more(findings.len(), out)?;
    writeln!(out, "  remedy: {}", first.remedy)
}

fn write_more(all: usize, out: &mut String) -> fmt::Result {
    match all.saturating_sub(EXAMPLES) {
        0 => Ok(()),
        more => writeln!(out, "    and {more} more"),
    }
}

/// "a.wav (curated, line 3)", whatever is in the names.
impl fmt::Display for FindingPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.file))?;
        match (&*one_line(&self.subset), self.line) {
            ("", None) => Ok(()),
            ("", Some(line)) => write!(f, " (line {line})"),
            (subset, None) => write!(f, " ({subset})"),
            (subset, Some(line)) => write!(f, " ({subset}, line {line})"),
        }
    }
}
