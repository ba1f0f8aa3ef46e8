//! Labels with times: tables next to recordings, and one table of all.

use super::table_support::{Tree, tone, write_wav};
use earmark_data::layout::{EventOptions, EventOverlap, EventTable, UnlabelledWindows};
use earmark_data::split::Splitter;
use earmark_data::{CacheConfig, DataOptions, DataSet, FeatureStore, FoldTable, LayoutKind, Stratify};
use earmark_features::{Extractor, FrontEnd};

const RAVEN: &str =
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n";

/// A folder with recordings of ten seconds and these files.
fn tree(recordings: &[&str], files: &[(&str, &str)]) -> Tree {
    tree_at(8000, recordings, files)
}

/// The same at a rate.
fn tree_at(rate: u32, recordings: &[&str], files: &[(&str, &str)]) -> Tree {
    let tree = Tree::new(files);
    for (name, seed) in recordings.iter().zip(1..) {
        let path = tree.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_wav(&path, rate, 1, &tone(seed, 10 * rate as usize));
    }
    tree
}

/// Windows of two seconds.
fn two_seconds() -> DataOptions {
    DataOptions {
        events: EventOptions {
            window_seconds: Some(2.0),
            ..EventOptions::default()
        },
        ..DataOptions::default()
    }
}

/// The windows with labels, as `name: labels`.
fn labelled(set: &DataSet) -> Vec<String> {
    let labels = |item| set.labels_of(item).collect::<Vec<_>>().join("+");
    let items = set.items.iter().filter(|item| !item.labels.is_empty());
    items
        .map(|item| format!("{}: {}", item.file, labels(item)))
        .collect()
}

#[test]
fn tables_next_to_recordings_are_found() {
    let raven = format!(
        "{RAVEN}1\tSpectrogram 1\t1\t0.5\t1.5\t100\t900\tdog\n2\tSpectrogram 1\t1\t5\t7\t0\t4000\tcat\n"
    );
    let tree = tree(
        &["site a/x.wav", "y.wav", "test/z.wav", "none.wav"],
        &[
            ("site a/x.Table.1.selections.txt", raven.as_str()),
            ("y.wav.txt", "1.000000\t1.000000\tdog\n\\\t200.0\t400.0\n"),
            ("test/z.csv", "onset,offset,event\n"),
            ("none.txt", "notes about the weather"),
        ],
    );
    let options = two_seconds();
    let error = tree.error_with(&options);
    assert!(error.contains("DIR/test/z.csv: there is no column"), "{error}");
    tree.add("test/z.csv", "onset,offset,label\n");
    let set = tree.load_with(&options).unwrap();
    assert_eq!((set.layout, set.multi_label), (LayoutKind::Events, true));
    // Half of the cat is in each of two windows.
    let expected = [
        "y.wav from 0.00 s: dog",
        "site a/x.wav from 0.00 s: dog",
        "site a/x.wav from 4.00 s: cat",
        "site a/x.wav from 6.00 s: cat",
    ];
    assert_eq!(labelled(&set), expected);
    assert_eq!(
        set.items.len(),
        15,
        "five windows each, and a recording without a table"
    );
    assert_eq!(set.items.iter().filter(|item| item.is_background).count(), 11);
    assert_eq!(set.subsets(), ["test", "train"]);
    assert!(
        set.items
            .iter()
            .all(|item| item.group.as_deref() == Some(item.recording()))
    );
    assert_eq!(
        set.notes,
        [
            "1 recording without a table of events left out, first none.wav",
            "1 event without length, taken as a point in time, first y.wav.txt:1",
            "3 recordings cut into 15 windows of 2 s every 2 s: 4 with labels, 11 of background, 0 left out",
        ]
    );
    let unread = DataOptions {
        read_labels: false,
        ..options
    };
    assert_eq!(
        tree.load_with(&unread).unwrap().items.len(),
        20,
        "without a table, too"
    );
}

