//! What the commands write, and how a file shows that it is such: a result replaces results of its kind, and nothing
//! else. A label table that has the columns of a result looks like one.

use anyhow::bail;
use csv::StringRecord;
use earmark::data::FoldTable;
use earmark::inference::tag::formats::{START, is_result, start_of};
use std::path::Path;

/// Columns from which on a table that begins with `file` is one of features.
const FEATURE_COLUMNS: usize = 50;

/// Endings that say what is in a file.
const FORMAT_ENDINGS: [&str; 13] = [
    "csv", "tsv", "json", "ndjson", "jsonl", "parquet", "npy", "html", "htm", "svg", "png", "xml", "toml",
];

/// How a recipe of `data stats --normalise` begins.
pub const NORMALISED: &str = "# Each band minus its mean, divided by its standard deviation, over";

/// The columns of a table of the three best classes.
pub const BEST_THREE_COLUMNS: [&str; 2] = ["fname", "label"];

/// The columns of a list of clips to review.
pub const REVIEW_COLUMNS: [&str; 9] = [
    "fname",
    "part",
    "fold",
    "labels",
    "suggested",
    "best",
    "lwlrap",
    "self_confidence",
    "margin",
];

/// A kind of result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultKind {
    /// Events, or scores of windows.
    Events,
    /// Scores of recordings or segments.
    Scores,
    /// The three best classes of each recording.
    BestThree,
    /// Embeddings.
    Embeddings,
    /// Features.
    Features,
    /// A page.
    Page,
    /// An image.
    Diagram,
    /// The table of `data check --write`.
    CheckedTable,
    /// Folds.
    Folds,
    /// A class map.
    Classes,
    /// A list of clips to review.
    ReviewList,
    /// Corrections of labels.
    Corrections,
    /// The names of the tables that `blend --select` chose.
    Chosen,
    /// A recipe that normalises bands.
    Normalised,
    /// A page or an image of augmented clips.
    Preview,
    /// The same as JSON where a table is usual.
    Json,
}

impl ResultKind {
    /// What a command writes to the file that an argument names; `is_set` and `value` are about its other arguments.
    /// `None` where the command itself looks at what is there, or where what it writes can't be recognised.
    pub fn of(
        command: &[&str],
        argument: &str,
        is_set: impl Fn(&str) -> bool,
        value: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        Some(match (command, argument) {
            (["tag"] | ["events"] | ["index", "detect"], "out") => Self::Events,
            (["predict"], "out") if value("format").as_deref() == Some("kaggle2018") => Self::BestThree,
            (["predict"] | ["blend"], "out") | (["probe"], "out_of_fold") => Self::Scores,
            (["embed"], "out") => Self::Embeddings,
            (["features"], "out") => Self::Features,
            (["activity"], "out") | (["runs"], "html") => Self::Page,
            (["calibrate"], "diagram") => Self::Diagram,
            (["data", "check"], "write") => Self::CheckedTable,
            (["data", "folds" | "classes"], "out") if is_set("json") => Self::Json,
            (["data", "folds"], "out") => Self::Folds,
            (["data", "classes"], "out") => Self::Classes,
            (["review", "worst" | "best"], "out") => Self::ReviewList,
            (["review", "worst" | "best"], "corrections") => Self::Corrections,
            (["blend"], "chosen") => Self::Chosen,
            (["data", "stats"], "normalise") => Self::Normalised,
            (["data", "augment-preview"], "out") => Self::Preview,
            _ => return None,
        })
    }

