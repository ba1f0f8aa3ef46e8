//! Numpy's `.npy` files of float32.

use crate::{Embeddings, EmbeddingsError};
use std::io::Write;
use std::path::Path;

/// Writes version 1 of numpy's format: magic number, header padded to 64 bytes, little-endian numbers.
pub(crate) fn write(embeddings: &Embeddings, out: &mut dyn Write) -> std::io::Result<()> {
    let shape = format!("({}, {})", embeddings.files.len(), embeddings.width);
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let padding = 63 - (10 + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&(header.len() as u16).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for value in &embeddings.values {
        out.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

/// Reads float32 numbers, `[rows, width]`.
pub(crate) fn read(path: &Path, rows: usize) -> Result<Vec<f32>, EmbeddingsError> {
    let bad = |problem: String| EmbeddingsError::new(path, problem);
    let bytes = std::fs::read(path).map_err(|e| bad(format!("cannot be read: {e}")))?;
    let head = bytes.strip_prefix(b"\x93NUMPY\x01\x00").and_then(|rest| {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        let header = std::str::from_utf8(rest.get(2..2 + length)?).ok()?;
        Some((header, &rest[2 + length..]))
    });
    let Some((header, data)) = head else {
        return Err(bad("is not a .npy file of version 1".into()));
    };
    let refuse = |what: String| Err(bad(format!("{what}: {}", header.trim_end())));
    if !header.contains("'descr': '<f4'") || !header.contains("'fortran_order': False") {
        return refuse("does not contain float32 in C order".into());
    }
    let width = data.len() / 4 / rows.max(1);
    if data.len() != rows * width * 4 || !header.contains(&format!("'shape': ({rows}, {width})")) {
        let what = "does not have as many rows as its table has recordings";
        return refuse(format!("{what} ({rows})"));
    }
    let numbers = data.as_chunks::<4>().0.iter();
    let values: Vec<f32> = numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect();
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(bad(format!("number {at} is {}", values[at]))),
        None => Ok(values),
    }
}
