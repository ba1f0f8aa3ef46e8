//! The synthetic signal of `xtask/golden/features_signal.py`, golden files, and the four published front ends.

use earmark_features::{Extractor, Features, FrontEnd};
use std::{fs::File, path::Path};

/// Uniform noise in [-1, 1) from a linear congruential generator (Numerical Recipes' constants).
pub struct Noise(pub u32);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / 8_388_608.0 - 1.0
    }
}

/// A wave of two parabolas, close to a sine, from a phase of 32 bits.
#[derive(Default)]
struct Wave(u32);

impl Wave {
    fn next(&mut self, hz: f64, rate: f64) -> f64 {
        self.0 = self.0.wrapping_add((hz / rate * 4_294_967_296.0) as u32);
        let x = f64::from(self.0) / 2_147_483_648.0 - 1.0;
        4.0 * x * (1.0 - x.abs())
    }
}

/// Eight parts: two tones, a chirp, loud noise, clicks, soft noise, near-silence, silence, a mixture. Bit for bit the
/// samples that the generator scripts use.
pub fn signal(rate: u32, samples: usize) -> Vec<f32> {
    let (mut noise, mut low, mut high, mut chirp) =
        (Noise(2019), Wave::default(), Wave::default(), Wave::default());
    let (part, rate) = (samples / 8, f64::from(rate));
    (0..samples)
        .map(|i| {
            let (k, t) = ((i / part).min(7), i % part);
            let n = noise.next();
            (match k {
                0 => 0.5 * low.next(440.0, rate) + 0.25 * high.next(3150.0, rate),
                1 => 0.8 * chirp.next(50.0 + 15_000.0 * (t as f64 / part as f64), rate),
                2 => 0.9 * n,
                3 if t % 997 == 500 => 1.0,
                4 => 0.01 * n,
                5 => 0.00001 * n,
                3 | 6 => 0.0,
                _ => 0.3 * low.next(220.0, rate) + 0.1 * n,
            }) as f32
        })
        .collect()
}

pub fn golden(name: &str) -> Features {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    Features::read_npy(File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

pub fn log_mel(front_end: &FrontEnd, samples: &[f32]) -> Features {
    let extractor = Extractor::new(front_end).unwrap();
    extractor.log_mel(samples, &mut extractor.scratch()).unwrap()
}

pub fn front_end(toml: &str) -> FrontEnd {
    toml::from_str(toml).unwrap_or_else(|e| panic!("{e}\n{toml}"))
}

pub fn dcase() -> FrontEnd {
    FrontEnd::default()
}

pub fn argus() -> FrontEnd {
    front_end(
        r#"
        sample-rate-hz = 44100
        stft = { window-samples = 2560, hop-samples = 690, fft-samples = 2560, centre = "reflect", value = "power" }
        mel = { bands = 128, min-hz = 20, max-hz = 22050, scale = "slaney", triangles = "hz", norm = "slaney" }
        amplitude.db = { reference = 1.0, amin = 1e-10, top-db = 80 }
        segments = { length-frames = 256, hop-frames = 64, pad = "minimum", place = "centre" }
        postprocess = { deltas = { width-frames = 9 }, scale = { divide = 100 } }
        "#,
    )
}

pub fn mobilenet() -> FrontEnd {
    front_end(
        r#"
        sample-rate-hz = 22050
        stft = { window-samples = 1764, hop-samples = 220, fft-samples = 1764, centre = "reflect", value = "power" }
        mel = { bands = 64, min-hz = 0, max-hz = 11025, scale = "slaney", triangles = "hz", norm = "slaney" }
        amplitude.db = { top-db = 80 }
        postprocess.scale = { subtract = -90.5, divide = 129.71 }
        "#,
    )
}

pub fn starter() -> FrontEnd {
    front_end(
        r#"
        sample-rate-hz = 16000
        stft = { window-samples = 400, hop-samples = 160, phase = true }
        amplitude.log = { offset = 1.0 }
        "#,
    )
}

/// The largest difference.
pub fn worst(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).fold(0.0, |worst, (got, want)| {
        assert!(got.is_finite(), "{got} instead of {want}");
        worst.max((got - want).abs())
    })
}

/// Asserts the log-mel's tolerance: single precision is good to 1e-4 above -2, 1e-3 above -4, and 3e-2 near the floor
/// of ln 0.001, where rounding of loud bins shows in quiet ones. Returns the largest differences in the three ranges.
pub fn assert_log_mel(got: &[f32], want: &[f32]) -> [f32; 3] {
    assert_eq!(got.len(), want.len());
    let mut worst = [0.0_f32; 3];
    for (got, want) in got.iter().zip(want) {
        let range = if *want > -2.0 {
            0
        } else if *want > -4.0 {
            1
        } else {
            2
        };
        assert!(got.is_finite(), "{got} instead of {want}");
        worst[range] = worst[range].max((got - want).abs());
    }
    println!("largest differences above -2, above -4, below: {worst:?}");
    assert!(
        worst[0] <= 1e-4 && worst[1] <= 1e-3 && worst[2] <= 3e-2,
        "{worst:?}"
    );
    worst
}
