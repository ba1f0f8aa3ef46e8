//! The end of a stream is scored as the last window of a recording of the same sound.

use super::*;
use crate::stream::{Feed, Playback, StreamConfig, StreamSummary, StreamTagger, tag_stream};
use std::ops::ControlFlow;

/// Models of segments, and of clips of any length, whose windows are about one and eight seconds.
const KINDS: [&[&str]; 2] = [
    &[],
    &["front-end.segments.length-seconds=8.0", "predict.whole=true"],
];

/// The time and scores of each line, and the summary; `stop` stops it at the first line.
fn stream(
    path: &str,
    file: &Path,
    seconds: Option<f64>,
    stop: bool,
) -> (Vec<(f64, Vec<f32>)>, StreamSummary) {
    stream_with(&StreamConfig::new(path), file, seconds, stop)
}

/// The same with other settings.
fn stream_with(
    config: &StreamConfig,
    file: &Path,
    seconds: Option<f64>,
    stop: bool,
) -> (Vec<(f64, Vec<f32>)>, StreamSummary) {
    let feed = Feed::file(file, Playback::Fast).unwrap();
    let mut tagger = StreamTagger::open(config, feed.rate_hz()).unwrap();
    let (mut found, stopped) = (Vec::new(), AtomicBool::new(false));
    let summary = tag_stream(&mut tagger, &feed, seconds, &stopped, &mut |result, _| {
        found.push((result.seconds, result.scores.clone()));
        match stop {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    let summary = summary.unwrap();
    assert_eq!(tagger.push(&[0.0]).is_err(), !stop, "nothing may follow the end");
    (found, summary)
}

#[test]
fn the_end_of_a_stream_is_the_last_window_of_a_recording() {
    let dir = tempfile::tempdir().unwrap();
    for (k, more) in KINDS.into_iter().enumerate() {
        let path = model(&dir.path().join(format!("{k}.safetensors")), 1, more);
        // Shorter than a hop, shorter than a window, longer than one, and at another rate than the model's.
        for (seconds, rate) in [(0.3, RATE), (2.7, RATE), (9.9, RATE), (4.95, 2 * RATE)] {
            let file = dir.path().join(format!("{seconds}.wav"));
            wav(&file, &sound(seconds * f64::from(rate / RATE), 1));
            let mut bytes = fs::read(&file).unwrap();
            bytes[24..28].copy_from_slice(&rate.to_le_bytes());
            bytes[28..32].copy_from_slice(&(2 * rate).to_le_bytes());
            fs::write(&file, bytes).unwrap();
            let wanted = windows(&request(std::slice::from_ref(&path)), &file);
            let (found, summary) = stream(&path, &file, None, false);
            assert_eq!(summary.scored, found.len() as u64);
            assert_eq!(summary.lost_seconds, 0.0);
            let (time, scores) = found.last().unwrap();
            assert!((time - seconds).abs() < 1e-9, "{time} of {seconds} s");
            for (score, wanted) in scores.iter().zip(&wanted.last().unwrap().1) {
                assert!((f64::from(*score) - wanted).abs() < 1e-5, "{score} and {wanted}");
            }
        }
    }
}

/// What ends with a hop is scored once, unless its window started with silence.
#[test]
fn nothing_is_scored_twice() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("long.wav");
    // A rest of 10 ms has no window in a recording either.
    wav(&file, &sound(16.01, 1));
    for (k, hop) in [0.5, 4.0].into_iter().enumerate() {
        let path = model(&dir.path().join(format!("{k}.safetensors")), 1, KINDS[k]);
        let times = |seconds: Option<f64>, stop: bool| -> Vec<f64> {
            let found = stream(&path, &file, seconds, stop).0.into_iter();
            found.map(|(time, _)| time).collect()
        };
        let hops =
            |seconds: f64| -> Vec<f64> { (1..=(seconds / hop) as usize).map(|n| n as f64 * hop).collect() };
        assert_eq!(times(None, false), hops(16.0));
        let mut first = hops(4.0);
        if k == 1 {
            first.push(4.0);
        }
        assert_eq!(times(Some(4.0), false), first);
        assert_eq!(times(Some(hop + 0.1), false), [hop, hop + 0.1]);
        assert_eq!(times(None, true), [hop], "what is stopped ends there");
    }
    // An empty stream has nothing to score.
    let path = model(&dir.path().join("m.safetensors"), 1, &[]);
    let mut tagger = StreamTagger::open(&StreamConfig::new(&path), RATE).unwrap();
    assert!(tagger.score_rest().unwrap().is_none());
}

/// Old scores fade with the time since the last ones, which is shorter than a hop at the end and longer behind hops that
/// were left out.
#[test]
fn scores_fade_with_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = model(&dir.path().join("m.safetensors"), 1, &[]);
    let file = dir.path().join("a.wav");
    let samples = sound(2.7, 1);
    wav(&file, &samples);
    let config = StreamConfig {
        smooth_seconds: 0.8,
        ..StreamConfig::new(&path)
    };
    let (plain, _) = stream(&path, &file, None, false);
    // Scores of these times, from the definition.
    let faded = |times: &[f64]| -> Vec<f64> {
        let mut lines = plain.iter().filter(|(time, _)| times.contains(time));
        let (mut before, first) = lines.next().unwrap().clone();
        let mut kept: Vec<f64> = first.into_iter().map(f64::from).collect();
        for (time, scores) in lines {
            let share = (-(time - before) / 0.8).exp();
            for (kept, score) in kept.iter_mut().zip(scores) {
                *kept = share * *kept + (1.0 - share) * f64::from(*score);
            }
            before = *time;
        }
        kept
    };
    let is_near = |scores: &[f32], wanted: &[f64]| {
        let mut pairs = scores.iter().zip(wanted);
        pairs.all(|(score, wanted)| (f64::from(*score) - wanted).abs() < 1e-6)
    };
    let times: Vec<f64> = plain.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0.5, 1.0, 1.5, 2.0, 2.5, 2.7]);
    let (smooth, _) = stream_with(&config, &file, None, false);
    for (at, (_, scores)) in smooth.iter().enumerate() {
        let wanted = faded(&times[..=at]);
        assert!(
            is_near(scores, &wanted),
            "{}: {scores:?} and {wanted:?}",
            times[at]
        );
    }
    let mut tagger = StreamTagger::open(&config, RATE).unwrap();
    let mut rest: Vec<f32> = samples
        .iter()
        .map(|&sample| f32::from(sample) / 32_768.0)
        .collect();
    let mut last = Vec::new();
    for hop in 0..5 {
        let taken = tagger.push(&rest).unwrap();
        rest.drain(..taken);
        match hop {
            1 | 2 => tagger.skip(),
            _ => last = tagger.score().unwrap().scores,
        }
    }
    let wanted = faded(&[0.5, 2.0, 2.5]);
    assert!(is_near(&last, &wanted), "{last:?} and {wanted:?}");
}
