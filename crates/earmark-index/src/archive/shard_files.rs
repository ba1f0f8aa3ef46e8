//! The files of a shard.

use super::bytes_of_vectors::{HEAD, push_bytes};
use super::manifest::{IndexShard, IndexWindows, write_failed};
use super::recording::{IndexedRecording, checksum_of_file};
use crate::EmbeddingsError;
use earmark_core::atomic;
use earmark_core::checksum::Checksum;
use earmark_core::parquet::{ParquetColumn, ParquetError, ParquetReader, ParquetType, ParquetWriter};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Endings of the files.
pub(super) const TABLE: &str = "parquet";
pub(super) const FLOAT32: &str = "f32";
pub(super) const INT8: &str = "i8";

/// Columns of the table. The last one says what else is known of a recording, as JSON in its first row.
const COLUMNS: [(&str, ParquetType); 4] = [
    ("file", ParquetType::Text),
    ("start_seconds", ParquetType::Double),
    ("end_seconds", ParquetType::Double),
    ("recording", ParquetType::Text),
];
const FILE: usize = 0;
const RECORDING: usize = 3;

/// Rows per row group, and numbers that are converted at a time.
const GROUP: usize = 1 << 16;

/// What a shard holds.
#[derive(Debug, Default)]
pub(super) struct ShardContent {
    pub recordings: Vec<IndexedRecording>,
    /// `[windows, width]`, the windows of one recording after those of another.
    pub vectors: Vec<f32>,
}

impl ShardContent {
    /// Windows.
    pub fn rows(&self) -> usize {
        self.recordings.iter().map(|recording| recording.windows).sum()
    }

    /// Writes the files of a shard; until a manifest names them, they are nobody's.
    pub fn write(
        &self,
        folder: &Path,
        number: u64,
        windows: IndexWindows,
        width: usize,
    ) -> Result<IndexShard, EmbeddingsError> {
        let mut shard = IndexShard {
            number,
            rows: self.rows(),
            recordings: self.recordings.len(),
            table: String::new(),
            float32: String::new(),
            int8: String::new(),
            replaced: Vec::new(),
        };
        let path = shard.path(folder, TABLE);
        let table = self.table(windows);
        let table = table.map_err(|e| EmbeddingsError::new(&path, format!("cannot be written: {e}")))?;
        shard.table = write_summed(&path, |out| out.write_all(&table))?;
        shard.float32 = write_summed(&shard.path(folder, FLOAT32), |out| {
            self.vectors.chunks(GROUP).try_for_each(|values| {
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                out.write_all(&bytes)
            })
        })?;
        shard.int8 = write_summed(&shard.path(folder, INT8), |out| {
            let mut bytes = Vec::new();
            self.vectors.chunks_exact(width).try_for_each(|vector| {
                bytes.clear();
                push_bytes(vector, &mut bytes);
                out.write_all(&bytes)
            })
        })?;
        Ok(shard)
    }

    /// The table as Parquet.
    fn table(&self, windows: IndexWindows) -> io::Result<Vec<u8>> {
        let columns = COLUMNS.map(|(name, kind)| ParquetColumn {
            name: name.to_owned(),
            kind,
            is_optional: false,
        });
        let mut rows = Vec::with_capacity(self.rows());
        for recording in &self.recordings {
            let mut facts = serde_json::to_string(recording)?;
            for window in 0..recording.windows {
                rows.push((recording, window, std::mem::take(&mut facts)));
            }
        }
        let mut writer = ParquetWriter::new(Vec::new(), "earmark_index", columns.to_vec())?;
        for group in rows.chunks(GROUP) {
            let files: Vec<&str> = group.iter().map(|(of, ..)| of.file.as_str()).collect();
            let starts = group.iter().map(|(_, window, _)| windows.start_seconds(*window));
            let ends = group
                .iter()
                .map(|(of, window, _)| windows.end_seconds(*window, of.samples));
            let facts: Vec<&str> = group.iter().map(|(.., facts)| facts.as_str()).collect();
            writer.texts(&files)?;
            writer.doubles(&starts.collect::<Vec<f64>>())?;
            writer.doubles(&ends.collect::<Vec<f64>>())?;
            writer.texts(&facts)?;
        }
        writer.finish()
    }

