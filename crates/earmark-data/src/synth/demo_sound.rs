//! The ten kinds of sound. Each is drawn (pitch, speed, number) and then rendered over the whole clip.

use std::f64::consts::TAU;

use earmark_core::random::{self, ChaCha8Rng};

/// The sample rate of every clip, in hertz.
pub const SAMPLE_RATE_HZ: u32 = 44_100;

const RATE: f64 = SAMPLE_RATE_HZ as f64;

/// A kind of sound: a class of the demo set. The order is that of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemoSound {
    /// Inharmonic partials, struck and decaying.
    Bell,
    /// Tones that glide down.
    ChirpDown,
    /// Tones that glide up.
    ChirpUp,
    /// Short clicks at an even rate.
    ClickTrain,
    /// Low harmonics with a throb.
    EngineHum,
    /// Bursts of white noise with a sharp start.
    NoiseBurst,
    /// A plucked string (Karplus and Strong 1983).
    Pluck,
    /// A hiss with random crackles.
    Rain,
    /// Short pure tones of one pitch.
    SineBeep,
    /// A tone whose pitch swings slowly.
    Siren,
}

impl DemoSound {
    /// Every kind, in the order of the class map.
    pub const ALL: [Self; 10] = [
        Self::Bell,
        Self::ChirpDown,
        Self::ChirpUp,
        Self::ClickTrain,
        Self::EngineHum,
        Self::NoiseBurst,
        Self::Pluck,
        Self::Rain,
        Self::SineBeep,
        Self::Siren,
    ];

    /// The name in the tables, and what renders the sound over silence.
    fn kind(self) -> (&'static str, fn(&mut [f64], &mut ChaCha8Rng)) {
        match self {
            Self::Bell => ("Bell", bell),
            Self::ChirpDown => ("Chirp_down", |out, rng| chirps(out, rng, false)),
            Self::ChirpUp => ("Chirp_up", |out, rng| chirps(out, rng, true)),
            Self::ClickTrain => ("Click_train", clicks),
            Self::EngineHum => ("Engine_hum", engine),
            Self::NoiseBurst => ("Noise_burst", bursts),
            Self::Pluck => ("Pluck", plucks),
            Self::Rain => ("Rain", rain),
            Self::SineBeep => ("Sine_beep", beeps),
            Self::Siren => ("Siren", siren),
        }
    }

    /// The name in the tables.
    pub fn name(self) -> &'static str {
        self.kind().0
    }

    /// `length` samples of the sound, at any level.
    pub(super) fn render(self, length: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let mut out = vec![0.0; length];
        self.kind().1(&mut out, rng);
        out
    }
}

/// Starts of events: the first within 0.3 s, then one every `gap_s`, within a fifth, until the end.
fn onsets(length: usize, gap_s: f64, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at_s = random::uniform(rng, 0.0, 0.3);
    while ((at_s * RATE) as usize) < length {
        starts.push((at_s * RATE) as usize);
        at_s += gap_s * random::uniform(rng, 0.8, 1.2);
    }
    starts
}

/// A pitch between two, uniform on the logarithmic scale.
fn pitch_hz(low: f64, high: f64, rng: &mut ChaCha8Rng) -> f64 {
    low * libm::pow(high / low, random::unit(rng))
}

/// 0 to 1 to 0 over `length` samples, with ramps of 5 ms that keep tones from clicking.
fn ramp(index: usize, length: usize) -> f64 {
    let edge = 0.005 * RATE;
    (index.min(length - 1 - index) as f64 / edge).min(1.0)
}

fn beeps(out: &mut [f64], rng: &mut ChaCha8Rng) {
    let step = TAU * pitch_hz(500.0, 2500.0, rng) / RATE;
    let length = (random::uniform(rng, 0.08, 0.25) * RATE) as usize;
    let gap_s = random::uniform(rng, 0.35, 0.7);
    for start in onsets(out.len(), gap_s, rng) {
        for (index, sample) in out[start..].iter_mut().take(length).enumerate() {
            *sample += libm::sin(step * index as f64) * ramp(index, length);
        }
    }
}

fn chirps(out: &mut [f64], rng: &mut ChaCha8Rng, up: bool) {
    let low_hz = pitch_hz(300.0, 800.0, rng);
    let high_hz = low_hz * random::uniform(rng, 3.0, 6.0);
    let (from_hz, to_hz) = if up { (low_hz, high_hz) } else { (high_hz, low_hz) };
    let length = (random::uniform(rng, 0.35, 0.8) * RATE) as usize;
    // The pitch grows by the same factor each sample.
    let growth = libm::pow(to_hz / from_hz, 1.0 / length as f64);
    let gap_s = length as f64 / RATE + random::uniform(rng, 0.1, 0.4);
    for start in onsets(out.len(), gap_s, rng) {
        let (mut phase, mut step) = (0.0, TAU * from_hz / RATE);
        for (index, sample) in out[start..].iter_mut().take(length).enumerate() {
            *sample += libm::sin(phase) * ramp(index, length);
            phase += step;
            step *= growth;
        }
    }
}

fn bursts(out: &mut [f64], rng: &mut ChaCha8Rng) {
    let decay = libm::exp(-1.0 / (random::uniform(rng, 0.04, 0.15) * RATE));
    let gap_s = random::uniform(rng, 0.4, 0.9);
    for start in onsets(out.len(), gap_s, rng) {
        let mut level = 1.0;
        for sample in &mut out[start..] {
            *sample += level * random::uniform(rng, -1.0, 1.0);
            level *= decay;
            if level < 1e-4 {
                break;
            }
        }
    }
}

