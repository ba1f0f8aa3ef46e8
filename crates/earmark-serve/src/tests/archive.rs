//! An index over HTTP: search by a part of a recording, labels, classifiers, and looking again.

use super::*;
use crate::ArchiveConfig;
use crate::archive::ARCHIVE_ROUTES;
use crate::pages::SHARED_ROUTES;
use earmark_audio::{Damaged, encode_wav_16};
use earmark_index::archive::{ArchiveIndex, IndexWriter, IndexedRecording, RecordingVersion, read_labels};
use earmark_inference::{Device, Model, WindowEmbedder, WindowHop};
use earmark_runs::run_dir::ModelRef;
use serde_json::{Value, json};

/// A name that would be markup, one that would break a line, and a plain one.
const FILES: [&str; 3] = ["<i>a<i>.wav", "\u{202e}b 🐦.wav", "c.wav"];
const SECONDS: usize = 8;

/// Three recordings, each of a tone of its own that becomes louder, and their index.
fn make_archive(lab: &Lab, dir: &TempDir) {
    let device = Device::cpu().unwrap();
    let model = Model::open(&ModelRef::new(&lab.model), &device).unwrap();
    let embedder = WindowEmbedder::new(model, Some(2.0), WindowHop::Hop(1.0), Damaged::Salvage).unwrap();
    let to = dir.path().join("index");
    let model = embedder.index_model(&lab.model);
    let mut writer = IndexWriter::open(&to, model, embedder.index_windows(), embedder.width(), 1000).unwrap();
    for (k, file) in FILES.iter().enumerate() {
        let hz = [200.0, 1500.0, 5000.0][k];
        let wave =
            |i: usize| (std::f32::consts::TAU * hz * i as f32 / 16_000.0).sin() * (2000.0 + i as f32 / 20.0);
        let samples: Vec<i16> = (0..16_000 * SECONDS).map(|i| wave(i) as i16).collect();
        let path = dir.path().join(file);
        std::fs::write(&path, encode_wav_16(&samples, 16_000)).unwrap();
        let found = embedder.embed(&path, &AtomicBool::new(false)).unwrap().unwrap();
        let recording = IndexedRecording {
            file: (*file).to_owned(),
            version: RecordingVersion::of(&path).unwrap(),
            seconds: found.seconds,
            sample_rate_hz: found.sample_rate_hz,
            samples: found.samples,
            windows: found.windows,
            note: None,
            damaged: false,
        };
        writer.add(recording, found.vectors).unwrap();
    }
    writer.finish().unwrap();
}

fn serve_archive(lab: &Lab, dir: &TempDir) -> Served {
    make_archive(lab, dir);
    serve_again(dir)
}

/// Serves the index as it is on the disk.
fn serve_again(dir: &TempDir) -> Served {
    let archive = ArchiveConfig {
        index: ArchiveIndex::open(&dir.path().join("index")).unwrap(),
        data: Some(dir.path().to_path_buf()),
        model: None,
        device: "cpu".into(),
    };
    let contents = ReviewContents {
        archive: Some(archive),
        ..ReviewContents::default()
    };
    serve_pages(&ReviewServeConfig::default(), contents)
}

/// What numbers of rows and recordings are of.
fn version(served: &Served) -> Value {
    served.get("/v1/index/overview").json()["version"].clone()
}

fn search(served: &Served, recording: usize, more: Value) -> Answer {
    let mut asked = json!({ "recording": recording, "start": 2.0, "end": 4.0, "count": 50 });
    asked["version"] = version(served);
    for (key, value) in more.as_object().unwrap() {
        asked[key] = value.clone();
    }
    served.post_json("/v1/index/search", &asked)
}

fn label(served: &Served, rows: &[u64], answer: &str) -> Answer {
    let mut asked =
        json!({ "rows": rows, "class": "low <b>", "answer": answer, "who": "Ada", "from": "a search" });
    asked["version"] = version(served);
    served.post_json("/v1/index/label", &asked)
}

fn rows_of(answer: &Value, file: &str) -> Vec<u64> {
    let hits = answer["hits"].as_array().unwrap().iter();
    let hits = hits.filter(|hit| hit["file"] == file);
    hits.map(|hit| hit["row"].as_u64().unwrap()).collect()
}

