//! Small helpers around names and settings.

/// The candidate nearest to `wanted` by edit distance, if it is near enough to be a slip.
pub fn suggest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (distance(wanted, c), c))
        .filter(|(d, c)| *d <= 1 + c.chars().count().max(wanted.chars().count()) / 3)
        .min()
        .map(|(_, c)| c)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_slips_and_nothing_else() {
        assert_eq!(
            suggest("batch-sise", ["batch-size", "epochs"]),
            Some("batch-size")
        );
        assert_eq!(
            suggest("learningrate", ["learning-rate", "loss"]),
            Some("learning-rate")
        );
        assert_eq!(suggest("zzz", ["learning-rate", "loss"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
