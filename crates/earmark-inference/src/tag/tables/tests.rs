use super::*;
use crate::tag::formats::{Format, FormatOptions, FormatWriter};
use crate::tag::result::{SoundEvent, TagResult};
use crate::tag::resume_log::TagOutcome;
use std::fs;

fn event(class: &str, onset: f64, score: f32) -> SoundEvent {
    SoundEvent {
        class: class.into(),
        onset,
        offset: onset + 1.5,
        score,
    }
}

/// The bytes of two recordings with events and one that failed.
fn written(format: Format) -> Vec<u8> {
    let mut a = TagResult::new("a, b.wav", 9.0, 8_000);
    a.events = vec![
        event("Dog", 0.0, 0.5),
        event("Turdus merula_Common Blackbird", 2.25, 0.25),
    ];
    let mut b = TagResult::new("deep/c.wav", 9.0, 8_000);
    b.events = vec![event("Dog", 4.0, 0.75)];
    let failed = TagOutcome::Failed {
        file: "d.wav".into(),
        reason: "is cut off".into(),
    };
    let dir = tempfile::tempdir().unwrap();
    let options = FormatOptions {
        scratch: Some(dir.path()),
        ..FormatOptions::default()
    };
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(format, options, &mut out).unwrap();
    for outcome in [TagOutcome::Tagged(a), failed, TagOutcome::Tagged(b)] {
        writer.add(&outcome, &mut std::io::empty()).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn detections(bytes: &[u8]) -> Result<Detections, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tags");
    fs::write(&path, bytes).unwrap();
    let name = path.display().to_string();
    read_detections(&path).map_err(|e| e.to_string().replace(&name, "tags"))
}

#[test]
fn events_are_read_in_every_format_with_times_and_classes() {
    let number = |file, class, start, score| Detection {
        file,
        class,
        start,
        end: start + 1.5,
        score,
    };
    let wanted = [
        number(0, 0, 0.0, 0.5),
        number(0, 1, 2.25, 0.25),
        number(1, 0, 4.0, 0.75),
    ];
    for format in [
        Format::Csv,
        Format::Birdnet,
        Format::Json,
        Format::Ndjson,
        Format::Parquet,
    ] {
        let found = detections(&written(format)).unwrap();
        assert_eq!(found.found, wanted, "{format:?}");
        assert_eq!(found.files.names, ["a, b.wav", "deep/c.wav"], "{format:?}");
        assert_eq!(
            found.classes.names,
            ["Dog", "Turdus merula_Common Blackbird"],
            "{format:?}"
        );
    }
    // As csv has them, and as a spreadsheet writes those of Parquet.
    let csv = "Start (s),End (s),Class,Confidence,File\n0.000,1.500,Dog,0.5000,a.wav\n";
    assert_eq!(
        detections(csv.as_bytes()).unwrap().found,
        [number(0, 0, 0.0, 0.5)]
    );
    let sheet = "\u{feff}file;start_seconds;end_seconds;class;score\r\na.wav;0;1.5;Dog;0.5\r\n";
    assert_eq!(
        detections(sheet.as_bytes()).unwrap().found,
        [number(0, 0, 0.0, 0.5)]
    );
    assert!(detections(b"[]").unwrap().found.is_empty());
}

#[test]
fn what_is_no_table_of_events_is_refused_by_place() {
    let message = |text: &str| detections(text.as_bytes()).unwrap_err();
    let head = "file,start_seconds,end_seconds,class,score\n";
    let of_row = |row: &str| message(&format!("{head}a,0,1,Dog,0.5\n{row}\n"));
    assert!(of_row("b,x,1,Dog,0.5").starts_with("tags:3, column start_seconds: \"x\" is not a number"));
    assert!(of_row("b,0,1,Dog,nan").starts_with("tags:3, column score: \"nan\" is not a number"));
    assert!(of_row("b,2,1,Dog,0.5").starts_with("tags:3: the start is before the recording"));
    assert!(of_row("b,-2,1,Dog,0.5").starts_with("tags:3: the start is before the recording"));
    assert!(of_row(",0,1,Dog,0.5").starts_with("tags:3: the file or the class is empty"));
    assert!(of_row("b,0,1,Dog").starts_with("tags:3: "));
    let columns = message("file,labels\na,b\n");
    assert!(
        columns.starts_with("tags: expected columns of file, start,"),
        "{columns}"
    );
    assert!(columns.contains("found file, labels;"), "{columns}");
    let windows =
        message("{\"file\":\"a\",\"start_seconds\":0.0,\"end_seconds\":1.0,\"scores\":{\"Dog\":0.5}}\n");
    assert!(windows.starts_with("tags: holds scores of windows"), "{windows}");
    assert!(message("{\"files\":1}").starts_with("tags: not results of `earmark tag`"));
    assert!(message("PAR1 and nothing else").starts_with("tags: cannot be read: "));
    assert!(read_detections(Path::new("none")).is_err());
}

/// A Parquet file of one recording.
fn parquet(events: Vec<SoundEvent>) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let options = FormatOptions {
        scratch: Some(dir.path()),
        ..FormatOptions::default()
    };
    let mut result = TagResult::new("a", 2e5, 8_000);
    result.events = events;
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(Format::Parquet, options, &mut out).unwrap();
    let outcome = TagOutcome::Tagged(result);
    writer.add(&outcome, &mut std::io::empty()).unwrap();
    writer.finish().unwrap();
    out
}