#[test]
fn an_index_says_what_it_holds_and_plays_it() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    let overview = served.get("/v1/index/overview").json();
    assert_eq!(
        (&overview["recordings"], &overview["index"]),
        (&json!(3), &json!("index"))
    );
    assert_eq!(
        (&overview["window_seconds"], &overview["hop_seconds"]),
        (&json!(2.0), &json!(1.0))
    );
    let listed = served.get("/v1/index/recordings?containing=B%20").json();
    assert_eq!(
        (&listed["total"], &listed["recordings"][0]["file"]),
        (&json!(1), &json!(FILES[1]))
    );
    assert_eq!(
        served.get("/v1/index/recordings?count=2").json()["recordings"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let sound = served.get("/v1/index/sound?item=0@2-3.5&context=0");
    let facts = ["start", "seconds", "hz"].map(|name| sound.header(&format!("earmark-{name}")).unwrap());
    assert_eq!((sound.status, facts), (200, ["2", "1.5", "16000"]));
    let picture = served.get("/v1/index/spectrogram?item=2&columns=40&rows=10&context=0");
    assert_eq!((picture.status, picture.body.len()), (200, 400));
    for (wrong, named) in [
        ("item=9@0-1", "recording 9: there are 3"),
        ("item=0@3-2", "from 3 to 2 s"),
        ("item=x", "item=x: give the number"),
        ("item=0@1", "NUMBER@START-END"),
        ("", "item: is missing"),
    ] {
        let refused = served.get(&format!("/v1/index/sound?{wrong}"));
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.error().contains(named), "{wrong}: {}", refused.error());
    }
    assert!(served.end());
}

#[test]
fn a_part_of_a_recording_finds_what_sounds_like_it() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    let found = search(&served, 0, json!({})).json();
    assert_eq!(found["file"], FILES[0]);
    assert!(found["windows"].as_u64().unwrap() >= 1);
    let similar: Vec<f64> = found["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["similarity"].as_f64().unwrap())
        .collect();
    assert!(
        similar.len() > 5 && similar.is_sorted_by(|a, b| a >= b),
        "{similar:?}"
    );
    // Not the part itself, but the rest of its recording.
    let own = found["hits"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|hit| hit["file"] == FILES[0]);
    let starts: Vec<f64> = own.map(|hit| hit["start_seconds"].as_f64().unwrap()).collect();
    assert!(!starts.is_empty() && !starts.contains(&2.0), "{starts:?}");
    let elsewhere = search(&served, 0, json!({ "elsewhere": true })).json();
    assert!(rows_of(&elsewhere, FILES[0]).is_empty());
    assert_eq!(
        served.app.uploads.path().read_dir().unwrap().count(),
        0,
        "nothing is left behind"
    );
    for (more, named) in [
        (json!({ "end": 2.0 }), "from 2 to 2 s"),
        (json!({ "end": 99.0 }), "is longer than 60 s"),
        (json!({ "count": 0 }), "count 0: give 1 to 500"),
        (json!({ "review_item": 0 }), "name either"),
        (json!({ "recording": 7 }), "recording 7: there are 3"),
        (json!({ "version": null }), "version: is missing"),
        (json!({ "odd": 1 }), "unknown field `odd`"),
    ] {
        let refused = search(&served, 0, more);
        assert_eq!(refused.status, 400, "{named}");
        assert!(refused.error().contains(named), "{}", refused.error());
    }
    // A part behind the end of the recording.
    assert_eq!(
        search(&served, 0, json!({ "start": 20.0, "end": 21.0 })).status,
        422
    );
    assert!(served.end());
}

