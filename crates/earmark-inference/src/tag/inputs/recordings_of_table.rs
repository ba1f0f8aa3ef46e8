//! Tables that name recordings: paths or addresses, one per row.

use crate::tag::TagError;
use earmark_core::csv_table::{FILE_COLUMNS, Record, read_records};
use earmark_core::parquet::ParquetReader;
use earmark_core::remote;
use earmark_data::layout::is_audio_name;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

/// More names of the column of recordings than those of every table.
const MORE_COLUMNS: [&str; 3] = ["url", "uri", "address"];

/// Rows that a byte of a Parquet file may stand for.
const MOST_ROWS_PER_BYTE: u64 = 8;

/// The recordings that a table names, one per row. Paths are relative to the folder of the table.
///
/// # Errors
///
/// For a table that can't be read, or has no column of files, and for an address in it that nothing reaches.
pub fn recordings_of_table(table: &Path) -> Result<Vec<PathBuf>, TagError> {
    let failed = |what: String| TagError::Request(format!("--from {}: {what}", table.display()));
    let is_parquet = table
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    let named = remote::named_by(table).map_err(|e| failed(e.to_string()))?;
    let recordings = match is_parquet {
        true => of_parquet(&named),
        false => of_csv(&named),
    };
    let recordings = recordings.map_err(failed)?;
    match recordings.is_empty() {
        true => Err(failed("names no recording; add rows to it".into())),
        false => Ok(recordings),
    }
}

/// Where a recording is that a table names.
fn place_of(table: &Path, cell: &str) -> Result<PathBuf, String> {
    let path = match cell.trim() {
        "" => return Err("names no recording; fill it in, or remove the row".into()),
        cell => remote::named_by(Path::new(cell)).map_err(|e| format!("{cell}: {e}"))?,
    };
    if remote::is_address(&path) || path.is_absolute() {
        return Ok(path.into_owned());
    }
    Ok(
        match remote::address(table).and_then(|address| address.rsplit_once('/')) {
            Some((folder, _)) => PathBuf::from(format!("{folder}/{}", path.display())),
            // Names are as short as the table's own.
            None => match table.parent() {
                Some(folder) => folder.join(path),
                None => path.into_owned(),
            },
        },
    )
}

/// Where the results of a recording of a table go below a folder: its path below that of the table, or its whole
/// address, so that no two of them meet.
pub(super) fn below_of(table: &Path, path: &Path) -> PathBuf {
    if let Some(address) = remote::address(path) {
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let rest = match scheme.starts_with("http") {
            true => rest.split(['?', '#']).next().unwrap_or(rest),
            false => rest,
        };
        return rest
            .split('/')
            .filter(|name| !name.is_empty() && *name != "..")
            .collect();
    }
    let folder = table.parent().unwrap_or(Path::new(""));
    let below = path.strip_prefix(folder).unwrap_or(path);
    let names = below
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    names.collect()
}

/// The column of recordings: one with a usual name, or the only one.
fn column_of<'a>(names: impl Iterator<Item = &'a str>) -> Result<usize, String> {
    let names: Vec<String> = names.map(|name| name.trim().to_lowercase()).collect();
    if let [only] = &names[..]
        && (only.contains("://") || is_audio_name(Path::new(only)))
    {
        return Err("has no line of column names; write `file` above its first recording".into());
    }
    let mut usual = FILE_COLUMNS.iter().chain(&MORE_COLUMNS);
    let found = usual.find_map(|usual| names.iter().position(|name| name == usual));
    match found {
        Some(column) => Ok(column),
        None if names.len() == 1 => Ok(0),
        None => Err(format!(
            "has no column of recordings; name one of its columns {} or {}",
            FILE_COLUMNS.join(", "),
            MORE_COLUMNS.join(", ")
        )),
    }
}

fn of_csv(table: &Path) -> Result<Vec<PathBuf>, String> {
    let bytes = read(table).map_err(unreadable)?;
    let records = read_records(&bytes, None).map_err(|e| format!("line {}: {}", e.line, e.problem))?;
    let Some((header, rows)) = records.split_first() else {
        return Ok(Vec::new());
    };
    let column = column_of(header.iter())?;
    let place = |row: &Record| {
        let place = place_of(table, row.cell(column));
        place.map_err(|e| format!("line {}: {e}", row.line))
    };
    rows.iter().map(place).collect()
}

fn of_parquet(table: &Path) -> Result<Vec<PathBuf>, String> {
    let file = open_on_disk(table).map_err(unreadable)?;
    let bytes = file.metadata().map_or(0, |found| found.len());
    let mut reader = ParquetReader::open(file).map_err(|e| e.to_string())?;
    if reader.rows() > bytes.saturating_mul(MOST_ROWS_PER_BYTE) {
        return Err("says that it has more rows than it can hold; write it again".into());
    }
    let column = column_of(reader.columns().iter().map(|column| column.name.as_str()))?;
    let mut places = Vec::new();
    while let Some(rows) = reader.next_group().map_err(|e| e.to_string())? {
        let rows = usize::try_from(rows).map_err(|_| "has too many rows; divide it".to_owned())?;
        let texts = reader.texts(column, rows).map_err(|e| e.to_string())?;
        let texts = texts.ok_or("its column of recordings holds no texts; write it again")?;
        for text in texts {
            let row = places.len() + 1;
            let place = place_of(table, &text);
            places.push(place.map_err(|e| format!("row {row}: {e}"))?);
        }
    }
    Ok(places)
}

