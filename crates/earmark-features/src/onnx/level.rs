//! Levels as nodes.

use crate::{error::ConfigError, level::Level, stft::Value as Read};
use earmark_onnx::{Builder, Value};

/// Refuses what has no form without a loop over frames.
pub(super) fn check(level: &Level) -> Result<(), ConfigError> {
    match level {
        Level::Linear | Level::Log { .. } | Level::Db { .. } => Ok(()),
        Level::Pcen(_) => Err(ConfigError::new(
            "level",
            "pcen",
            "cannot be exported to ONNX, as its average runs from frame to frame",
            "train with level.log or level.db where the model shall leave earmark",
        )),
    }
}

/// Compresses `[batch, frames, bands]`.
pub(super) fn level(g: &mut Builder, x: &Value, level: &Level, read: Read) -> Value {
    match level {
        Level::Linear | Level::Pcen(_) => x.clone(), // pcen was refused above
        Level::Log { offset } => {
            let offset = g.float(*offset as f32);
            let x = g.op("Add", &[x, &offset], &[]);
            g.op("Log", &[&x], &[])
        }
        Level::Db {
            reference,
            amin,
            top_db,
        } => {
            let decibels = match read {
                Read::Power => 10.0,
                Read::Magnitude => 20.0,
            };
            let scale = g.float((decibels / std::f64::consts::LN_10) as f32);
            let zero = g.float((decibels * reference.max(*amin).log10()) as f32);
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
