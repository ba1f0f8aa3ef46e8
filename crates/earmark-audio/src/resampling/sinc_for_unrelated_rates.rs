//! The resampler for rates with almost no common divisor, such as 44,101 and 32,000 Hz.
//!
//! The FFT of such a pair would be a second of audio long or more. Here every output sample is the input under a windowed
//! sinc at its exact (rational) time: J. O. Smith, "Digital Audio Resampling Home Page", CCRMA. Slower than the FFT, but it
//! works for any pair of rates and takes little memory.

use std::f64::consts::PI;

/// Zero crossings of the sinc on either side. With the window below, 256 leave a transition band of about 3 % of the lower
/// Nyquist frequency.
const CROSSINGS: f64 = 256.0;
/// Tabulated points of the sinc from one zero crossing to the next; linear interpolation between them errs by less than
/// -115 dB.
const PHASES: f64 = 1024.0;
/// Shape of the Kaiser window: about 120 dB of stop-band.
const BETA: f64 = 12.27;
/// Cutoff of the sinc as a share of the lower Nyquist frequency, such that the stop-band begins at 1.
const CUTOFF: f64 = 0.985;

pub(super) struct Sinc {
    /// `phases + 1` rows of `taps`: the sinc moved by 0 to 1 input samples.
    rows: Vec<f32>,
    phases: usize,
    taps: usize,
    from: u64,
    to: u64,
    /// Input that is still needed, after zeros for the time before the start: sample `k` is at `k + reach - dropped`, so the
    /// first tap of an output meets `history[center - dropped]`.
    history: Vec<f32>,
    dropped: u64,
    next_output: u64,
}

impl Sinc {
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        // Relative to the input's own Nyquist frequency.
        let cutoff = CUTOFF * (f64::from(to_hz) / f64::from(from_hz)).min(1.0);
        // Input samples under one half of the sinc.
        let reach = (CROSSINGS / cutoff).ceil() as usize;
        let taps = 2 * reach + 1;
        // A wider sinc changes less from one point to the next.
        let phases = (PHASES * cutoff).ceil() as usize;
        let rows = (0..=phases)
            .flat_map(|phase| (0..taps).map(move |tap| (phase as f64 / phases as f64, tap)))
            .map(|(shift, tap)| {
                let distance = (tap as f64 - reach as f64 - shift).abs();
                (cutoff * windowed_sinc(distance * cutoff)) as f32
            })
            .collect();
        let (from, to) = (u64::from(from_hz), u64::from(to_hz));
        Self {
            rows,
            phases,
            taps,
            from,
            to,
            history: vec![0.0; reach],
            dropped: 0,
            next_output: 0,
        }
    }

    /// Appends the output that the input so far determines.
    pub(super) fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.history.extend_from_slice(input);
        while self.start() + self.taps <= self.history.len() {
            out.push(self.output());
        }
        let done = self.start().min(self.history.len());
        self.history.drain(..done);
        self.dropped += done as u64;
    }

    /// Appends the rest, up to `wanted` samples in total; the input is followed by zeros.
    pub(super) fn finish(&mut self, wanted: u64, out: &mut Vec<f32>) {
        while self.next_output < wanted {
            let needed = self.start() + self.taps;
            if self.history.len() < needed {
                self.history.resize(needed, 0.0);
            }
            out.push(self.output());
        }
    }

    /// Index in the history of the first input sample under the next output's sinc.
    fn start(&self) -> usize {
        let center = u128::from(self.next_output) * u128::from(self.from) / u128::from(self.to);
        usize::try_from(center as u64 - self.dropped).unwrap_or(usize::MAX)
    }

    fn output(&mut self) -> f32 {
        let input = &self.history[self.start()..][..self.taps];
        let remainder = u128::from(self.next_output) * u128::from(self.from) % u128::from(self.to);
        let position = remainder as f64 / self.to as f64 * self.phases as f64;
        let phase = position as usize;
        let share = (position - phase as f64) as f32;
        let row = |phase: usize| &self.rows[phase * self.taps..][..self.taps];
        let (a, b) = (dot(input, row(phase)), dot(input, row(phase + 1)));
        self.next_output += 1;
        a + (b - a) * share
    }
}

/// The inner product in eight sums, which a processor adds in parallel and which round less than one sum.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// sinc(x) under a Kaiser window that ends at `CROSSINGS`.
fn windowed_sinc(x: f64) -> f64 {
    let edge = x / CROSSINGS;
    if edge >= 1.0 {
        return 0.0;
    }
    let sinc = if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    sinc * bessel_i0(BETA * (1.0 - edge * edge).sqrt()) / bessel_i0(BETA)
}

/// The modified Bessel function of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}
