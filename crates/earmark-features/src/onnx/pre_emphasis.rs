//! Pre-emphasis.

use earmark_onnx::{Builder, Value};

/// `y[t] = x[t + 1] - c x[t]`, one sample fewer.
pub(super) fn pre_emphasis(g: &mut Builder, x: &Value, c: f64) -> Value {
    let (first, second, axis) = (g.length(0), g.length(1), g.length(1));
    let (last, end) = (g.ints(&[-1]), g.ints(&[i64::MAX]));
    let now = g.op("Slice", &[x, &first, &last, &axis], &[]);
    let next = g.op("Slice", &[x, &second, &end, &axis], &[]);
    let c = g.float(c as f32);
    let now = g.op("Mul", &[&now, &c], &[]);
    g.op("Sub", &[&next, &now], &[])
}
