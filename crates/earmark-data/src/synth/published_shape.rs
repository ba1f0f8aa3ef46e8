//! What is known of the published sets: subsets, counts, lengths, labels.
//!
//! Counts, classes and the range of lengths are published. So are the quartiles of the lengths of FSDKaggle2018's
//! training clips (263 and 762 frames of 220 samples at 22,050 Hz, mobilenetv2-pca-2018) and the mean lengths of
//! FSDKaggle2019's curated and noisy clips (3.2 GiB in all; 9,148 batches of 64 half seconds in all,
//! dcase2019-baseline). Assumed are the shape of each distribution, that test clips are as long as curated ones, and
//! the share of wrong labels.

use earmark_core::random::{self, ChaCha8Rng};

use super::demo_sound::SAMPLE_RATE_HZ;
use super::published_classes::{FSDKAGGLE2018, FSDKAGGLE2019};

/// A published data set to imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynthLike {
    /// 9,473 training clips and 9,400 test clips, one of 41 labels each.
    Fsdkaggle2018,
    /// 4,970 curated clips, 19,815 noisy ones and 4,481 test clips, some of 80 labels each.
    Fsdkaggle2019,
}

/// A subset of a published set.
pub(super) struct SubsetShape {
    pub name: &'static str,
    pub folder: &'static str,
    pub table: &'static str,
    pub clips: usize,
    /// The first of them have labels.
    pub labelled: usize,
    /// The first of these were verified; of the labels of the others, some are wrong.
    pub verified: usize,
    /// Names, as numbers, of the clips without samples, which are the last ones.
    pub without_samples: &'static [u32],
    /// How likely a clip has a second label.
    pub second_label: f64,
    /// Whether some classes have three times the clips of others.
    pub uneven: bool,
    pub lengths: Lengths,
}

/// How long clips are, in seconds.
#[derive(Clone, Copy)]
pub(super) enum Lengths {
    /// Log-normal, from 0.3 to 30.
    LogNormal { median: f64, sigma: f64 },
    /// 15, or with this probability anything from 1 to 15.
    Fifteen { shorter: f64 },
}

impl Lengths {
    /// The samples of a clip.
    pub(super) fn draw(self, rng: &mut ChaCha8Rng) -> usize {
        let seconds = match self {
            Self::LogNormal { median, sigma } => {
                (median * libm::exp(sigma * random::normal_f64(rng))).clamp(0.3, 30.0)
            }
            Self::Fifteen { shorter } if random::chance(rng, shorter) => random::uniform(rng, 1.0, 15.0),
            Self::Fifteen { .. } => 15.0,
        };
        (seconds * f64::from(SAMPLE_RATE_HZ)) as usize
    }
}

/// Quartiles of 2.63 and 7.60 s.
const LENGTHS_2018: Lengths = Lengths::LogNormal {
    median: 4.47,
    sigma: 0.787,
};

/// A mean of 7.8 s.
const LENGTHS_2019: Lengths = Lengths::LogNormal {
    median: 5.5,
    sigma: 0.9,
};

const SHAPE_2018: [SubsetShape; 2] = [
    SubsetShape {
        name: "train",
        folder: "audio_train",
        table: "train.csv",
        clips: 9_473,
        labelled: 9_473,
        verified: 3_710,
        without_samples: &[],
        second_label: 0.0,
        uneven: true,
        lengths: LENGTHS_2018,
    },
    SubsetShape {
        name: "test",
        folder: "audio_test",
        table: "test_post_competition.csv",
        clips: 9_400,
        // The others were there so that nobody could label the test clips.
        labelled: 1_600,
        verified: 1_600,
        without_samples: &[0x0b04_27e2, 0x6ea0_099f, 0xb399_75f5],
        second_label: 0.0,
        uneven: false,
        lengths: LENGTHS_2018,
    },
];

const SHAPE_2019: [SubsetShape; 3] = [
    SubsetShape {
        name: "curated",
        folder: "train_curated",
        table: "train_curated.csv",
        clips: 4_970,
        labelled: 4_970,
        verified: 4_970,
        without_samples: &[],
        second_label: 0.2,
        uneven: false,
        lengths: LENGTHS_2019,
    },
    SubsetShape {
        name: "noisy",
        folder: "train_noisy",
        table: "train_noisy.csv",
        clips: 19_815,
        labelled: 19_815,
        verified: 0,
        without_samples: &[],
        second_label: 0.2,
        uneven: false,
        // A mean of 14.8 s.
        lengths: Lengths::Fifteen { shorter: 0.033 },
    },
    SubsetShape {
        name: "test",
        folder: "test",
        table: "test_post_competition.csv",
        clips: 4_481,
        labelled: 4_481,
        verified: 4_481,
        without_samples: &[],
        second_label: 0.2,
        uneven: false,
        lengths: LENGTHS_2019,
    },
];

impl SynthLike {
    /// The name of the layout.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fsdkaggle2018 => "fsdkaggle2018",
            Self::Fsdkaggle2019 => "fsdkaggle2019",
        }
    }

    /// The names of the classes, in alphabetical order.
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Fsdkaggle2018 => &FSDKAGGLE2018,
            Self::Fsdkaggle2019 => &FSDKAGGLE2019,
        }
    }

    pub(super) fn subsets(self) -> &'static [SubsetShape] {
        match self {
            Self::Fsdkaggle2018 => &SHAPE_2018,
            Self::Fsdkaggle2019 => &SHAPE_2019,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(lengths: Lengths) -> Vec<f64> {
        let mut rng = random::stream(1, &[0]);
        let draw = |_| lengths.draw(&mut rng) as f64 / f64::from(SAMPLE_RATE_HZ);
        let mut drawn: Vec<f64> = (0..20_000).map(draw).collect();
        drawn.sort_by(f64::total_cmp);
        drawn
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn lengths_are_distributed_as_stated() {
        let of_2018 = seconds(LENGTHS_2018);
        assert!((of_2018[5_000] - 2.63).abs() < 0.1 && (of_2018[15_000] - 7.60).abs() < 0.25);
        let curated = seconds(LENGTHS_2019);
        assert!(
            (mean(&curated) - 38_956.0 / 4_970.0).abs() < 0.15,
            "{}",
            mean(&curated)
        );
        for drawn in [&of_2018, &curated] {
            assert!(drawn[0] >= 0.299 && drawn[19_999] <= 30.0);
        }
        let noisy = seconds(SHAPE_2019[1].lengths);
        assert!((mean(&noisy) - 9_148.0 * 32.0 / 19_815.0).abs() < 0.05);
        assert!(noisy[0] >= 1.0 && noisy[1_000..].iter().all(|length| *length == 15.0));
    }
}
