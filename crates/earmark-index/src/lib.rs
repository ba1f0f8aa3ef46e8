//! Embeddings of recordings: a row of numbers each, to search and to learn from.
//!
//! An `.npy` file holds the numbers, `[rows, features]` float32, and `NAME.npy.csv` beside it which recording each row is of. A `.csv` and a
//! `.parquet` hold both; the latter is for other programs and is not read here.

mod parquet;

use earmark_core::atomic;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Rows of numbers with the recordings that they are of.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Features of a row.
    pub width: usize,
    /// The recording of each row.
    pub files: Vec<String>,
    /// Where each row starts in its recording, in seconds, where rows are of tiles.
    pub starts: Option<Vec<f64>>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Why embeddings can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct EmbeddingsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// A row like another.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Neighbour {
    /// The recording.
    pub file: String,
    /// Where it starts there, in seconds, where rows are of tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_seconds: Option<f64>,
    /// Cosine of the angle between the two, 1 where they point the same way.
    pub similarity: f32,
    /// Its row.
    #[serde(skip)]
    pub row: usize,
}

impl Embeddings {
    /// None yet.
    pub fn new(width: usize, tiles: bool) -> Self {
        Self {
            width,
            files: Vec::new(),
            starts: tiles.then(Vec::new),
            values: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, file: &str, start_seconds: Option<f64>, row: &[f32]) {
        assert_eq!(row.len(), self.width, "a number for each feature");
        self.files.push(file.to_owned());
        if let Some(starts) = &mut self.starts {
            starts.push(start_seconds.unwrap_or(0.0));
        }
        self.values.extend_from_slice(row);
    }

    /// The numbers of a row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// The `count` rows most like `query`, the likest first, equal ones in order; rows for which `wanted` is false are passed over.
    pub fn nearest(&self, query: &[f32], count: usize, wanted: impl Fn(usize) -> bool) -> Vec<Neighbour> {
        let mut all: Vec<(f32, usize)> = (0..self.files.len())
            .filter(|&row| wanted(row))
            .map(|row| (cosine(self.row(row), query), row))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        all.truncate(count);
        let neighbour = |(similarity, row): (f32, usize)| Neighbour {
            file: self.files[row].clone(),
            start_seconds: self.starts.as_ref().map(|s| s[row]),
            similarity,
            row,
        };
        all.into_iter().map(neighbour).collect()
    }

    /// Writes `.npy` (with its table beside it), `.csv` or `.parquet`, by the name's end. The table is written first.
    ///
    /// # Errors
    /// Another ending, or a file that can't be written.
    pub fn save(&self, path: &Path) -> Result<Vec<PathBuf>, EmbeddingsError> {
        let failed = |e: atomic::WriteError| EmbeddingsError {
            path: e.path.clone(),
            problem: format!("cannot be written: {}", e.cause),
        };
        match ending(path)? {
            Ending::Csv => {
                atomic::write(path, |w| self.write_csv(w, true)).map_err(failed)?;
                Ok(vec![path.into()])
            }
            Ending::Parquet => {
                let bytes = parquet::write(self).map_err(|e| EmbeddingsError {
                    path: path.into(),
                    problem: format!("cannot be made: {e}"),
                })?;
                atomic::write(path, |w| w.write_all(&bytes)).map_err(failed)?;
                Ok(vec![path.into()])
            }
            Ending::Npy => {
                let table = beside(path);
                atomic::write(&table, |w| self.write_csv(w, false)).map_err(failed)?;
                atomic::write(path, |w| self.write_npy(w)).map_err(failed)?;
                Ok(vec![path.into(), table])
            }
        }
    }

    fn write_csv(&self, out: &mut dyn Write, values: bool) -> std::io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        let start = self.starts.as_ref().map(|_| "start_seconds".to_owned());
        let features = (0..if values { self.width } else { 0 }).map(|k| format!("e{k}"));
        csv.write_record(std::iter::once("fname".to_owned()).chain(start).chain(features))?;
        for (row, file) in self.files.iter().enumerate() {
            let start = self.starts.as_ref().map(|s| s[row].to_string());
            let numbers = if values { self.row(row) } else { &[] };
            let cells = std::iter::once(file.clone())
                .chain(start)
                .chain(numbers.iter().map(f32::to_string));
            csv.write_record(cells)?;
        }
        csv.flush()
    }

