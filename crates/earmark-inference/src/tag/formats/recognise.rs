//! How a file shows that it is a result of tagging: it begins as one of the formats does.

use super::CSV_WINDOW_COLUMNS;
use super::csv_birdnet_audacity_raven::{BIRDNET, RAVEN};
use super::table::{NO_SAMPLES, NOT_TAGGED};
use earmark_core::event_tables::is_tag_header;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes at the beginning of a file that are looked at.
pub const START: u64 = 64 * 1024;

/// Labels of a track that are looked at.
const LABELS: usize = 20;

/// Keys of JSON behind that of the file: of a recording, of a window, and of a recording that could not be read.
const KEYS: [&str; 3] = ["\"seconds\"", "\"start_seconds\"", "\"error\""];

/// The beginning of a file, which shows what it is.
///
/// # Errors
///
/// When it can't be read.
pub fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(START).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether a file that begins like this is a result, in any of the formats; an empty file may be the label track of a
/// recording without events. Labels that somebody made look different, except where another program writes the same
/// columns.
pub fn is_result(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}');
    let is_cut = start.len() as u64 == START;
    text.trim().is_empty()
        || start.starts_with(b"PAR1")
        || is_csv(text, is_cut)
        || text.lines().next() == Some(RAVEN)
        || is_json(text)
        || is_label_track(text, is_cut)
        || is_table(text)
}

/// Whether it is a table of events or windows, by its columns.
fn is_csv(text: &str, is_cut: bool) -> bool {
    // The columns of very many classes don't end in what was read.
    if is_cut && !text.contains('\n') {
        return text.starts_with(&CSV_WINDOW_COLUMNS.join(","));
    }
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let Ok(header) = rows.headers() else {
        return false;
    };
    let columns: Vec<String> = header.iter().map(str::to_owned).collect();
    is_tag_header(&columns) || columns.join(",") == BIRDNET
}

/// Whether it is a list of recordings or windows, possibly an empty one, or a set of predictions.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let is_list = text.contains("\"file\"") && KEYS.iter().any(|key| text.contains(key));
    let is_empty = || text.split_ascii_whitespace().collect::<String>() == "[]";
    text.starts_with(['[', '{']) && (is_list || text.contains("\"prediction_set\"") || is_empty())
}

/// Whether it is a label track whose labels all end in a score, as no person writes them.
fn is_label_track(text: &str, is_cut: bool) -> bool {
    let whole = match text.rfind('\n').filter(|_| is_cut) {
        Some(end) => &text[..end],
        None => text,
    };
    whole.lines().take(LABELS).all(is_scored_label)
}

/// Whether a line of a label track has a start, an end, and a label that ends in a score of two decimals.
fn is_scored_label(line: &str) -> bool {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let score = |label: &str| {
        let (_, score) = label.rsplit_once(' ')?;
        let (_, decimals) = score.split_once('.').filter(|_| is_number(score))?;
        Some(decimals.len())
    };
    let cells: Vec<&str> = line.split('\t').collect();
    matches!(cells[..], [start, end, label] if is_number(start) && is_number(end) && score(label) == Some(2))
}

/// Whether it is the table for reading, by the line above the first recording.
fn is_table(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let ends = [" event)", " events)", NO_SAMPLES];
    ends.iter().any(|end| first.ends_with(end)) || first.contains(NOT_TAGGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_people_are_no_results() {
        for labels in [
            "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t\
             Species\n",
            "Selection\tBegin Time (s)\tEnd Time (s)\tClass\tConfidence\tBegin Path\n",
            "0.000000\t5.000000\tdog\n",
            "0.000000\t5.000000\tdog 2\n",
            "0.000000\t5.000000\tdog 0.68\n6.000000\t7.000000\tcat\n",
            "0.000000\t5.000000\tdog 0.68\n\\\t100.0\t200.0\n",
            "start,end,label\n0,1,dog\n",
            "Start (s),End (s),Class\n0,1,dog\n",
            "File,Start (s),End (s),Species\na.wav,0,1,dog\n",
            "[{\"file\": \"a.wav\", \"label\": \"dog\"}]",
            "{\"dog\": 1}",
            "file,label\na.wav,dog\n",
            "my notes: a.wav was not tagged\n",
        ] {
            assert!(!is_result(labels.as_bytes()), "{labels}");
        }
    }

    #[test]
    fn results_longer_than_what_is_read_are_known_too() {
        let cut = |text: String| is_result(&text.as_bytes()[..START as usize]);
        let classes: Vec<String> = (0..20_000).map(|k| format!("class {k}")).collect();
        assert!(cut(format!("File,Start (s),End (s),{}", classes.join(","))));
        assert!(!cut(format!("File,Label,{}", classes.join(","))));
        assert!(cut(format!(
            "0.000000\t1.000000\tdog 0.50\n0.000000\t1.000000\t{}",
            "x".repeat(START as usize)
        )));
    }
}