#[test]
fn one_table_lists_all_recordings() {
    // As `earmark tag` writes it: paths from where it ran, and times that continue from file to file.
    let head = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tClass\tConfidence\tBegin Path\t\
                File Offset (s)\n";
    let table = format!(
        "{head}1\tSpectrogram 1\t1\t4.000\t6.000\tdog\t0.9\tsounds/audio/a.wav\t4.000\n\
         2\tSpectrogram 1\t1\t10.000\t12.000\tcat\t0.5\tsounds/audio/b.wav\t0.000\n"
    );
    let tree = tree(&["audio/a.wav", "audio/b.wav"], &[("all.txt", table.as_str())]);
    let set = tree.load_with(&two_seconds()).unwrap();
    let expected = ["audio/a.wav from 4.00 s: dog", "audio/b.wav from 0.00 s: cat"];
    assert_eq!(labelled(&set), expected);
    assert_eq!(set.items[2].line, Some(2));
    assert!(
        set.describe()
            .starts_with("events, all.txt: file column Begin Path, label column Class; "),
        "{}",
        set.describe()
    );
    // The table itself, and CSV with columns of its own.
    assert_eq!(
        earmark_data::load(&tree.path("all.txt"), &two_seconds())
            .unwrap()
            .items
            .len(),
        10
    );
    tree.add(
        "own.csv",
        "wo,von,bis,was,ort\na.wav,4,6,dog,1\nb.wav,0,2,cat,1\n",
    );
    let mut options = two_seconds();
    options.layout = Some(LayoutKind::Events);
    options.table = Some("own.csv".into());
    options.file_column = Some("wo".into());
    options.label_column = Some("was".into());
    options.group_column = Some("ort".into());
    options.events.start_column = Some("von".into());
    options.events.end_column = Some("bis".into());
    let set = tree.load_with(&options).unwrap();
    assert_eq!(labelled(&set), expected);
    assert!(set.items.iter().all(|item| item.group.as_deref() == Some("1")));
}

#[test]
fn wrong_times_are_named_with_file_and_line() {
    let refused = |row: &str| {
        let table = format!("start,end,label\n0,1,dog\n{row}\n");
        let tree = tree(&["a.wav"], &[("a.csv", table.as_str())]);
        tree.error_with(&two_seconds())
    };
    assert_eq!(
        refused("2,1,dog"),
        "DIR/a.csv:3: ends at 1 s, before it begins at 2 s; exchange the two, or correct one"
    );
    assert_eq!(
        refused("10.5,11,dog"),
        "DIR/a.csv:3: begins at 10.5 s, and a.wav ends at 10 s; correct the time, or the name of the recording"
    );
    let table = "start,end,label\n0,1,dog\n0.5,1,dog\n9,10.5,cat\n";
    let odd = tree(&["a.wav"], &[("a.csv", table)])
        .load_with(&two_seconds())
        .unwrap();
    assert_eq!(
        odd.notes[..2],
        [
            "1 event reaching beyond the end of the recording, used up to there, first a.csv:4",
            "1 event overlapping another one of the same label, first a.csv:3",
        ]
    );
    let gone = tree(
        &["a.wav"],
        &[(
            "all.txt",
            "file\tstart\tend\tlabel\na.wav\t0\t1\tdog\ngone.wav\t0\t1\tdog\na.wav\t2\t3\tcat\n",
        )],
    );
    let error = gone.error_with(&two_seconds());
    assert!(error.contains("\"gone.wav\" (line 3)"), "{error}");
    let twice = tree(&["a.wav"], &[("a.csv", table), ("a.wav.csv", table)]);
    assert!(
        twice
            .error_with(&two_seconds())
            .contains("has several tables of events")
    );
    let mut options = two_seconds();
    options.events.overlap = EventOverlap::ShareOfWindow { at_least: 1.5 };
    assert!(
        twice
            .error_with(&options)
            .starts_with("events.overlap.at-least = 1.5: ")
    );
}

