//! The sound of an example: a clip, or a piece of a recording of background.

use super::mixing::stream;
use crate::reason;
use earmark_core::random;
use earmark_data::{Item, ItemError, read_item};
use earmark_features::Extractor;
use std::ops::Range;

/// The longest part of an example that is copied, in seconds.
pub(super) const LONGEST_SECONDS: f64 = 30.0;

/// Where the sound of an example is.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExampleSource {
    /// The index of its recording.
    pub recording: usize,
    /// The first frame of a piece of background; `None` for a clip, which is used whole.
    pub start: Option<i64>,
}

/// The samples of a recording at the front end's rate, trimmed as it says; or why it can't be read.
pub(super) fn read_samples(extractor: &Extractor, item: &Item) -> Result<Vec<f32>, String> {
    let front_end = extractor.front_end();
    match read_item(item, front_end.sample_rate_hz) {
        Err(fault) => Err(reason(item, &ItemError::new(item, fault))),
        Ok(read) if front_end.trim.is_none() => Ok(read.clip.samples),
        Ok(read) => Ok(extractor.trim(&read.clip.samples).into_owned()),
    }
}

/// The samples of a clip, by the number of its example: all of them, or a part from anywhere where there are more than
/// `longest`.
fn clip_span(example: usize, samples: usize, longest: usize) -> Range<usize> {
    let beyond = samples.saturating_sub(longest);
    let from = random::below(&mut stream(&[example as u64]), beyond + 1);
    from..samples.min(from + longest)
}

/// How recordings of background are cut.
pub(super) struct PieceCutter {
    /// Samples between frames.
    hop: usize,
    /// Samples that have as many frames as a segment; `None` where recordings are not cut into segments.
    segment: Option<usize>,
    /// The most samples of a piece.
    longest: usize,
}

impl PieceCutter {
    /// For a network's front end, with its samples between frames.
    pub fn new(extractor: &Extractor, hop: usize) -> Self {
        let front_end = extractor.front_end();
        let frames = extractor.segment_frames().filter(|_| !front_end.handcrafted);
        Self {
            hop,
            segment: frames.map(|frames| samples_of(extractor, frames, hop)),
            longest: (LONGEST_SECONDS * f64::from(front_end.sample_rate_hz)) as usize,
        }
    }

    /// The samples of a window; `usize::MAX` where recordings are not cut.
    pub fn window(&self) -> usize {
        self.segment.unwrap_or(usize::MAX)
    }

    /// The samples of the piece that begins at frame `start` of a recording, in whose padding that may be; `next` is
    /// where the next piece begins.
    pub fn span(&self, start: i64, next: Option<i64>, samples: usize) -> Range<usize> {
        let sample = |frame: i64| usize::try_from(frame).unwrap_or(0) * self.hop;
        let from = sample(start).min(samples);
        let end = match self.segment {
            // What of it is padding before the recording is not there.
            Some(length) => (from + length).saturating_sub(sample(start.saturating_neg())),
            None => next.map_or(samples, sample),
        };
        from..end.clamp(from, samples).min(from + self.longest)
    }
}

/// How recordings are cut into the sounds of their examples.
pub(super) struct SoundCutter<'a> {
    /// Where each example is from.
    pub sources: &'a [ExampleSource],
    pub pieces: PieceCutter,
}

impl SoundCutter<'_> {
    /// What is needed of a recording's samples for these of its examples: of one that is a single example, only that,
    /// as it may be long.
    pub fn needed(&self, run: &Range<usize>, mut samples: Vec<f32>) -> Vec<f32> {
        if let [span] = &self.spans(run, samples.len())[..] {
            samples.truncate(span.end);
            samples.drain(..span.start);
            samples.shrink_to_fit();
        }
        samples
    }

    /// Each of these examples with its sound, from what [`Self::needed`] left.
    pub fn sounds<'s>(&self, run: &Range<usize>, samples: &'s [f32]) -> Vec<(usize, &'s [f32])> {
        if run.len() == 1 {
            return vec![(run.start, samples)];
        }
        let spans = self.spans(run, samples.len());
        let sounds = spans.into_iter().map(|span| &samples[span]);
        run.clone().zip(sounds).collect()
    }

    /// The samples of each of these examples of a recording that has this many.
    fn spans(&self, run: &Range<usize>, samples: usize) -> Vec<Range<usize>> {
        let start = |example: usize| self.sources[example].start;
        let span = |example: usize| match start(example) {
            None => clip_span(example, samples, self.pieces.longest),
            Some(from) => {
                let next = (example + 1 < run.end).then(|| start(example + 1));
                self.pieces.span(from, next.flatten(), samples)
            }
        };
        run.clone().map(span).collect()
    }
}

