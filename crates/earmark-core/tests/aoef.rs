//! AOEF against soundevent: xtask/golden/events_aoef.py wrote the files and what it reads in them.

use earmark_core::event_tables::{AoefEvent, AoefSet};
use proptest::prelude::*;
use serde_json::{Value, json};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/aoef.json")).expect("the golden file is JSON")
}

/// An event as the golden file has it.
fn described(set: &AoefSet, event: &AoefEvent) -> Value {
    let tags: Vec<&str> = event.tags.iter().map(|[_, value]| value.as_str()).collect();
    json!({
        "file": set.recordings[event.recording].file,
        "seconds": event.seconds,
        "band_hz": event.band_hz,
        "tags": tags,
        "score": event.score,
    })
}

#[test]
fn sets_of_soundevent_are_read_as_it_reads_them() {
    for name in ["annotation_set", "annotation_project", "prediction_set"] {
        let case = &golden()[name];
        let text = case["file"].to_string();
        assert!(AoefSet::is_meant(text.as_bytes()), "{name}");
        let set = AoefSet::parse(text.as_bytes()).expect(name);
        let events: Vec<Value> = set.events.iter().map(|event| described(&set, event)).collect();
        assert_eq!(Value::from(events), case["expected"]["events"], "{name}");
        let mut annotated: Vec<Value> = Vec::new();
        for recording in &set.recordings {
            let spans = recording.annotated.iter();
            annotated.extend(spans.map(|[start, end]| json!([recording.file, start, end])));
        }
        annotated.sort_by_key(Value::to_string);
        assert_eq!(Value::from(annotated), case["expected"]["annotated"], "{name}");
        // With a time expansion, the file is longer than the sound.
        let seconds: Vec<f64> = set.recordings.iter().map(|recording| recording.seconds).collect();
        assert_eq!(seconds, [30.0, 20.0], "{name}");
        let keys: Vec<&str> = set.events[0].tags.iter().map(|[key, _]| key.as_str()).collect();
        assert_eq!(keys[0], "dwc:scientificName", "{name}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let mut file = golden()["annotation_set"]["file"].clone();
    let refused = |file: &Value| AoefSet::parse(file.to_string().as_bytes()).expect_err("a refusal");
    file["data"]["sound_events"][3]["geometry"]["coordinates"] = json!([]);
    assert_eq!(
        refused(&file),
        "annotation 4: its geometry has no times; export it again"
    );
    file["data"]["sound_events"][2]["uuid"] = json!("other");
    assert_eq!(
        refused(&file),
        "annotation 3: its sound event is not there; export it again"
    );
    file["data"]["recordings"][1]["uuid"] = json!("other");
    assert!(refused(&file).starts_with("names a recording that is not there: 0000"));
    file["data"]["clips"] = json!([]);
    assert!(refused(&file).starts_with("names a clip that is not there: 0000"));
    file["data"]["clip_annotations"] = json!(null);
    assert!(refused(&file).starts_with("holds no annotations of clips"));
    assert!(
        refused(&json!({ "data": { "collection_type": "dataset" } })).starts_with("holds no annotations")
    );
    let broken = AoefSet::parse(b"{\"collection_type\"").expect_err("a refusal");
    assert!(broken.starts_with("is not JSON: "), "{broken}");
    assert!(!AoefSet::is_meant(b"[{\"collection_type\":1}]") && !AoefSet::is_meant(b"{\"file\":1}"));
}

proptest! {
    /// Whatever is replaced by something else.
    #[test]
    fn no_file_makes_it_panic(place in 0_usize..20_000, with in "[0-9\\[\\]{}\",:a-z-]{0,6}") {
        let mut text = golden()["annotation_project"]["file"].to_string();
        let place = place % text.len();
        let end = (place + with.len()).min(text.len());
        text.replace_range(place..end, &with);
        let _ = AoefSet::parse(text.as_bytes());
    }
}
