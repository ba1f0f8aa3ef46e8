//! Which checkpoints are evaluated where every N-th one is wanted.

/// The steps to evaluate when every N-th of `steps` is wanted; the last one always is.
pub fn every_nth(steps: &[u64], every: usize) -> Vec<u64> {
    let every = every.max(1);
    let last = steps.len().saturating_sub(1);
    steps
        .iter()
        .enumerate()
        .filter(|(i, _)| (i + 1) % every == 0 || *i == last)
        .map(|(_, s)| *s)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_ends_with_the_last() {
        assert_eq!(every_nth(&[1, 2, 3, 4, 5], 2), [2, 4, 5]);
        assert_eq!(every_nth(&[1, 2], 1), [1, 2]);
        assert!(every_nth(&[], 3).is_empty());
    }
}
