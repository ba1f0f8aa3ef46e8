//! Files of embeddings: `.npy` with a table, `.csv` and `.parquet`.

use crate::embedding_checksums::{WrittenChecksums, checksums_of, list, refuse_other};
use crate::{Embeddings, EmbeddingsError, npy_of_embeddings, parquet};
use earmark_core::atomic::{self, Fill};
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write};
use std::iter::once;
use std::path::{Path, PathBuf};

impl Embeddings {
    /// Refuses a name that [`Self::save`] could not write to, before the work whose result goes there.
    ///
    /// # Errors
    ///
    /// As [`Self::save`].
    pub fn check(path: &Path) -> Result<(), EmbeddingsError> {
        atomic::check(path)
            .map_err(|e| EmbeddingsError::new(&e.path, format!("cannot be written: {}", e.cause)))?;
        match path.extension().and_then(OsStr::to_str) {
            Some("parquet") => Ok(()),
            Some("csv" | "npy") => refuse_other(&checksums_of(path)),
            _ => Err(EmbeddingsError::new(path, NO_FORMAT)),
        }
    }

    /// Writes `.npy` (with its table), `.csv` or `.parquet`, by the ending of the name, and returns the files written.
    /// Numbers, their table and the checksums of both are replaced together, all or none, so that no recording goes by
    /// the name of another.
    ///
    /// # Errors
    ///
    /// For another ending, a file that can't be written, and where the file of checksums is another program's.
    pub fn save(&self, path: &Path) -> Result<Vec<PathBuf>, EmbeddingsError> {
        let failed = |path: &Path, cause: &dyn Display| {
            EmbeddingsError::new(path, format!("cannot be written: {cause}"))
        };
        let write = |parts: &[(&Path, Fill)]| {
            let written = atomic::write_together(parts);
            written.map_err(|e| failed(&e.path, &e.cause))
        };
        let checksums = checksums_of(path);
        match path.extension().and_then(OsStr::to_str) {
            Some("csv") => {
                refuse_other(&checksums)?;
                let all: Fill = &|w| self.write_csv(w, true);
                let json = list(&[(ALL, all)]).map_err(|e| failed(&checksums, &e))?;
                write(&[(path, all), (&checksums, &|w| w.write_all(json.as_bytes()))])?;
                Ok(vec![path.to_owned(), checksums])
            }
            Some("parquet") => {
                let bytes = parquet::write(self).map_err(|e| failed(path, &e))?;
                write(&[(path, &|w| w.write_all(&bytes))])?;
                Ok(vec![path.to_owned()])
            }
            Some("npy") => {
                refuse_other(&checksums)?;
                let table = table_of_npy(path);
                let names: Fill = &|w| self.write_csv(w, false);
                let numbers: Fill = &|w| npy_of_embeddings::write(self, w);
                let json = list(&[(NAMES, names), (NUMBERS, numbers)]);
                let json = json.map_err(|e| failed(&checksums, &e))?;
                let json: Fill = &|w| w.write_all(json.as_bytes());
                write(&[(&table, names), (path, numbers), (&checksums, json)])?;
                Ok(vec![path.to_owned(), table, checksums])
            }
            _ => Err(EmbeddingsError::new(path, NO_FORMAT)),
        }
    }

    fn write_csv(&self, out: &mut dyn Write, values: bool) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        let start = self.starts.as_ref().map(|_| "start_seconds".to_owned());
        let features = (0..if values { self.width } else { 0 }).map(|k| format!("e{k}"));
        csv.write_record(once("fname".to_owned()).chain(start).chain(features))?;
        for (row, file) in self.files.iter().enumerate() {
            let start = self.starts.as_ref().map(|s| s[row].to_string());
            let numbers = if values { self.row(row) } else { &[] };
            let numbers = numbers.iter().map(f32::to_string);
            csv.write_record(once(file.clone()).chain(start).chain(numbers))?;
        }
        csv.flush()
    }

    /// Reads what [`Self::save`] wrote as `.npy` or `.csv`, or what another program wrote so.
    ///
    /// # Errors
    ///
    /// For a file that is missing or contains something else, and for one that is not what its checksum was written
    /// for.
    pub fn read(path: &Path) -> Result<Self, EmbeddingsError> {
        let pending = atomic::finish_pending(path);
        pending.map_err(|e| EmbeddingsError::new(path, e.cause.to_string()))?;
        let checksums = WrittenChecksums::read(path)?;
        match path.extension().and_then(OsStr::to_str) {
            Some("csv") => {
                checksums.check(ALL, path)?;
                Self::read_csv(path, true)
            }
            Some("parquet") => {
                let problem = "parquet is for other programs; embed into .npy or .csv to search in it";
                Err(EmbeddingsError::new(path, problem))
            }
            Some("npy") => {
                let table = table_of_npy(path);
                checksums.check(NAMES, &table)?;
                checksums.check(NUMBERS, path)?;
                let mut found = Self::read_csv(&table, false)?;
                found.values = npy_of_embeddings::read(path, found.files.len())?;
                found.width = found.values.len() / found.files.len().max(1);
                Ok(found)
            }
            _ => Err(EmbeddingsError::new(path, NO_FORMAT)),
        }
    }

    fn read_csv(path: &Path, values: bool) -> Result<Self, EmbeddingsError> {
        let bad = |problem: String| EmbeddingsError::new(path, problem);
        let mut csv = csv::Reader::from_path(path).map_err(|e| bad(format!("cannot be read: {e}")))?;
        let header = csv.headers().map_err(|e| bad(e.to_string()))?.clone();
        if header.get(0) != Some("fname") {
            let problem = "its first column is not `fname`; expected a table that `earmark embed` wrote";
            return Err(EmbeddingsError::new(path, problem));
        }
        let segments = header.get(1) == Some("start_seconds");
        let first = if segments { 2 } else { 1 };
        let mut found = Self::new(if values { header.len() - first } else { 0 }, segments);
        for (line, record) in csv.records().enumerate() {
            let record = record.map_err(|e| bad(e.to_string()))?;
            let number = |column: usize| -> Result<f64, EmbeddingsError> {
                let cell = record.get(column).unwrap_or_default();
                let value = cell.parse().ok().filter(|v: &f64| v.is_finite());
                value.ok_or_else(|| bad(format!("line {}: `{cell}` is not a number", line + 2)))
            };
            let start = segments.then(|| number(1)).transpose()?;
            let row = (first..first + found.width).map(|column| Ok(number(column)? as f32));
            let row = row.collect::<Result<Vec<f32>, EmbeddingsError>>()?;
            found.push(&record[0], start, &row);
        }
        Ok(found)
    }
}

