use super::runs::{Runs, width_for, write_runs};
use super::*;
use proptest::prelude::*;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

fn column(name: &str, kind: ParquetType, is_optional: bool) -> ParquetColumn {
    ParquetColumn {
        name: name.into(),
        kind,
        is_optional,
    }
}

/// Two row groups: file, start, place (which may be unknown), score.
fn written(rows: [usize; 2], place: impl Fn(usize) -> Option<f64>) -> Vec<u8> {
    let columns = vec![
        column("file", ParquetType::Text, false),
        column("start", ParquetType::Double, false),
        column("place", ParquetType::Double, true),
        column("score", ParquetType::Float, false),
    ];
    let mut writer = ParquetWriter::new(Vec::new(), "table", columns).unwrap();
    for rows in [0..rows[0], rows[0]..rows[0] + rows[1]] {
        let files: Vec<String> = rows.clone().map(|k| format!("ä{}.wav", k / 3)).collect();
        writer.texts(&files).unwrap();
        writer
            .doubles(&rows.clone().map(|k| k as f64 / 8.0).collect::<Vec<_>>())
            .unwrap();
        writer
            .optional_doubles(&rows.clone().map(&place).collect::<Vec<_>>())
            .unwrap();
        writer
            .floats(&rows.map(|k| k as f32 / 7.0).collect::<Vec<_>>())
            .unwrap();
    }
    writer.finish().unwrap()
}

fn open(bytes: &[u8]) -> Result<ParquetReader, ParquetError> {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    ParquetReader::open(file)
}

/// Everything that is in a table, as text, some rows at a time.
fn all(bytes: &[u8], at_a_time: usize) -> Result<Vec<String>, ParquetError> {
    let mut reader = open(bytes)?;
    let mut cells = Vec::new();
    while let Some(rows) = reader.next_group()? {
        let mut left = usize::try_from(rows).unwrap().min(1000);
        while left > 0 {
            let count = left.min(at_a_time);
            for k in 0..reader.columns().len() {
                match reader.columns()[k].kind {
                    ParquetType::Text => {
                        let texts: Vec<Arc<str>> = reader.texts(k, count)?.unwrap();
                        cells.extend(texts.iter().map(|text| text.to_string()));
                    }
                    ParquetType::Other => {}
                    _ => {
                        let numbers = reader.numbers(k, count)?.unwrap();
                        cells.extend(numbers.iter().map(f64::to_string));
                    }
                }
            }
            left -= count;
        }
    }
    Ok(cells)
}

#[test]
fn tables_are_read_back() {
    let place = |k: usize| Some(k as f64 - 0.5);
    let bytes = written([40, 3], place);
    let reader = open(&bytes).unwrap();
    assert_eq!(reader.columns()[2], column("place", ParquetType::Double, true));
    let mut wanted = Vec::new();
    for (first, rows) in [(0, 40), (40, 3)] {
        let rows = first..first + rows;
        wanted.extend(rows.clone().map(|k| format!("ä{}.wav", k / 3)));
        wanted.extend(rows.clone().map(|k| (k as f64 / 8.0).to_string()));
        wanted.extend(rows.clone().map(|k| (k as f64 - 0.5).to_string()));
        wanted.extend(rows.map(|k| f64::from(k as f32 / 7.0).to_string()));
    }
    assert_eq!(all(&bytes, 40).unwrap(), wanted);
    let mut pieces = all(&bytes, 7).unwrap();
    pieces.sort();
    wanted.sort();
    assert_eq!(pieces, wanted);
}

#[test]
fn cells_that_are_empty_are_named() {
    let bytes = written([9, 1], |k| (k != 5).then_some(1.0));
    let mut reader = open(&bytes).unwrap();
    assert_eq!(reader.next_group().unwrap(), Some(9));
    assert_eq!(reader.numbers(2, 5).unwrap(), Some(vec![1.0; 5]));
    assert!(matches!(reader.numbers(2, 1), Err(ParquetError::EmptyCell)));
    // Columns that are not asked for may have them, and a column of another type is refused.
    assert_eq!(&*reader.texts(0, 9).unwrap().unwrap()[8], "ä2.wav");
    assert!(reader.texts(1, 1).unwrap().is_none() && reader.numbers(0, 1).unwrap().is_none());
    assert!(matches!(reader.numbers(9, 1), Err(ParquetError::Damaged(_))));
}

