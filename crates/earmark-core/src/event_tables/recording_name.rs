//! Which recording a table is about that names none.

/// What a table has behind the name of its recording; the first four are those of BirdNET-Analyzer.
const ENDINGS: [&str; 10] = [
    ".BirdNET.selection.table.txt",
    ".BirdNET.results.csv",
    ".BirdNET.results.txt",
    ".BirdNET.results.r.csv",
    ".selections.txt",
    ".labels.txt",
    ".aoef.json",
    ".txt",
    ".csv",
    ".tsv",
];

/// The name of the recording that a table is named after, which may be without its extension: `rec` of `rec.txt`,
/// `rec.wav` of `rec.wav.csv`, `rec` of Raven's `rec.Table.1.selections.txt`; `None` of other names.
pub fn recording_name(table: &str) -> Option<&str> {
    let without = |ending: &&str| {
        let at = table.len().checked_sub(ending.len())?;
        let is_there = table.get(at..)?.eq_ignore_ascii_case(ending);
        is_there.then(|| &table[..at]).filter(|name| !name.is_empty())
    };
    let name = ENDINGS.iter().find_map(without)?;
    let numbered = name
        .rsplit_once('.')
        .filter(|(_, number)| number.parse::<u32>().is_ok());
    let stem = numbered.and_then(|(before, _)| before.strip_suffix(".Table"));
    Some(stem.unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_after_their_recording() {
        for (table, recording) in [
            ("rec.txt", "rec"),
            ("in/rec.wav.csv", "in/rec.wav"),
            ("rec.Table.1.selections.txt", "rec"),
            ("rec.wav.Table.12.selections.TXT", "rec.wav"),
            ("rec.wav.selections.txt", "rec.wav"),
            ("rec.1.labels.txt", "rec.1"),
            ("rec.BirdNET.results.csv", "rec"),
            ("rec.birdnet.selection.table.txt", "rec"),
            ("rec.wav.aoef.json", "rec.wav"),
        ] {
            assert_eq!(recording_name(table), Some(recording), "{table}");
        }
        for other in ["rec.wav", ".txt", "txt", "ä", "rec.json"] {
            assert_eq!(recording_name(other), None, "{other}");
        }
    }
}