#[test]
fn labels_are_on_the_disk_when_they_are_answered_and_a_class_is_learned() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    let found = search(&served, 0, json!({})).json();
    let (yes, no) = (rows_of(&found, FILES[0]), rows_of(&found, FILES[2]));
    let learn = json!({ "classes": ["low <b>"] });
    let refused = served.post_json("/v1/index/learn", &learn);
    assert_eq!(refused.status, 400);
    assert!(
        refused.error().starts_with("low <b>: no window with it"),
        "{}",
        refused.error()
    );
    let labelled = label(&served, &yes[..3], "yes").json();
    assert_eq!(labelled["windows"][0]["labels"], json!({ "low <b>": true }));
    assert_eq!(labelled["overview"]["classes"][0]["yes"], 3);
    let folder = dir.path().join("index");
    let on_disk = read_labels(&folder).unwrap();
    assert_eq!(on_disk.labels.len(), 3);
    assert_eq!(
        (on_disk.labels[0].who.as_str(), on_disk.labels[0].from.as_str()),
        ("Ada", "a search")
    );
    let index = ArchiveIndex::open(&folder).unwrap();
    assert_eq!(
        on_disk.labels[0].content,
        index.recording(FILES[0]).unwrap().recording.version.content
    );
    assert_eq!(label(&served, &no[..3], "no").status, 200);
    assert_eq!(
        label(&served, &no[..1], "withdrawn").json()["windows"][0]["labels"],
        json!({})
    );
    let learned = served.post_json("/v1/index/learn", &learn).json();
    assert_eq!(
        learned["trained"],
        json!([{ "class": "low <b>", "yes": 3, "no": 2 }])
    );
    assert!(learned["overview"]["classes"][0]["trained"].is_string());
    check_looks(&served, &yes[..3], &no[1..3]);
    assert!(served.end());
}

/// Windows by the classifier, with those that were said to have the class and not to have it.
fn check_looks(served: &Served, yes: &[u64], no: &[u64]) {
    let look = |order: &str, count: usize| {
        let asked = json!({ "classes": ["low <b>"], "order": order, "count": count, "seed": 3 });
        served.post_json("/v1/index/look", &asked).json()
    };
    let best = look("best", 500);
    let scored = best["hits"].as_array().unwrap().iter().map(|hit| {
        let score = hit["scores"]["low <b>"].as_f64().unwrap();
        (hit["row"].as_u64().unwrap(), score)
    });
    let scored: Vec<(u64, f64)> = scored.collect();
    assert!(scored.is_sorted_by(|a, b| a.1 >= b.1), "{scored:?}");
    let place = |row: &u64| scored.iter().position(|(other, _)| other == row).unwrap();
    let last = yes.iter().map(place).max();
    assert!(last < no.iter().map(place).min(), "{yes:?}, {no:?}: {scored:?}");
    for order in ["margin", "diverse", "random"] {
        let next = look(order, 4);
        let hits = next["hits"].as_array().unwrap();
        assert!(
            !hits.is_empty() && hits.iter().all(|hit| hit["labels"] == json!({})),
            "{order}: {next}"
        );
    }
    let unknown = json!({ "classes": ["owl"], "order": "best", "count": 5 });
    let refused = served.post_json("/v1/index/look", &unknown);
    assert_eq!(refused.status, 422);
    assert!(
        refused.error().contains("has no classifier of owl"),
        "{}",
        refused.error()
    );
}

#[test]
fn numbers_of_an_index_that_has_changed_are_refused() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    let found = search(&served, 0, json!({})).json();
    let listed = served.get("/v1/index/recordings").json();
    assert!(found["version"].is_string());
    assert_eq!(found["version"], listed["version"]);
    let row = rows_of(&found, FILES[2])[0];
    let label_of = |served: &Served, answer: &str| {
        let asked = json!({
            "rows": [row], "version": found["version"], "class": "owl", "answer": answer, "who": "Ada",
        });
        served.post_json("/v1/index/label", &asked)
    };
    assert!(served.end());
    // Started again, it is the same index.
    let served = serve_again(&dir);
    assert_eq!(label_of(&served, "yes").status, 200);
    assert!(served.end());
    // Without the first recording, the others have other numbers.
    let folder = dir.path().join("index");
    let made = ArchiveIndex::open(&folder).unwrap().manifest().clone();
    let writer = IndexWriter::open(&folder, made.model, made.windows, made.width, 1000).unwrap();
    writer.remove(|file| file == FILES[0]).unwrap();
    let served = serve_again(&dir);
    let old = json!({ "version": found["version"] });
    for refused in [search(&served, 0, old), label_of(&served, "no")] {
        assert_eq!(refused.status, 409);
        let error = refused.error();
        assert!(
            error.starts_with("the index has changed") && error.ends_with("search again"),
            "{error}"
        );
    }
    assert_eq!(read_labels(&folder).unwrap().labels.len(), 1);
    let again = search(&served, 0, json!({})).json();
    assert_eq!(again["file"], FILES[1]);
    assert_ne!(again["version"], found["version"]);
    assert_eq!(label(&served, &rows_of(&again, FILES[2])[..1], "no").status, 200);
    assert!(served.end());
}

