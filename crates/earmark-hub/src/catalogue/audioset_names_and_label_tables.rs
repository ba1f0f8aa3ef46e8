//! The class names of published models: AudioSet's 527, FSDKaggle2019's 80, or those of a label table.

use std::path::Path;

/// AudioSet's label table, `index,mid,display_name`. From AudioSet (Gemmeke et al. 2017), which Google publishes under
/// CC BY 4.0.
const AUDIOSET: &str = include_str!("audioset_labels.csv");

/// The classes of FSDKaggle2019 (Fonseca et al. 2019, arXiv:1906.02975), one per line, in alphabetical order as in its
/// class map.
const FSDKAGGLE2019: &str = include_str!("fsdkaggle2019_labels.csv");

/// The 527 class names of AudioSet, in the order in which published networks score them.
pub fn audioset() -> Vec<String> {
    parse(AUDIOSET.as_bytes()).expect("the table was checked by a test")
}

/// The 80 class names of FSDKaggle2019, in the order in which published networks score them.
pub(crate) fn fsdkaggle2019() -> Vec<String> {
    parse(FSDKAGGLE2019.as_bytes()).expect("the table was checked by a test")
}

/// Class names of a label table: `index,mid,display_name` with a header as in AudioSet, `index,name` lines as in our
/// class maps, or one name per line.
///
/// # Errors
/// What is wrong, with the line.
pub fn read_labels(path: &Path) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("cannot be read: {e}; check the path"))?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut names: Vec<String> = Vec::new();
    for (k, row) in reader.records().enumerate() {
        let row = row.map_err(|e| format!("is not a table: {e}"))?;
        let (first, last) = (&row[0], &row[row.len() - 1]);
        if k == 0 && row.len() > 1 && first.parse::<usize>().is_err() {
            continue;
        }
        let (line, index) = (row.position().map_or(0, csv::Position::line), names.len());
        let refuse = |problem: String| Err(format!("line {line}: {problem}"));
        if row.len() > 1 && first.parse() != Ok(index) {
            return refuse(format!(
                "index {first} where {index} belongs; sort the table by its index"
            ));
        }
        if last.trim().is_empty() {
            return refuse("has no name; give every class one".into());
        }
        if let Some(before) = names.iter().position(|n| n == last) {
            let problem = format!("{last} is the name of class {before} as well");
            return refuse(format!("{problem}; give every class its own"));
        }
        names.push(last.to_owned());
    }
    if names.is_empty() {
        return Err("names no class".into());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audioset_has_its_527_classes() {
        let names = audioset();
        assert_eq!(names.len(), 527);
        assert_eq!(
            (names[0].as_str(), names[74].as_str(), names[526].as_str()),
            ("Speech", "Dog", "Field recording")
        );
        assert!(names.iter().any(|n| n == "Waves, surf"));
    }

    #[test]
    fn fsdkaggle2019_has_its_80_classes_in_order() {
        let names = fsdkaggle2019();
        assert_eq!(names.len(), 80);
        assert!(names.is_sorted());
        assert_eq!(
            (names[0].as_str(), names[79].as_str()),
            ("Accelerating_and_revving_and_vroom", "Zipper_(clothing)")
        );
    }

    #[test]
    fn tables_of_three_kinds_are_read() {
        for text in [
            "index,mid,display_name\n0,/m/1,\"a, b\"\n1,/m/2,c\n",
            "0,\"a, b\"\n1,c\n",
            "\"a, b\"\nc\n",
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), ["a, b", "c"], "{text}");
        }
        for (text, says) in [
            ("0,a\n2,b\n", "line 2: index 2 where 1 belongs"),
            ("a\na\n", "line 2: a is the name of class 0 as well"),
            ("0,a\n1,\n", "line 2: has no name"),
            ("index,mid,display_name\n", "names no class"),
        ] {
            let message = parse(text.as_bytes()).unwrap_err();
            assert!(message.starts_with(says), "{message}");
        }
    }
}
