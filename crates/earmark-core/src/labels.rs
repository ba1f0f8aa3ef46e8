//! The labels of a cell: one rule for data tables, truth tables and corrections.
//!
//! The name of the column decides. A name in the plural (`labels`, `tags`, `classes`, `categories`) means several labels per cell,
//! separated by commas; a label between double quotes keeps its commas, and a quote in it is written twice. Any other name (`label`,
//! `category`, `class`, `species`) means one label per cell, commas included: `Dog, bark` is one label. A separator that is given by
//! name (`label-separator`) replaces the comma for a column of any name; an empty one means one label per cell.

use std::borrow::Cow;

/// The usual separator.
const COMMA: &str = ",";

/// How many labels a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelRule {
    /// One; its text is the label.
    One,
    /// Any number with this between them.
    SeparatedBy(String),
}

impl LabelRule {
    /// The rule of a column by its name, in any letter case.
    pub fn of_column(name: &str) -> Self {
        let name = name.trim().to_lowercase();
        let singular = ["ss", "us", "species"].iter().any(|end| name.ends_with(end));
        match name.ends_with('s') && !singular {
            true => Self::several(),
            false => Self::One,
        }
    }

    /// The rule of a given separator.
    pub fn separated_by(separator: &str) -> Self {
        match separator {
            "" => Self::One,
            separator => Self::SeparatedBy(separator.to_owned()),
        }
    }

    /// Any number of labels, separated by commas: the rule of corrections.
    pub fn several() -> Self {
        Self::SeparatedBy(COMMA.to_owned())
    }

    /// The labels of a cell in its order, trimmed. An empty cell has none.
    ///
    /// # Errors
    /// What is wrong and the remedy, for a label that is empty or repeated, and for a quote that is not closed.
    pub fn read(&self, cell: &str) -> Result<Vec<String>, String> {
        let cell = cell.trim();
        let pieces = match self {
            _ if cell.is_empty() => Vec::new(),
            Self::One => vec![Cow::Borrowed(cell)],
            Self::SeparatedBy(separator) => pieces(cell, separator)?,
        };
        let mut labels: Vec<String> = Vec::with_capacity(pieces.len());
        for label in pieces {
            if label.is_empty() {
                return Err(format!(
                    "there is an empty label in {cell:?}; remove the extra separator"
                ));
            }
            if labels.iter().any(|other| *other == label) {
                return Err(format!("label {label:?} appears twice in this row; keep one"));
            }
            labels.push(label.into_owned());
        }
        Ok(labels)
    }

    /// The cell that [`LabelRule::read`] reads back as these labels.
    pub fn write<S: AsRef<str>>(&self, labels: &[S]) -> String {
        let separator: &str = match self {
            Self::One => COMMA,
            Self::SeparatedBy(separator) => separator,
        };
        let written = |label: &S| {
            let label = label.as_ref();
            match self {
                Self::SeparatedBy(_) if label.contains(separator) || label.starts_with('"') => {
                    format!("\"{}\"", label.replace('"', "\"\""))
                }
                _ => label.to_owned(),
            }
        };
        labels.iter().map(written).collect::<Vec<_>>().join(separator)
    }
}

/// The pieces of a cell, trimmed; what is between quotes is one piece.
fn pieces<'a>(cell: &'a str, separator: &str) -> Result<Vec<Cow<'a, str>>, String> {
    let mut pieces = Vec::new();
    let mut rest = Some(cell);
    // A separator may be a space itself.
    let passed = |text: &'a str| match separator.trim().is_empty() {
        true => text,
        false => text.trim_start(),
    };
    while let Some(text) = rest {
        let text = text.trim_start();
        let (piece, behind) = match text.strip_prefix('"') {
            Some(quoted) => {
                let (piece, behind) = unquoted(quoted, cell)?;
                (Cow::Owned(piece.trim().to_owned()), passed(behind))
            }
            None => {
                let (piece, _) = text.split_once(separator).unwrap_or((text, ""));
                (Cow::Borrowed(piece.trim_end()), &text[piece.len()..])
            }
        };
        pieces.push(piece);
        rest = match behind.strip_prefix(separator) {
            Some(next) => Some(next),
            None if behind.is_empty() => None,
            None => {
                return Err(format!(
                    "there is text behind a quoted label in {cell:?}; put {separator:?} between labels"
                ));
            }
        };
    }
    Ok(pieces)
}

/// A label whose opening quote is passed, and what is behind its closing quote.
fn unquoted<'a>(text: &'a str, cell: &str) -> Result<(String, &'a str), String> {
    let mut label = String::new();
    let mut rest = text;
    loop {
        let Some((before, behind)) = rest.split_once('"') else {
            return Err(format!(
                "a quote in {cell:?} is never closed; close it or remove it"
            ));
        };
        label.push_str(before);
        match behind.strip_prefix('"') {
            None => return Ok((label, behind)),
            Some(behind) => {
                label.push('"');
                rest = behind;
            }
        }
    }
}

