//! Arithmetic with lengths and indices in int64.

use earmark_onnx::{Builder, Tensor, Value, signed};

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

/// The indices of what is at each offset, of shape `spans`, in each of `count` pieces that start every `hop`:
/// `[count, spans...]`.
pub(super) fn indices(g: &mut Builder, count: &Value, hop: usize, name: &str, spans: &[usize]) -> Value {
    let piece = g.count_to(count);
    let hop = g.int(hop);
    let start = g.op("Mul", &[&piece, &hop], &[]);
    let shape = [&[-1_i64][..], &vec![1; spans.len()]].concat();
    let start = g.reshape(&start, &shape);
    let offsets = (0..spans.iter().product::<usize>()).map(signed).collect();
    let offsets = g.constant(name, Tensor::ints(&[&[1][..], spans].concat(), offsets));
    g.op("Add", &[&start, &offsets], &[])
}

/// 1 as a float where the count is above zero, else 0.
pub(super) fn any(g: &mut Builder, count: &Value) -> Value {
    let any = length_op(g, "Min", count, 1);
    g.op("Cast", &[&any], &[("to", 1.into())])
}
