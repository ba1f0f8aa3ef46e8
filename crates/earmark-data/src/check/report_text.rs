//! A check report as text.

use std::fmt::{self, Write};

use super::report::{CheckReport, FindingPlace, Severity};

/// How many files of a finding are named.
const NAMED: usize = 4;

impl CheckReport {
    /// The report as lines of text for a terminal or a log.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "{}, {} readable, {:.2} hours, {}",
            amount(self.files, "recording", "recordings"),
            self.readable,
            self.hours,
            amount(self.classes.len(), "class", "classes"),
        )?;
        if let Some(ratio) = self.imbalance {
            let counts = || self.classes.iter().map(|c| c.training);
            let least = counts().min().unwrap_or_default();
            let most = counts().max().unwrap_or_default();
            writeln!(
                out,
                "training clips per class: {least} to {most} (ratio {ratio:.1})"
            )?;
        }
        let rates: Vec<String> = self
            .sample_rates_hz
            .iter()
            .map(|(rate, n)| format!("{rate} Hz ({n})"))
            .collect();
        let channels: Vec<String> = self
            .channels
            .iter()
            .map(|&(c, n)| format!("{} ({n})", amount(c.into(), "channel", "channels")))
            .collect();
        if !rates.is_empty() {
            writeln!(out, "sample rates: {}; {}", rates.join(", "), channels.join(", "))?;
        }
        for finding in &self.findings {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(out, "{severity}: {}", finding.message)?;
            for place in finding.places.iter().take(NAMED) {
                writeln!(out, "    {place}")?;
            }
            if finding.places.len() > NAMED {
                writeln!(out, "    and {} more", finding.places.len() - NAMED)?;
            }
            writeln!(out, "  remedy: {}", finding.remedy)?;
        }
        match (self.errors(), self.warnings()) {
            (0, 0) => writeln!(out, "no problems found"),
            (errors, warnings) => writeln!(
                out,
                "{}, {}",
                amount(errors, "error", "errors"),
                amount(warnings, "warning", "warnings")
            ),
        }
    }
}

/// "1 file is", "2 files are".
pub(super) fn amount(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// "a.wav (curated, line 3)".
impl fmt::Display for FindingPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match (self.subset.as_str(), self.line) {
            ("", None) => Ok(()),
            ("", Some(line)) => write!(f, " (line {line})"),
            (subset, None) => write!(f, " ({subset})"),
            (subset, Some(line)) => write!(f, " ({subset}, line {line})"),
        }
    }
}
