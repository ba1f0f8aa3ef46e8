//! A check report as text.

use std::fmt::{self, Write};

use earmark_core::human::human_amount;

use super::findings_and_remedies::{CheckReport, FindingPlace};
use crate::wording::tally_text;

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
        for finding in &self.findings {
            writeln!(out, "{}: {}", finding.severity, finding.message)?;
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
            (errors, warnings) => {
                let errors = human_amount(errors, "error", "errors");
                let warnings = human_amount(warnings, "warning", "warnings");
                writeln!(out, "{errors}, {warnings}")
            }
        }
    }
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
