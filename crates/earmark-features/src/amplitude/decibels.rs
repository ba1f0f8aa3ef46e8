//! Decibels of powers or magnitudes.

use super::natural_log::ln;
use crate::stft::BinValue;

/// Turns values into decibels relative to `reference`.
#[inline(always)]
pub(super) fn to_decibels(data: &mut [f32], value: BinValue, reference: f64, amin: f64) {
    let DecibelFactors { scale, zero } = decibel_factors(value, reference, amin);
    let amin = amin as f32;
    for x in data {
        *x = scale * ln(x.max(amin)) - zero;
    }
}

/// The largest level; negative infinity without any.
#[inline(always)]
pub(crate) fn loudest(levels: &[f32]) -> f32 {
    levels.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Raises levels to a floor.
#[inline(always)]
pub(crate) fn raise_to(floor: f32, levels: &mut [f32]) {
    for x in levels {
        *x = x.max(floor);
    }
}

/// Decibels of `x` are `scale * ln(x) - zero`.
pub(crate) struct DecibelFactors {
    pub scale: f32,
    pub zero: f32,
}

pub(crate) fn decibel_factors(value: BinValue, reference: f64, amin: f64) -> DecibelFactors {
    let decibels = match value {
        BinValue::Power => 10.0,
        BinValue::Magnitude => 20.0,
    };
    DecibelFactors {
        scale: (decibels / std::f64::consts::LN_10) as f32,
        zero: (decibels * reference.max(amin).log10()) as f32,
    }
}