/// More rows than are read at a time, in several row groups.
#[test]
fn long_parquet_files_are_read_in_pieces() {
    let events = (0..150_000).map(|k| event("Dog", f64::from(k), 0.5));
    let found = detections(&parquet(events.collect())).unwrap().found;
    assert_eq!(found.len(), 150_000);
    assert!(found.iter().enumerate().all(|(k, found)| found.start == k as f64));
}

/// A table as the library `parquet` writes it, and with it earlier versions: cells as numbers of dictionaries, in pages of
/// 20,000 rows.
fn parquet_of_the_library(rows: usize, start: impl Fn(usize) -> f64) -> Vec<u8> {
    use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType};
    use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
    use ::parquet::schema::parser::parse_message_type;
    use std::sync::Arc;
    fn column<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: &[T::T]) {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(values, None, None).unwrap();
        column.close().unwrap();
    }
    let schema = "message earmark_tag {
        required binary file (UTF8);
        required double start_seconds;
        required double end_seconds;
        required binary class (UTF8);
        required float score;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let starts: Vec<f64> = (0..rows).map(start).collect();
    let ends: Vec<f64> = starts.iter().map(|start| start + 1.5).collect();
    column::<ByteArrayType>(&mut group, &vec![ByteArray::from("a"); rows]);
    column::<DoubleType>(&mut group, &starts);
    column::<DoubleType>(&mut group, &ends);
    column::<ByteArrayType>(&mut group, &vec![ByteArray::from("Dog"); rows]);
    column::<FloatType>(&mut group, &vec![0.5; rows]);
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn parquet_files_of_earlier_versions_are_read() {
    let of = |k: usize| (k / 4) as f64;
    let found = detections(&parquet_of_the_library(50_000, of)).unwrap();
    assert_eq!(found.files.names, ["a"]);
    assert_eq!(found.classes.names, ["Dog"]);
    assert_eq!(found.found.len(), 50_000);
    let is_right =
        |(k, found): (usize, &Detection)| (found.start, found.end, found.score) == (of(k), of(k) + 1.5, 0.5);
    assert!(found.found.iter().enumerate().all(is_right));
}

/// A table that pandas filtered and wrote: by Snappy, with cells that may be empty, whole seconds as integers, and one
/// more column.
#[test]
fn parquet_files_of_pandas_are_read() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/detections");
    let bytes = fs::read(Path::new(seeds).join("tags-pandas.parquet")).unwrap();
    let found = detections(&bytes).unwrap();
    assert_eq!(found.files.names, ["a/0.wav", "a/1.wav", "a/2.wav"]);
    assert_eq!(found.classes.names, ["Owl", "Dog"]);
    let score = |k: usize| (k * 37 % 100) as f64 / 100.0;
    let rows: Vec<usize> = (0..24).filter(|k| score(*k) > 0.3).collect();
    let wanted = rows.iter().map(|&k| Detection {
        file: k / 8,
        class: usize::from(k % 3 == 0),
        start: k as f64 / 2.0,
        end: (k + 3) as f64,
        score: score(k) as f32,
    });
    assert_eq!(found.found, wanted.collect::<Vec<_>>());
}

/// Rows that are all alike take no room: a few bytes could stand for billions of them.
#[test]
fn more_rows_than_a_parquet_file_can_hold_are_refused() {
    let message = detections(&parquet_of_the_library(100_000, |_| 0.0)).unwrap_err();
    assert!(
        message.starts_with("tags: says that it has 100000 rows, more than its "),
        "{message}"
    );
}

#[test]
fn damaged_parquet_files_are_refused_or_read() {
    let whole = parquet(vec![event("Dog", 0.0, 0.5), event("Cat", 2.0, 0.25)]);
    let mut refused = 0;
    for at in 4..whole.len() {
        for bit in [0, 6, 7] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            if let Err(message) = detections(&damaged) {
                assert!(message.starts_with("tags:"), "bit {bit} of byte {at}: {message}");
                refused += 1;
            }
        }
    }
    assert!(refused > whole.len() / 2, "{refused}");
}
