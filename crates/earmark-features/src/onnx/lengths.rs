//! Arithmetic with lengths and indices in int64.

use earmark_onnx::{Builder, Value};

/// Applies `op` to lengths and the constant `[n]`.
pub(super) fn length_op(g: &mut Builder, op: &'static str, x: &Value, n: usize) -> Value {
    let n = g.length(n);
    g.op(op, &[x, &n], &[])
}

/// Lengths divided by `n`, rounded up.
pub(super) fn div_ceil(g: &mut Builder, x: &Value, n: usize) -> Value {
    let sum = length_op(g, "Add", x, n - 1);
    length_op(g, "Div", &sum, n)
}

/// 1 as a float where the count is above zero, else 0.
pub(super) fn any(g: &mut Builder, count: &Value) -> Value {
    let any = length_op(g, "Min", count, 1);
    g.op("Cast", &[&any], &[("to", 1.into())])
}
