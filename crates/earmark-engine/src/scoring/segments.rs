//! Where the examples of a clip lie, and the score of each.

use earmark_features::{Extractor, Place};

/// The scores of a clip's examples ("tiles" of its spectrogram), in order.
#[derive(Clone, Debug, PartialEq)]
pub struct TileScores {
    /// First frame of each; below 0 where a tile begins in the filling before the clip.
    pub starts: Vec<i64>,
    /// Row-major `[tiles, classes]`.
    pub scores: Vec<f32>,
}

impl TileScores {
    /// Scores of each tile, `[classes]`.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let classes = self.scores.len() / self.starts.len().max(1);
        self.scores.chunks_exact(classes.max(1))
    }

    /// The geometric mean over tiles, 0 where one of them is; scores are 0 or more.
    pub fn geometric_mean(&self) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.scores.len() / self.starts.len().max(1)];
        for row in self.rows() {
            sum.iter_mut()
                .zip(row)
                .for_each(|(s, v)| *s += f64::from(*v).ln());
        }
        let tiles = self.starts.len() as f64;
        sum.into_iter().map(|s| (s / tiles).exp() as f32).collect()
    }

    /// The mean over tiles: the clip's scores, `[classes]`.
    pub fn mean(&self) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.scores.len() / self.starts.len().max(1)];
        for row in self.rows() {
            sum.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*v));
        }
        let tiles = self.starts.len() as f64;
        sum.into_iter().map(|s| (s / tiles) as f32).collect()
    }
}

/// Length, hop and place of examples, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    length: usize,
    hop: usize,
    place: Place,
}

impl Tiling {
    /// That of an extractor; `None` where each clip is one example of its own length.
    ///
    /// The hop is found from how many examples clips have, as the extractor alone knows how it rounds.
    pub fn of(extractor: &Extractor) -> Option<Self> {
        let length = extractor.example_frames()?;
        let place = extractor.front_end().examples.as_ref()?.place;
        // The longest clip of one example is a hop long, or of two, a hop longer than an example.
        let (examples, before) = match place {
            Place::Start => (1, 0),
            Place::Centre => (2, length),
            Place::Middle => {
                return Some(Self {
                    length,
                    hop: length,
                    place,
                });
            }
        };
        // No hop is longer than an example.
        let (mut fits, mut too_long) = (before, before + length + 1);
        while fits + 1 < too_long {
            let middle = fits.midpoint(too_long);
            if extractor.example_count(middle) <= examples {
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

    /// Frames of an example.
    pub fn length(&self) -> usize {
        self.length
    }

    /// First frames of the `tiles` examples of a clip of so many frames.
    pub fn starts(&self, frames: usize, tiles: usize) -> Vec<i64> {
        let span = self.length + tiles.saturating_sub(1) * self.hop;
        let before = match self.place {
            Place::Start => 0,
            Place::Centre | Place::Middle => span.saturating_sub(frames) / 2,
        };
        let left_out = match self.place {
            Place::Start | Place::Centre => 0,
            Place::Middle => frames.saturating_sub(self.length) / 2,
        };
        // No clip has so many frames that they would not fit.
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        (0..tiles)
            .map(|k| signed(left_out + k * self.hop) - signed(before))
            .collect()
    }
}

/// Length and first frames of as few equal pieces of `frames` frames as are no longer than `longest`, spread evenly from the
/// clip's start to its end.
pub(crate) fn pieces(frames: usize, longest: usize) -> (usize, Vec<i64>) {
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
                let (length, starts) = pieces(frames, longest);
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
            r#"{{ "sample-rate-hz": 8000, "stft": {{ "window-samples": 64, "hop-samples": 60 }}, "level": "linear",
                 "examples": {examples} }}"#
        );
        let front_end: FrontEnd = serde_json::from_str(&text).unwrap();
        Extractor::new(&front_end).unwrap()
    }

    /// The frame at a tile's start, where it is one of the clip's, is the first of the tile as it is cut.
    #[test]
    fn tiles_start_where_they_are_cut() {
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
            let tiling = Tiling::of(&e).unwrap();
            for frames in [0, 1, 6, 7, 8, 19, 20, 21, 27, 28, 100] {
                let data = (0..e.bands() * frames).map(|i| (i % frames) as f32).collect();
                let features = Features {
                    channels: 1,
                    bands: e.bands(),
                    frames,
                    data,
                    side: Vec::new(),
                };
                let starts = tiling.starts(frames, e.examples(&features));
                assert_eq!(starts.len(), e.examples(&features));
                let inside = 0..i64::try_from(frames).unwrap();
                for (k, start) in starts.into_iter().enumerate() {
                    let tile = e.example(&features, k).unwrap();
                    for (at, value) in (start..).zip(&tile.data[..tile.frames]) {
                        let wanted = if inside.contains(&at) { at } else { -1 };
                        assert_eq!(
                            *value as i64, wanted,
                            "{examples}, {frames} frames, tile {k}, frame {at}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_clip_scores_the_mean_of_its_tiles() {
        let tiles = TileScores {
            starts: vec![-1, 3],
            scores: vec![0.5, 0.0, 0.25, 1.0],
        };
        assert_eq!(tiles.mean(), [0.375, 0.5]);
        assert_eq!(tiles.rows().collect::<Vec<_>>(), [[0.5, 0.0], [0.25, 1.0]]);
    }
}
