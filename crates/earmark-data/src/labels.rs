//! Reading label cells, and finding the name that a mistyped one was meant to be.

/// What is wrong with a label cell; the caller knows file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The same label twice in one cell.
    #[error("label {0:?} appears twice in this row; keep one")]
    Duplicate(String),
    /// Nothing between two separators, or at an end.
    #[error("there is an empty label in {0:?}; remove the extra separator")]
    Empty(String),
}

/// The labels of one cell, in the order of the cell, trimmed.
///
/// `separator` is what stands between labels; an empty separator means that the whole cell is one
/// label. A cell that is empty or only spaces has no labels.
///
/// # Errors
/// [`LabelError`] for a label that is empty or repeated.
pub fn split_labels(cell: &str, separator: &str) -> Result<Vec<String>, LabelError> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = if separator.is_empty() {
        vec![cell]
    } else {
        cell.split(separator).map(str::trim).collect()
    };
    let mut labels: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        if part.is_empty() {
            return Err(LabelError::Empty(cell.to_owned()));
        }
        if labels.iter().any(|l| l == part) {
            return Err(LabelError::Duplicate(part.to_owned()));
        }
        labels.push(part.to_owned());
    }
    Ok(labels)
}

/// The candidate most similar to `name`, if it is similar enough to be the same word mistyped.
///
/// Letter case, spaces, `_` and `-` count for nothing; beyond that at most a third of the letters
/// (and at least one) may differ. Ties go to the first candidate.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = plain(candidate);
        let allowed = (wanted.len().max(other.len()) / 3).max(1);
        // Told by the lengths alone: an unclosed quote makes a name of half a table, too long to compare with all.
        if wanted.len().abs_diff(other.len()) > allowed {
            continue;
        }
        let distance = edit_distance(&wanted, &other);
        if distance <= allowed && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Lower-case letters and digits only, so that `Bass drum`, `bass_drum` and `Bass-Drum` are equal.
fn plain(name: &str) -> Vec<char> {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string
/// alignment), three rows at a time.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut two_above = above.clone();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, &y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(x != y);
            row[j + 1] = replaced.min(row[j] + 1).min(above[j + 1] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                row[j + 1] = row[j + 1].min(two_above[j - 1] + 1);
            }
        }
        two_above = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_trims_and_refuses() {
        assert_eq!(split_labels(" Bark , Meow", ",").unwrap(), ["Bark", "Meow"]);
        assert_eq!(split_labels("Bark, loud", "").unwrap(), ["Bark, loud"]);
        assert_eq!(split_labels("a|b", "|").unwrap(), ["a", "b"]);
        assert!(split_labels("  ", ",").unwrap().is_empty());
        assert_eq!(
            split_labels("Bark,Bark", ","),
            Err(LabelError::Duplicate("Bark".into()))
        );
        assert_eq!(split_labels("Bark,", ","), Err(LabelError::Empty("Bark,".into())));
    }

    #[test]
    fn finds_the_mistyped_name() {
        let names = ["Bass_drum", "Bass_guitar", "Bark"];
        assert_eq!(closest("bass drum", names), Some("Bass_drum"));
        assert_eq!(closest("Bas_gitar", names), Some("Bass_guitar"));
        assert_eq!(closest("Brak", names), Some("Bark"));
        assert_eq!(closest("Cork", names), None); // two of four letters differ: too far for a word this short
        assert_eq!(closest("Zebra", names), None);
        // What an unclosed quote makes of a table; with every name compared in full this test would take minutes.
        let swallowed = "Bark,0\n".repeat(100_000);
        let many: Vec<String> = (0..2_000).map(|i| format!("clip number {i}")).collect();
        assert_eq!(closest(&swallowed, many.iter().map(String::as_str)), None);
    }

    #[test]
    fn edit_distance_of_known_pairs() {
        let d =
            |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("flaw", "lawn"), 2);
        assert_eq!(d("file", "flie"), 1);
        assert_eq!(d("abc", ""), 3);
    }
}
