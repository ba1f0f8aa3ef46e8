//! What a vote of the nearest neighbours says of each clip, to compare a probe with.

use super::examples::Examples;

/// Neighbours that vote.
const NEIGHBOURS: usize = 5;

/// For each of `clips` the labels of its nearest neighbours among `others` by the cosine of their features, weighted by it:
/// `[clips, classes]`.
pub(super) fn votes(examples: &Examples, layer: usize, others: &[usize], clips: &[usize]) -> Vec<f32> {
    let (data, queries) = (examples.data(layer, others), examples.data(layer, clips));
    let width = data.width;
    let rows: Vec<Vec<f32>> = data.x.chunks_exact(width).map(unit).collect();
    let mut out = Vec::with_capacity(queries.y.len());
    for query in queries.x.chunks_exact(width) {
        let query = unit(query);
        let similarities = rows.iter().map(|row| dot(row, &query)).enumerate();
        let mut all: Vec<(f32, usize)> = similarities.map(|(k, s)| (s, k)).collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut sum = vec![0.0; data.classes];
        for &(similarity, k) in all.iter().take(NEIGHBOURS) {
            let labels = &data.y[k * data.classes..(k + 1) * data.classes];
            let votes = sum.iter_mut().zip(labels);
            votes.for_each(|(s, y)| *s += y * similarity.max(0.0));
        }
        out.extend(sum);
    }
    out
}

/// A row of length 1; zeros stay zeros.
fn unit(row: &[f32]) -> Vec<f32> {
    let square: f64 = row.iter().map(|v| f64::from(*v).powi(2)).sum();
    let scale = if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
    row.iter().map(|v| (f64::from(*v) * scale) as f32).collect()
}

/// In eight sums, so that they need not wait for each other.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, b) = (a.chunks_exact(sums.len()), b.chunks_exact(sums.len()));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::examples::tests::clips;
    use super::*;
    use earmark_index::Embeddings;

    /// The same votes as the search of `earmark neighbours` gives.
    #[test]
    fn neighbours_are_those_of_the_index() {
        let examples = clips(24, true);
        let (others, tested): (Vec<usize>, Vec<usize>) = (0..24).partition(|i| i % 5 != 0);
        let (data, queries) = (examples.data(1, &others), examples.data(1, &tested));
        let mut index = Embeddings::new(data.width, false);
        data.x
            .chunks_exact(data.width)
            .for_each(|row| index.push("", None, row));
        let got = votes(&examples, 1, &others, &tested);
        for (got, query) in got.chunks_exact(3).zip(queries.x.chunks_exact(3)) {
            let mut want = [0.0; 3];
            for near in index.nearest(query, NEIGHBOURS, |_| true) {
                for (w, y) in want.iter_mut().zip(&data.y[near.row * 3..]) {
                    *w += y * near.similarity.max(0.0);
                }
            }
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 1e-5, "{got}, {want}");
            }
        }
    }
}