#[test]
fn folds_keep_the_windows_of_a_recording_together() {
    let names = ["a.wav", "b.wav", "c.wav", "d.wav"];
    let files: Vec<String> = names.iter().map(|name| name.replace("wav", "csv")).collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|name| (name.as_str(), "start,end,label\n0,2,dog\n4,6,cat\n"))
        .collect();
    let set = tree(&names, &files).load_with(&two_seconds()).unwrap();
    let splitter = Splitter {
        stratify: Stratify::Iterative,
        group: true,
        seed: 1,
    };
    let folds = splitter.k_fold(&set.items, 2).unwrap();
    let table = FoldTable::new(&set.items, &folds);
    assert_eq!(table.folds.keys().collect::<Vec<_>>(), names);
    let mut items = set.items.clone();
    assert_eq!(table.apply(&mut items).unwrap(), 0);
    for (item, fold) in items.iter().zip(&folds) {
        assert_eq!(item.fold, Some(*fold), "{}", item.file);
    }
    let alone = Splitter {
        group: false,
        ..splitter
    };
    let folds = alone.k_fold(&set.items, 2).unwrap();
    assert!(
        folds
            .chunks(5)
            .all(|windows| windows.iter().all(|fold| *fold == windows[0]))
    );
    let recordings = set.recordings();
    assert_eq!(recordings.items.len(), 4);
    assert!(
        recordings
            .items
            .iter()
            .all(|item| item.labels == [0, 1] && item.span.is_none())
    );
    // A pattern of groups sees names of recordings.
    let options = DataOptions {
        group_pattern: Some("^([ab])\\.wav$".into()),
        ..two_seconds()
    };
    let set = tree(&names, &files).load_with(&options).unwrap();
    let groups: Vec<&str> = set
        .items
        .iter()
        .step_by(5)
        .filter_map(|item| item.group.as_deref())
        .collect();
    assert_eq!(groups, ["a", "b", "c.wav", "d.wav"]);
}

#[test]
fn windows_have_features_of_their_own() {
    let tree = tree_at(44_100, &["a.wav"], &[("a.csv", "start,end,label\n0,2,dog\n")]);
    let mut options = two_seconds();
    options.events.hop_seconds = Some(1.0);
    options.events.unlabelled = UnlabelledWindows::Background;
    let set = tree.load_with(&options).unwrap();
    let config = CacheConfig {
        disk: earmark_data::feature_store::DiskCache::Off,
        ..CacheConfig::default()
    };
    let store = FeatureStore::new(Extractor::new(&FrontEnd::default()).unwrap(), &config).unwrap();
    let whole = store.samples(&set.recordings().items[0], None).unwrap();
    // Backwards, so that each is read from the start, and again from memory.
    for item in set.items.iter().rev().chain(&set.items) {
        let start = item.span.unwrap().start_seconds() as usize * 44_100;
        let window = store.samples(item, None).unwrap();
        assert_eq!(window.data, whole.data[start..start + 88_200], "{}", item.file);
    }
    assert_ne!(
        set.fingerprint().unwrap(),
        tree.load_with(&two_seconds()).unwrap().fingerprint().unwrap()
    );
}

#[test]
fn tables_of_events_next_to_clips_change_no_layout() {
    let layout = |tree: &Tree| tree.load_with(&two_seconds()).unwrap().layout;
    let label = "0.0\t1.0\tdog\n";
    let clips = tree(
        &["audio/a.wav", "audio/b.wav"],
        &[
            (
                "meta.csv",
                "file,start,end,label\naudio/a.wav,x,y,dog\naudio/b.wav,,,cat\n",
            ),
            ("audio/a.txt", label),
            (
                "found.txt",
                "Begin Time (s)\tEnd Time (s)\tBegin File\tSpecies\n0\t1\ta.wav\tdog\n",
            ),
        ],
    );
    assert_eq!(layout(&clips), LayoutKind::Csv, "a row per clip");
    let classes = tree(
        &["dog/a.wav", "dog/b.wav", "cat/c.wav", "cat/d.wav"],
        &[("dog/a.txt", label)],
    );
    assert_eq!(layout(&classes), LayoutKind::Folders, "one of four");
    classes.add("cat/c.txt", label);
    assert_eq!(layout(&classes), LayoutKind::Events, "half of all");
    let measured = tree(&["dog/a.wav", "cat/b.wav"], &[]);
    measured
        .add("dog/a.txt", "0.1\t440.0\n")
        .add("cat/b.txt", "0\t1\t0\t1\n");
    assert_eq!(layout(&measured), LayoutKind::Folders, "measurements");
}

