//! Activations that are applied where a layer's input is read, and their derivatives.

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
    /// x where positive, else slope * x (He et al., "Delving Deep into Rectifiers", 2015): one learnt slope for the layer.
    Prelu {
        /// Factor of the negative side.
        slope: f32,
    },
}

impl Activation {
    /// The activation of one value.
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::Relu => relu(x),
            Self::Relu6 => relu6(x),
            Self::HardSwish => hard_swish(x),
            Self::Prelu { slope } => prelu(x, slope),
        }
    }

    /// The derivative at the value `x` that the activation is applied to.
    pub fn derivative(self, x: f32) -> f32 {
        match self {
            Self::Identity => 1.0,
            Self::Relu => step(x),
            Self::Relu6 => relu6_slope(x),
            Self::HardSwish => hard_swish_slope(x),
            Self::Prelu { slope } => prelu_slope(x, slope),
        }
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
#[inline(always)]
pub(crate) fn prelu(x: f32, slope: f32) -> f32 {
    if x > 0.0 { x } else { slope * x }
}
#[inline(always)]
pub(crate) fn prelu_slope(x: f32, slope: f32) -> f32 {
    if x > 0.0 { 1.0 } else { slope }
}

/// Runs `$body` with `$f` bound to the closure of the activation, so that the choice is made once outside the loop.
macro_rules! with_activation {
    ($act:expr, $f:ident => $body:expr) => {
        match $act {
            $crate::activation::Activation::Identity => {
                let $f = |x: f32| x;
                $body
            }
            $crate::activation::Activation::Relu => {
                let $f = $crate::activation::relu;
                $body
            }
            $crate::activation::Activation::Relu6 => {
                let $f = $crate::activation::relu6;
                $body
            }
            $crate::activation::Activation::HardSwish => {
                let $f = $crate::activation::hard_swish;
                $body
            }
            $crate::activation::Activation::Prelu { slope } => {
                let $f = move |x: f32| $crate::activation::prelu(x, slope);
                $body
            }
        }
    };
}
/// The same for the derivative.
macro_rules! with_derivative {
    ($act:expr, $f:ident => $body:expr) => {
        match $act {
            $crate::activation::Activation::Identity => {
                let $f = |_: f32| 1.0f32;
                $body
            }
            $crate::activation::Activation::Relu => {
                let $f = $crate::activation::step;
                $body
            }
            $crate::activation::Activation::Relu6 => {
                let $f = $crate::activation::relu6_slope;
                $body
            }
            $crate::activation::Activation::HardSwish => {
                let $f = $crate::activation::hard_swish_slope;
                $body
            }
            $crate::activation::Activation::Prelu { slope } => {
                let $f = move |x: f32| $crate::activation::prelu_slope(x, slope);
                $body
            }
        }
    };
}
pub(crate) use {with_activation, with_derivative};
