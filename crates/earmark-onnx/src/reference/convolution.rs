//! Convolutions and pooling.

use super::call::{Call, Outcome};
use crate::tensor::Tensor;

/// A convolution's or pool's window along one axis.
#[derive(Clone, Copy)]
struct Axis {
    /// Input positions.
    n: usize,
    kernel: usize,
    stride: usize,
    before: usize,
    /// Output positions.
    out: usize,
}

impl Axis {
    /// The position under tap `k` of window `i`, unless it is padding.
    fn at(self, i: usize, k: usize) -> Option<usize> {
        (i * self.stride + k)
            .checked_sub(self.before)
            .filter(|p| *p < self.n)
    }
}

impl Call<'_> {
    /// Kernel, stride and padding of both axes for planes of this size.
    fn windows(&self, kernel: [usize; 2], size: [usize; 2]) -> Outcome<[Axis; 2]> {
        let strides = self.sizes("strides").unwrap_or(vec![1, 1]);
        let pads = self.sizes("pads").unwrap_or(vec![0; 4]);
        let same = match self.text("auto_pad") {
            None => false,
            Some("SAME_UPPER") => true,
            Some(other) => return Err(format!("auto_pad {other} is not supported")),
        };
        let axis = |i: usize| {
            let (n, kernel, stride) = (size[i], kernel[i], strides[i]);
            let (before, after) = if same {
                let total = (n.div_ceil(stride).saturating_sub(1) * stride + kernel).saturating_sub(n);
                (total / 2, total - total / 2)
            } else {
                (pads[i], pads[i + 2])
            };
            let room = (n + before + after).checked_sub(kernel);
            let room = room.ok_or_else(|| {
                format!("a window of {kernel} does not fit {n} with padding {before} and {after}")
            })?;
            Ok::<_, String>(Axis {
                n,
                kernel,
                stride,
                before,
                out: room / stride + 1,
            })
        };
        Ok([axis(0)?, axis(1)?])
    }

    pub(super) fn conv(&self) -> Outcome {
        let (&[batch, channels, h, w], &[outputs, per_group, kh, kw]) =
            (&self.input(0)?.shape[..], &self.input(1)?.shape[..])
        else {
            return Err("only two dimensions are supported".into());
        };
        let groups = usize::try_from(self.int("group", 1)).unwrap_or(0);
        if per_group * groups != channels || outputs % groups.max(1) != 0 {
            return Err(format!("{channels} channels in {groups} groups of {per_group}"));
        }
        let [rows, columns] = self.windows([kh, kw], [h, w])?;
        let (x, weights) = (self.floats(0)?, self.floats(1)?);
        let bias = (self.inputs.len() > 2).then(|| self.floats(2)).transpose()?;
        let area = rows.out * columns.out;
        let mut out = vec![0.0; batch * outputs * area];
        for (plane, out) in out.chunks_exact_mut(area.max(1)).enumerate() {
            let (b, o) = (plane / outputs, plane % outputs);
            out.fill(bias.map_or(0.0, |bias| bias[o]));
            let first = o / (outputs / groups) * per_group;
            for c in 0..per_group {
                let x = &x[(b * channels + first + c) * h * w..][..h * w];
                let taps = &weights[(o * per_group + c) * kh * kw..][..kh * kw];
                add_plane(x, taps, [rows, columns], out);
            }
        }
        Ok(Tensor::floats(&[batch, outputs, rows.out, columns.out], out))
    }

    pub(super) fn pool(&self) -> Outcome {
        let &[batch, channels, h, w] = &self.input(0)?.shape[..] else {
            return Err("only two dimensions are supported".into());
        };
        let kernel: [usize; 2] = self
            .sizes("kernel_shape")
            .and_then(|k| k.try_into().ok())
            .ok_or("kernel_shape is missing")?;
        let [rows, columns] = self.windows(kernel, [h, w])?;
        let x = self.floats(0)?;
        let largest = self.node.op == "MaxPool";
        let mut out = Vec::with_capacity(batch * channels * rows.out * columns.out);
        for plane in x.chunks_exact((h * w).max(1)) {
            for i in 0..rows.out {
                for j in 0..columns.out {
                    let under = (0..rows.kernel).flat_map(|k| {
                        let row = rows.at(i, k);
                        (0..columns.kernel).filter_map(move |l| Some(row? * w + columns.at(j, l)?))
                    });
                    let (sum, most, n) = under.fold((0.0, f32::NEG_INFINITY, 0), |(sum, most, n), at| {
                        (sum + plane[at], most.max(plane[at]), n + 1)
                    });
                    out.push(if largest { most } else { sum / n as f32 });
                }
            }
        }
        Ok(Tensor::floats(&[batch, channels, rows.out, columns.out], out))
    }
}

/// Adds one channel's contribution to one output plane.
fn add_plane(x: &[f32], taps: &[f32], [rows, columns]: [Axis; 2], out: &mut [f32]) {
    for (i, out) in out.chunks_exact_mut(columns.out.max(1)).enumerate() {
        for k in 0..rows.kernel {
            let Some(row) = rows.at(i, k) else { continue };
            let x = &x[row * columns.n..][..columns.n];
            for l in 0..columns.kernel {
                let tap = taps[k * columns.kernel + l];
                // The outputs for which tap l is not padding.
                let first = columns.before.saturating_sub(l).div_ceil(columns.stride);
                let end = (columns.n + columns.before)
                    .saturating_sub(l)
                    .div_ceil(columns.stride);
                let end = end.min(columns.out);
                if first >= end {
                    continue;
                }
                let out = &mut out[first..end];
                let from = first * columns.stride + l - columns.before;
                if columns.stride == 1 {
                    let x = &x[from..];
                    out.iter_mut().zip(x).for_each(|(out, x)| *out += tap * x);
                } else {
                    let x = x[from..].iter().step_by(columns.stride);
                    out.iter_mut().zip(x).for_each(|(out, x)| *out += tap * x);
                }
            }
        }
    }
}