/// The label of an event without the score that `earmark tag` writes behind it, and that score: `Dog 0.91`.
pub fn without_score(text: &str) -> (&str, Option<f32>) {
    let is_score = |text: &str| text.len() == 4 && text.starts_with(['0', '1']) && text.as_bytes()[1] == b'.';
    let split = text.rsplit_once(' ').filter(|(_, score)| is_score(score));
    let split = split.and_then(|(label, score)| Some((label.trim(), score.parse::<f32>().ok()?)));
    match split {
        Some((label, score)) if score <= 1.0 => (label, Some(score)),
        _ => (text, None),
    }
}

/// The label of a species by both of its names, as BirdNET has it: `Turdus merula_Common Blackbird`. Where one is empty
/// or both are the same, that one.
pub fn species_label(scientific: &str, common: &str) -> String {
    match (scientific, common) {
        ("", name) | (name, "") => name.to_owned(),
        _ if scientific == common => common.to_owned(),
        _ => format!("{scientific}_{common}"),
    }
}

/// The scientific and the common name of a species' label; `None` of other labels.
pub fn species_parts(label: &str) -> Option<[&str; 2]> {
    let (scientific, common) = label.split_once('_')?;
    // `Bass_drum` is not a species: a genus and what follows it are two words, the first one with a capital.
    let is_scientific = scientific.starts_with(char::is_uppercase) && scientific.trim().contains(' ');
    let is_one = is_scientific && !common.trim().is_empty() && !common.contains('_');
    is_one.then_some([scientific, common])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scores_are_not_part_of_a_label() {
        for (text, label, score) in [
            ("Dog bark 0.91", "Dog bark", Some(0.91)),
            ("Dog", "Dog", None),
            ("Take 5", "Take 5", None),
            ("Mark 12.5", "Mark 12.5", None),
            ("Type 1.50", "Type 1.50", None),
            ("Dog 0.875", "Dog 0.875", None),
            ("0.91", "0.91", None),
        ] {
            assert_eq!(without_score(text), (label, score));
        }
    }

    #[test]
    fn labels_of_species_have_both_names() {
        for (scientific, common, label) in [
            (
                "Turdus merula",
                "Common Blackbird",
                "Turdus merula_Common Blackbird",
            ),
            ("Engine", "Engine", "Engine"),
            ("", "background", "background"),
            ("Turdus merula", "", "Turdus merula"),
        ] {
            assert_eq!(species_label(scientific, common), label);
        }
        assert_eq!(
            species_parts("Turdus merula_Common Blackbird"),
            Some(["Turdus merula", "Common Blackbird"])
        );
        for other in [
            "Bass_drum",
            "Turdus merula",
            "Turdus merula_",
            "turdus merula_x",
            "A b_c_d",
        ] {
            assert_eq!(species_parts(other), None, "{other}");
        }
    }

    #[test]
    fn the_name_of_a_column_decides() {
        for several in ["labels", "Labels", "tags", "classes", "categories", " labels "] {
            assert_eq!(LabelRule::of_column(several), LabelRule::several(), "{several}");
        }
        for one in [
            "label", "category", "class", "Class", "species", "genus", "bird", "",
        ] {
            assert_eq!(LabelRule::of_column(one), LabelRule::One, "{one}");
        }
    }

    #[test]
    fn splits_trims_and_refuses() {
        let several = LabelRule::several();
        assert_eq!(several.read(" Bark , Meow").unwrap(), ["Bark", "Meow"]);
        assert_eq!(
            several.read("\"Dog, bark\" ,Meow").unwrap(),
            ["Dog, bark", "Meow"]
        );
        assert_eq!(several.read("\"a \"\"b\"\"\"").unwrap(), ["a \"b\""]);
        assert_eq!(several.read("5\" disk, b").unwrap(), ["5\" disk", "b"]);
        assert_eq!(LabelRule::One.read(" Bark, loud ").unwrap(), ["Bark, loud"]);
        assert_eq!(LabelRule::separated_by("").read("a|b").unwrap(), ["a|b"]);
        assert_eq!(
            LabelRule::separated_by("|").read("a, b|c").unwrap(),
            ["a, b", "c"]
        );
        assert!(several.read("  ").unwrap().is_empty());
        for (cell, fault) in [
            ("Bark,Bark", "label \"Bark\" appears twice in this row; keep one"),
            (
                "Bark,",
                "there is an empty label in \"Bark,\"; remove the extra separator",
            ),
            (
                "\"Bark",
                "a quote in \"\\\"Bark\" is never closed; close it or remove it",
            ),
            (
                "\"a\" b,c",
                "there is text behind a quoted label in \"\\\"a\\\" b,c\"; put \",\" between labels",
            ),
        ] {
            assert_eq!(several.read(cell).unwrap_err(), fault);
        }
    }

    proptest! {
        #[test]
        fn written_labels_are_read_back(labels in proptest::collection::btree_set("[a-c,\"| ]{1,6}", 0..4)) {
            let labels: std::collections::BTreeSet<String> = labels.iter().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
            let labels: Vec<String> = labels.into_iter().collect();
            for rule in [LabelRule::several(), LabelRule::separated_by("|")] {
                prop_assert_eq!(&rule.read(&rule.write(&labels)).unwrap(), &labels);
            }
        }
    }
}
