//! Columns as an Arrow stream, by the C data interface: pyarrow, polars, pandas and DuckDB read it without a copy.
//! The Apache crate makes the C structs; a capsule owns them and frees what nobody has taken.

use crate::errors::{Failure, FailureKind};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, Float32Array, Float64Array, LargeStringArray, RecordBatch, RecordBatchIterator};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::Arc;

/// A capsule `arrow_array_stream` of one batch with these columns: arrays of float32 or float64, or lists of text.
#[pyfunction]
pub fn arrow_stream<'py>(
    py: Python<'py>,
    columns: Vec<(String, Bound<'py, PyAny>)>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let columns = columns
        .iter()
        .map(|(name, column)| Ok((name.as_str(), array(column)?)))
        .collect::<PyResult<Vec<(&str, ArrayRef)>>>()?;
    let batch = RecordBatch::try_from_iter(columns)
        .map_err(|e| Failure::new(FailureKind::Data, format!("not a table: {e}")))?;
    let schema = batch.schema();
    let batches = RecordBatchIterator::new([Ok(batch)], schema);
    PyCapsule::new_with_value(
        py,
        FFI_ArrowArrayStream::new(Box::new(batches)),
        c"arrow_array_stream",
    )
}

fn array(column: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    if let Ok(numbers) = column.extract::<PyReadonlyArray1<'_, f32>>() {
        return Ok(Arc::new(Float32Array::from(numbers.as_slice()?.to_vec())));
    }
    if let Ok(numbers) = column.extract::<PyReadonlyArray1<'_, f64>>() {
        return Ok(Arc::new(Float64Array::from(numbers.as_slice()?.to_vec())));
    }
    Ok(Arc::new(LargeStringArray::from(column.extract::<Vec<String>>()?)))
}
