//! Labels and classifiers.

use super::*;
use std::fs;

fn index(folder: &Path) -> ArchiveIndex {
    let mut adding = writer(folder, WIDTH, 5);
    add_all(&mut adding, WIDTH, &[3, 4]);
    adding.finish().unwrap();
    ArchiveIndex::open(folder).unwrap()
}

fn label(index: &ArchiveIndex, row: usize, class: &str, answer: LabelAnswer) -> WindowLabel {
    let window = index.window(row);
    WindowLabel {
        content: index.placed(row).recording.version.content.clone(),
        file: window.file,
        start_seconds: window.start_seconds,
        end_seconds: window.end_seconds,
        class: class.into(),
        answer,
        who: "Ada".into(),
        when: "2026-01-02T03:04:05Z".into(),
        from: "a test".into(),
    }
}

#[test]
fn the_last_label_counts() {
    use LabelAnswer::{No, Withdrawn, Yes};
    let dir = tempfile::tempdir().unwrap();
    let index = index(dir.path());
    let of = |row, class, answer| label(&index, row, class, answer);
    append_labels(&index, &[of(0, "owl", Yes), of(1, "owl", No), of(4, "fox", Yes)]).unwrap();
    append_labels(
        &index,
        &[of(1, "owl", Yes), of(0, "owl", Withdrawn), of(6, "owl", No)],
    )
    .unwrap();
    assert_eq!(
        read_labels(dir.path()).unwrap().labels.len(),
        6,
        "nothing is taken away"
    );
    let current = CurrentLabels::of(&index).unwrap();
    assert_eq!(
        current.by_class["owl"].clone().into_iter().collect::<Vec<_>>(),
        [(1, true), (6, false)]
    );
    let both = ["owl".to_owned(), "fox".to_owned()];
    let exclusive = current.of_class("owl", &both);
    assert_eq!(
        exclusive.into_iter().collect::<Vec<_>>(),
        [(1, true), (4, false), (6, false)]
    );
    assert_eq!(current.of_class("owl", &[]).len(), 2);
    assert_eq!(current.stale, 0);
}

/// An older index has names such as `./a.wav`: labels of a part, which has usual ones, are those of its recordings.
#[test]
fn labels_of_a_part_count_where_names_are_not_usual() {
    let dir = tempfile::tempdir().unwrap();
    let (to, part) = (dir.path().join("x"), dir.path().join("part"));
    for (folder, name) in [(&to, "./arch/a.wav"), (&part, "arch/a.wav")] {
        let mut adding = writer(folder, WIDTH, 5);
        let vectors = numbers(2 * WIDTH, 1);
        adding.add(recording(name, 2, "first"), vectors).unwrap();
        adding.finish().unwrap();
    }
    let index = ArchiveIndex::open(&part).unwrap();
    append_labels(&index, &[label(&index, 1, "owl", LabelAnswer::Yes)]).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let merged = merge_indices(&[part], &to, 5, &stop).unwrap().unwrap();
    assert_eq!((merged.added, merged.same, merged.labels), (0, 1, 1));
    let index = ArchiveIndex::open(&to).unwrap();
    let current = CurrentLabels::of(&index).unwrap();
    assert_eq!(current.stale, 0);
    let owl = current.by_class["owl"].clone();
    assert_eq!(owl.into_iter().collect::<Vec<_>>(), [(1, true)]);
    // Both names of the recording, and no other.
    for name in ["./arch/a.wav", "arch/a.wav", "arch/./a.wav"] {
        assert_eq!(index.row_at(name, 0.5), Some(1), "{name}");
    }
    assert_eq!(index.row_at("a.wav", 0.5), None);
}

/// A recording of the usual name itself comes before one that has it only in another form.
#[test]
fn a_name_is_first_that_of_its_own_recording() {
    for names in [["./a.wav", "a.wav"], ["a.wav", "./a.wav"]] {
        let dir = tempfile::tempdir().unwrap();
        let mut adding = writer(dir.path(), WIDTH, 5);
        for (k, name) in names.into_iter().enumerate() {
            let vectors = numbers(WIDTH, k as u32);
            adding.add(recording(name, 1, name), vectors).unwrap();
        }
        adding.finish().unwrap();
        let index = ArchiveIndex::open(dir.path()).unwrap();
        for name in names {
            let found = index.recording(name).unwrap();
            assert_eq!(found.recording.version.content, name);
        }
    }
}