#[test]
fn a_label_that_is_cut_off_is_said_before_and_when_it_is_removed() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    let folder = dir.path().join("index");
    let torn_label = || served.get("/v1/index/overview").json()["torn_label"].clone();
    assert_eq!(torn_label(), Value::Null);
    let half = "{\"file\": \"a.w";
    std::fs::write(folder.join("labels.jsonl"), half).unwrap();
    let torn = json!({ "line": 1, "bytes": half.len() });
    assert_eq!(torn_label(), torn);
    let labelled = label(&served, &[0], "yes").json();
    assert_eq!(labelled["torn_label"], torn);
    assert_eq!(labelled["overview"]["torn_label"], Value::Null);
    assert_eq!(read_labels(&folder).unwrap().labels.len(), 1);
    assert_eq!(label(&served, &[0], "no").json()["torn_label"], Value::Null);
    assert!(served.end());
}

#[test]
fn labels_that_cannot_be_meant_are_refused() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    let mut good = json!({ "rows": [0], "class": "owl", "answer": "yes", "who": "Ada" });
    good["version"] = version(&served);
    for (key, value, named) in [
        ("rows", json!([999]), "row 999: is not a window"),
        ("class", json!(" owl"), "class: give 1 to 200"),
        ("class", json!("a\nb"), "class: give 1 to 200"),
        ("who", json!(""), "who: give 1 to 64"),
        ("from", json!(""), "from: give 1 to 200"),
        ("answer", json!("maybe"), "unknown variant `maybe`"),
    ] {
        let mut asked = good.clone();
        asked[key] = value;
        let refused = served.post_json("/v1/index/label", &asked);
        assert_eq!(refused.status, 400, "{named}");
        assert!(refused.error().contains(named), "{}", refused.error());
    }
    let twice = json!({ "classes": ["a", "a"], "order": "random", "count": 1 });
    assert!(
        served
            .post_json("/v1/index/look", &twice)
            .error()
            .contains("is named twice")
    );
    assert_eq!(served.post("/v1/index/label", "", b"{}").status, 415);
    assert!(read_labels(&dir.path().join("index")).unwrap().labels.is_empty());
    assert!(served.end());
}

#[test]
fn all_routes_of_an_index_answer_and_its_page_is_the_first() {
    let (lab, dir) = (lab(), tempfile::tempdir().unwrap());
    let served = serve_archive(&lab, &dir);
    for (method, path) in SHARED_ROUTES.into_iter().chain(ARCHIVE_ROUTES) {
        let answer = served.ask(&served.head(method, path, "Content-Length: 0\r\n"));
        assert!(
            ![0, 404, 405, 500].contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
    }
    assert_eq!(served.get("/").text(), served.get("/search").text());
    assert_eq!(served.get("/v1/review/overview?reviewer=a").status, 404);
    let refused = served.get("/v1/index/search");
    assert_eq!(
        (refused.status, refused.error().contains("use POST")),
        (405, true)
    );
    for path in ["/search", "/search.js"] {
        let text = served.get(path).text();
        assert!(!text.contains("http://") && !text.contains("innerHTML"), "{path}");
    }
    assert!(served.end());
    let nothing = Server::start_review(
        &ReviewServeConfig::default(),
        ReviewContents::default(),
        Arc::new(|_: &ServedRequest| ()),
    );
    assert!(nothing.err().unwrap().to_string().starts_with("nothing to show"));
}
