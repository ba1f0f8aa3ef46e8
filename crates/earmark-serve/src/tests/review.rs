//! The review over HTTP: what a page asks for, who may ask, and that no answered decision is lost.

use super::*;
use crate::ServeError;
use crate::pages::SHARED_ROUTES;
use crate::review::REVIEW_ROUTES;
use earmark_audio::{decode_bytes_native, encode_wav_16};
use earmark_review::{DetectedEvent, ReviewDesk, ReviewOrder, ReviewSet, read_decisions};
use serde_json::{Value, json};

/// A name that would be markup, and one that would break a line.
const FILES: [&str; 3] = [
    "<script>alert(1)</script>.wav",
    "\u{202e}gnp \"quoted\" 🐦.wav",
    "c.wav",
];

/// A folder with three recordings of two seconds; the second one is damaged.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (number, name) in ["0.wav", "1.wav", "2.wav"].into_iter().enumerate() {
        let sine = |k: i32| ((k * 30) % 20_000) as i16;
        let wav = encode_wav_16(&(0..16_000).map(sine).collect::<Vec<i16>>(), 8000);
        let bytes = if number == 1 { b"no sound".to_vec() } else { wav };
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

fn desk(dir: &TempDir) -> ReviewDesk {
    let event = |k: usize| DetectedEvent {
        file: FILES[k].into(),
        path: dir.path().join(format!("{k}.wav")),
        class: k % 2,
        seconds: [0.5, 1.0],
        score: 0.5 + 0.1 * k as f32,
    };
    let classes = vec!["Dog <b>".to_owned(), "Cat".to_owned()];
    let set = ReviewSet::of_events(classes, (0..3).map(event)).unwrap();
    let thresholds = [0.5, 0.5];
    let order = (ReviewOrder::Worst, &thresholds[..], 1);
    ReviewDesk::open("tags.csv".into(), set, order, &log(dir)).unwrap()
}

fn log(dir: &TempDir) -> PathBuf {
    dir.path().join("decisions.jsonl")
}

fn serve_review(dir: &TempDir, change: impl FnOnce(&mut ReviewServeConfig)) -> Served {
    let mut config = ReviewServeConfig::default();
    change(&mut config);
    serve_pages(&config, desk(dir))
}

/// Sends a decision, completed with an id and the review.
fn decide(served: &Served, id: &str, decision: Value) -> Answer {
    let overview = served.get("/v1/review/overview?reviewer=x").json();
    let mut decision = decision;
    decision["id"] = id.into();
    decision["review"] = overview["review"].clone();
    served.post("/v1/review/decide", AS_JSON, decision.to_string().as_bytes())
}

