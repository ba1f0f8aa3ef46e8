//! How tables of events are read, and what of two tables is refused.

use earmark_metrics::{
    EventColumns, EventSet, IntersectionCriteria, OperatingPoints, PairedEvents, PsdsOptions, TableEvent,
    psds, read_durations,
};
use std::fs;
use std::path::PathBuf;

fn parse(name: &str, text: &str) -> EventSet {
    EventSet::parse(text.as_bytes(), name, &EventColumns::default()).expect(name)
}

/// Recording, class, onset and offset of every event.
fn rows(table: &EventSet) -> Vec<(String, String, f64, f64)> {
    let recordings = table.recordings().iter();
    let rows = recordings.flat_map(|(file, recording)| {
        let row = |event: &TableEvent| (file.clone(), event.class.clone(), event.onset, event.offset);
        recording.events.iter().map(row).collect::<Vec<_>>()
    });
    rows.collect()
}

#[test]
fn every_form_gives_the_same_events() {
    let csv = "Start (s),End (s),Class,Confidence,File\n0.500,1.250,Dog,0.9000,a.wav\n2.000,3.000,Cat,0.5000,a.wav\n";
    let raven = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tClass\tBegin Path\tFile Offset (s)\n\
                 1\tWaveform 1\t1\t60.5\t61.25\tDog\ta.wav\t0.5\n\
                 1\tSpectrogram 1\t1\t60.5\t61.25\tDog\ta.wav\t0.5\n\
                 2\tSpectrogram 1\t1\t62\t63\tCat\ta.wav\t2\n";
    let aoef = r#"{"data":{"collection_type":"annotation_set","recordings":[{"uuid":"r","path":"a.wav"}],
        "clips":[{"uuid":"c","recording":"r","start_time":0,"end_time":4}],"clip_annotations":[{"clip":"c"}],
        "tags":[{"id":3,"key":"event","value":"Dog"},{"id":1,"key":"event","value":"Cat"}],
        "sound_events":[{"uuid":"s","recording":"r","geometry":{"type":"TimeInterval","coordinates":[0.5,1.25]}},
            {"uuid":"t","recording":"r","geometry":{"type":"BoundingBox","coordinates":[2,100,3,200]}}],
        "sound_event_annotations":[{"sound_event":"s","tags":[3]},{"sound_event":"t","tags":[1]}]}}"#;
    let wanted = rows(&parse("x.csv", csv));
    assert_eq!(wanted[1], ("a.wav".to_owned(), "Cat".to_owned(), 2.0, 3.0));
    let event = |class, onset, offset| {
        format!(r#"{{"class":"{class}","onset":{onset},"offset":{offset},"score":0.5}}"#)
    };
    let line = format!(
        r#"{{"file":"a.wav","seconds":4.0,"top":[],"events":[{},{}]}}"#,
        event("Dog", 0.5, 1.25),
        event("Cat", 2.0, 3.0)
    );
    for (name, text) in [
        ("x.selections.txt", raven.to_owned()),
        (
            "a.wav.txt",
            "0.500000\t1.250000\tDog 0.90\n\\\t100\t200\n2\t3\tCat 0.50\n".to_owned(),
        ),
        (
            "a.wav.BirdNET.results.txt",
            "0.5\t1.25\tDog\t0.9012\n2\t3\tCat\t0.5\n".to_owned(),
        ),
        ("x.json", format!("[\n {line}\n]\n")),
        ("x.json", aoef.to_owned()),
        (
            "x.ndjson",
            format!("{line}\n{{\"file\":\"b.wav\",\"error\":\"is empty\"}}\n"),
        ),
        (
            "a.wav.csv",
            "onset;offset;event_label\n0.5;1.25;Dog\n2;3;Cat\n".to_owned(),
        ),
        (
            "x.tsv",
            "filename\tonset\toffset\tevent_label\na.wav\t0.5\t1.25\tDog\na.wav\t2\t3\tCat\n".to_owned(),
        ),
    ] {
        assert_eq!(rows(&parse(name, &text)), wanted, "{name}");
    }
    assert_eq!(
        parse("x.json", &format!("[{line}]")).recordings()["a.wav"].seconds,
        Some(4.0)
    );
    // Recordings without events.
    assert!(parse("in/a.wav.txt", "").recordings().contains_key("in/a.wav"));
    let listed = parse("x.csv", "file,start,end,class\na.wav,,,\n");
    assert!(listed.recordings()["a.wav"].events.is_empty());
    let columns = EventColumns {
        class: Some("Species".into()),
        start: Some("from".into()),
        ..EventColumns::default()
    };
    let text = b"file,from,end,class,Species\na.wav,1,2,x,Tern\n";
    let named = EventSet::parse(text, "x.csv", &columns).expect("a table");
    assert_eq!(rows(&named), [("a.wav".to_owned(), "Tern".to_owned(), 1.0, 2.0)]);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let head = "file,start,end,class\na.wav,0,1,Dog\n";
    for (name, text, message) in [
        (
            "x.csv",
            format!("{head}a.wav,1,two,Dog\n"),
            "x.csv, line 3: `two` in the column `end` is not a number of seconds",
        ),
        (
            "x.csv",
            format!("{head}a.wav,2,1,Dog\n"),
            "x.csv, line 3: the event ends at 1 s, before it begins at 2 s",
        ),
        (
            "x.csv",
            format!("{head}a.wav,-1,1,Dog\n"),
            "x.csv, line 3: `-1` to `1` are not times in seconds",
        ),
        (
            "x.csv",
            format!("{head}a.wav,0,1,\n"),
            "x.csv, line 3: an event has no class",
        ),
        (
            "x.csv",
            format!("{head},0,1,Dog\n"),
            "x.csv, line 3: has no name of a recording",
        ),
        (
            "x.csv",
            format!("{head}a.wav,0,1\n"),
            "x.csv, line 3: has 3 columns where the header has 4",
        ),
        (
            "x.csv",
            "file,start,end,Dog\n".into(),
            "x.csv, line 1: there is no column of classes; the columns are `file`, ",
        ),
        (
            "x.txt",
            "0\t1\tDog\n1\t2\n".into(),
            "x.txt, line 2: an event has no class",
        ),
        (
            "x.txt",
            "0\t1\tDog\nsoon\t2\tDog\n".into(),
            "x.txt, line 2: `soon` and `2` are not a start and an end",
        ),
        (
            "x.json",
            "[{\"file\":\"a\"}]".into(),
            "x.json, entry 1: has no list `events`",
        ),
        (
            "x.ndjson",
            "{\"file\":\"a\",\"error\":\"e\"}\n{\"file\"\n".into(),
            "x.ndjson, line 2: is not JSON",
        ),
        ("x.parquet", "PAR1".into(), "x.parquet: is Parquet"),
    ] {
        let error = EventSet::parse(text.as_bytes(), name, &EventColumns::default()).expect_err(name);
        let error = error.to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let columns = EventColumns {
        class: Some("Species".into()),
        ..EventColumns::default()
    };
    let error = EventSet::parse(head.as_bytes(), "x.csv", &columns).expect_err("no such column");
    assert!(
        error.to_string().contains("there is no column `Species`"),
        "{error}"
    );
    let columns = EventColumns {
        or_usual: true,
        ..columns
    };
    assert!(EventSet::parse(head.as_bytes(), "x.csv", &columns).is_ok());
}

#[test]
fn tables_that_have_nothing_in_common_are_refused() {
    let truth = parse("t.csv", "file,start,end,class\na.wav,0,1,dog\n");
    let refused = |text: &str| {
        let predicted = parse("p.csv", &format!("file,start,end,class\n{text}"));
        PairedEvents::new(&truth, &predicted).expect_err(text).to_string()
    };
    let message = refused("b.wav,0,1,dog\n");
    assert!(
        message.starts_with("no recording of the predictions is in the truth: `b.wav`"),
        "{message}"
    );
    let message = refused("a.wav,0,1,Dog\n");
    assert!(
        message.starts_with("no class of the predictions is in the truth: `Dog`"),
        "{message}"
    );
    let message = refused("x/a.wav,0,1,dog\ny/a.wav,0,1,dog\n");
    assert!(
        message.starts_with("two recordings of the predictions may be `a.wav`"),
        "{message}"
    );
    let empty = PairedEvents::new(&EventSet::default(), &truth).expect_err("no truth");
    assert_eq!(empty.to_string(), "the truth: lists no recording");
}

/// A file of its own in the system's temporary folder.
fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("earmark-events-{}-{name}", std::process::id()));
    fs::write(&path, text).expect("a file to write");
    path
}

