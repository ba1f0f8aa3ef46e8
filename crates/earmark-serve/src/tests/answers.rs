//! Answers are those of the commands, to the last byte or bit.

use super::*;
use crate::routes::ROUTES;
use earmark_inference::tag::{Format, TagConfig, TagJob, Tagger, inputs, to_stream};
use earmark_inference::{EmbedJob, PredictJob, embed, predict};
use std::collections::BTreeSet;

/// What `earmark tag --format` writes of these files.
fn tagged(lab: &Lab, files: &[PathBuf], format: Format, config: TagConfig) -> String {
    let config = TagConfig {
        models: vec![lab.model.clone()],
        ..config
    };
    let tagger = Tagger::new(&config).unwrap();
    let job = TagJob {
        tagger: &tagger,
        threads: 1,
        workers: 1,
        observer: &|_| (),
        stop: &AtomicBool::new(false),
        times_and_places: None,
    };
    let mut out = Vec::new();
    to_stream(&job, &inputs::find(files).unwrap(), format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn tags_are_those_of_the_command() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let file = [lab.recording.clone()];
    let name = inputs::find(&file).unwrap().files[0].name.clone();
    let path = |settings: &str| format!("/v1/tag?name={}{settings}", encoded(&name));
    for (word, format) in [
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
        ("csv", Format::Csv),
        ("raven", Format::Raven),
    ] {
        let answer = served.post(&path(&format!("&format={word}")), "", &lab.bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.text(), tagged(&lab, &file, format, TagConfig::default()));
        assert_eq!(answer.header("earmark-skipped"), Some("0"));
    }
    // With settings, and by Accept.
    let settings = "&windows=1&threshold=0.05&hop=0.5&top_k=2";
    let answer = served.post(&path(settings), "Accept: text/csv\r\n", &lab.bytes());
    let config = TagConfig {
        windows: true,
        thresholds: earmark_inference::ThresholdConfig::all(0.05),
        hop: earmark_inference::WindowHop::Hop(0.5),
        top: Some(2),
        ..TagConfig::default()
    };
    assert_eq!(answer.text(), tagged(&lab, &file, Format::Csv, config));
    assert!(answer.text().lines().count() > 2, "{}", answer.text());
    assert!(served.end());
}

#[test]
fn several_recordings_keep_their_order_and_a_broken_one_its_reason() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let folder = lab.dir.path().join("several");
    std::fs::create_dir_all(&folder).unwrap();
    let files = ["b.wav", "a.wav", "c.wav"].map(|name| folder.join(name));
    std::fs::copy(&lab.recording, &files[0]).unwrap();
    std::fs::write(&files[1], "no sound").unwrap();
    std::fs::copy(&lab.recording, &files[2]).unwrap();
    let given = inputs::find(&files).unwrap().files;
    let sent: Vec<(String, Vec<u8>)> = given
        .iter()
        .map(|file| (file.name.clone(), std::fs::read(&file.path).unwrap()))
        .collect();
    let parts: Vec<(&str, &[u8])> = sent
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let (kind, body) = multipart(&parts);
    let answer = served.post("/v1/tag", kind, &body);
    assert_eq!(
        answer.text(),
        tagged(&lab, &files, Format::Json, TagConfig::default())
    );
    assert_eq!(answer.header("earmark-skipped"), Some("1"));
    // Scores have a row for each that has any.
    let answer = served.post("/v1/predict?format=csv", kind, &body);
    assert_eq!((answer.status, answer.text().lines().count()), (200, 3));
    assert_eq!(answer.header("earmark-skipped"), Some("1"));
    // A table can't tell two of one name apart, which is known before anything is computed.
    let (kind, body) = multipart(&[("a.wav", lab.bytes().as_slice()); 2]);
    let refused = served.post("/v1/predict?format=csv", kind, &body);
    assert_eq!(refused.status, 400);
    assert!(
        refused
            .error()
            .starts_with("a.wav: two recordings have this name"),
        "{}",
        refused.error()
    );
    // What can't be read is not counted as computed.
    let counts = served.get("/metrics").text();
    assert!(counts.contains("earmark_recordings_total 4\n"), "{counts}");
    assert!(served.end());
}