#[test]
fn a_page_gets_items_decides_and_finds_its_decisions_after_a_restart() {
    let dir = folder();
    let served = serve_review(&dir, |_| ());
    let overview = served.get("/v1/review/overview?reviewer=anna").json();
    assert_eq!(
        (&overview["kind"], &overview["counts"]["left"]),
        (&json!("events"), &json!(3))
    );
    assert_eq!(overview["names"], json!(["Cat", "Dog <b>"]));
    assert_eq!(
        (&overview["learning"], &overview["archive"]),
        (&json!(false), &json!(false))
    );
    let page = served.get("/v1/review/items?reviewer=anna&from=0&count=2").json();
    assert_eq!(
        (&page["total"], page["items"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    assert_eq!(page["items"][0]["file"], FILES[0]);
    assert_eq!(page["items"][0]["seconds"], json!([0.5, 1.0]));
    assert_eq!(page["items"][1]["file"], FILES[1]);
    let of_class = served
        .get("/v1/review/items?reviewer=anna&class=1&count=9")
        .json();
    assert_eq!(of_class["total"], 1);
    let answer = decide(
        &served,
        "1",
        json!({ "reviewer": "anna", "verdict": "accept", "item": 0 }),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        (
            &answer.json()["item"]["verdict"],
            &answer.json()["counts"]["left"]
        ),
        (&json!("accept"), &json!(2))
    );
    let relabel = json!({ "reviewer": "anna", "verdict": "relabel", "item": 2, "labels": ["Wren"] });
    assert_eq!(decide(&served, "2", relabel.clone()).status, 200);
    // The same once more, as after a lost answer.
    assert_eq!(decide(&served, "2", relabel).json()["counts"]["left"], 1);
    assert_eq!(served.get("/v1/review/next?reviewer=anna").json()["position"], 1);
    assert!(served.end());
    assert_eq!(read_decisions(&log(&dir)).unwrap().0.len(), 2);
    let served = serve_review(&dir, |_| ());
    assert_eq!(
        served.get("/v1/review/overview?reviewer=anna").json()["counts"]["left"],
        1
    );
    // Another reviewer begins without any of it.
    let other = served.get("/v1/review/overview?reviewer=ben").json();
    assert_eq!(
        (&other["counts"]["left"], &other["names"]),
        (&json!(3), &json!(["Cat", "Dog <b>"]))
    );
    let undone = decide(&served, "3", json!({ "reviewer": "anna", "verdict": "undo" })).json();
    assert_eq!(
        (&undone["item"]["file"], &undone["item"]["verdict"]),
        (&json!(FILES[2]), &Value::Null)
    );
    assert!(served.end());
}

#[test]
fn every_answered_decision_is_on_the_disk() {
    let dir = folder();
    let served = serve_review(&dir, |_| ());
    for k in 0..20 {
        let reviewer = format!("r{}", k % 4);
        let decision = json!({ "reviewer": reviewer, "verdict": "skip", "item": k % 3 });
        assert_eq!(decide(&served, &k.to_string(), decision).status, 200);
        // As a kill at this moment would leave it.
        assert_eq!(read_decisions(&log(&dir)).unwrap().0.len(), k + 1);
    }
    assert!(served.end());
}

#[test]
fn sounds_come_whole_and_in_parts() {
    let dir = folder();
    let served = serve_review(&dir, |_| ());
    let path = "/v1/review/sound?item=0&context=0.25";
    let whole = served.get(path);
    assert_eq!(
        (whole.status, whole.header("accept-ranges")),
        (200, Some("bytes"))
    );
    assert_eq!(whole.header("content-type"), Some("audio/wav"));
    let facts =
        ["start", "seconds", "hz", "cut"].map(|name| whole.header(&format!("earmark-{name}")).unwrap());
    assert_eq!(facts, ["0.25", "1", "8000", "0"]);
    let decoded = decode_bytes_native(whole.body.clone()).unwrap();
    assert_eq!((decoded.clip.len(), decoded.clip.sample_rate_hz), (8000, 8000));
    let part = served.ask(&served.head("GET", path, "Range: bytes=44-143\r\n"));
    assert_eq!((part.status, part.body.as_slice()), (206, &whole.body[44..144]));
    let range = format!("bytes 44-143/{}", whole.body.len());
    assert_eq!(part.header("content-range"), Some(range.as_str()));
    let beyond = served.ask(&served.head("GET", path, "Range: bytes=999999-\r\n"));
    assert_eq!(beyond.status, 416);
    let damaged = served.get("/v1/review/sound?item=1");
    assert_eq!(damaged.status, 422);
    assert!(damaged.error().starts_with(FILES[1]), "{}", damaged.error());
    assert!(!damaged.error().contains(&*dir.path().to_string_lossy()));
    assert!(served.end());
}

#[test]
fn spectrograms_are_levels_by_row() {
    let dir = folder();
    let served = serve_review(&dir, |_| ());
    let picture = served.get("/v1/review/spectrogram?item=0&columns=50&rows=20");
    assert_eq!((picture.status, picture.body.len()), (200, 1000));
    assert_eq!(picture.header("earmark-start"), Some("0"));
    assert_eq!(picture.body.iter().max(), Some(&255));
    let band = served.get("/v1/review/spectrogram?item=0&columns=50&rows=20&low=100&high=1000&context=0");
    assert_eq!((band.status, band.header("earmark-seconds")), (200, Some("0.5")));
    for (wrong, named) in [
        ("item=0&rows=20", "columns: is missing"),
        ("item=9&columns=5&rows=5", "item=9: there are 3"),
        ("item=0&columns=5&rows=5&low=9000", "low=9000"),
        ("item=0&columns=9999&rows=5", "give 1 to 2048"),
        ("item=0&columns=5&rows=5&context=-1", "context=-1"),
        ("item=x&columns=5&rows=5", "item=x: is not a number"),
        ("item=0&colums=5", "did you mean columns?"),
    ] {
        let refused = served.get(&format!("/v1/review/spectrogram?{wrong}"));
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.error().contains(named), "{wrong}: {}", refused.error());
    }
    assert!(served.end());
}

#[test]
fn decisions_that_cannot_be_meant_are_refused() {
    let dir = folder();
    let served = serve_review(&dir, |_| ());
    let post = |headers: &str, body: &str| served.post("/v1/review/decide", headers, body.as_bytes());
    assert_eq!(post("", "{}").status, 415);
    assert_eq!(post("Content-Type: text/plain\r\n", "{}").status, 415);
    assert!(
        post(AS_JSON, "{}")
            .error()
            .starts_with("is not a decision: missing field")
    );
    assert_eq!(post(AS_JSON, &" ".repeat(65_600)).status, 413);
    let stale = json!({ "id": "1", "review": "0", "reviewer": "a", "verdict": "skip", "item": 0 });
    let refused = post(AS_JSON, &stale.to_string());
    assert_eq!(
        (refused.status, refused.error().contains("reload it")),
        (400, true)
    );
    let odd = decide(
        &served,
        "1",
        json!({ "reviewer": "a", "verdict": "skip", "item": 0, "more": 1 }),
    );
    assert!(odd.error().contains("unknown field `more`"), "{}", odd.error());
    assert_eq!(served.get("/v1/review/items?reviewer=a").status, 400);
    assert_eq!(served.get("/v1/review/overview").status, 400);
    assert_eq!(served.get("/v1/review/decide").status, 405);
    assert_eq!(served.get("/v1/tag").status, 404);
    assert_eq!(served.get("/search").status, 404, "there is no index");
    assert_eq!(read_decisions(&log(&dir)).unwrap().0.len(), 0);
    assert!(served.end());
}

#[test]
fn all_routes_answer_and_the_page_loads_nothing_from_elsewhere() {
    let dir = folder();
    let served = serve_review(&dir, |_| ());
    for (method, path) in SHARED_ROUTES.into_iter().chain(REVIEW_ROUTES) {
        let answer = served.ask(&served.head(method, path, "Content-Length: 0\r\n"));
        assert!(
            ![0, 404, 405, 500].contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
    }
    let page = served.get("/");
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    for path in [
        "/",
        "/review.css",
        "/review.js",
        "/review-learn.js",
        "/review-sound.js",
    ] {
        let text = served.get(path).text();
        assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
        assert!(!text.contains("innerHTML"), "{path}");
    }
    let counted = served.app.metrics.text(&crate::metrics::Gauges {
        waiting: 0,
        busy: 0,
        connections: 0,
        streams: 0,
    });
    assert!(
        counted.contains("route=\"/v1/review/overview\",status=\"400\""),
        "{counted}"
    );
    assert!(served.end());
}

#[test]
fn the_token_is_asked_for_and_other_sites_are_refused() {
    let dir = folder();
    let token = "0123456789abcdef0123";
    let file = dir.path().join("token.txt");
    std::fs::write(&file, token).unwrap();
    let served = serve_review(&dir, |config| config.token_file = Some(file));
    let overview = "/v1/review/overview?reviewer=a";
    assert_eq!(
        served.get("/").status,
        200,
        "the page itself has nothing of a user"
    );
    assert_eq!(served.get("/review-sound.js").status, 200);
    assert_eq!(served.get(overview).status, 401);
    assert_eq!(served.get("/v1/review/sound?item=0").status, 401);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(served.ask(&served.head("GET", overview, &bearer)).status, 200);
    let origin = format!("{bearer}Origin: https://evil.example\r\n");
    assert_eq!(served.ask(&served.head("GET", overview, &origin)).status, 403);
    assert!(served.end());
    let open = ReviewServeConfig {
        bind: SocketAddr::from(([0, 0, 0, 0], 0)),
        ..ReviewServeConfig::default()
    };
    let refused = Server::start_review(&open, desk(&dir), Arc::new(|_: &ServedRequest| ())).err();
    assert!(matches!(refused, Some(ServeError::Request(problem)) if problem.contains("--token-file")));
}
