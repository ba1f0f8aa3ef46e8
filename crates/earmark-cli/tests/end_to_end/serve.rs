//! `earmark serve` as a process: the address that it prints, an answer, the log, and SIGTERM. What it answers is tested
//! in its own crate.

use super::common::Lab;
use super::server::ServerProcess;
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn a_service_answers_as_the_command_and_ends_by_sigterm() {
    let lab = Lab::trained();
    let server = ServerProcess::start(&lab, "serve --model runs/a");
    assert_eq!(server.said["models"], json!(["a"]));
    let (path, sound) = ("/v1/tag?name=tones/high/0.wav", lab.bytes("tones/high/0.wav"));
    let body = server.ask("POST", path, "audio/wav", &sound);
    let command = lab
        .earmark("tag tones/high/0.wav --model runs/a --format json")
        .done();
    assert_eq!(body.trim_end(), command.out.trim_end());
    let sent = Command::new("kill")
        .args(["-TERM", &server.child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
    let ended = server.child.wait_with_output().expect("the command to end");
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{log}");
    let mut lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let request = lines.next().unwrap_or_else(|| panic!("no request in {log}"));
    assert_eq!(
        (&request["method"], &request["path"], &request["status"]),
        (&json!("POST"), &json!("/v1/tag"), &json!(200))
    );
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    let refused = Lab::new()
        .earmark("serve --model runs/a --bind 0.0.0.0:0")
        .refused();
    assert!(
        refused.starts_with("--bind 0.0.0.0:0: other machines reach this address"),
        "{refused}"
    );
}
