//! A server of the program as a process, and requests to it.

use super::common::Lab;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

/// A server that runs.
pub struct ServerProcess {
    pub child: Child,
    /// What it printed at its start.
    pub said: Value,
    address: String,
    // Open, so that the server has somewhere to print.
    _out: BufReader<ChildStdout>,
}

impl ServerProcess {
    /// Starts a command that serves, at a port of the system's choice, and waits for its address.
    pub fn start(lab: &Lab, arguments: &str) -> Self {
        let mut child = lab
            .command(&format!("{arguments} --bind 127.0.0.1:0 --json"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command to start");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
        Self {
            child,
            address: said["address"].as_str().expect("an address").to_owned(),
            said,
            _out: out,
        }
    }

    /// Sends a request, and gives the body of the answer, which must be a success.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> String {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let mut socket = TcpStream::connect(&self.address).expect("a server");
        socket.write_all(head.as_bytes()).expect("a head to send");
        socket.write_all(body).expect("a body to send");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{answer}");
        body.to_owned()
    }
}
