//! `earmark review serve` as a process: killed between two decisions, it has lost none when it starts again.

use super::common::Lab;
use super::server::ServerProcess;
use serde_json::{Value, json};

const SERVE: &str = "review serve tags.csv --order class";

fn ask(server: &ServerProcess, method: &str, path: &str, body: &str) -> Value {
    let answer = server.ask(method, path, "application/json", body.as_bytes());
    serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{answer}: {e}"))
}

#[test]
fn a_killed_server_has_lost_no_answered_decision() {
    let lab = Lab::new();
    let mut tags = String::from("file,start_seconds,end_seconds,class,score\n");
    for k in 0..6 {
        tags += &format!("tones/low/{k}.wav,0.25,0.5,low,0.{}\n", 9 - k);
    }
    lab.write("tags.csv", &tags);
    for round in 0..3 {
        let mut server = ServerProcess::start(&lab, SERVE);
        assert_eq!(
            (&server.said["items"], &server.said["decisions"]),
            (&json!(6), &json!("tags.csv.decisions.jsonl"))
        );
        let overview = ask(&server, "GET", "/v1/review/overview?reviewer=anna", "");
        assert_eq!(overview["counts"]["left"], 6 - 2 * round);
        for item in [2 * round, 2 * round + 1] {
            let decision = json!({
                "id": item.to_string(),
                "review": overview["review"],
                "reviewer": "anna",
                "verdict": if item == 0 { "reject" } else { "accept" },
                "item": item,
            });
            ask(&server, "POST", "/v1/review/decide", &decision.to_string());
        }
        // SIGKILL: nothing is written after it.
        server.child.kill().expect("a process");
        server.child.wait().expect("its end");
    }
    lab.earmark("review apply tags.csv.decisions.jsonl -o labels.csv")
        .done();
    let labels = lab.read("labels.csv");
    assert_eq!(labels.lines().count(), 6, "{labels}");
    assert!(!labels.contains("tones/low/0.wav"), "{labels}");
}

#[test]
fn an_order_without_thresholds_takes_none() {
    let lab = Lab::new();
    let refused = lab.earmark("review serve tags.csv --threshold 0.5").refused();
    assert!(
        refused.starts_with("--threshold: sorts with --order threshold alone"),
        "{refused}"
    );
}

#[test]
fn options_that_mean_nothing_for_an_index_or_without_one_are_refused() {
    let lab = Lab::new();
    // Refused before it is read.
    lab.write("owls/index.json", "{}");
    for flag in [
        "--order worst",
        "--threshold 0.5",
        "--learn-with m.safetensors",
        "--index owls",
    ] {
        let refused = lab.earmark(&format!("review serve owls {flag}")).refused();
        let name = flag.split(' ').next().unwrap();
        assert!(
            refused.starts_with(&format!("{name}: is for items to review, and owls is an index")),
            "{refused}"
        );
    }
    let damaged = lab.earmark("review serve owls").refused();
    assert!(damaged.contains("is damaged"), "{damaged}");
    let refused = lab
        .earmark("review serve tags.csv --model m.safetensors")
        .refused();
    assert!(
        refused.starts_with("--archive, --model: are about an index"),
        "{refused}"
    );
}
