//! ONNX's Fourier transforms, with sums in float64: `DFT` and `STFT` in all their forms.
//!
//! Source: <https://onnx.ai/onnx/operators/onnx__DFT.html>, <https://onnx.ai/onnx/operators/onnx__STFT.html>

use crate::array::{Array, Rounded};
use crate::graph::MOST_NUMBERS;
use rayon::prelude::*;
use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Longest transform: its complex numbers take 1 GiB.
const LONGEST: usize = MOST_NUMBERS / 4;

/// The form of a transform.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Form {
    pub inverse: bool,
    /// The spectrum is that of real numbers, without the half that mirrors the other.
    pub onesided: bool,
}

impl Form {
    /// Parts of each number that a transform gives: the inverse of a one-sided spectrum is real.
    fn parts(self) -> usize {
        if self.inverse && self.onesided { 1 } else { 2 }
    }

    /// Numbers that a transform of this length gives.
    fn bins(self, length: usize) -> usize {
        match self.onesided && !self.inverse {
            true => length / 2 + 1,
            false => length,
        }
    }

    fn plan(self, length: usize) -> Result<Arc<dyn Fft<f64>>, String> {
        if length == 0 || length > LONGEST {
            return Err(format!(
                "transforms {length} numbers; from 1 to {LONGEST} can be transformed"
            ));
        }
        let mut planner = FftPlanner::new();
        Ok(match self.inverse {
            true => planner.plan_fft_inverse(length),
            false => planner.plan_fft_forward(length),
        })
    }

    /// Refuses a one-sided spectrum of complex numbers, and one of real ones whose inverse is asked for.
    fn check(self, parts: usize) -> Result<(), String> {
        match (self.onesided, self.inverse, parts) {
            (true, false, 2) => Err("gets complex numbers, which have no one-sided spectrum".into()),
            (true, true, 1) => {
                Err("gets real numbers, and inverts one-sided spectra, which are complex".into())
            }
            _ => Ok(()),
        }
    }
}