fn read(table: &Path) -> io::Result<Vec<u8>> {
    let Some(address) = remote::address(table) else {
        return std::fs::read(table);
    };
    let mut bytes = Vec::new();
    remote::files()?.open(address)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A table as a file; of one at an address, a copy that goes with its handle.
fn open_on_disk(table: &Path) -> io::Result<File> {
    if !remote::is_address(table) {
        return File::open(table);
    }
    let mut copy = tempfile::tempfile()?;
    copy.write_all(&read(table)?)?;
    Ok(copy)
}

fn unreadable(error: io::Error) -> String {
    match remote::RemoteFailure::of(&error) {
        Some(failure) => failure.to_string(),
        None => format!("cannot be read: {error}; check the path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::parquet::{ParquetColumn, ParquetType, ParquetWriter};

    fn recordings(name: &str, text: &[u8]) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        let table = dir.path().join(name);
        std::fs::write(&table, text).unwrap();
        let found = recordings_of_table(&table).map_err(|e| e.to_string())?;
        let root = dir.path().display().to_string();
        let short = |path: &PathBuf| path.display().to_string().replace(&root, "HERE");
        Ok(found.iter().map(short).collect())
    }

    #[test]
    fn rows_name_paths_and_addresses() {
        let text = "site;Path\nx;in/a.wav\ny;s3://lab/b.wav\nz;/data/c.wav\nw;in/a.wav\n";
        let found = recordings("t.csv", text.as_bytes()).unwrap();
        let wanted = ["HERE/in/a.wav", "s3://lab/b.wav", "/data/c.wav", "HERE/in/a.wav"];
        assert_eq!(found, wanted);
        // The only column needs no usual name.
        assert_eq!(recordings("t.csv", b"night\na.wav\n").unwrap(), ["HERE/a.wav"]);
        let relative = place_of(Path::new("s3://lab/lists/t.csv"), "in/a.wav");
        assert_eq!(relative.unwrap(), Path::new("s3://lab/lists/in/a.wav"));
    }

    #[test]
    fn addresses_of_files_are_paths_and_others_are_refused_by_line() {
        let found = recordings("t.csv", b"url\nfile:///data/two%20words.wav\n").unwrap();
        assert_eq!(found, ["/data/two words.wav"]);
        let refused = recordings("t.csv", b"file,site\na.wav,x\nftp://h/b.wav,y\n").unwrap_err();
        assert!(
            refused
                .contains("t.csv: line 3: ftp://h/b.wav: addresses that begin with ftp:// cannot be read; "),
            "{refused}"
        );
        let refused = recordings_of_table(Path::new("ftp://h/t.csv"))
            .unwrap_err()
            .to_string();
        assert!(
            refused.starts_with("--from ftp://h/t.csv: addresses that begin with ftp:// "),
            "{refused}"
        );
    }

    #[test]
    fn tables_that_name_nothing_are_refused_with_what_to_do() {
        let refused = |text: &str| recordings("t.csv", text.as_bytes()).unwrap_err();
        assert!(refused("a,b\n1,2\n").contains("name one of its columns file, filename"));
        assert!(refused("file\n").ends_with("names no recording; add rows to it"));
        assert!(refused("file,x\na.wav,1\n,2\n").contains("line 3: names no recording"));
        let missing = recordings_of_table(Path::new("no/such.csv"))
            .unwrap_err()
            .to_string();
        assert!(
            missing.starts_with("--from no/such.csv: cannot be read: "),
            "{missing}"
        );
        assert!(recordings("t.parquet", b"PAR1").is_err());
    }

    #[test]
    fn parquet_names_recordings_as_csv_does() {
        let column = |name: &str, kind| ParquetColumn {
            name: name.into(),
            kind,
            is_optional: false,
        };
        let columns = vec![
            column("size", ParquetType::Double),
            column("url", ParquetType::Text),
        ];
        let mut bytes = Vec::new();
        let mut writer = ParquetWriter::new(&mut bytes, "t", columns).unwrap();
        for urls in [["https://h/a.wav", "b.wav"], ["c.wav", "b.wav"]] {
            writer.doubles(&[1.0, 2.0]).unwrap();
            writer.texts(&urls).unwrap();
        }
        writer.finish().unwrap();
        let found = recordings("t.parquet", &bytes).unwrap();
        let wanted = ["https://h/a.wav", "HERE/b.wav", "HERE/c.wav", "HERE/b.wav"];
        assert_eq!(found, wanted);
    }

    #[test]
    fn results_of_a_table_do_not_meet() {
        let below = |path: &str| {
            below_of(Path::new("lists/t.csv"), Path::new(path))
                .display()
                .to_string()
        };
        assert_eq!(below("lists/a/x.wav"), "a/x.wav");
        assert_eq!(below("lists/../b/x.wav"), "b/x.wav");
        assert_eq!(below("/data/x.wav"), "data/x.wav");
        assert_eq!(below("s3://lab/in/x.wav"), "lab/in/x.wav");
        assert_eq!(below("https://h/x.wav?key=a/b"), "h/x.wav");
    }

    #[test]
    fn a_usual_name_comes_before_others() {
        assert_eq!(column_of(["x", "URL"].into_iter()), Ok(1));
        assert_eq!(column_of(["url", "file"].into_iter()), Ok(1));
    }

    #[test]
    fn a_recording_is_not_taken_for_the_name_of_a_column() {
        assert_eq!(column_of(["Recordings"].into_iter()), Ok(0));
        for first in [
            "a/owl.wav",
            "owl.FLAC",
            "https://example.org/owl?id=7",
            "s3://lab/owl.ogg",
        ] {
            let refused = column_of([first].into_iter()).unwrap_err();
            assert!(
                refused.contains("write `file` above its first recording"),
                "{refused}"
            );
        }
    }
}