#[test]
fn columns_come_in_their_order() {
    let columns = vec![
        column("a", ParquetType::Text, false),
        column("b", ParquetType::Float, false),
    ];
    let mut writer = ParquetWriter::new(Vec::new(), "table", columns).unwrap();
    assert!(writer.floats(&[1.0]).is_err());
    writer.texts(&["x", "y"]).unwrap();
    assert!(writer.floats(&[1.0]).is_err() && writer.doubles(&[1.0, 2.0]).is_err());
    assert!(writer.finish().is_err());
}

fn golden(name: &str) -> File {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    File::open(folder.join(name).with_extension("parquet")).unwrap()
}

/// The files of `xtask/golden/parquet_tables.py`: the same rows, as pyarrow writes them.
#[test]
fn tables_of_pyarrow_are_read() {
    for name in ["dictionary-v1", "plain-v2", "snappy-v1", "snappy-v2"] {
        let mut reader = ParquetReader::open(golden(name)).unwrap();
        let names: Vec<_> = reader
            .columns()
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(names, ["file", "start", "count", "place", "score"], "{name}");
        assert_eq!(reader.columns()[2], column("count", ParquetType::Int64, true));
        assert_eq!(reader.rows(), 500, "{name}");
        let mut first = 0;
        while let Some(rows) = reader.next_group().unwrap() {
            let rows = first..first + usize::try_from(rows).unwrap();
            let numbers = |of: fn(usize) -> f64| Some(rows.clone().map(of).collect::<Vec<_>>());
            let texts = reader.texts(0, rows.len()).unwrap().unwrap();
            let wanted = rows.clone().map(|k| format!("{}/é.wav", k / 4));
            assert!(texts.iter().map(|text| text.to_string()).eq(wanted), "{name}");
            let score = |k: usize| f64::from((k % 100) as f32 / 100.0);
            let columns: [fn(usize) -> f64; 4] =
                [|k| k as f64 / 4.0, |k| k as f64, |k| (k % 5) as f64, score];
            for (column, of) in columns.into_iter().enumerate() {
                let found = reader.numbers(column + 1, rows.len()).unwrap();
                assert_eq!(found, numbers(of), "{name}, column {}", column + 1);
            }
            first = rows.end;
        }
        assert_eq!((first, reader.rows()), (500, 0), "{name}");
    }
    let mut reader = ParquetReader::open(golden("zstd")).unwrap();
    reader.next_group().unwrap();
    let error = reader.numbers(1, 1).unwrap_err();
    assert_eq!(error.to_string(), "compression by zstd is not supported");
}

proptest! {
    #[test]
    fn runs_are_read_back(
        spans in prop::collection::vec((0u32..300, 1usize..30), 0..20),
        largest in 0usize..300,
    ) {
        let values: Vec<u32> = spans
            .iter()
            .flat_map(|(value, count)| vec![(*value).min(largest as u32); *count])
            .collect();
        let width = width_for(largest);
        let mut page = vec![9; 3];
        write_runs(&mut page, &values, width);
        let mut runs = Runs::new(3, page.len(), width);
        for value in values {
            prop_assert_eq!(runs.next(&page), Some(value));
        }
    }

    #[test]
    fn damage_is_an_error_or_another_table(
        cut in 0usize..4000,
        flips in prop::collection::vec((0usize..4000, any::<u8>()), 0..6),
    ) {
        let mut bytes = written([40, 3], |k| Some(k as f64));
        bytes.truncate(bytes.len().min(cut.max(1) * 2));
        for (place, byte) in flips {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        let _ = all(&bytes, 16);
    }

    #[test]
    fn damage_of_compressed_files_is_an_error_or_another_table(
        flips in prop::collection::vec((0usize..20_000, any::<u8>()), 1..6),
    ) {
        let mut bytes = Vec::new();
        golden("snappy-v2").read_to_end(&mut bytes).unwrap();
        for (place, byte) in flips {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        let _ = all(&bytes, 100);
    }
}
