//! Rows of numbers and the recordings they belong to.

use std::path::{Path, PathBuf};

/// Rows of numbers and the recordings they belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Numbers per row.
    pub width: usize,
    /// The recording of each row.
    pub files: Vec<String>,
    /// Start of each row in its recording, in seconds, if rows are segments.
    pub starts: Option<Vec<f64>>,
    /// The numbers, `[rows, width]`.
    pub values: Vec<f32>,
}

/// Why embeddings can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct EmbeddingsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and how to fix it.
    pub problem: String,
}

impl EmbeddingsError {
    pub(crate) fn new(path: &Path, problem: impl Into<String>) -> Self {
        let (path, problem) = (path.into(), problem.into());
        Self { path, problem }
    }
}

impl Embeddings {
    /// No rows yet; `segments` if rows are segments rather than whole recordings.
    pub fn new(width: usize, segments: bool) -> Self {
        Self {
            width,
            files: Vec::new(),
            starts: segments.then(Vec::new),
            values: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, file: &str, start_seconds: Option<f64>, row: &[f32]) {
        assert_eq!(row.len(), self.width, "a number for each feature");
        self.files.push(file.to_owned());
        if let Some(starts) = &mut self.starts {
            starts.push(start_seconds.unwrap_or(0.0));
        }
        self.values.extend_from_slice(row);
    }

    /// The numbers of a row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn three(segments: bool) -> Embeddings {
        let mut e = Embeddings::new(2, segments);
        e.push("a, b.wav", Some(0.0), &[1.0, 0.0]);
        e.push("c.wav", Some(0.5), &[0.1, 0.2]);
        e.push("d.wav", Some(1.5), &[0.0, 0.0]);
        e
    }
}