#[test]
fn a_recording_by_two_names_is_refused() {
    let table =
        "file,start,end,label,split\na.wav,0,1,dog,train\na.wav,2,3,dog,train\n./a.wav,4,5,dog,test\n";
    let tree = tree(&["a.wav"], &[("all.csv", table)]);
    assert_eq!(
        tree.error_with(&two_seconds()),
        "DIR/all.csv:4: \"./a.wav\" is the recording that line 2 calls \"a.wav\"; write its name the \
         same way in every row"
    );
}

/// A set that soundevent wrote (xtask/golden/events_aoef.py), with its recordings.
fn soundevent_tree(name: &str) -> Tree {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../../earmark-core/tests/golden/aoef.json")).unwrap();
    let tree = Tree::new(&[("set.json", golden[name]["file"].to_string().as_str())]);
    std::fs::create_dir(tree.path("in")).unwrap();
    write_wav(&tree.path("in/a.wav"), 8000, 1, &tone(1, 30 * 8000));
    write_wav(&tree.path("b.wav"), 8000, 1, &tone(2, 20 * 8000));
    tree
}

#[test]
fn sets_of_soundevent_say_what_was_annotated() {
    let tree = soundevent_tree("annotation_project");
    let set = tree.load_with(&two_seconds()).unwrap();
    assert_eq!(set.layout, LayoutKind::Events);
    let expected = [
        "b.wav from 4.00 s: Myotis myotis",
        "in/a.wav from 0.00 s: Parus major+song",
        "in/a.wav from 2.00 s: Parus major",
        "in/a.wav from 6.00 s: Parus major+song",
        "in/a.wav from 8.00 s: song",
    ];
    assert_eq!(labelled(&set), expected);
    // Of a.wav, the clip behind 10 s is not done; and from 4 to 6 s there is an event that nobody named.
    assert_eq!(
        set.notes,
        [
            "2 events without length, taken as a point in time, first set.json:3",
            "2 recordings cut into 25 windows of 2 s every 2 s: 5 with labels, 9 of background, 11 left out",
        ]
    );
    // Without tasks, all clips count as done.
    let whole = soundevent_tree("annotation_set")
        .load_with(&two_seconds())
        .unwrap();
    assert!(
        whole.notes[1].ends_with(": 6 with labels, 13 of background, 6 left out"),
        "{:?}",
        whole.notes
    );
    let table = EventTable::read(&tree.path("set.json"), &DataOptions::default()).unwrap();
    assert_eq!(table.events[7].band_hz, Some([2000.0, 4500.0]));
    assert_eq!(table.events[7].span_us(), 5_000_000..6_000_000);

    let mut options = two_seconds();
    options.layout = Some(LayoutKind::Events);
    options.label_column = Some("call".into());
    let calls = labelled(&tree.load_with(&options).unwrap());
    assert!(
        calls.len() == 3 && calls.iter().all(|window| window.ends_with(": song")),
        "{calls:?}"
    );
    options.group_column = Some("site".into());
    assert!(
        tree.error_with(&options)
            .starts_with("group-column = \"site\": is for one table of all recordings, with columns; "),
    );
}