/// What the files are called in the list of their checksums: the table of recordings and the numbers of an `.npy` file,
/// and a `.csv` with both.
const NAMES: &str = "names";
const NUMBERS: &str = "numbers";
const ALL: &str = "table";

/// What is wrong with another ending.
const NO_FORMAT: &str = "the ending names no format; choose .npy, .csv or .parquet";

/// The table of an `.npy` file.
fn table_of_npy(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".csv");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::tests::three;

    #[test]
    fn saved_embeddings_are_read_back() {
        let dir = tempfile::tempdir().unwrap();
        for (name, segments) in [
            ("a.npy", true),
            ("b.npy", false),
            ("c.csv", true),
            ("d.csv", false),
        ] {
            let path = dir.path().join(name);
            let saved = three(segments);
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
    fn every_flipped_bit_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.npy", "b.csv"] {
            let path = dir.path().join(name);
            for file in three(true).save(&path).unwrap() {
                let whole = std::fs::read(&file).unwrap();
                for bit in 0..8 * whole.len() {
                    let mut damaged = whole.clone();
                    damaged[bit / 8] ^= 1 << (bit % 8);
                    std::fs::write(&file, damaged).unwrap();
                    let refused = Embeddings::read(&path).unwrap_err();
                    assert_eq!(refused.path, file, "bit {bit}");
                    assert!(refused.problem.starts_with("is damaged"), "{refused}");
                }
                std::fs::write(&file, whole).unwrap();
            }
            assert_eq!(Embeddings::read(&path).unwrap(), three(true));
        }
    }

    /// Numbers of one run and names of another are no embeddings, and files from elsewhere have no checksums.
    #[test]
    fn numbers_and_names_of_two_runs_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.npy"), dir.path().join("b.npy"));
        three(false).save(&a).unwrap();
        let mut others = three(false);
        others.files.reverse();
        others.save(&b).unwrap();
        std::fs::copy(table_of_npy(&b), table_of_npy(&a)).unwrap();
        let refused = Embeddings::read(&a).unwrap_err().to_string();
        assert!(
            refused.contains("a.npy.csv: is damaged, or not of the same run as the rest")
                && refused.ends_with("a.npy.json if another program wrote the file"),
            "{refused}"
        );
        std::fs::remove_file(checksums_of(&a)).unwrap();
        let read = Embeddings::read(&a).unwrap();
        assert_eq!((read.files, read.values), (others.files, three(false).values));
    }

    #[test]
    fn a_file_of_another_program_is_no_list_of_checksums() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        three(false).save(&path).unwrap();
        let (list, other) = (checksums_of(&path), "{\"licence\": \"CC0\"}");
        std::fs::write(&list, other).unwrap();
        assert_eq!(Embeddings::read(&path).unwrap(), three(false));
        for refused in [Embeddings::check(&path), three(true).save(&path).map(drop)] {
            let refused = refused.unwrap_err();
            assert!(
                refused.path == list && refused.problem.contains("another program wrote"),
                "{refused}"
            );
        }
        assert_eq!(std::fs::read_to_string(&list).unwrap(), other);
        assert_eq!(
            Embeddings::read(&path).unwrap(),
            three(false),
            "nothing is replaced"
        );
        std::fs::remove_file(&list).unwrap();
        Embeddings::check(&path).unwrap();
        three(true).save(&path).unwrap();
        three(true).save(&path).unwrap();
        for wrong in ["a.txt", "none/a.npy"] {
            assert!(Embeddings::check(&dir.path().join(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        three(false).save(&path).unwrap();
        // As another program writes them.
        std::fs::remove_file(checksums_of(&path)).unwrap();
        let refused = || Embeddings::read(&path).unwrap_err().to_string();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        assert!(
            refused().contains("as many rows as its table has recordings (3)"),
            "{}",
            refused()
        );
        std::fs::write(&path, b"no array").unwrap();
        assert!(refused().contains("is not a .npy file"), "{}", refused());
        std::fs::write(table_of_npy(&path), "name\n").unwrap();
        assert!(refused().contains("first column is not `fname`"), "{}", refused());
    }
}
