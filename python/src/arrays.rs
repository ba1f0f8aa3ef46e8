//! Arrays in and out. What comes in is copied: it is used without the interpreter's lock, while Python code may write
//! to it. What goes out is handed over as it is.

use crate::errors::{Failure, FailureKind};
use earmark::audio::Clip;
use earmark::features::Features;
use numpy::{Element, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// `[channels, bands, frames]`.
pub type Shape = (usize, usize, usize);

/// Numbers of an array, which has one axis and no gaps; Python code may write to it again afterwards.
pub fn numbers<T: Element + Copy>(array: PyReadonlyArray1<'_, T>) -> PyResult<Vec<T>> {
    Ok(array.as_slice()?.to_vec())
}

/// Samples as a clip.
pub fn clip(samples: PyReadonlyArray1<'_, f32>, sample_rate_hz: u32) -> PyResult<Clip> {
    Ok(Clip::new(numbers(samples)?, sample_rate_hz))
}

/// Features from their numbers and shape.
pub fn features(numbers: Vec<f32>, shape: Shape) -> Result<Features, Failure> {
    let (channels, bands, frames) = shape;
    Ok(Features::new(channels, bands, frames, numbers)?)
}

/// Features as their numbers and shape.
pub fn numbers_and_shape(py: Python<'_>, features: Features) -> (Bound<'_, PyArray1<f32>>, Shape) {
    let shape = (features.channels, features.bands, features.frames);
    (PyArray1::from_vec(py, features.data), shape)
}

/// Number of rows of a width that numbers are; refuses a rest.
pub fn rows_of(numbers: usize, width: usize) -> Result<usize, Failure> {
    match numbers.checked_rem(width) {
        Some(0) => Ok(numbers / width),
        _ => Err(Failure::new(
            FailureKind::Data,
            format!("{numbers} numbers are not rows of {width}"),
        )),
    }
}
