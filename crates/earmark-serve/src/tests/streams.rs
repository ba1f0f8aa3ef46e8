//! Streams: their tags are those of `earmark listen`.

use super::*;
use earmark_inference::stream::{
    Feed, PcmFormat, PcmSample, Playback, StreamConfig, StreamMeter, StreamResult, StreamTagger, tag_stream,
};
use serde_json::{Value, json};
use std::io::Cursor;
use std::ops::ControlFlow;
use tungstenite::{Message, WebSocket};

const RATE_HZ: u32 = 16_000;

/// Six seconds that never stand still, as signed 16-bit integers.
fn samples() -> Vec<u8> {
    let at = |i: u32| {
        let t = f64::from(i) / f64::from(RATE_HZ);
        let chirp = (t * (300.0 + 200.0 * t) * std::f64::consts::TAU).sin();
        (chirp * (1.0 + (3.0 * t).sin()) * 8_000.0) as i16
    };
    (0..6 * RATE_HZ).flat_map(|i| at(i).to_le_bytes()).collect()
}

/// What `earmark listen --json` says of these samples.
fn expected(lab: &Lab, samples: Vec<u8>) -> Vec<Value> {
    let format = PcmFormat {
        rate_hz: RATE_HZ,
        channels: 1,
        sample: PcmSample::S16,
    };
    let feed = Feed::pcm(Cursor::new(samples), "x", format, Playback::Fast).unwrap();
    let config = StreamConfig {
        hop_seconds: Some(0.5),
        ..StreamConfig::new(lab.model.clone())
    };
    let mut tagger = StreamTagger::open(&config, RATE_HZ).unwrap();
    let (classes, thresholds) = (tagger.classes().to_vec(), tagger.thresholds().clone());
    let mut lines = Vec::new();
    let mut show = |scored: &StreamResult, _: &StreamMeter| {
        let best = earmark_metrics::top_k(&scored.scores, 4).into_iter();
        let label = |class: usize| json!({ "label": classes[class], "score": scored.scores[class] });
        let reached = thresholds.reached(&scored.scores).into_iter();
        let line = json!({
            "time": scored.seconds,
            "labels": best.map(label).collect::<Vec<_>>(),
            "detected": reached.map(|class| classes[class].clone()).collect::<Vec<_>>(),
        });
        lines.push(serde_json::from_str(&line.to_string()).unwrap());
        ControlFlow::Continue(())
    };
    tag_stream(&mut tagger, &feed, None, &AtomicBool::new(false), &mut show).unwrap();
    lines
}

fn open(served: &Served, settings: &str) -> WebSocket<TcpStream> {
    let address = format!("ws://{}/v1/listen?rate={RATE_HZ}{settings}", served.address);
    tungstenite::client(address, served.connect()).unwrap().0
}

/// All lines up to the end of a stream.
fn lines(mut socket: WebSocket<TcpStream>) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => lines.push(serde_json::from_str(text.as_str()).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return lines,
            Ok(_) => {}
        }
    }
}

#[test]
fn tags_of_a_stream_are_those_of_listen() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let samples = samples();
    // In messages that end within a sample, too.
    for piece in [1_001, 64_000] {
        let mut socket = open(&served, "&hop=0.5&top_k=4");
        for bytes in samples.chunks(piece) {
            socket.send(Message::binary(bytes.to_vec())).unwrap();
        }
        socket.send(Message::text("end")).unwrap();
        let mut lines = lines(socket);
        let summary = lines.pop().unwrap();
        assert_eq!(summary["summary"]["seconds"], 6.0);
        for line in &mut lines {
            for key in ["latency_ms", "compute_ms", "x_real_time"] {
                assert!(line.as_object_mut().unwrap().remove(key).is_some(), "{key}");
            }
        }
        let expected = expected(&lab, samples.clone());
        assert_eq!(expected.len(), 12);
        assert_eq!(lines, expected);
    }
    until("no stream is open", || served.app.open_streams() == 0);
    assert!(served.end());
}

#[test]
fn what_can_not_be_streamed_is_refused() {
    let lab = lab();
    let served = serve(&lab, |config| config.limits.streams = 1);
    let refusal = |settings: &str| {
        let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let head = format!(
            "GET /v1/listen?{settings} HTTP/1.1\r\nHost: {}\r\nConnection: close, upgrade\r\n\
             Upgrade: websocket\r\n{key}\r\n",
            served.address
        );
        let mut socket = served.connect();
        send(&mut socket, head.as_bytes());
        let answer = Answer::read(socket);
        (answer.status, answer.error())
    };
    let (status, error) = refusal("smooth=-1");
    assert!(
        status == 400 && error.starts_with("--smooth -1: choose seconds"),
        "{status} {error}"
    );
    until("the thread has ended", || served.app.open_streams() == 0);
    for (setting, range) in [
        ("rate=5", "1000 to 1536000"),
        ("rate=16000.5", "1000 to 1536000"),
        ("channels=0", "1 to 32"),
        ("channels=33", "1 to 32"),
        ("channels=70000", "1 to 32"),
        ("top_k=0", "1 to 1000000"),
    ] {
        let expected = format!("{setting}: choose a whole number from {range}");
        assert_eq!(refusal(setting), (400, expected));
    }
    assert_eq!(
        refusal("encoding=mp3"),
        (400, "encoding=mp3: choose from s16, f32".into())
    );
    let held = open(&served, "");
    assert_eq!(refusal("").0, 429);
    drop(held);
    until("the stream has ended", || served.app.open_streams() == 0);
    // Samples that are not audio end the stream with a reason.
    let mut socket = open(&served, "&encoding=f32");
    socket
        .send(Message::binary(f32::NAN.to_le_bytes().repeat(1_000)))
        .unwrap();
    let lines = lines(socket);
    let error = lines.last().unwrap()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("not audio"), "{error}");
    assert!(served.end());
}

#[test]
fn a_silent_stream_and_a_server_that_stops_end_with_a_summary() {
    let lab = lab();
    let served = serve(&lab, |config| {
        config.limits.stream_patience = Duration::from_millis(200)
    });
    let found = lines(open(&served, ""));
    assert!(found[0]["summary"].is_object(), "{found:?}");
    assert!(served.end());
    let served = serve(&lab, |_| ());
    let mut socket = open(&served, "&hop=0.5");
    let bytes = samples();
    socket
        .send(Message::binary(bytes[..RATE_HZ as usize * 2].to_vec()))
        .unwrap();
    // The first line is there: the stream has begun.
    assert!(matches!(socket.read(), Ok(Message::Text(_))));
    served.stop.store(true, Ordering::Relaxed);
    let found = lines(socket);
    assert_eq!(found.last().unwrap()["summary"]["seconds"], 1.0);
    assert!(served.end());
}
