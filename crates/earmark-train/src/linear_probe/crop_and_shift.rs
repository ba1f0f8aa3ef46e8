//! How copies of clips differ where there is no background to mix in: they begin, or end, elsewhere than the clip.

use super::mixing::stream;
use earmark_core::random;

/// What of a clip a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CropOrShift {
    /// The half with more energy. The other one may be without the sound, and would teach that silence has its class.
    LouderHalf,
    /// All of it, shifted in a circle; drawn by the numbers of the example and of the copy.
    Shifted([u64; 2]),
}

impl CropOrShift {
    /// What a copy of an example is: the first one its louder half, others shifted.
    pub fn of(example: usize, copy: usize) -> Self {
        match copy {
            0 => Self::LouderHalf,
            _ => Self::Shifted([example as u64, copy as u64]),
        }
    }

    /// The copy. A clip of less than twice `shortest` samples has no half.
    pub fn apply(self, clip: &[f32], shortest: usize) -> Vec<f32> {
        match self {
            Self::LouderHalf if clip.len() / 2 < shortest.max(1) => clip.to_vec(),
            Self::LouderHalf => {
                let (first, second) = clip.split_at(clip.len() / 2);
                let half = if energy(second) > energy(first) {
                    second
                } else {
                    first
                };
                half.to_vec()
            }
            Self::Shifted(path) => {
                let mut samples = clip.to_vec();
                samples.rotate_left(random::below(&mut stream(&path), clip.len().max(1)));
                samples
            }
        }
    }
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|x| f64::from(*x).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_copy_is_the_louder_half() {
        let half = CropOrShift::of(3, 0);
        assert_eq!(half, CropOrShift::LouderHalf);
        assert_eq!(half.apply(&[0.0, 0.1, -0.5, 0.2], 2), [-0.5, 0.2]);
        assert_eq!(half.apply(&[0.9, 0.1, -0.5, 0.2, 0.1], 2), [0.9, 0.1]);
        assert_eq!(half.apply(&[0.3, -0.3], 1), [0.3], "as loud: the first");
        assert_eq!(
            half.apply(&[0.0, 0.1, -0.5, 0.2], 3),
            [0.0, 0.1, -0.5, 0.2],
            "too short"
        );
        assert_eq!(half.apply(&[], 0), [0.0; 0]);
    }

    /// Shifted copies have the samples of their clip, from anywhere on, the same ones each time.
    #[test]
    fn other_copies_are_shifted() {
        let clip: Vec<f32> = (0..100_u8).map(f32::from).collect();
        let starts: Vec<f32> = (0..200)
            .map(|k| {
                let copy = CropOrShift::of(k / 2, 1 + k % 2);
                let samples = copy.apply(&clip, 10);
                for pair in samples.windows(2) {
                    assert_eq!(pair[1], (pair[0] + 1.0) % 100.0);
                }
                assert_eq!(samples.len(), 100);
                assert_eq!(copy.apply(&clip, 10), samples);
                samples[0]
            })
            .collect();
        assert!(starts.iter().any(|&s| s < 20.0) && starts.iter().any(|&s| s >= 80.0));
        assert_eq!(CropOrShift::of(0, 1).apply(&[], 10), [0.0; 0]);
    }
}
