//! The rows most similar to another, by cosine similarity.

use crate::Embeddings;

/// A row that is similar to another.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Neighbour {
    /// The recording.
    pub file: String,
    /// Its start in the recording, in seconds, if rows are segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_seconds: Option<f64>,
    /// Cosine similarity, at most 1.
    pub similarity: f32,
    /// Index of the row.
    #[serde(skip)]
    pub row: usize,
}

impl Embeddings {
    /// The `count` rows most similar to `query`, best first, equal ones in order; only rows for which `wanted` is true.
    pub fn nearest(&self, query: &[f32], count: usize, wanted: impl Fn(usize) -> bool) -> Vec<Neighbour> {
        let mut all: Vec<(f32, usize)> = (0..self.files.len())
            .filter(|&row| wanted(row))
            .map(|row| (cosine(self.row(row), query), row))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        all.truncate(count);
        let neighbour = |(similarity, row): (f32, usize)| Neighbour {
            file: self.files[row].clone(),
            start_seconds: self.starts.as_ref().map(|s| s[row]),
            similarity,
            row,
        };
        all.into_iter().map(neighbour).collect()
    }
}

/// Cosine similarity of two rows; 0 if one is zero.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        (dot(a, b) / lengths) as f32
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use crate::embeddings::tests::three;

    #[test]
    fn the_most_similar_come_first() {
        let e = three(true);
        let found = e.nearest(&[2.0, 0.0], 5, |_| true);
        let names: Vec<&str> = found.iter().map(|n| n.file.as_str()).collect();
        assert_eq!(names, ["a, b.wav", "c.wav", "d.wav"]);
        assert!((found[1].similarity - 0.1 / 0.05_f32.sqrt()).abs() < 1e-6);
        assert_eq!(
            (found[0].similarity, found[2].similarity, found[1].start_seconds),
            (1.0, 0.0, Some(0.5))
        );
        assert_eq!(e.nearest(&[2.0, 0.0], 1, |row| row != 0)[0].row, 1);
    }
}
