//! Items that several tests review.

use crate::items::{ClipPlace, DetectedEvent, ReviewSet};
use earmark_metrics::{Aligned, ScoreTable};

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// Four clips of the classes Dog, Cat and Wren: right, doubtful, wrong, and without a label.
pub(crate) fn clips() -> ReviewSet {
    let files = names(&["a.wav", "b.wav", "c.wav", "d.wav"]);
    let scores = vec![
        0.9, 0.1, 0.001, //
        0.5, 0.45, 0.1, //
        0.05, 0.8, 0.1, //
        0.1, 0.2, 0.3,
    ];
    let truth = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]];
    let truth = truth.concat().into_iter().map(|mark| mark == 1).collect();
    let table = ScoreTable::new(files.clone(), names(&["Dog", "Cat", "Wren"]), scores).unwrap();
    let aligned = Aligned::from_rows(table, truth).unwrap();
    ReviewSet::of_clips(&aligned, |row| ClipPlace {
        file: files[row].clone(),
        subset: Some("curated".into()),
        path: files[row].as_str().into(),
    })
    .unwrap()
}

/// Three events of the classes Dog and Cat.
pub(crate) fn events() -> ReviewSet {
    let event = |file: &str, class: usize, seconds: [f64; 2], score: f32| DetectedEvent {
        file: file.into(),
        path: file.into(),
        class,
        seconds,
        score,
    };
    let found = [
        event("a.wav", 1, [1.5, 2.25], 0.6),
        event("b.wav", 1, [0.0, 1.0], 0.25),
        event("c.wav", 0, [10.0, 10.5], 0.95),
    ];
    ReviewSet::of_events(names(&["Dog", "Cat"]), found).unwrap()
}

/// Events of two classes in turn; scores 0.05, 0.15, ... 0.95 in turn.
pub(crate) fn many_events(count: usize) -> ReviewSet {
    let event = |k: usize| DetectedEvent {
        file: format!("{k:05}.wav"),
        path: format!("{k:05}.wav").into(),
        class: k % 2,
        seconds: [1.0, 2.0],
        score: (1 + 2 * ((k / 2) % 10)) as f32 / 20.0,
    };
    ReviewSet::of_events(names(&["Dog", "Cat"]), (0..count).map(event)).unwrap()
}