/// Labels of a recording that has changed say nothing of what it is now.
#[test]
fn labels_of_changed_recordings_do_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let before = index(dir.path());
    append_labels(
        &before,
        &[
            label(&before, 0, "owl", LabelAnswer::Yes),
            label(&before, 3, "owl", LabelAnswer::No),
        ],
    )
    .unwrap();
    let mut adding = writer(dir.path(), WIDTH, 5);
    adding
        .add(recording("0.wav", 3, "second"), numbers(3 * WIDTH, 5))
        .unwrap();
    adding.finish().unwrap();
    let after = ArchiveIndex::open(dir.path()).unwrap();
    let current = CurrentLabels::of(&after).unwrap();
    let row = after.row_at("1.wav", 0.0).unwrap();
    assert_eq!(
        current.by_class["owl"].clone().into_iter().collect::<Vec<_>>(),
        [(row, false)]
    );
    assert_eq!(current.stale, 1);
}

#[test]
fn a_torn_line_is_no_label_and_a_damaged_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let index = index(dir.path());
    let of = |row| label(&index, row, "owl", LabelAnswer::Yes);
    assert_eq!(append_labels(&index, &[of(0), of(1)]).unwrap(), None);
    let path = dir.path().join("labels.jsonl");
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in first + 1..whole.len() - 1 {
        fs::write(&path, &whole[..cut]).unwrap();
        let torn = Some(TornLabel {
            file: path.display().to_string(),
            line: 2,
            bytes: cut - first,
        });
        let found = read_labels(dir.path()).unwrap();
        assert_eq!(
            (found.labels, found.torn),
            (vec![of(0)], torn.clone()),
            "cut at {cut}"
        );
        let current = CurrentLabels::of(&index).unwrap();
        assert_eq!(current.torn, torn, "cut at {cut}");
        assert_eq!(append_labels(&index, &[of(2)]).unwrap(), torn, "cut at {cut}");
        let found = read_labels(dir.path()).unwrap();
        assert_eq!(
            (found.labels, found.torn),
            (vec![of(0), of(2)], None),
            "cut at {cut}"
        );
    }
    // Only the line break is missing.
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let found = read_labels(dir.path()).unwrap();
    assert_eq!((found.labels.len(), found.torn), (2, None));
    let mut damaged = whole;
    damaged[first / 2] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let refused = read_labels(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("line 1: "), "{refused}");
    assert!(append_labels(&index, &[of(2)]).is_err());
    assert_eq!(
        fs::read(&path).unwrap(),
        damaged,
        "a damaged file is left as it is"
    );
}

#[test]
fn windows_are_found_by_their_times() {
    let dir = tempfile::tempdir().unwrap();
    let index = index(dir.path());
    let first = index.recording("1.wav").unwrap().first_row;
    for (seconds, window) in [
        (0.0, Some(0)),
        (0.24, Some(0)),
        (0.26, Some(1)),
        (1.5, Some(3)),
        (1.76, None),
        (-0.1, None),
    ] {
        assert_eq!(
            index.row_at("1.wav", seconds),
            window.map(|k| first + k),
            "{seconds}"
        );
    }
    assert_eq!(index.row_at("none.wav", 0.0), None);
    let last = index.window(first + 3);
    assert_eq!((last.start_seconds, last.end_seconds), (1.5, 2.5));
}

#[test]
fn classifiers_are_read_back_and_give_logits() {
    let dir = tempfile::tempdir().unwrap();
    let index = index(dir.path());
    assert!(WindowClassifier::all(&index).unwrap().is_empty());
    let class = "a/b \"c\" ..";
    let mut classifier = WindowClassifier::new(&index, class, numbers(WIDTH, 3), 0.25);
    classifier.yes = 2;
    let path = classifier.save(&index).unwrap();
    assert_eq!(WindowClassifier::read(&index, class).unwrap(), classifier);
    assert_eq!(WindowClassifier::all(&index).unwrap(), [classifier.clone()]);
    let logits = index.logits(&[classifier.clone()]).unwrap();
    for (row, logit) in logits[0].iter().enumerate() {
        let vector = index.vectors(&[row]).unwrap();
        let product: f32 = vector.iter().zip(&classifier.weights).map(|(a, b)| a * b).sum();
        assert!((logit - product - 0.25).abs() < 1e-6);
    }
    assert_eq!(logits[0].len(), 7);
    let refused = WindowClassifier::read(&index, "fox").unwrap_err().to_string();
    assert!(refused.contains("has no classifier of fox"), "{refused}");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let refused = WindowClassifier::read(&index, class).unwrap_err().to_string();
    assert!(refused.contains("is damaged"), "{refused}");
}