    /// Version 1 of numpy's format: magic number, header padded to 64 bytes, little-endian numbers.
    fn write_npy(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let shape = format!("({}, {})", self.files.len(), self.width);
        let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        let padding = 63 - (10 + header.len()) % 64;
        header.extend(std::iter::repeat_n(' ', padding));
        header.push('\n');
        out.write_all(b"\x93NUMPY\x01\x00")?;
        out.write_all(&(header.len() as u16).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for value in &self.values {
            out.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    /// A file that is missing or holds something else, with what.
    pub fn read(path: &Path) -> Result<Self, EmbeddingsError> {
        match ending(path)? {
            Ending::Csv => Self::read_csv(path, true),
            Ending::Parquet => Err(EmbeddingsError {
                path: path.into(),
                problem: "is for other programs; embed into .npy or .csv to look in it".into(),
            }),
            Ending::Npy => {
                let mut found = Self::read_csv(&beside(path), false)?;
                found.values = read_npy(path, found.files.len())?;
                found.width = found.values.len() / found.files.len().max(1);
                Ok(found)
            }
        }
    }

    fn read_csv(path: &Path, values: bool) -> Result<Self, EmbeddingsError> {
        let bad = |problem: String| EmbeddingsError {
            path: path.into(),
            problem,
        };
        let mut csv = csv::Reader::from_path(path).map_err(|e| bad(format!("cannot be read: {e}")))?;
        let header = csv.headers().map_err(|e| bad(e.to_string()))?.clone();
        if header.get(0) != Some("fname") {
            return Err(bad(
                "its first column is not `fname`; expected a table that `earmark embed` wrote".into(),
            ));
        }
        let tiles = header.get(1) == Some("start_seconds");
        let first = if tiles { 2 } else { 1 };
        let mut found = Self::new(if values { header.len() - first } else { 0 }, tiles);
        for (line, record) in csv.records().enumerate() {
            let record = record.map_err(|e| bad(e.to_string()))?;
            let number = |column: usize| -> Result<f64, EmbeddingsError> {
                let cell = record.get(column).unwrap_or_default();
                let value = cell.parse().ok().filter(|v: &f64| v.is_finite());
                value.ok_or_else(|| bad(format!("line {}: `{cell}` is no number", line + 2)))
            };
            let start = tiles.then(|| number(1)).transpose()?;
            let row: Vec<f32> = (first..first + found.width)
                .map(|column| Ok(number(column)? as f32))
                .collect::<Result<_, EmbeddingsError>>()?;
            found.push(&record[0], start, &row);
        }
        Ok(found)
    }
}

/// The numbers of an `.npy` of float32, `[rows, ...]`.
fn read_npy(path: &Path, rows: usize) -> Result<Vec<f32>, EmbeddingsError> {
    let bad = |problem: String| EmbeddingsError {
        path: path.into(),
        problem,
    };
    let file = File::open(path).map_err(|e| bad(format!("cannot be read: {e}")))?;
    let mut bytes = Vec::new();
    BufReader::new(file)
        .read_to_end(&mut bytes)
        .map_err(|e| bad(format!("cannot be read: {e}")))?;
    let head = bytes.strip_prefix(b"\x93NUMPY\x01\x00").and_then(|rest| {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        let header = std::str::from_utf8(rest.get(2..2 + length)?).ok()?;
        Some((header, &rest[2 + length..]))
    });
    let Some((header, data)) = head else {
        return Err(bad("is no .npy file of version 1".into()));
    };
    if !header.contains("'descr': '<f4'") || !header.contains("'fortran_order': False") {
        return Err(bad(format!("holds no float32 in C order: {}", header.trim_end())));
    }
    let width = data.len() / 4 / rows.max(1);
    if data.len() != rows * width * 4 || !header.contains(&format!("'shape': ({rows}, {width})")) {
        return Err(bad(format!(
            "does not hold as many rows as its table names recordings ({rows}): {}",
            header.trim_end()
        )));
    }
    let values: Vec<f32> = data
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(bad(format!("number {at} is {}", values[at]))),
        None => Ok(values),
    }
}

enum Ending {
    Npy,
    Csv,
    Parquet,
}

fn ending(path: &Path) -> Result<Ending, EmbeddingsError> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("npy") => Ok(Ending::Npy),
        Some("csv") => Ok(Ending::Csv),
        Some("parquet") => Ok(Ending::Parquet),
        _ => Err(EmbeddingsError {
            path: path.into(),
            problem: "the name's end says no format; choose .npy, .csv or .parquet".into(),
        }),
    }
}

/// The table of an `.npy`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".csv");
    path.with_file_name(name)
}

/// Cosine of the angle between two rows; 0 where one has no direction.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        (dot(a, b) / lengths) as f32
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(tiles: bool) -> Embeddings {
        let mut e = Embeddings::new(2, tiles);
        e.push("a, b.wav", Some(0.0), &[1.0, 0.0]);
        e.push("c.wav", Some(0.5), &[0.1, 0.2]);
        e.push("d.wav", Some(1.5), &[0.0, 0.0]);
        e
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        for (name, tiles) in [
            ("a.npy", true),
            ("b.npy", false),
            ("c.csv", true),
            ("d.csv", false),
        ] {
            let path = dir.path().join(name);
            let saved = three(tiles);
            saved.save(&path).unwrap();
            assert_eq!(Embeddings::read(&path).unwrap(), saved, "{name}");
        }
        let bytes = std::fs::read(dir.path().join("a.npy")).unwrap();
        assert_eq!((bytes.len() - 24) % 64, 0, "numbers begin at a multiple of 64");
        let error = three(false)
            .save(&dir.path().join("a.txt"))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("choose .npy, .csv or .parquet"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        three(false).save(&path).unwrap();
        let refused = || Embeddings::read(&path).unwrap_err().to_string();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        assert!(
            refused().contains("as many rows as its table names recordings (3)"),
            "{}",
            refused()
        );
        std::fs::write(&path, b"no array").unwrap();
        assert!(refused().contains("is no .npy file"), "{}", refused());
        std::fs::write(beside(&path), "name\n").unwrap();
        assert!(refused().contains("first column is not `fname`"), "{}", refused());
    }

    #[test]
    fn the_likest_come_first() {
        let e = three(true);
        let found = e.nearest(&[2.0, 0.0], 5, |_| true);
        let names: Vec<&str> = found.iter().map(|n| n.file.as_str()).collect();
        assert_eq!(names, ["a, b.wav", "c.wav", "d.wav"]);
        assert!((found[1].similarity - 0.1 / 0.05_f32.sqrt()).abs() < 1e-6);
        assert_eq!(
            (found[0].similarity, found[2].similarity, found[1].start_seconds),
            (1.0, 0.0, Some(0.5))
        );
        assert_eq!(e.nearest(&[2.0, 0.0], 1, |row| row != 0)[0].row, 1);
    }
}
