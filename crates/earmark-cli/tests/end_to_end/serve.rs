//! `earmark serve` as a process: the address that it prints, an answer, the log, and SIGTERM. What it answers is tested
//! in its own crate.

use super::common::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn a_service_answers_as_the_command_and_ends_by_sigterm() {
    let lab = Lab::trained();
    let mut child = lab
        .command("serve --model runs/a --bind 127.0.0.1:0 --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command to start");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
    assert_eq!(said["models"], json!(["a"]));
    let address = said["address"].as_str().expect("an address");
    let sound = lab.bytes("tones/high/0.wav");
    let head = format!(
        "POST /v1/tag?name=tones/high/0.wav HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        sound.len()
    );
    let mut socket = TcpStream::connect(address).expect("a server");
    socket.write_all(head.as_bytes()).expect("a head to send");
    socket.write_all(&sound).expect("a body to send");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let command = lab
        .earmark("tag tones/high/0.wav --model runs/a --format json")
        .done();
    assert_eq!(body.trim_end(), command.out.trim_end());
    let sent = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
    let ended = child.wait_with_output().expect("the command to end");
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
