//! The columns of the tables that `earmark tag` and `earmark events` write as CSV, and the tables that have them.

/// Columns of events, which scripts of the first versions rely on.
pub const CSV_EVENT_COLUMNS: [&str; 5] = ["Start (s)", "End (s)", "Class", "Confidence", "File"];

/// Columns of windows before those of the classes.
pub const CSV_WINDOW_COLUMNS: [&str; 3] = ["File", "Start (s)", "End (s)"];

/// A further column of windows, with what else events depend on: behind the classes in CSV, the fourth in Parquet.
pub const RECORDING_COLUMN: &str = "recording";

/// Columns of when and where, behind all others.
pub const TIME_AND_PLACE_COLUMNS: [&str; 4] = ["recorded_at", "site", "latitude", "longitude"];

/// The columns of a table without those of when and where.
pub fn without_time_and_place(columns: &[String]) -> &[String] {
    match columns.len().checked_sub(TIME_AND_PLACE_COLUMNS.len()) {
        Some(others) if columns[others..] == TIME_AND_PLACE_COLUMNS => &columns[..others],
        _ => columns,
    }
}

/// Whether a table with exactly these columns is a result of a model: detected events or scores of windows, not labels
/// that somebody gave. Columns of other programs may be theirs.
pub fn is_tag_header(columns: &[String]) -> bool {
    let columns = without_time_and_place(columns);
    let is_of_windows = columns.len() > CSV_WINDOW_COLUMNS.len() + 1
        && columns[..CSV_WINDOW_COLUMNS.len()] == CSV_WINDOW_COLUMNS
        && columns.last().is_some_and(|last| last == RECORDING_COLUMN);
    is_of_windows || *columns == CSV_EVENT_COLUMNS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_known_by_their_columns() {
        let is_result = |header: &str| {
            let columns: Vec<String> = header.split(',').map(str::to_owned).collect();
            is_tag_header(&columns)
        };
        for header in [
            "Start (s),End (s),Class,Confidence,File",
            "Start (s),End (s),Class,Confidence,File,recorded_at,site,latitude,longitude",
            "File,Start (s),End (s),dog,recording",
            "File,Start (s),End (s),cat,dog,recording,recorded_at,site,latitude,longitude",
        ] {
            assert!(is_result(header), "{header}");
        }
        for header in [
            "file,label",
            // BirdNET-Analyzer's, which `tag` writes too: nobody knows who has.
            "Start (s),End (s),Scientific name,Common name,Confidence,File",
            "file,start_seconds,end_seconds,label",
            "Start (s),End (s),Class,File",
            "Start (s),End (s),Class,Confidence,File,checked",
            "File,Start (s),End (s),recording",
            "recorded_at,site,latitude,longitude",
            "",
        ] {
            assert!(!is_result(header), "{header}");
        }
    }

    #[test]
    fn the_columns_are_passed_over_by_name() {
        let columns = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<String>>()
        };
        let table = columns(&["file", "Owl", "recorded_at", "site", "latitude", "longitude"]);
        assert_eq!(without_time_and_place(&table), ["file", "Owl"]);
        let other = columns(&["file", "a", "b", "c", "d"]);
        assert_eq!(without_time_and_place(&other), other);
        assert!(without_time_and_place(&other[..1]).len() == 1);
    }
}
