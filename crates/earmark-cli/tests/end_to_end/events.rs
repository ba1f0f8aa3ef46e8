//! Labels with times as data: trained on in windows, written by `tag`, corrected, and trained on again.

use super::common::{CLASSES, Lab, tone};
use earmark::data::DataOptions;
use earmark::data::layout::{EventTable, LabelledEvent};
use std::fmt::Write;
use std::fs;

/// What makes the tiny recipe one for several classes at a time, in windows of a second.
const WINDOWS: &str = "--layout events --set data.events.window-seconds=1 \
    --set train.loss={kind=\"sigmoid-cross-entropy\"} --set train.schedule={kind=\"cosine\"} \
    --set validation.split={kind=\"none\"}";

/// A recording of nine seconds: two of each of the classes' tones, and one without any; with a selection table of
/// Raven.
fn recording(lab: &Lab, name: &str, pitch: f64) {
    let mut table =
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
            .to_owned();
    let mut samples = Vec::<i16>::new();
    for (k, (class, hz)) in CLASSES.into_iter().enumerate() {
        samples.extend(tone(hz * pitch, 2));
        samples.extend([0; 8000]);
        let (number, begin) = (k + 1, 3 * k);
        let (end, high) = (begin + 2, hz * 2.0);
        writeln!(
            table,
            "{number}\tSpectrogram 1\t1\t{begin}.0\t{end}.0\t0.0\t{high}\t{class}"
        )
        .expect("a row");
    }
    lab.wav(&format!("{name}.wav"), samples);
    lab.write(&format!("{name}.Table.1.selections.txt"), table);
}

/// What `tag` writes of these events, by the formats' definitions.
fn raven(events: &[LabelledEvent]) -> String {
    let mut text =
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tClass\t\
                    Confidence\tBegin Path\tFile Offset (s)\n"
            .to_owned();
    for (k, event) in events.iter().enumerate() {
        let (start, end) = (event.start_us as f64 / 1e6, event.end_us as f64 / 1e6);
        let (class, score) = (&event.labels[0], event.score.expect("a score"));
        let [low, high] = event.band_hz.expect("a band");
        let file = event.file.as_deref().expect("a file");
        let number = k + 1;
        writeln!(
            text,
            "{number}\tSpectrogram 1\t1\t{start:.3}\t{end:.3}\t{low:.1}\t{high:.1}\t{class}\t{score:.4}\t{file}\t\
             {start:.3}"
        )
        .expect("a row");
    }
    text
}

fn audacity(events: &[LabelledEvent]) -> String {
    let row = |event: &LabelledEvent| {
        let (start, end) = (event.start_us as f64 / 1e6, event.end_us as f64 / 1e6);
        let score = event.score.expect("a score");
        format!("{start:.6}\t{end:.6}\t{} {score:.2}\n", event.labels[0])
    };
    events.iter().map(row).collect()
}

fn read(lab: &Lab, name: &str) -> Vec<LabelledEvent> {
    EventTable::read(&lab.path(name), &DataOptions::default())
        .expect(name)
        .events
}

/// What `tag` found, against the table that somebody made, and that against itself.
fn score(lab: &Lab) {
    let truth = "woods/rec0.Table.1.selections.txt";
    for (events, is_right) in [("raven/rec0.wav.selections.txt", false), (truth, true)] {
        let ended = lab
            .earmark(&format!("score --truth {truth} --events {events} --json"))
            .done();
        let result: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
        assert_eq!(result["reference_events"], 3, "{ended}");
        let f1 = result["segment_based"]["micro"]["f1"].as_f64().expect("a number");
        assert_eq!(f1 == 1.0, is_right, "{ended}");
    }
    let all = lab.earmark("score --truth woods --events raven --json").done();
    let result: serde_json::Value = serde_json::from_str(&all.out).expect("JSON");
    assert_eq!(
        result["reference_events"], 9,
        "the tables next to the recordings: {all}"
    );
}