    /// Reads a shard whole, without what is replaced in it.
    pub fn read(folder: &Path, shard: &IndexShard, width: usize) -> Result<Self, EmbeddingsError> {
        let mut content = Self::default();
        let mut row = 0;
        for recording in read_table(folder, shard)? {
            let first = row;
            row += recording.windows;
            if !shard.is_replaced(first) {
                let path = shard.path(folder, FLOAT32);
                content
                    .vectors
                    .extend(read_floats(&path, first, recording.windows, width)?);
                content.recordings.push(recording);
            }
        }
        Ok(content)
    }
}

/// Writes a file and gives its checksum.
fn write_summed(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<String, EmbeddingsError> {
    let mut checksum = Checksum::default();
    let written = atomic::write(path, |out| {
        fill(&mut SummedFile {
            out,
            checksum: &mut checksum,
        })
    });
    written.map_err(|e| write_failed(&e))?;
    Ok(checksum.hex())
}

struct SummedFile<'a> {
    out: &'a mut dyn Write,
    checksum: &'a mut Checksum,
}

impl Write for SummedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.checksum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The recordings of a shard, after a check of the sizes of its files.
pub(super) fn read_table(
    folder: &Path,
    shard: &IndexShard,
) -> Result<Vec<IndexedRecording>, EmbeddingsError> {
    let path = shard.path(folder, TABLE);
    let bad = |problem: String| EmbeddingsError::new(&path, format!("{problem}; {REMEDY}"));
    let file = File::open(&path).map_err(|e| bad(format!("cannot be read: {e}")))?;
    let found = checksum_of_file(&path).map_err(|e| bad(format!("cannot be read: {e}")))?;
    if found != shard.table {
        return Err(bad("is damaged: its checksum is not the one in index.json".into()));
    }
    let recordings = recordings_of(file).map_err(|e| bad(e.to_string()))?;
    let rows: usize = recordings.iter().map(|recording| recording.windows).sum();
    if (rows, recordings.len()) != (shard.rows, shard.recordings) {
        return Err(bad(format!(
            "has {rows} windows of {} recordings, and index.json says {} of {}",
            recordings.len(),
            shard.rows,
            shard.recordings
        )));
    }
    Ok(recordings)
}

/// What to do about a damaged shard.
const REMEDY: &str = "restore it from a copy, or make the index again";

fn recordings_of(file: File) -> Result<Vec<IndexedRecording>, ParquetError> {
    let mut reader = ParquetReader::open(file)?;
    let names = reader.columns().iter().map(|column| column.name.as_str());
    if !names.eq(COLUMNS.iter().map(|(name, _)| *name)) {
        return Err(ParquetError::Damaged("it has other columns than an index"));
    }
    let mut found = FoundRecordings::default();
    while let Some(rows) = reader.next_group()? {
        let mut left = rows;
        while left > 0 {
            let some = left.min(GROUP as u64);
            left -= some;
            let other = || ParquetError::Damaged("a column of texts holds something else");
            let files = reader.texts(FILE, some as usize)?.ok_or_else(other)?;
            let facts = reader.texts(RECORDING, some as usize)?.ok_or_else(other)?;
            for (file, facts) in files.iter().zip(&facts) {
                found.add(file, facts).map_err(ParquetError::Damaged)?;
            }
        }
    }
    match found.left {
        0 => Ok(found.recordings),
        _ => Err(ParquetError::Damaged(LACKS_WINDOWS)),
    }
}

const LACKS_WINDOWS: &str = "a recording lacks windows";

/// The recordings of a table, row by row.
#[derive(Default)]
struct FoundRecordings {
    recordings: Vec<IndexedRecording>,
    /// Windows of the last one that are still to come.
    left: usize,
}

