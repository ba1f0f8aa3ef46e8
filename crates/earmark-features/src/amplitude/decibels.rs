//! Decibels of powers or magnitudes.

use super::natural_log::ln;
use crate::stft::BinValue;

/// Turns the values of one clip into decibels relative to `reference`, none more than `top_db` below the loudest.
#[inline(always)]
pub(super) fn to_decibels(data: &mut [f32], value: BinValue, reference: f64, amin: f64, top_db: Option<f64>) {
    let DecibelFactors { scale, zero } = decibel_factors(value, reference, amin);
    let amin = amin as f32;
    for x in data.iter_mut() {
        *x = scale * ln(x.max(amin)) - zero;
    }
    if let Some(top_db) = top_db {
        let floor = data.iter().copied().fold(f32::NEG_INFINITY, f32::max) - top_db as f32;
        for x in data {
            *x = x.max(floor);
        }
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
