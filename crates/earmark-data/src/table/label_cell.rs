//! The labels of one cell of a table.

/// The labels of a cell, in the order of the cell, trimmed.
///
/// `separator` is what separates labels; an empty separator means that the whole cell is one
/// label. A cell that is empty or only spaces has no labels.
///
/// # Errors
/// What is wrong and the remedy, for a label that is empty or repeated; the caller knows file and line.
pub(crate) fn split_labels(cell: &str, separator: &str) -> Result<Vec<String>, String> {
    let cell = cell.trim();
    let pieces: Vec<&str> = match separator {
        _ if cell.is_empty() => Vec::new(),
        "" => vec![cell],
        separator => cell.split(separator).map(str::trim).collect(),
    };
    let mut labels: Vec<String> = Vec::with_capacity(pieces.len());
    for label in pieces {
        if label.is_empty() {
            return Err(format!(
                "there is an empty label in {cell:?}; remove the extra separator"
            ));
        }
        if labels.iter().any(|l| l == label) {
            return Err(format!("label {label:?} appears twice in this row; keep one"));
        }
        labels.push(label.to_owned());
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
            split_labels("Bark,Bark", ",").unwrap_err(),
            "label \"Bark\" appears twice in this row; keep one"
        );
        assert_eq!(
            split_labels("Bark,", ",").unwrap_err(),
            "there is an empty label in \"Bark,\"; remove the extra separator"
        );
    }
}