impl FoundRecordings {
    fn add(&mut self, file: &str, facts: &str) -> Result<(), &'static str> {
        if !facts.is_empty() {
            if self.left > 0 {
                return Err(LACKS_WINDOWS);
            }
            let recording: IndexedRecording =
                serde_json::from_str(facts).map_err(|_| "what it says of a recording can't be read")?;
            self.left = recording.windows;
            self.recordings.push(recording);
        }
        let is_of_it = self.recordings.last().is_some_and(|last| last.file == file);
        match (is_of_it, self.left) {
            (true, 1..) => self.left -= 1,
            _ => return Err("a window is of no recording"),
        }
        Ok(())
    }
}

/// Refuses files of vectors that have another size than the manifest says: what a full disk or an unfinished copy
/// leaves.
pub(super) fn check_sizes(folder: &Path, shard: &IndexShard, width: usize) -> Result<(), EmbeddingsError> {
    for (ending, row) in [(FLOAT32, 4 * width), (INT8, HEAD + width)] {
        let path = shard.path(folder, ending);
        let wanted = (shard.rows as u64).saturating_mul(row as u64);
        let found = std::fs::metadata(&path)
            .map_err(|e| EmbeddingsError::new(&path, format!("cannot be read: {e}; {REMEDY}")))?
            .len();
        if found != wanted {
            return Err(EmbeddingsError::new(
                &path,
                format!("is damaged: it has {found} bytes, and {wanted} were written; {REMEDY}"),
            ));
        }
    }
    Ok(())
}

/// Refuses files of vectors that are not those that were written, by reading all of them.
pub(super) fn check_vectors(folder: &Path, shard: &IndexShard) -> Result<(), EmbeddingsError> {
    for (ending, written) in [(FLOAT32, &shard.float32), (INT8, &shard.int8)] {
        let path = shard.path(folder, ending);
        let found = checksum_of_file(&path)
            .map_err(|e| EmbeddingsError::new(&path, format!("cannot be read: {e}; {REMEDY}")))?;
        if found != *written {
            let problem = format!("is damaged: its checksum is not the one in index.json; {REMEDY}");
            return Err(EmbeddingsError::new(&path, problem));
        }
    }
    Ok(())
}

/// Reads rows of a file of float32 vectors.
pub(super) fn read_floats(
    path: &Path,
    first_row: usize,
    rows: usize,
    width: usize,
) -> Result<Vec<f32>, EmbeddingsError> {
    let mut bytes = Vec::new();
    read_bytes(path, (first_row * width * 4, rows * width * 4), &mut bytes)?;
    Ok(floats_of(&bytes).collect())
}

/// Little-endian numbers.
pub(super) fn floats_of(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
}

/// Reads bytes of a file, from a place on and as many as are asked for, into a buffer that is overwritten.
pub(super) fn read_bytes(
    path: &Path,
    (place, count): (usize, usize),
    buffer: &mut Vec<u8>,
) -> Result<(), EmbeddingsError> {
    let mut read = || -> io::Result<()> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(place as u64))?;
        buffer.resize(count, 0);
        file.read_exact(buffer)
    };
    read().map_err(|e| EmbeddingsError::new(path, format!("cannot be read: {e}; {REMEDY}")))
}

/// An open file of float32 vectors, of which single rows are read.
#[derive(Debug)]
pub(super) struct FloatRows {
    path: PathBuf,
    file: File,
    bytes: Vec<u8>,
}

impl FloatRows {
    pub fn open(path: &Path) -> Result<Self, EmbeddingsError> {
        let file = File::open(path);
        let file = file.map_err(|e| EmbeddingsError::new(path, format!("cannot be read: {e}; {REMEDY}")))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            bytes: Vec::new(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends the numbers of a row.
    pub fn read(&mut self, row: usize, width: usize, out: &mut Vec<f32>) -> Result<(), EmbeddingsError> {
        self.bytes.resize(4 * width, 0);
        let place = SeekFrom::Start((row * width * 4) as u64);
        let read = self
            .file
            .seek(place)
            .and_then(|_| self.file.read_exact(&mut self.bytes));
        read.map_err(|e| EmbeddingsError::new(&self.path, format!("cannot be read: {e}; {REMEDY}")))?;
        out.extend(floats_of(&self.bytes));
        Ok(())
    }
}