#[test]
fn windows_become_operating_points() {
    let text = "file,start_seconds,end_seconds,recording,a,start,recorded_at,site,latitude,longitude\n\
                x.wav,0,1,{},0.9,0.1,,Forest,,\nx.wav,1,2,,0.2,0.8,,,,\n";
    let windows = file("windows.csv", text);
    let events = file("events.csv", "file,start,end,class\nx.wav,0,1,a\n");
    let columns = EventColumns::default();
    let points = OperatingPoints::read(std::slice::from_ref(&windows), &columns).expect("windows");
    assert_eq!(points.tables.len(), 50);
    let truth = parse("t.csv", "file,start,end,class\nx.wav,0,1,a\nx.wav,1,2,start\n");
    let score = |points: &[EventSet]| {
        psds(
            &truth,
            points,
            &IntersectionCriteria::default(),
            &PsdsOptions::default(),
        )
    };
    // A threshold between 0.2 and 0.8 finds both and nothing else, and the windows say how long the recording is.
    assert!((score(&points.tables).expect("a score").value - 1.0).abs() < 1e-12);

    let two = [events.clone(), events.clone()];
    let points = OperatingPoints::read(&two, &columns).expect("tables of events");
    assert_eq!(points.tables.len(), 2);
    let error = score(&points.tables).expect_err("no length").to_string();
    assert_eq!(
        error,
        "PSDS needs the length of every recording; there is none for: `x.wav`; give a table with the columns \
         file,seconds"
    );
    let both = [windows.clone(), events.clone()];
    let error = OperatingPoints::read(&both, &columns)
        .expect_err("both")
        .to_string();
    assert!(error.contains("give one table of windows alone"), "{error}");

    let durations = file("durations.csv", "file,seconds\nin/x.wav,2\ny.wav,3\n");
    let mut truth = truth.clone();
    read_durations(&durations, &mut truth).expect("lengths");
    assert_eq!(truth.recordings()["x.wav"].seconds, Some(2.0));
    assert!(truth.recordings()["y.wav"].events.is_empty());
    for path in [windows, events, durations] {
        fs::remove_file(path).expect("a file to remove");
    }
}

#[test]
fn selections_of_one_number_in_joined_tables_are_several() {
    let raven = "Selection\tView\tBegin Time (s)\tEnd Time (s)\tClass\tBegin File\n\
                 1\tWaveform 1\t0\t1\tDog\ta.wav\n\
                 1\tSpectrogram 1\t0\t1\tDog\ta.wav\n\
                 1\tSpectrogram 1\t0\t1\tCat\tb.wav\n\
                 1\tSpectrogram 1\t2\t3\tCat\tb.wav\n";
    let found = rows(&parse("all.txt", raven));
    let wanted = [
        ("a.wav", "Dog", 0.0, 1.0),
        ("b.wav", "Cat", 0.0, 1.0),
        ("b.wav", "Cat", 2.0, 3.0),
    ];
    let wanted =
        wanted.map(|(file, class, onset, offset)| (file.to_owned(), class.to_owned(), onset, offset));
    assert_eq!(found, wanted);
}