#[test]
fn results_of_birdnet_are_read_next_to_recordings() {
    let csv = "Start (s),End (s),Scientific name,Common name,Confidence\n\
               0.0,3.0,Turdus merula,Common Blackbird,0.8123\n6.0,9.0,,background,0.3\n";
    let raven = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t\
                 Common Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n\
                 1\tSpectrogram 1\t1\t4.0\t6.0\t0\t15000\tBarred Owl\tbrdowl\t0.5\t/data/y.wav\t4.0\n";
    let tree = tree(
        &["x.wav", "y.wav", "z.wav"],
        &[
            ("x.BirdNET.results.csv", csv),
            ("y.BirdNET.selection.table.txt", raven),
            (
                "z.BirdNET.results.txt",
                "0.0\t2.0\tTurdus merula, Common Blackbird\t0.9012\n",
            ),
        ],
    );
    let set = tree.load_with(&two_seconds()).unwrap();
    let expected = [
        "x.wav from 0.00 s: Turdus merula_Common Blackbird",
        "x.wav from 2.00 s: Turdus merula_Common Blackbird",
        "x.wav from 6.00 s: background",
        "x.wav from 8.00 s: background",
        "y.wav from 4.00 s: Barred Owl",
        "z.wav from 0.00 s: Turdus merula_Common Blackbird",
    ];
    assert_eq!(labelled(&set), expected);
    let common = DataOptions {
        label_column: Some("Common name".into()),
        ..DataOptions::default()
    };
    let table = EventTable::read(&tree.path("x.BirdNET.results.csv"), &common).unwrap();
    assert_eq!(table.events[0].labels, ["Common Blackbird"]);
    assert_eq!(table.events[0].score, Some(0.8123));
}

#[test]
fn segments_of_birdnet_are_grouped_by_their_recording() {
    let tree = Tree::new(&[
        ("Barred Owl/0.700_1_NORTH_20240517_043000_0.0s_3.0s.wav", ""),
        ("Common Blackbird/0.812_1_NORTH_20240517_043000_3.0s_6.0s.wav", ""),
        ("Common Blackbird/0.912_2_SOUTH_9.0s_12.0s.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let groups: Vec<&str> = set
        .items
        .iter()
        .filter_map(|item| item.group.as_deref())
        .collect();
    assert_eq!(
        groups,
        ["NORTH_20240517_043000", "NORTH_20240517_043000", "SOUTH"]
    );
    assert!(
        set.notes[0].starts_with("3 clips are segments of BirdNET-Analyzer"),
        "{:?}",
        set.notes
    );
    for name in ["a", "b", "c", "d"] {
        tree.add(&format!("Dog/{name}.wav"), "");
    }
    assert!(
        tree.load().unwrap().items.iter().all(|item| item.group.is_none()),
        "fewer than half"
    );
}

#[test]
fn a_row_without_times_says_that_nothing_is_in_its_recording() {
    let table = "file,start,end,label\na.wav,0,2,dog\na.wav,4,6,dog\nb.wav,,,\n";
    let set = tree(&["a.wav", "b.wav"], &[("all.csv", table)])
        .load_with(&two_seconds())
        .unwrap();
    assert!(
        set.notes[0].ends_with("10 windows of 2 s every 2 s: 2 with labels, 8 of background, 0 left out"),
        "{:?}",
        set.notes
    );
    let wrong = tree(&["a.wav"], &[("a.csv", "start,end,label\n,,dog\n")]);
    assert!(
        wrong
            .error_with(&two_seconds())
            .starts_with("DIR/a.csv:2: the start is \"\"")
    );
}

#[test]
fn a_set_of_which_nothing_is_known_is_refused() {
    let mut options = two_seconds();
    options.events.unlabelled = UnlabelledWindows::Ignore;
    let error = tree(&["a.wav"], &[("a.csv", "start,end,label\n")]).error_with(&options);
    assert!(
        error.starts_with(
            "DIR: 1 recording cut into 5 windows of 2 s every 2 s: 0 with labels, 0 of background, 5 left out: none has"
        ),
        "{error}"
    );
}