/// The buffers of a thread.
struct Buffers {
    numbers: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Buffers {
    fn of(fft: &dyn Fft<f64>) -> Self {
        Self {
            numbers: vec![Complex64::default(); fft.len()],
            scratch: vec![Complex64::default(); fft.get_inplace_scratch_len()],
        }
    }

    /// Transforms the numbers and writes them, `stride` apart.
    fn transform(&mut self, fft: &dyn Fft<f64>, form: Form, out: &mut [f32], stride: usize) {
        fft.process_with_scratch(&mut self.numbers, &mut self.scratch);
        let scale = if form.inverse { 1.0 / fft.len() as f64 } else { 1.0 };
        for (z, out) in self.numbers.iter().zip(out.chunks_mut(stride)) {
            out[0] = (z.re * scale) as f32;
            if form.parts() == 2 {
                out[1] = (z.im * scale) as f32;
            }
        }
    }
}

/// A zero for each number of a shape.
fn zeros(shape: &[usize]) -> Result<Vec<f32>, String> {
    let numbers = shape.iter().try_fold(1_usize, |n, size| n.checked_mul(*size));
    match numbers.filter(|n| *n <= MOST_NUMBERS) {
        Some(numbers) => Ok(vec![0.0; numbers]),
        None => Err(format!(
            "gives numbers of shape {shape:?}; at most {MOST_NUMBERS} are computed"
        )),
    }
}

/// The transforms along an axis of `[.., 1]` real or `[.., 2]` complex numbers, which are cut off or filled with zeros
/// to a length where one is given.
///
/// # Errors
///
/// For what ONNX doesn't define, in words that follow the name of a node.
pub(crate) fn dft(x: &Array, length: Option<usize>, axis: i64, form: Form) -> Result<Rounded, String> {
    let rank = x.shape.len();
    let parts = match x.shape.last() {
        Some(parts @ (1 | 2)) if rank >= 2 => *parts,
        _ => {
            return Err(format!(
                "gets numbers of shape {:?}, not [.., 1] or [.., 2]",
                x.shape
            ));
        }
    };
    form.check(parts)?;
    let from_end = usize::try_from(axis.unsigned_abs()).unwrap_or(usize::MAX);
    let place = match axis < 0 {
        true => rank.checked_sub(from_end),
        false => Some(from_end),
    };
    let place = place.filter(|place| *place < rank - 1);
    let place = place.ok_or_else(|| format!("transforms along axis {axis} of {:?}", x.shape))?;
    let given = x.shape[place];
    let length = length.unwrap_or(match form.parts() {
        1 => 2 * given.saturating_sub(1),
        _ => given,
    });
    let fft = form.plan(length)?;
    let mut shape = x.shape.clone();
    (shape[place], shape[rank - 1]) = (form.bins(length), form.parts());
    let mut values = zeros(&shape)?;
    // The distance from one number of a lane to the next.
    let inner: usize = x.shape[place + 1..rank - 1].iter().product();
    let (taken, stride) = (inner * parts, inner * form.parts());
    let rows = values.par_chunks_mut((shape[place] * stride).max(1)).enumerate();
    rows.for_each_init(
        || Buffers::of(&*fft),
        |buffers, (row, out)| {
            let row = &x.values[row * given * taken..(row + 1) * given * taken];
            for lane in 0..inner {
                let number = |z: &[f64]| match parts {
                    1 => Complex64::from(z[lane]),
                    _ => Complex64::new(z[2 * lane], z[2 * lane + 1]),
                };
                fill(&mut buffers.numbers, row.chunks_exact(taken).map(number), form);
                buffers.transform(&*fft, form, &mut out[lane * form.parts()..], stride);
            }
        },
    );
    Ok(Rounded { shape, values })
}

/// Writes what is transformed: the numbers that there are, and zeros; of a one-sided spectrum the other half, too.
fn fill(numbers: &mut [Complex64], given: impl Iterator<Item = Complex64>, form: Form) {
    let length = numbers.len();
    let places = match form.parts() {
        1 => length / 2 + 1,
        _ => length,
    };
    numbers.fill(Complex64::default());
    numbers[..places]
        .iter_mut()
        .zip(given)
        .for_each(|(z, given)| *z = given);
    if form.parts() == 1 {
        for k in 1..length.div_ceil(2) {
            numbers[length - k] = numbers[k].conj();
        }
    }
}

/// The transforms of frames, `step` apart, of signals `[batch, numbers]` or `[batch, numbers, 1 or 2]`, times a window
/// where there is one: `[batch, frames, bins, 2]`.
///
/// # Errors
///
/// For what ONNX doesn't define, in words that follow the name of a node.
pub(crate) fn stft(
    x: &Array,
    step: usize,
    window: Option<&Array>,
    length: Option<usize>,
    onesided: bool,
) -> Result<Rounded, String> {
    let form = Form {
        inverse: false,
        onesided,
    };
    let (batch, given, parts) = match x.shape[..] {
        [batch, given] => (batch, given, 1),
        [batch, given, parts @ (1 | 2)] => (batch, given, parts),
        _ => {
            return Err(format!(
                "gets signals of shape {:?}, not [batch, numbers, 1 or 2]",
                x.shape
            ));
        }
    };
    form.check(parts)?;
    let weights = window.map(|window| &window.values[..]);
    let length = match (length, weights.map(<[f64]>::len)) {
        (Some(length), Some(weights)) if length != weights => {
            return Err(format!(
                "has frames of {length} numbers and a window of {weights}"
            ));
        }
        (length, weights) => length
            .or(weights)
            .ok_or("has neither a window nor the length of one")?,
    };
    if step == 0 || length > given {
        return Err(format!(
            "takes frames of {length} numbers, {step} apart, of {given}"
        ));
    }
    let fft = form.plan(length)?;
    let shape = vec![batch, (given - length) / step + 1, form.bins(length), 2];
    let mut values = zeros(&shape)?;
    values.par_chunks_mut(2 * shape[2]).enumerate().for_each_init(
        || Buffers::of(&*fft),
        |buffers, (frame, out)| {
            let (signal, frame) = (frame / shape[1], frame % shape[1]);
            let start = (signal * given + frame * step) * parts;
            let frame = &x.values[start..start + length * parts];
            for (i, (z, x)) in buffers
                .numbers
                .iter_mut()
                .zip(frame.chunks_exact(parts))
                .enumerate()
            {
                let weight = weights.map_or(1.0, |weights| weights[i]);
                *z = Complex64::new(x[0], x.get(1).copied().unwrap_or(0.0)) * weight;
            }
            buffers.transform(&*fft, form, out, 2);
        },
    );
    Ok(Rounded { shape, values })
}