fn clicks(out: &mut [f64], rng: &mut ChaCha8Rng) {
    let step = TAU * pitch_hz(1500.0, 5000.0, rng) / RATE;
    let decay = libm::exp(-1.0 / (0.0008 * RATE));
    let gap = (RATE / random::uniform(rng, 6.0, 22.0)) as usize;
    for start in (random::below(rng, gap)..out.len()).step_by(gap) {
        let mut level = 1.0;
        for (index, sample) in out[start..].iter_mut().take(400).enumerate() {
            *sample += level * libm::cos(step * index as f64);
            level *= decay;
        }
    }
}

fn bell(out: &mut [f64], rng: &mut ChaCha8Rng) {
    /// Pitch against the nominal one, and level, of the partials of a minor-third bell.
    const PARTIALS: [(f64, f64); 8] = [
        (0.5, 0.5),
        (1.0, 1.0),
        (1.19, 0.8),
        (1.56, 0.4),
        (2.0, 0.9),
        (2.51, 0.35),
        (3.01, 0.3),
        (4.1, 0.2),
    ];
    let nominal_hz = pitch_hz(350.0, 1100.0, rng);
    let decay_s = random::uniform(rng, 0.3, 0.9);
    let gap_s = random::uniform(rng, 0.9, 1.8);
    for start in onsets(out.len(), gap_s, rng) {
        for (ratio, level) in PARTIALS {
            // High partials die first.
            let decay = libm::exp(-libm::sqrt(ratio) / (decay_s * RATE));
            ring(&mut out[start..], TAU * nominal_hz * ratio / RATE, decay, level);
        }
    }
}

/// Adds a decaying sine, until it is 60 dB down: each sample follows from the two before, x = 2 d cos(w) x' - d^2 x''.
fn ring(out: &mut [f64], step: f64, decay: f64, level: f64) {
    let (back_one, back_two) = (2.0 * decay * libm::cos(step), decay * decay);
    let (mut before, mut current) = (-level * libm::sin(step) / decay, 0.0);
    let length = (libm::log(1e-3) / libm::log(decay)) as usize;
    for sample in out.iter_mut().take(length) {
        *sample += current;
        (before, current) = (current, back_one * current - back_two * before);
    }
}

fn siren(out: &mut [f64], rng: &mut ChaCha8Rng) {
    let centre_hz = pitch_hz(700.0, 1200.0, rng);
    let swing = random::uniform(rng, 0.25, 0.4);
    let swing_step = TAU * random::uniform(rng, 0.7, 2.0) / RATE;
    let mut phase = random::uniform(rng, 0.0, TAU);
    let offset = random::uniform(rng, 0.0, TAU);
    for (index, sample) in out.iter_mut().enumerate() {
        let pitch = centre_hz * (1.0 + swing * libm::sin(offset + swing_step * index as f64));
        phase += TAU * pitch / RATE;
        *sample = libm::sin(phase) + 0.4 * libm::sin(2.0 * phase) + 0.2 * libm::sin(3.0 * phase);
    }
}

fn engine(out: &mut [f64], rng: &mut ChaCha8Rng) {
    const HARMONICS: u32 = 14;
    let fundamental_hz = pitch_hz(45.0, 110.0, rng);
    let throb_step = TAU * random::uniform(rng, 8.0, 20.0) / RATE;
    let mut phase = 0.0;
    let mut drift = 1.0;
    for (index, sample) in out.iter_mut().enumerate() {
        // The speed wanders a little, as a real engine's does.
        drift += 2e-5 * random::uniform(rng, -1.0, 1.0);
        phase += TAU * fundamental_hz * drift / RATE;
        // sin(k p) from sin((k-1) p) and sin((k-2) p): one sine and one cosine for all harmonics.
        let (first, twice_cosine) = (libm::sin(phase), 2.0 * libm::cos(phase));
        let (mut before, mut current, mut sum) = (0.0, first, 0.0);
        for harmonic in 1..=HARMONICS {
            sum += current / f64::from(harmonic);
            (before, current) = (current, twice_cosine * current - before);
        }
        *sample = sum * (0.65 + 0.35 * libm::sin(throb_step * index as f64));
    }
}

fn rain(out: &mut [f64], rng: &mut ChaCha8Rng) {
    let drops_per_s = random::uniform(rng, 40.0, 150.0);
    let decay = libm::exp(-1.0 / (0.002 * RATE));
    let hiss = random::uniform(rng, 0.05, 0.15);
    let (mut before, mut level) = (0.0, 0.0);
    for sample in out.iter_mut() {
        if random::chance(rng, drops_per_s / RATE) {
            level += random::uniform(rng, 0.2, 1.0);
        }
        let white = random::uniform(rng, -1.0, 1.0);
        // The difference of neighbours lifts the treble by 6 dB an octave.
        *sample = (white - before) * (hiss + level);
        before = white;
        level *= decay;
    }
}

fn plucks(out: &mut [f64], rng: &mut ChaCha8Rng) {
    let gap_s = random::uniform(rng, 0.3, 0.7);
    let damping = random::uniform(rng, 0.990, 0.998);
    for start in onsets(out.len(), gap_s, rng) {
        let period = (RATE / pitch_hz(110.0, 440.0, rng)) as usize;
        let mut string: Vec<f64> = (0..period).map(|_| random::uniform(rng, -1.0, 1.0)).collect();
        for (index, sample) in out[start..].iter_mut().take((1.5 * RATE) as usize).enumerate() {
            let here = index % period;
            *sample += string[here];
            string[here] = damping * 0.5 * (string[here] + string[(here + 1) % period]);
        }
    }
}
