//! Audacity's label tracks: start, end and label, separated by tabs, without a header.

use earmark_core::labels::without_score;

use super::source::Source;
use crate::events::event_set::{EventSet, TableEvent};
use crate::{MetricsError, Result};

/// Start, end and label of a line.
fn cells(line: &str) -> Option<(f64, f64, &str)> {
    let mut cells = line.splitn(3, '\t');
    let mut time = || cells.next()?.trim().parse::<f64>().ok();
    let (start, end) = (time()?, time()?);
    Some((start, end, cells.next()?.trim()))
}

/// Whether the first line that is not blank is one of a label track.
pub(super) fn is_label_track(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| cells(line).is_some())
}

/// Adds the labels of one recording. Lines that begin with a backslash are frequencies of the label before.
pub(super) fn add(text: &str, source: &Source, table: &mut EventSet) -> Result<()> {
    table.list(&source.recording);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('\\') {
            continue;
        }
        let place = || format!("{}, line {number}", source.place);
        let Some((onset, offset, label)) = cells(line) else {
            let problem = format!("`{line}` is not start, end and label, separated by tabs");
            let place = place();
            return Err(MetricsError::Table { place, problem });
        };
        let class = without_score(label).0.to_owned();
        table.add(&source.recording, TableEvent { class, onset, offset }, &place)?;
    }
    Ok(())
}
