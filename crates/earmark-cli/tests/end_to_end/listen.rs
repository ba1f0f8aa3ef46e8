//! A stream and the classes detected in it.

use super::common::{CLASSES, Ended, Lab, Table};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The lines of `--json`: the windows' scores, and the summary at the end.
fn lines(ended: &Ended) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = ended
        .out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{l}: {e}")))
        .collect();
    let summary = lines.pop().expect("a summary")["summary"].take();
    assert!(summary.is_object(), "{ended}");
    (lines, summary)
}

fn time(line: &Value) -> f64 {
    line["time"].as_f64().expect("a time")
}

/// Labels with scores, by name.
fn scores(line: &Value) -> Vec<(String, f64)> {
    let labels = line["labels"].as_array().expect("labels");
    let mut found: Vec<(String, f64)> = labels
        .iter()
        .map(|l| {
            (
                l["label"].as_str().expect("a label").to_owned(),
                l["score"].as_f64().expect("a score"),
            )
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// A WAV file's bytes behind its header.
fn raw(lab: &Lab, name: &str) -> Vec<u8> {
    lab.bytes(name)[44..].to_vec()
}

fn feed(lab: &Lab, arguments: &str, bytes: &[u8]) -> Ended {
    let mut child = lab
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command to start");
    let mut stdin = child.stdin.take().expect("a pipe");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes))); // it may have ended: no fault of the pipe
    let ended = Ended::of(arguments, child.wait_with_output().expect("the command to end"));
    writer.join().expect("a writer");
    ended
}

