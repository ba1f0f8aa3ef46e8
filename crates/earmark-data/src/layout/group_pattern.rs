//! The key `group-pattern`: groups from the names of the recordings.

use earmark_core::human::human_amount;
use regex_lite::Regex;

use super::interface::{Row, Rows};
use super::options::DataOptions;
use crate::dataset::error::DataError;

/// Gives each recording the group that the pattern finds in its name; one in which it finds none is a group of its own.
pub(super) fn apply_group_pattern(rows: &mut Rows, options: &DataOptions) -> Result<(), DataError> {
    // Groups matter to training and testing; recordings to predict may be named in any way.
    let Some(pattern) = options.group_pattern.as_ref().filter(|_| options.read_labels) else {
        return Ok(());
    };
    let refuse = |problem: String| {
        Err(DataError::Setting(format!(
            "group-pattern = {pattern:?}: {problem}"
        )))
    };
    if let Some(column) = &options.group_column {
        return refuse(format!(
            "group-column = {column:?} names the groups too; remove one of the two"
        ));
    }
    let regex = match Regex::new(pattern) {
        Ok(regex) if regex.captures_len() > 1 => regex,
        Ok(_) => {
            let remedy =
                "put parentheses around the part of the name that is the group, such as \"^(\\\\d+)-\"";
            return refuse(format!("it has no capture group; {remedy}"));
        }
        Err(error) => return refuse(format!("not a regular expression ({error}); correct it")),
    };
    for row in &mut rows.rows {
        let found = regex.captures(row.item.recording());
        let group = found.and_then(|captures| Some(captures.get(1)?.as_str().to_owned()));
        row.item.group = group.filter(|group| !group.is_empty());
    }
    let without = || rows.rows.iter().filter(|row| row.item.group.is_none());
    match (without().count(), without().next()) {
        (0, _) | (_, None) => {}
        (n, Some(first)) if n == rows.rows.len() => {
            let file = &first.item.file;
            return refuse(format!(
                "it fits no file name, first {file:?}; it is applied to names as the table has them"
            ));
        }
        (n, Some(first)) => {
            let names = human_amount(n, "file name", "file names");
            let note = format!(
                "group-pattern: {names} without a group, first {:?}",
                first.item.file
            );
            rows.notes.push(note);
        }
    }
    // The windows of a recording stay together.
    for Row { item, .. } in rows.rows.iter_mut().filter(|row| row.item.span.is_some()) {
        item.group = item.group.take().or_else(|| Some(item.recording().to_owned()));
    }
    if let Some(columns) = &mut rows.columns {
        columns.group = None; // the pattern has replaced the layout's own
    }
    Ok(())
}
