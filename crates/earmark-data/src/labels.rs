//! Reading label cells.

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
}
