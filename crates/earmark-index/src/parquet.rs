//! Embeddings as Apache Parquet: the recording, the start of segments, and one float column per number; no column is optional.

use super::Embeddings;
use earmark_core::parquet::{ParquetColumn, ParquetType, ParquetWriter};
use std::io;

/// Numbers per row group.
const GROUP: usize = 1 << 20;

/// The bytes of the file.
pub(super) fn write(e: &Embeddings) -> io::Result<Vec<u8>> {
    let mut columns = vec![column("fname", ParquetType::Text)];
    if e.starts.is_some() {
        columns.push(column("start_seconds", ParquetType::Double));
    }
    columns.extend((0..e.width).map(|k| column(&format!("e{k}"), ParquetType::Float)));
    let mut writer = ParquetWriter::new(Vec::new(), "earmark_embeddings", columns)?;
    let rows_of_group = (GROUP / e.width.max(1)).max(1);
    for first in (0..e.files.len()).step_by(rows_of_group) {
        let rows = first..(first + rows_of_group).min(e.files.len());
        writer.texts(&e.files[rows.clone()])?;
        if let Some(starts) = &e.starts {
            writer.doubles(&starts[rows.clone()])?;
        }
        for k in 0..e.width {
            let values: Vec<f32> = rows.clone().map(|row| e.row(row)[k]).collect();
            writer.floats(&values)?;
        }
    }
    writer.finish()
}

fn column(name: &str, kind: ParquetType) -> ParquetColumn {
    ParquetColumn {
        name: name.to_owned(),
        kind,
        is_optional: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn rows_are_read_back_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for segments in [false, true] {
            let mut e = Embeddings::new(2, segments);
            e.push("a, b.wav", Some(0.0), &[1.0, -0.5]);
            e.push("c.wav", Some(2.5), &[0.25, 3.0]);
            let path = dir.path().join("x.parquet");
            e.save(&path).unwrap();
            let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
            let fields = file.metadata().file_metadata().schema().get_fields().to_vec();
            let names: Vec<&str> = fields.iter().map(|f| f.name()).collect();
            let first = usize::from(segments) + 1;
            assert_eq!(names[first..], ["e0", "e1"]);
            for (k, row) in file.get_row_iter(None).unwrap().enumerate() {
                let row = row.unwrap();
                assert_eq!(row.get_string(0).unwrap(), &e.files[k]);
                assert_eq!(
                    [row.get_float(first).unwrap(), row.get_float(first + 1).unwrap()],
                    e.row(k)
                );
                if segments {
                    assert_eq!(row.get_double(1).unwrap(), e.starts.as_ref().unwrap()[k]);
                }
            }
        }
    }
}
