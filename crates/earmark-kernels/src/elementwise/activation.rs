//! Activations that are applied where a layer's input is read, and their derivatives.

/// Runs `$body` with `$f` bound to the function that belongs to an activation, so that the choice is made once, outside the loop.
macro_rules! per_activation {
    ($act:expr, $f:ident => $body:expr, [$identity:expr, $relu:ident, $relu6:ident, $hard_swish:ident]) => {{
        use $crate::elementwise::activation::{self as functions, Activation as Act};
        match $act {
            Act::Identity => {
                let $f = $identity;
                $body
            }
            Act::Relu => {
                let $f = functions::$relu;
                $body
            }
            Act::Relu6 => {
                let $f = functions::$relu6;
                $body
            }
            Act::HardSwish => {
                let $f = functions::$hard_swish;
                $body
            }
        }
    }};
}
/// [`per_activation`] with the activation's values.
macro_rules! with_activation {
    ($act:expr, $f:ident => $body:expr) => {
        $crate::elementwise::activation::per_activation!($act, $f => $body, [|x: f32| x, relu, relu6, hard_swish])
    };
}
/// [`per_activation`] with its derivatives.
macro_rules! with_derivative {
    ($act:expr, $f:ident => $body:expr) => {
        $crate::elementwise::activation::per_activation!($act, $f => $body, [|_: f32| 1.0f32, step, relu6_slope, hard_swish_slope])
    };
}
pub(crate) use {per_activation, with_activation, with_derivative};

/// What follows a normalisation, applied element by element.
///
/// A not-a-number passes through every one of them: a diverged training must show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// x
    #[default]
    Identity,
    /// max(x, 0); derivative 0 at 0.
    Relu,
    /// min(max(x, 0), 6); derivative 0 at 0 and at 6.
    Relu6,
    /// x relu6(x + 3) / 6 (Howard et al., "Searching for MobileNetV3", 2019).
    HardSwish,
}

impl Activation {
    /// The activation of one value.
    pub fn apply(self, x: f32) -> f32 {
        with_activation!(self, f => f(x))
    }

    /// The derivative at the value `x` that the activation is applied to.
    pub fn derivative(self, x: f32) -> f32 {
        with_derivative!(self, f => f(x))
    }
}

// Comparisons are written so that a NaN takes the branch that keeps it, and so that they compile
// to one minimum or maximum instruction.
#[inline(always)]
pub(crate) fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}
#[inline(always)]
pub(crate) fn step(x: f32) -> f32 {
    if x > 0.0 { 1.0 } else { 0.0 }
}
#[inline(always)]
pub(crate) fn relu6(x: f32) -> f32 {
    let x = relu(x);
    if x > 6.0 { 6.0 } else { x }
}
#[inline(always)]
pub(crate) fn relu6_slope(x: f32) -> f32 {
    if (x > 0.0) & (x < 6.0) { 1.0 } else { 0.0 }
}
#[inline(always)]
pub(crate) fn hard_swish(x: f32) -> f32 {
    x * relu6(x + 3.0) * (1.0 / 6.0)
}
#[inline(always)]
pub(crate) fn hard_swish_slope(x: f32) -> f32 {
    let middle = (2.0 * x + 3.0) * (1.0 / 6.0);
    let low = if x <= -3.0 { 0.0 } else { middle };
    if x >= 3.0 { 1.0 } else { low }
}