/// A window that holds a whole clip is scored as the clip is; a pipe gives what the file gives.
#[test]
fn a_window_is_scored_as_a_clip() {
    let lab = Lab::trained();
    lab.long_tone("long.wav", 900.0, 2);
    lab.earmark("predict runs/a -o clip.csv --files long.wav").done();
    let clip = Table::parse(&lab.read("clip.csv"));
    let listen = "listen --model runs/a --hop 0.25 --window 2 --top-k 3 --fast --json";
    let ended = lab.earmark(&format!("{listen} --input long.wav")).done();
    let (windows, summary) = lines(&ended);
    let times: Vec<f64> = windows.iter().map(time).collect();
    assert_eq!(times, (1..=8).map(|k| 0.25 * f64::from(k)).collect::<Vec<_>>());
    for ((label, score), (class, wanted)) in scores(&windows[7])
        .iter()
        .zip(clip.classes.iter().zip(clip.row("long.wav")))
    {
        assert_eq!(label, class);
        assert!(
            (score - wanted).abs() < 1e-5,
            "{label}: {score} and as a clip {wanted}"
        );
    }
    assert_eq!(summary["judged"], 8);
    assert_eq!(summary["seconds"], 2.0);
    assert!(summary["x_real_time"].as_f64().expect("a speed") > 0.0);
    assert_eq!(
        summary["latency_ms"],
        Value::Null,
        "what is not played has no latency"
    );

    let piped = feed(
        &lab,
        &format!("{listen} --input - --rate 8000"),
        &raw(&lab, "long.wav"),
    );
    let (piped, _) = lines(&piped.done());
    let labels = |lines: &[Value]| lines.iter().map(|l| l["labels"].clone()).collect::<Vec<_>>();
    assert_eq!(labels(&piped), labels(&windows));
    // The same sound on both of two channels, as floats.
    let floats: Vec<u8> = raw(&lab, "long.wav")
        .chunks_exact(2)
        .flat_map(|b| {
            (f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
                .to_le_bytes()
                .repeat(2)
        })
        .collect();
    let arguments = format!("{listen} --input - --rate 8000 --encoding f32 --channels 2");
    let (stereo, _) = lines(&feed(&lab, &arguments, &floats).done());
    assert_eq!(labels(&stereo), labels(&windows));
    // Another rate is resampled.
    let arguments = format!("{listen} --input - --rate 16000");
    let (faster, _) = lines(&feed(&lab, &arguments, &raw(&lab, "long.wav")).done());
    assert_eq!(faster.len(), 4);
    assert!((1..=4).zip(&faster).all(|(k, l)| time(l) == 0.25 * f64::from(k)));
}

/// Tones after each other, each detected a window later; smoothed scores lag behind; models together are their mean.
#[test]
fn changes_are_detected() {
    let lab = Lab::new();
    // Nothing that makes a model unsure: it shall know three tones and their noise.
    let train = "train tiny.toml --data tones --set train.epochs=40 --set validation.split.kind=\"none\" \
        --set train.schedule={kind=\"constant\"} --set batches.mixup=false --set augment.time-mask=false \
        --set network.drop-prob=0 --set train.loss.label-smoothing=0";
    for seed in [1, 2] {
        lab.earmark(&format!("{train} --run runs/{seed} --set train.seed={seed}"))
            .done();
    }
    let mut stream = Vec::new();
    for (class, hz) in CLASSES {
        lab.long_tone(&format!("{class}.wav"), hz, 3);
        stream.extend(raw(&lab, &format!("{class}.wav")));
    }
    let listen = |arguments: &str| {
        let arguments = format!("listen --model {arguments} --input - --rate 8000 --fast --json");
        lines(&feed(&lab, &arguments, &stream).done()).0
    };
    let windows = listen("runs/1");
    for (k, (class, _)) in CLASSES.iter().enumerate() {
        // A window of 1.02 s after the change it holds nothing else.
        let from = 3.0 * k as f64 + 1.25;
        for line in windows
            .iter()
            .filter(|l| time(l) > from && time(l) <= 3.0 * (k + 1) as f64)
        {
            assert_eq!(line["labels"][0]["label"], *class, "{line}");
        }
    }
    // The mean of both models, at each time.
    let (other, both) = (listen("runs/2"), listen("runs/1 runs/2 --mean arithmetic"));
    assert_eq!(both.len(), windows.len());
    for ((a, b), mean) in windows.iter().zip(&other).zip(&both) {
        for (((_, a), (_, b)), (label, mean)) in scores(a).iter().zip(scores(b)).zip(scores(mean)) {
            assert!((0.5 * (a + b) - mean).abs() < 1e-6, "{label}");
        }
    }
    // Scores that fade to 1/e in two seconds, from their own definition.
    let smooth = listen("runs/1 --smooth 2");
    let keep = (-0.5_f64 / 2.0).exp();
    let mut wanted = scores(&windows[0]);
    for (line, new) in smooth.iter().zip(&windows) {
        for ((_, old), (_, new)) in wanted.iter_mut().zip(scores(new)) {
            *old = keep * *old + (1.0 - keep) * new;
        }
        for ((label, got), (_, wanted)) in scores(line).iter().zip(&wanted) {
            assert!((got - wanted).abs() < 1e-6, "{label}");
        }
    }
}

/// A file is played in its own time, as lines where there is no terminal, and ended by --seconds or by Ctrl-C.
#[test]
fn a_file_is_played() {
    let lab = Lab::trained();
    lab.long_tone("long.wav", 900.0, 30);
    let begun = Instant::now();
    let ended = lab
        .earmark("listen --model runs/a --input long.wav --seconds 1 --hop 0.25 --json")
        .done();
    assert!(
        begun.elapsed() >= Duration::from_millis(900),
        "it took {:?}",
        begun.elapsed()
    );
    let (windows, summary) = lines(&ended);
    // Left out where this machine was busy, never given twice.
    assert!(
        !windows.is_empty() && windows.len() + summary["skipped"].as_u64().expect("a count") as usize == 4
    );
    assert_eq!(summary["seconds"], 1.0);
    assert!(summary["latency_ms"]["worst"].as_f64().expect("a latency") > 0.0);

    let ended = lab
        .earmark("listen --model runs/a --input long.wav --seconds 0.5 --hop 0.5 --top-k 1 --fast")
        .done();
    let line = ended.out.trim_end();
    assert!(
        line.starts_with("     0.50 s  ") && line.lines().count() == 1,
        "{ended}"
    );
    assert!(
        ended.err.contains("long.wav: 3 classes, windows of 1.0"),
        "{ended}"
    );
    assert!(ended.err.contains("500 ms tagged, 1 window scored, "), "{ended}");
    // What comes after the last hop is scored too.
    let ended = lab
        .earmark("listen --model runs/a --input tones/low/1.wav --hop 0.7 --top-k 1 --fast")
        .done();
    let times: Vec<&str> = ended.out.lines().map(|line| &line[..11]).collect();
    assert_eq!(times, ["     0.70 s", "     1.00 s"], "{ended}");
    assert!(ended.err.contains("1 s tagged, 2 windows scored, "), "{ended}");
    #[cfg(unix)]
    {
        use std::io::{BufRead, BufReader};
        let mut started = lab.start("listen --model runs/a --input long.wav --hop 0.1 --json");
        let mut first = String::new();
        let mut reader = BufReader::new(started.child.stdout.take().expect("a pipe"));
        reader.read_line(&mut first).expect("a line");
        assert!(first.contains("labels"), "{first}");
        started.signal("INT");
        let rest: Vec<String> = reader.lines().map_while(Result::ok).collect();
        assert!(rest.last().is_some_and(|l| l.contains("summary")), "{rest:?}");
        started.end().exit(130);
    }
}

#[test]
fn what_cannot_be_listened_to() {
    let lab = Lab::trained();
    let refused = |arguments: &str| lab.earmark(arguments).refused();
    let message = refused("listen --model runs/a");
    assert!(
        message.starts_with("--input mic: ") && message.contains("--input FILE"),
        "{message}"
    );
    let message = refused("listen --model runs/a --input no.wav");
    assert!(message.contains("no.wav"), "{message}");
    for (arguments, start) in [
        ("--hop 0", "--hop 0: choose 0.01 seconds or more"),
        ("--window 0", "--window 0: choose seconds above 0"),
        ("--window 0.0001", "--window 0.0001: give seconds, from 0.0"),
        ("--smooth nan", "--smooth NaN: choose seconds from 0"),
        ("--seconds 0", "--seconds 0: choose a positive number"),
        ("--mean median", "invalid value 'median' for '--mean <MEAN>'"),
    ] {
        let message = refused(&format!(
            "listen --model runs/a --input tones/low/1.wav {arguments}"
        ));
        assert!(message.starts_with(start), "{message}");
    }
    let raw = "listen --model runs/a --fast --input - --encoding f32";
    let message = refused(&format!("{raw} --rate 10"));
    assert!(message.starts_with("--rate 10: is outside"), "{message}");
    let message = refused(&format!("{raw} --channels 0"));
    assert!(message.starts_with("--channels 0"), "{message}");
    let ended = feed(&lab, raw, &f32::NAN.to_le_bytes().repeat(10_000)).exit(1);
    assert!(
        ended.err.contains("error: stdin: its samples are not audio"),
        "{ended}"
    );
    // An empty stream is not a failure.
    let ended = lab.earmark("listen --model runs/a --input - --json").done();
    assert_eq!(lines(&ended).1["judged"], 0);
    // Models of other classes don't listen together.
    for k in 0..6 {
        lab.tone(&format!("others/whistle/{k}.wav"), 1500.0);
        lab.tone(&format!("others/hum/{k}.wav"), 150.0);
    }
    lab.earmark("train tiny.toml --data others --run runs/b --set train.epochs=1")
        .done();
    let message = refused("listen --model runs/a runs/b --input tones/low/1.wav");
    assert!(
        message.contains("its classes differ from those of runs/a/best.safetensors"),
        "{message}"
    );
}
