//! Embeddings as Apache Parquet: the recording, the start of segments, and one float column per number; no column is optional.

use super::Embeddings;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Numbers per row group.
const GROUP: usize = 1 << 20;

/// The bytes of the file.
pub(super) fn write(e: &Embeddings) -> Result<Vec<u8>, ParquetError> {
    let mut columns = vec![column("fname", Physical::BYTE_ARRAY)?];
    if e.starts.is_some() {
        columns.push(column("start_seconds", Physical::DOUBLE)?);
    }
    for k in 0..e.width {
        columns.push(column(&format!("e{k}"), Physical::FLOAT)?);
    }
    let schema = Type::group_type_builder("earmark_embeddings")
        .with_fields(columns)
        .build()?;
    let properties = WriterProperties::builder().set_created_by(format!("earmark {}", earmark_core::VERSION));
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()))?;
    let rows_of_group = (GROUP / e.width.max(1)).max(1);
    for first in (0..e.files.len()).step_by(rows_of_group) {
        let rows = first..(first + rows_of_group).min(e.files.len());
        let mut group = writer.next_row_group()?;
        let files: Vec<ByteArray> = e.files[rows.clone()].iter().map(|f| f.as_str().into()).collect();
        write_column::<ByteArrayType>(&mut group, &files)?;
        if let Some(starts) = &e.starts {
            write_column::<DoubleType>(&mut group, &starts[rows.clone()])?;
        }
        for k in 0..e.width {
            let values: Vec<f32> = rows.clone().map(|row| e.row(row)[k]).collect();
            write_column::<FloatType>(&mut group, &values)?;
        }
        group.close()?;
    }
    writer.into_inner()
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("fewer columns than values".into()))?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

fn column(name: &str, physical: Physical) -> Result<Arc<Type>, ParquetError> {
    let text = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(text)
        .build()
        .map(Arc::new)
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
