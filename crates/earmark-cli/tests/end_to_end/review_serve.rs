//! `earmark review serve` as a process: killed between two decisions, it has lost none when it starts again.

use super::common::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

struct Running {
    child: Child,
    // Open, so that the server has somewhere to print.
    _out: BufReader<ChildStdout>,
    address: String,
    said: Value,
}

fn start(lab: &Lab) -> Running {
    let mut child = lab
        .command("review serve tags.csv --order class --bind 127.0.0.1:0 --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command to start");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
    Running {
        child,
        _out: out,
        address: said["address"].as_str().expect("an address").to_owned(),
        said,
    }
}

impl Running {
    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut socket = TcpStream::connect(&self.address).expect("a server");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        socket.write_all(request.as_bytes()).expect("a request to send");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{answer}");
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{answer}: {e}"))
    }

    fn overview(&self) -> Value {
        self.ask("GET", "/v1/review/overview?reviewer=anna", "")
    }
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
        let mut server = start(&lab);
        assert_eq!(
            (&server.said["items"], &server.said["decisions"]),
            (&json!(6), &json!("tags.csv.decisions.jsonl"))
        );
        let overview = server.overview();
        assert_eq!(overview["counts"]["left"], 6 - 2 * round);
        for item in [2 * round, 2 * round + 1] {
            let decision = json!({
                "id": item.to_string(),
                "review": overview["review"],
                "reviewer": "anna",
                "verdict": if item == 0 { "reject" } else { "accept" },
                "item": item,
            });
            server.ask("POST", "/v1/review/decide", &decision.to_string());
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