#[test]
fn scores_and_embeddings_are_those_of_the_commands() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let file = lab.recording.to_string_lossy().into_owned();
    let path = |route: &str, settings: &str| format!("{route}?name={}{settings}", encoded(&file));
    let stop = AtomicBool::new(false);
    let job = PredictJob {
        models: vec![lab.model.clone()],
        files: vec![lab.recording.clone()],
        device: "cpu".into(),
        ..PredictJob::default()
    };
    let scores = predict(&job, &|_| (), &stop).unwrap().unwrap().scores;
    let mut table = Vec::new();
    scores.write(&mut table).unwrap();
    let answer = served.post(&path("/v1/predict", "&format=csv"), "", &lab.bytes());
    assert_eq!(answer.text(), String::from_utf8(table).unwrap());
    let answer = served.post(&path("/v1/predict", ""), "", &lab.bytes()).json();
    for (class, score) in scores.classes().iter().zip(scores.values()) {
        assert_eq!(
            answer[0]["scores"][class].as_f64().map(|s| s as f32),
            Some(*score),
            "{class}"
        );
    }
    for segments in [false, true] {
        let job = EmbedJob {
            model: lab.model.clone(),
            files: vec![lab.recording.clone()],
            segments,
            device: "cpu".into(),
            ..EmbedJob::default()
        };
        let found = embed(&job, &|_| (), &stop).unwrap().unwrap().embeddings;
        let settings = format!("&segments={segments}");
        let answer = served
            .post(&path("/v1/embed", &settings), "", &lab.bytes())
            .json();
        let rows = answer[0]["embeddings"].as_array().unwrap();
        let sent = rows.iter().flat_map(|row| row["embedding"].as_array().unwrap());
        let sent: Vec<f32> = sent.map(|value| value.as_f64().unwrap() as f32).collect();
        assert_eq!(sent, found.values);
        assert_eq!(
            rows[0]["start_seconds"].as_f64(),
            found.starts.map(|starts| starts[0])
        );
    }
    assert!(served.end());
}

#[test]
fn every_route_is_there_and_described() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let described = served.get("/openapi.json").json();
    let mut paths = BTreeSet::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            paths.insert((method.to_uppercase(), path.clone()));
        }
    }
    let routes = ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(paths, BTreeSet::from(routes));
    for (method, path) in ROUTES {
        let answer = served.ask(&served.head(method, path, "Content-Length: 0\r\n"));
        assert!(
            ![0, 404, 405, 500].contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
    }
    // Every setting of tagging is described.
    let parameters = described["paths"]["/v1/tag"]["post"]["parameters"]
        .as_array()
        .unwrap();
    let names: BTreeSet<&str> = parameters.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(crate::query::TAG_KEYS));
    let page = served.get("/");
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("script-src 'self'")
    );
    assert!(page.text().contains("<canvas"));
    assert!(served.end());
}

#[test]
fn models_are_described_without_their_place() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let answer = served.get("/v1/models");
    assert!(
        !answer.text().contains(&*lab.dir.path().to_string_lossy()),
        "{}",
        answer.text()
    );
    let model = &answer.json()["models"][0];
    assert_eq!(model["name"], "run");
    assert!(model["classes"].as_array().unwrap().len() > 2);
    let unknown = served.post("/v1/tag?model=other", "", b"x");
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.error(),
        "model=other: there is no such model; choose from run"
    );
    let twice = ServeConfig {
        models: vec![lab.model.clone(), lab.model.clone()],
        ..ServeConfig::new("")
    };
    let refused = Server::start(&twice, Arc::new(|_: &ServedRequest| ()))
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.ends_with(": another model is served as run; rename one of them"),
        "{refused}"
    );
    assert!(served.end());
}

#[test]
fn requests_are_counted_and_logged() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    served.get("/nowhere%1b");
    served.get("/healthz");
    served.post("/v1/tag", "", &lab.bytes());
    until("three requests", || served.log.lock().unwrap().len() == 3);
    let text = served.get("/metrics").text();
    for line in [
        "earmark_requests_total{route=\"other\",status=\"404\"} 1\n".to_owned(),
        "earmark_requests_total{route=\"/healthz\",status=\"200\"} 1\n".to_owned(),
        "earmark_requests_total{route=\"/v1/tag\",status=\"200\"} 1\n".to_owned(),
        "earmark_recordings_total 1\n".to_owned(),
        format!("earmark_body_bytes_total {}\n", lab.bytes().len()),
    ] {
        assert!(text.contains(&line), "{line}{text}");
    }
    let log = served.log.lock().unwrap()[..3].to_vec();
    let said: BTreeSet<(String, u16)> = log
        .into_iter()
        .map(|request| (request.path, request.status))
        .collect();
    let expected = [("/healthz", 200), ("/nowhere%1b", 404), ("/v1/tag", 200)];
    let expected = expected.map(|(path, status)| (path.to_owned(), status));
    assert_eq!(said, BTreeSet::from(expected));
    assert!(served.end());
}