/// The one table that `tag` writes of all recordings is data, as is its set for soundevent.
fn read_tables_of_all(lab: &Lab) {
    fs::create_dir_all(lab.path("all")).expect("a folder");
    for name in ["rec1.wav", "rec2.wav"] {
        fs::copy(
            lab.path(&format!("woods/{name}")),
            lab.path(&format!("all/{name}")),
        )
        .expect("a copy");
    }
    for (name, format) in [("tags.txt", "raven"), ("tags.aoef.json", "aoef")] {
        let tag = format!("tag all --model runs/a --threshold 0 -o all/{name} --format {format}");
        lab.earmark(&tag).done();
        let stats = lab
            .earmark("data stats all --set events={window-seconds=1}")
            .done();
        assert!(stats.err.contains("2 recordings cut into 18 windows"), "{stats}");
        fs::remove_file(lab.path(&format!("all/{name}"))).expect("a table to remove");
    }
}

#[test]
fn what_is_tagged_is_corrected_and_trained_on() {
    let lab = Lab::new();
    fs::create_dir_all(lab.path("woods")).expect("a folder");
    for (k, name) in ["rec0", "rec1", "rec2"].into_iter().enumerate() {
        recording(&lab, &format!("woods/{name}"), 1.0 + 0.03 * k as f64);
    }
    // Folds are of recordings; a run is trained and evaluated on their windows.
    let folds = lab
        .earmark("data folds woods --set events={window-seconds=1} --count 3 -o folds.csv")
        .done();
    assert!(
        folds.err.contains(
            "3 recordings cut into 27 windows of 1 s every 1 s: 18 with labels, 9 of background, 0 left out"
        ),
        "{folds}"
    );
    let table = lab.read("folds.csv");
    let files: Vec<&str> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().expect("a file"))
        .collect();
    assert_eq!(files, ["rec0.wav", "rec1.wav", "rec2.wav"]);
    lab.earmark(&format!(
        "train tiny.toml --data woods --run runs/a --fold 1 --fold-table folds.csv {WINDOWS}"
    ))
    .done();
    let split = lab.read("runs/a/split.csv");
    let tested = split.lines().filter(|line| line.ends_with(",judged"));
    let recordings: Vec<&str> = tested.filter_map(|line| line.split(" from ").next()).collect();
    assert_eq!(recordings.len(), 9, "all windows of a recording: {split}");
    assert!(recordings.iter().all(|name| *name == recordings[0]), "{split}");
    lab.earmark("eval runs/a --data woods").done();
    // One table of all recordings has the same windows.
    lab.earmark("data check woods --write fixed.csv").done();
    let stats = lab
        .earmark("data stats fixed.csv --layout events --set events={window-seconds=1}")
        .done();
    assert!(stats.err.contains("18 with labels, 9 of background"), "{stats}");

    // What `tag` writes is read back, and written again with the same bytes.
    for format in ["raven", "audacity"] {
        let tag =
            format!("tag woods/rec0.wav --model runs/a --threshold 0 --format {format} --out-dir {format}");
        lab.earmark(&tag).done();
    }
    let tagged = lab.read("raven/rec0.wav.selections.txt");
    assert_eq!(raven(&read(&lab, "raven/rec0.wav.selections.txt")), tagged);
    let labels = lab.read("audacity/rec0.wav.txt");
    assert_eq!(audacity(&read(&lab, "audacity/rec0.wav.txt")), labels);

    score(&lab);

    // One row is corrected, and the table is data again.
    fs::create_dir_all(lab.path("corrected")).expect("a folder");
    fs::copy(lab.path("woods/rec0.wav"), lab.path("corrected/rec0.wav")).expect("a copy");
    assert!(tagged.contains("\thigh\t"), "{tagged}");
    let corrected = tagged.replacen("\thigh\t", "\tsiren\t", 1);
    lab.write("corrected/rec0.wav.selections.txt", corrected);
    lab.earmark(&format!(
        "train tiny.toml --data corrected --run runs/b {WINDOWS}"
    ))
    .done();
    assert_eq!(lab.read("runs/b/classes.csv"), "0,low\n1,mid\n2,siren\n");
    read_tables_of_all(&lab);
}

#[test]
fn a_table_of_another_recording_is_refused_by_its_line() {
    let lab = Lab::new();
    lab.tone("set/a.wav", 400.0);
    lab.write("set/a.csv", "start,end,label\n0,0.5,low\n7,8,high\n");
    let message = lab.earmark("data check set").refused();
    assert!(
        message.starts_with("set/a.csv:3: begins at 7 s, and a.wav ends at 1 s; "),
        "{message}"
    );
}
