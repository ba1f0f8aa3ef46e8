//! Pre-emphasis of high frequencies, before the transform.

/// Pre-emphasis: `y[t] = x[t + 1] - c x[t]`, one sample fewer.
pub(crate) fn pre_emphasise(x: &[f32], c: f32, y: &mut Vec<f32>) {
    y.clear();
    y.extend(x.iter().zip(x.iter().skip(1)).map(|(now, next)| next - c * now));
}
