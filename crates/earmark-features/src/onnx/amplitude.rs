//! The amplitude scale.

use crate::amplitude::{AmplitudeScale, DecibelFactors, decibel_factors};
use crate::stft::BinValue;
use earmark_onnx::{Builder, Value};

/// Compresses `[batch, frames, bands]`.
pub(super) fn amplitude(g: &mut Builder, x: &Value, scale: &AmplitudeScale, value: BinValue) -> Value {
    match scale {
        AmplitudeScale::Linear | AmplitudeScale::Pcen(_) => x.clone(), // PCEN was refused before
        AmplitudeScale::Log { offset } => {
            let offset = g.float(*offset as f32);
            let x = g.op("Add", &[x, &offset], &[]);
            g.op("Log", &[&x], &[])
        }
        AmplitudeScale::Db {
            reference,
            amin,
            top_db,
        } => {
            let DecibelFactors { scale, zero } = decibel_factors(value, *reference, *amin);
            let (scale, zero) = (g.float(scale), g.float(zero));
            let amin = g.float(*amin as f32);
            let x = g.op("Max", &[x, &amin], &[]);
            let x = g.op("Log", &[&x], &[]);
            let x = g.op("Mul", &[&x, &scale], &[]);
            let x = g.op("Sub", &[&x, &zero], &[]);
            let Some(top_db) = top_db else { return x };
            let axes = ("axes", [1_usize, 2][..].into());
            let loudest = g.op("ReduceMax", &[&x], &[axes]); // [batch, 1, 1]
            let top_db = g.float(*top_db as f32);
            let floor = g.op("Sub", &[&loudest, &top_db], &[]);
            g.op("Max", &[&x, &floor], &[])
        }
    }
}
