//! Where the segments of a clip begin.

use earmark_features::{Extractor, SegmentPlacement};

/// Length, hop and place of segments, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentGrid {
    length: usize,
    hop: usize,
    place: SegmentPlacement,
}

impl SegmentGrid {
    /// The grid of an extractor; `None` where each clip is one segment.
    ///
    /// The hop is found from the number of segments of clips, as only the extractor knows how it rounds.
    pub fn of(extractor: &Extractor) -> Option<Self> {
        let length = extractor.segment_frames()?;
        let place = extractor.front_end().segments.as_ref()?.place;
        // The longest clip of one segment is a hop long, or of two, a hop longer than a segment.
        let (segments, before) = match place {
            SegmentPlacement::Start => (1, 0),
            SegmentPlacement::Centre => (2, length),
            SegmentPlacement::Middle => {
                return Some(Self {
                    length,
                    hop: length,
                    place,
                });
            }
        };
        // No hop is longer than a segment.
        let (mut fits, mut too_long) = (before, before + length + 1);
        while fits + 1 < too_long {
            let middle = fits.midpoint(too_long);
            if extractor.segment_count(middle) <= segments {
                fits = middle;
            } else {
                too_long = middle;
            }
        }
        Some(Self {
            length,
            hop: fits - before,
            place,
        })
    }

    /// Frames of a segment.
    pub fn length(&self) -> usize {
        self.length
    }

    /// First frames of the `count` segments of a clip of `frames` frames.
    pub fn starts(&self, frames: usize, count: usize) -> Vec<i64> {
        let span = self.length + count.saturating_sub(1) * self.hop;
        let before = match self.place {
            SegmentPlacement::Start => 0,
            SegmentPlacement::Centre | SegmentPlacement::Middle => span.saturating_sub(frames) / 2,
        };
        let skipped = match self.place {
            SegmentPlacement::Start | SegmentPlacement::Centre => 0,
            SegmentPlacement::Middle => frames.saturating_sub(self.length) / 2,
        };
        // Frame numbers of all clips fit.
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        (0..count)
            .map(|k| signed(skipped + k * self.hop) - signed(before))
            .collect()
    }
}

/// Length and first frames of the fewest equal pieces of `frames` frames that are no longer than `longest`, spread evenly from the
/// clip's start to its end.
pub(crate) fn equal_pieces(frames: usize, longest: usize) -> (usize, Vec<i64>) {
    let count = frames.div_ceil(longest).max(1);
    let length = frames.div_ceil(count);
    // With one piece there is nothing to spread.
    let start = |k: usize| k * (frames - length) / (count - 1).max(1);
    let starts = (0..count).map(|k| i64::try_from(start(k)).unwrap_or(i64::MAX));
    (length, starts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_features::{Features, FrontEnd};

    #[test]
    fn pieces_cover_all_and_are_equal() {
        for frames in 1..200 {
            for longest in [1, 2, 7, 40, 1000] {
                let (length, starts) = equal_pieces(frames, longest);
                assert!(length <= longest && starts.len() == frames.div_ceil(longest));
                assert_eq!(starts[0], 0);
                let starts: Vec<usize> = starts.iter().map(|s| usize::try_from(*s).unwrap()).collect();
                assert!(
                    starts.windows(2).all(|w| w[1] > w[0] && w[1] <= w[0] + length),
                    "{frames}, {longest}: {starts:?}"
                );
                assert_eq!(starts[starts.len() - 1] + length, frames, "{frames}, {longest}");
            }
        }
    }

    fn extractor(examples: &str) -> Extractor {
        let text = format!(
            r#"{{ "sample-rate-hz": 8000, "stft": {{ "window-samples": 64, "hop-samples": 60 }}, "amplitude": "linear",
                 "segments": {examples} }}"#
        );
        let front_end: FrontEnd = serde_json::from_str(&text).unwrap();
        Extractor::new(&front_end).unwrap()
    }

    /// The frame at a segment's start, where it is one of the clip's, is the first of the segment as it is cut.
    #[test]
    fn segments_start_where_they_are_cut() {
        for examples in [
            r#"{ "length-frames": 20, "hop-frames": 7, "pad": { "value": -1 } }"#,
            r#"{ "length-frames": 20, "hop-frames": 7, "pad": { "value": -1 }, "place": "centre" }"#,
            r#"{ "length-frames": 9, "hop-frames": 9, "pad": { "value": -1 }, "place": "centre" }"#,
            r#"{ "length-frames": 5, "hop-frames": 1, "pad": { "value": -1 }, "place": "centre" }"#,
            r#"{ "length-frames": 20, "hop-frames": 7, "pad": { "value": -1 }, "place": "middle" }"#,
            r#"{ "length-seconds": 0.25, "hop-seconds": 0.1, "pad": { "value": -1 } }"#,
            r#"{ "length-seconds": 0.25, "hop-seconds": 0.1, "pad": { "value": -1 }, "place": "centre" }"#,
        ] {
            let e = extractor(examples);
            let grid = SegmentGrid::of(&e).unwrap();
            for frames in [0, 1, 6, 7, 8, 19, 20, 21, 27, 28, 100] {
                let data = (0..e.bands() * frames).map(|i| (i % frames) as f32).collect();
                let features = Features {
                    channels: 1,
                    bands: e.bands(),
                    frames,
                    data,
                    clip_features: Vec::new(),
                };
                let starts = grid.starts(frames, e.segment_count(features.frames));
                assert_eq!(starts.len(), e.segment_count(features.frames));
                let inside = 0..i64::try_from(frames).unwrap();
                for (k, start) in starts.into_iter().enumerate() {
                    let segment = e.segment(&features, k).unwrap();
                    for (at, value) in (start..).zip(&segment.data[..segment.frames]) {
                        let wanted = if inside.contains(&at) { at } else { -1 };
                        assert_eq!(
                            *value as i64, wanted,
                            "{examples}, {frames} frames, segment {k}, frame {at}"
                        );
                    }
                }
            }
        }
    }
}
