//! Statistics as text.

use std::fmt::{self, Write};

use earmark_core::human::human_amount;
use earmark_core::text::one_line;

use super::report::{DataStatistics, SubsetStatistics, Unreadable};
use crate::wording::tally_text;

/// Width of the longest bar.
const BAR: usize = 40;

impl DataStatistics {
    /// The statistics as text for a terminal.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let classes = human_amount(self.classes.len(), "class", "classes");
        let (layout, clips, hours) = (self.layout, self.clips, self.hours);
        write!(out, "{layout}: {clips} clips, {hours:.2} hours, {classes}")?;
        if let Some(n) = self.labels_per_clip {
            write!(out, ", {n:.2} labels per clip")?;
        }
        out.push('\n');
        self.subsets.iter().try_for_each(|subset| subset.write(out))?;
        if !self.classes.is_empty() {
            self.write_classes(out)?;
        }
        if !self.unreadable.is_empty() {
            writeln!(out, "\nnot readable: {}", self.unreadable.len())?;
        }
        let mut unreadable = self.unreadable.iter();
        unreadable.try_for_each(|file| writeln!(out, "  {}", file.line()))?;
        if !self.damaged.is_empty() {
            writeln!(out, "\nused in part: {}", self.damaged.len())?;
        }
        let mut damaged = self.damaged.iter();
        damaged.try_for_each(|file| writeln!(out, "  {}", file.line()))
    }

    fn write_classes(&self, out: &mut String) -> fmt::Result {
        let names: Vec<_> = self.classes.iter().map(|c| one_line(&c.name)).collect();
        let widths = names.iter().map(|name| name.chars().count());
        let width = widths.max().unwrap_or_default().max("class".len());
        write!(out, "\n{:<width$}", "class")?;
        for subset in &self.subsets {
            write!(out, " {:>8}", one_line(&subset.name))?;
        }
        out.push('\n');
        let totals = self.classes.iter().map(|c| c.clips.iter().sum::<usize>());
        let most = totals.clone().max().unwrap_or_default();
        for ((class, name), total) in self.classes.iter().zip(&names).zip(totals) {
            write!(out, "{name:<width$}")?;
            class.clips.iter().try_for_each(|n| write!(out, " {n:>8}"))?;
            writeln!(out, " {}", bar(total, most))?;
        }
        Ok(())
    }
}

impl SubsetStatistics {
    fn write(&self, out: &mut String) -> fmt::Result {
        let (name, clips, hours) = (one_line(&self.name), self.clips, self.hours);
        writeln!(out, "\n{name}: {clips} clips, {hours:.2} hours")?;
        let Some(shortest) = &self.shortest else {
            return Ok(());
        };
        let longest = self.seconds.iter().copied().fold(0.0, f64::max);
        write!(
            out,
            "  lengths {:.2} to {longest:.2} s (shortest: {})",
            shortest.seconds,
            one_line(&shortest.file)
        )?;
        if self.empty > 0 {
            write!(out, ", {} without samples", self.empty)?;
        }
        let rates = tally_text(&self.sample_rates_hz, |rate| format!("{rate} Hz"));
        let channels = tally_text(&self.channels, |count| count.to_string());
        writeln!(out, "\n  sample rates {rates}; channels {channels}")?;
        let most = self.lengths.counts.iter().copied().max().unwrap_or_default();
        for (edge, &n) in self.lengths.edges.windows(2).zip(&self.lengths.counts) {
            let (from, to, bar) = (edge[0], edge[1], bar(n, most));
            writeln!(out, "  {from:>7.2} - {to:>7.2} s {n:>6} {bar}")?;
        }
        Ok(())
    }
}

impl Unreadable {
    /// The recording with what is wrong with it; most reasons name it already.
    fn line(&self) -> String {
        let (file, reason) = (one_line(&self.file), one_line(&self.reason));
        match reason.contains(&*file) {
            true => reason.into_owned(),
            false => format!("{file}: {reason}"),
        }
    }
}

/// A bar for `n` where `most` is the longest; at least one mark for anything above 0.
fn bar(n: usize, most: usize) -> String {
    "#".repeat((n * BAR).div_ceil(most.max(1)))
}
