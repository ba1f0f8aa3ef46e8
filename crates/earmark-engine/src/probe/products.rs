//! Products with the features of clips, in single precision on the kernels of `earmark-kernels`.

use earmark_kernels::conv::pointwise;
use earmark_kernels::{Epilogue, Isa, OpInput, PackedWeights, Workspace};

/// The features of clips, packed once for many products. A product stays on the thread that asks for it: callers spread fits over
/// threads. Results do not depend on the number of threads.
pub(super) struct PackedClips {
    ws: Workspace,
    /// `[clips, width]`
    rows: PackedWeights,
    /// `[width, clips]`
    columns: PackedWeights,
}

impl PackedClips {
    /// Packs features, `[clips, width]` row-major.
    ///
    /// # Panics
    /// Without clips or features.
    pub fn new(x: &[f32], width: usize) -> Self {
        let clips = x.len() / width;
        let ws = workspace();
        Self {
            rows: pointwise::pack(&ws, x, clips, width),
            columns: pointwise::pack(&ws, &transposed(x, width), width, clips),
            ws,
        }
    }

    /// `[clips, n]` of weights `[width, n]`: the logits without biases.
    pub fn logits(&self, weights: &[f32], out: &mut [f32]) {
        pointwise::forward(&self.ws, &self.rows, OpInput::plain(weights), out, Epilogue::Raw);
    }

    /// `[width, n]` of the gradient of logits, `[clips, n]`: that of the weights.
    pub fn gradient(&self, errors: &[f32], out: &mut [f32]) {
        pointwise::forward(
            &self.ws,
            &self.columns,
            OpInput::plain(errors),
            out,
            Epilogue::Raw,
        );
    }
}

/// `[clips, n]` of features `[clips, width]` and weights `[width, n]`, once.
pub(super) fn multiply(x: &[f32], weights: &[f32], width: usize) -> Vec<f32> {
    let (clips, n) = (x.len() / width.max(1), weights.len() / width.max(1));
    let mut out = vec![0.0; clips * n];
    if !out.is_empty() {
        let ws = workspace();
        let rows = pointwise::pack(&ws, x, clips, width);
        pointwise::forward(&ws, &rows, OpInput::plain(weights), &mut out, Epilogue::Raw);
    }
    out
}

/// `[width, rows]` of `[rows, width]`.
pub(super) fn transposed(x: &[f32], width: usize) -> Vec<f32> {
    let rows = x.len() / width.max(1);
    let mut out = vec![0.0; x.len()];
    for (i, row) in x.chunks_exact(width.max(1)).enumerate() {
        for (j, v) in row.iter().enumerate() {
            out[j * rows + i] = *v;
        }
    }
    out
}

fn workspace() -> Workspace {
    // The name of a wrong set was refused when the device was opened.
    Workspace::with_isa(Isa::wanted().unwrap_or_else(|_| Isa::detect())).serial()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_sums() {
        for (clips, width, n) in [(1, 1, 1), (7, 5, 3), (300, 33, 20), (40, 500, 2)] {
            let number = |i: usize| ((i * 7919) % 101) as f32 / 101.0 - 0.5;
            let x: Vec<f32> = (0..clips * width).map(number).collect();
            let w: Vec<f32> = (0..width * n).map(|i| number(i + 13)).collect();
            let e: Vec<f32> = (0..clips * n).map(|i| number(i + 29)).collect();
            let rows = PackedClips::new(&x, width);
            let (mut logits, mut gradient) = (vec![0.0; clips * n], vec![0.0; width * n]);
            rows.logits(&w, &mut logits);
            rows.gradient(&e, &mut gradient);
            assert_eq!(multiply(&x, &w, width), logits);
            let close = |got: f32, want: f64, what: &str| {
                let place = format!("{clips} x {width} x {n}, {what}");
                assert!((f64::from(got) - want).abs() < 1e-4, "{place}: {got}, {want}");
            };
            for c in 0..n {
                for i in 0..clips {
                    let sum = (0..width).map(|j| f64::from(x[i * width + j]) * f64::from(w[j * n + c]));
                    close(logits[i * n + c], sum.sum(), "a logit");
                }
                for j in 0..width {
                    let sum = (0..clips).map(|i| f64::from(x[i * width + j]) * f64::from(e[i * n + c]));
                    close(gradient[j * n + c], sum.sum(), "a gradient");
                }
            }
        }
    }
}
