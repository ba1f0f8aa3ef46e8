//! Segment-based metrics: which classes are active in each segment of a fixed length.

use std::collections::BTreeMap;

use super::counts::RecordingCounts;
use super::paired::PairedRecording;

/// How many true and predicted events of a class are active.
type Active = BTreeMap<usize, [u64; 2]>;

/// Where an event begins or ends, in segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    segment: u64,
    class: usize,
    /// 0: true, 1: predicted.
    side: usize,
    begins: bool,
}

/// Counts the segments of a recording. A class is active in every segment that an event of it touches: from its onset
/// rounded down to its offset rounded up. Segments behind the recording's end, rounded up, don't count.
pub(super) fn count_segments(recording: &PairedRecording, segment_seconds: f64) -> RecordingCounts {
    let all = recording
        .seconds
        .map(|seconds| (seconds / segment_seconds).ceil() as u64);
    let mut edges = Vec::new();
    for (side, events) in [&recording.truth, &recording.predicted].into_iter().enumerate() {
        for event in events {
            let first = (event.onset / segment_seconds).floor() as u64;
            let end = (event.offset / segment_seconds).ceil() as u64;
            let end = end.min(all.unwrap_or(end));
            if first < end {
                for (segment, begins) in [(first, true), (end, false)] {
                    let class = event.class;
                    edges.push(Edge {
                        segment,
                        class,
                        side,
                        begins,
                    });
                }
            }
        }
    }
    edges.sort_unstable();
    let (mut counts, mut active, mut reached) = (RecordingCounts::default(), Active::new(), 0);
    for edge in edges {
        add_segments(&mut counts, &active, edge.segment - reached);
        reached = edge.segment;
        let sides = active.entry(edge.class).or_default();
        match edge.begins {
            true => sides[edge.side] += 1,
            false => sides[edge.side] -= 1,
        }
        if *sides == [0, 0] {
            active.remove(&edge.class);
        }
    }
    counts
}

/// Counts segments in which the same classes are active.
fn add_segments(counts: &mut RecordingCounts, active: &Active, segments: u64) {
    if segments == 0 {
        return;
    }
    let (mut hits, mut truths, mut predictions) = (0, 0, 0);
    for (&class, sides) in active {
        let of_class = counts.of(class);
        let [is_true, is_predicted] = sides.map(|events| events > 0);
        truths += u64::from(is_true);
        predictions += u64::from(is_predicted);
        match (is_true, is_predicted) {
            (true, true) => {
                hits += 1;
                of_class.true_positives += segments;
            }
            (true, false) => of_class.false_negatives += segments,
            _ => of_class.false_positives += segments,
        }
    }
    counts.substitutions += segments * (truths.min(predictions) - hits);
    counts.deletions += segments * truths.saturating_sub(predictions);
    counts.insertions += segments * predictions.saturating_sub(truths);
}
