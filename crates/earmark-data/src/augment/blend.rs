//! The weighted mean of two examples.

/// `a = weight a + (1 - weight) b`.
pub(crate) fn blend(a: &mut [f32], b: &[f32], weight: f32) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = weight * *a + (1.0 - weight) * b;
    }
}