    /// Refuses a file name whose ending says that something else is in the file; `given` is how it was named.
    pub fn refuse_ending(self, given: &str, path: &Path) -> anyhow::Result<()> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let ending = ending.unwrap_or_default().to_lowercase();
        let fitting = self.endings();
        if fitting.is_empty()
            || fitting.contains(&ending.as_str())
            || !FORMAT_ENDINGS.contains(&ending.as_str())
        {
            return Ok(());
        }
        let remedy = match self {
            Self::Scores => ", or name the format with --format where there is one",
            _ => "",
        };
        bail!(
            "{given}: its ending does not fit what is written, {}; end the name in .{}{remedy}",
            self.name(),
            fitting[0]
        );
    }

    /// Refuses a file of another kind, which would be lost.
    pub fn refuse_other(self, given: &str, path: &Path) -> anyhow::Result<()> {
        // What can't be read is refused where it is written.
        let start = start_of(path).unwrap_or_default();
        if start.trim_ascii().is_empty() || self.is_in(&start) {
            return Ok(());
        }
        bail!(
            "{given}: there is something else in this file than what would replace it, {}; name another file, or \
             remove this one",
            self.name()
        );
    }

    /// Its name in a sentence.
    fn name(self) -> &'static str {
        match self {
            Self::Events => "a table of events or windows",
            Self::Scores => "a table of scores",
            Self::BestThree => "a table of the best three classes",
            Self::Embeddings => "embeddings",
            Self::Features => "features",
            Self::Page => "a page in HTML",
            Self::Diagram => "an image in SVG",
            Self::CheckedTable => "a table of recordings in CSV",
            Self::Folds => "a table of folds in CSV",
            Self::Classes => "a class map in CSV",
            Self::ReviewList => "a list in CSV",
            Self::Corrections => "corrections as JSON",
            Self::Json => "JSON",
            Self::Chosen => "a list of names",
            Self::Normalised => "a recipe of --normalise",
            Self::Preview => "a page or an image",
        }
    }

    /// The endings of its files, the usual one first; none where the command has its own rule.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Events | Self::Embeddings | Self::Features | Self::Preview => &[],
            Self::Chosen => &["txt"],
            Self::Normalised => &["toml"],
            Self::Page => &["html", "htm"],
            Self::Diagram => &["svg"],
            Self::Corrections | Self::Json => &["json"],
            _ => &["csv"],
        }
    }

    /// Whether a file that begins like this is of this kind.
    fn is_in(self, start: &[u8]) -> bool {
        let text = String::from_utf8_lossy(start);
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        // Where the file is longer, the last row is torn.
        let rows = match text.rfind('\n').filter(|_| start.len() as u64 == START) {
            Some(end) => &text[..=end],
            None => text,
        };
        let is_array = start.starts_with(b"\x93NUMPY");
        let is_parquet = start.starts_with(b"PAR1");
        match self {
            Self::Events => is_result(start),
            Self::Scores => is_json_with(text, "\"scores\"") || is_table_of_numbers(rows, "fname"),
            Self::BestThree => is_table_of_best_classes(rows) || Self::Scores.is_in(start),
            Self::Embeddings => is_array || is_parquet || is_table_of_numbers(rows, "fname"),
            Self::Features => {
                is_array || first.starts_with("file,") && first.split(',').count() >= FEATURE_COLUMNS
            }
            Self::Page => first.to_lowercase().starts_with("<!doctype html"),
            Self::Diagram => first.starts_with("<svg") || first.starts_with("<?xml"),
            Self::CheckedTable => ["file,label", "file,start_seconds,"]
                .iter()
                .any(|header| first.starts_with(header)),
            Self::Folds => first == FoldTable::COLUMNS.join(",") || is_json(text),
            Self::Classes => first.starts_with("0,") || is_json(text),
            Self::ReviewList => first == REVIEW_COLUMNS.join(","),
            Self::Corrections => is_json_of_texts(text),
            // Each line names a table or a run.
            Self::Chosen => rows.lines().take(ROWS).all(|line| Path::new(line).exists()),
            Self::Normalised => text.starts_with(NORMALISED),
            Self::Preview => {
                start.starts_with(b"\x89PNG") || Self::Page.is_in(start) || Self::Diagram.is_in(start)
            }
            Self::Json => is_json(text) || Self::Folds.is_in(start) || Self::Classes.is_in(start),
        }
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}

/// Whether it is JSON with this key, or an empty list.
fn is_json_with(text: &str, key: &str) -> bool {
    let is_empty = text.split_ascii_whitespace().collect::<String>() == "[]";
    is_json(text) && (is_empty || text.contains(key))
}

/// Whether it is a JSON object whose first value is a text, or an empty one.
fn is_json_of_texts(text: &str) -> bool {
    let Some(inside) = text.trim_start().strip_prefix('{') else {
        return false;
    };
    let inside = inside.trim_start();
    inside.starts_with('}') || {
        let mut keys = serde_json::Deserializer::from_str(inside).into_iter::<String>();
        let is_key = keys.next().is_some_and(|key| key.is_ok());
        let value = inside[keys.byte_offset()..].trim_start().strip_prefix(':');
        is_key && value.is_some_and(|value| value.trim_start().starts_with('"'))
    }
}

/// Rows of a table that are looked at.
const ROWS: usize = 20;

/// Whether a table begins with this column, and all other cells of its first rows are numbers: scores, and not the zeros
/// and ones of a truth.
fn is_table_of_numbers(text: &str, column: &str) -> bool {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    if rows.headers().ok().and_then(|header| header.get(0)) != Some(column) {
        return false;
    }
    // No row: no recording, or more classes than were looked at.
    let rows: Vec<StringRecord> = rows.records().take(ROWS).map_while(Result::ok).collect();
    let cells = || rows.iter().flat_map(|row| row.iter().skip(1));
    cells().all(|cell| cell.parse::<f64>().is_ok())
        && (rows.is_empty() || cells().any(|cell| !["0", "1"].contains(&cell)))
}