/// The fewest samples, up to a hop, that have this many frames.
fn samples_of(extractor: &Extractor, frames: usize, hop: usize) -> usize {
    let mut samples = frames * hop;
    while samples > hop && extractor.frames(samples) > frames {
        samples -= hop;
    }
    while extractor.frames(samples) < frames {
        samples += hop;
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_features::FrontEnd;

    fn extractor(text: &str) -> Extractor {
        let text = format!(r#"{{ "sample-rate-hz": 8000, "amplitude": "linear", {text} }}"#);
        let front_end: FrontEnd = serde_json::from_str(&text).unwrap();
        Extractor::new(&front_end).unwrap()
    }

    const SEGMENTS: &str = r#""segments": { "length-frames": 20, "hop-frames": 20 }"#;

    /// A piece has the frames of the segment that it was cut as, no more and no less.
    #[test]
    fn a_piece_is_one_segment() {
        for stft in [
            r#""stft": { "window-samples": 256, "hop-samples": 80 }"#,
            r#""stft": { "window-samples": 256, "hop-samples": 80, "centre": "reflect" }"#,
        ] {
            let extractor = extractor(&format!("{stft}, {SEGMENTS}"));
            let cutter = PieceCutter::new(&extractor, 80);
            for start in [0, 20, 40] {
                let span = cutter.span(start, Some(start + 20), 10_000);
                assert_eq!(span.start, usize::try_from(start).unwrap() * 80);
                assert_eq!(extractor.frames(span.len()), 20, "{stft}");
            }
            let whole = cutter.span(0, None, 10_000).len();
            assert_eq!(cutter.span(-5, None, 10_000), 0..whole - 400, "padding before");
            assert_eq!(cutter.span(120, None, 10_000), 9600..10_000, "padding behind");
            assert!(cutter.span(200, None, 10_000).is_empty());
        }
    }

    #[test]
    fn pieces_that_are_no_segments_end_where_the_next_begins() {
        let extractor = extractor(r#""stft": { "window-samples": 256, "hop-samples": 80 }"#);
        let cutter = PieceCutter::new(&extractor, 80);
        assert_eq!(cutter.span(0, Some(50), 10_000), 0..4000);
        assert_eq!(cutter.span(50, None, 10_000), 4000..10_000);
        assert_eq!(cutter.span(0, None, 1_000_000), 0..240_000, "thirty seconds");
    }

    /// A clip of an hour takes no more memory than its part, and pieces of one recording are cut from all of it.
    #[test]
    fn no_more_is_kept_of_a_recording_than_its_examples_need() {
        let extractor = extractor(r#""stft": { "window-samples": 256, "hop-samples": 80 }"#);
        let source = |recording: usize, start: Option<i64>| ExampleSource { recording, start };
        let sources = [source(0, None), source(1, Some(0)), source(1, Some(50))];
        let cutter = SoundCutter {
            sources: &sources,
            pieces: PieceCutter::new(&extractor, 80),
        };
        let samples: Vec<f32> = (0..300_000).map(|k| k as f32).collect();
        let clip = cutter.needed(&(0..1), samples.clone());
        assert_eq!(clip, samples[clip_span(0, 300_000, 240_000)]);
        assert_eq!(cutter.sounds(&(0..1), &clip), [(0, &clip[..])]);
        let pieces = cutter.needed(&(1..3), samples.clone());
        assert_eq!(pieces.len(), samples.len());
        assert_eq!(
            cutter.sounds(&(1..3), &pieces),
            [(1, &samples[..4000]), (2, &samples[4000..244_000])]
        );
    }

    #[test]
    fn long_clips_are_copied_in_part() {
        assert_eq!(clip_span(3, 100, 100), 0..100);
        assert_eq!(clip_span(3, 0, 100), 0..0);
        let spans: Vec<Range<usize>> = (0..50).map(|example| clip_span(example, 1000, 100)).collect();
        assert!(spans.iter().all(|span| span.len() == 100 && span.end <= 1000));
        assert!(spans.iter().any(|span| span.start < 200) && spans.iter().any(|span| span.start > 700));
        assert_eq!(spans[7], clip_span(7, 1000, 100));
    }
}