/// Whether it is a table of the best classes of each recording, as Kaggle took them in 2018: several in each row, or of a
/// model of one class the same in all rows. One of labels has one in each row, and several in all.
fn is_table_of_best_classes(text: &str) -> bool {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let header = rows.headers();
    if !header.is_ok_and(|header| header.iter().eq(BEST_THREE_COLUMNS)) {
        return false;
    }
    let rows: Vec<StringRecord> = rows.records().take(ROWS).map_while(Result::ok).collect();
    let cells: Vec<&str> = rows.iter().filter_map(|row| row.get(1)).collect();
    cells.iter().all(|cell| cell.contains(' ')) || cells.iter().all(|cell| *cell == cells[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_distinguished_from_other_files() {
        let of = |kind: ResultKind, text: &str| kind.is_in(text.as_bytes());
        let labels = "filename,primary_label\na.wav,dog\n";
        for kind in [
            ResultKind::Events,
            ResultKind::Scores,
            ResultKind::BestThree,
            ResultKind::Embeddings,
            ResultKind::Features,
            ResultKind::Page,
            ResultKind::Diagram,
            ResultKind::CheckedTable,
            ResultKind::Folds,
            ResultKind::Classes,
            ResultKind::ReviewList,
            ResultKind::Corrections,
            ResultKind::Chosen,
            ResultKind::Normalised,
            ResultKind::Preview,
            ResultKind::Json,
        ] {
            assert!(!of(kind, labels), "{kind:?}");
        }
        for text in [
            "Start (s),End (s),Class,Confidence,File\n",
            "File,Start (s),End (s),dog,recording\n",
            "0.000000\t5.0\tAnimal 0.68\n",
            "a.wav (5 s, 3 events)\n",
            "[\n{\"file\":\"a.wav\",\"seconds\":1.5}]",
            "[\n]\n",
            "{\"version\":\"1.1.0\",\"data\":{\"collection_type\":\"prediction_set\"}}",
            "PAR1",
        ] {
            assert!(of(ResultKind::Events, text), "{text}");
        }
        assert!(of(ResultKind::Scores, "fname,\"a, b\",c\nx.wav,0.5,1\n"));
        assert!(of(ResultKind::Scores, "[{\"file\":\"a\",\"scores\":{}}]"));
        assert!(!of(ResultKind::Scores, "fname,label\nx.wav,dog\n"));
        let truth = "fname,dog,owl\nx.wav,0,1\ny.wav,1,0\n";
        assert!(!of(ResultKind::Scores, truth));
        assert!(!of(ResultKind::Embeddings, truth));
        assert!(of(ResultKind::BestThree, "fname,label\nx.wav,dog owl\n"));
        assert!(!of(ResultKind::BestThree, "fname,label\nx.wav,dog\ny.wav,owl\n"));
        let of_one_class = "fname,label\nx.wav,dog\ny.wav,dog\n";
        assert!(of(ResultKind::BestThree, of_one_class));
        for corrections in ["{}", "{ }", "{\n  \"a \\\"b\": \"remove\"}"] {
            assert!(of(ResultKind::Corrections, corrections), "{corrections}");
        }
        for other in ["[]", "{\"classes\": [\"dog\"]}", "{\"a\": 1}", "{a", "{\"a\""] {
            assert!(!of(ResultKind::Corrections, other), "{other}");
        }
        let review = format!("{}\n", REVIEW_COLUMNS.join(","));
        assert!(of(ResultKind::ReviewList, &review));
        assert!(of(ResultKind::Chosen, "src\nsrc\nCargo.toml\n"));
        assert!(!of(ResultKind::Chosen, "src\nto be asked: which of them?\n"));
        let recipe = format!("{NORMALISED} 3 clips.\nextends = \"x\"\n");
        assert!(of(ResultKind::Normalised, &recipe));
        assert!(!of(ResultKind::Normalised, "extends = \"x\"\n"));
        assert!(of(ResultKind::Preview, "<svg/>"));
        assert!(of(ResultKind::Page, "<!DOCTYPE html>\n"));
    }

    /// The last row that is read of a long table is torn: it may end in half a number.
    #[test]
    fn torn_rows_do_not_count() {
        let read = |class: &str| format!("fname,{class}\nx.wav,1e-");
        let rest = START as usize - read("").len();
        let torn = read(&"c".repeat(rest));
        assert_eq!(torn.len() as u64, START);
        assert!(ResultKind::Scores.is_in(torn.as_bytes()));
        assert!(!ResultKind::Scores.is_in(read("c").as_bytes()));
    }

    #[test]
    fn endings_say_what_is_in_a_file() {
        let refused = |kind: ResultKind, name: &str| {
            let found = kind.refuse_ending(&format!("-o {name}"), Path::new(name));
            found.err().map(|error| error.to_string())
        };
        assert_eq!(
            refused(ResultKind::Page, "x.csv").unwrap(),
            "-o x.csv: its ending does not fit what is written, a page in HTML; end the name in .html"
        );
        assert!(refused(ResultKind::CheckedTable, "x.json").is_some());
        for name in ["x.csv", "x.CSV", "x", "x.txt", "x.2024"] {
            assert_eq!(refused(ResultKind::CheckedTable, name), None, "{name}");
        }
        assert_eq!(refused(ResultKind::Events, "x.html"), None, "it has its own rule");
    }
}
