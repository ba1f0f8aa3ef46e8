//! What is to be said about recordings that were read: what is missing of them, and what contradicts their sound.

use crate::Skips;
use earmark_data::{ClipRemarks, FeatureStore};
use std::collections::BTreeMap;

/// Remarks about recordings, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remarks(BTreeMap<String, ClipRemarks>);

impl Remarks {
    /// Those about the recordings that a store has looked up.
    pub fn of(store: &FeatureStore) -> Self {
        Self(store.remarks())
    }

    /// Adds those of another reading of the same recordings, or of others; a recording keeps what was said of it first.
    pub fn add(&mut self, other: Self) {
        for (file, remarks) in other.0 {
            self.0.entry(file).or_insert(remarks);
        }
    }

    /// Adds what is to be said about one recording.
    pub fn say(&mut self, file: &str, remarks: ClipRemarks) {
        self.0.entry(file.to_owned()).or_insert(remarks);
    }

    /// All that is said about a recording, in words.
    pub fn note(&self, file: &str) -> Option<String> {
        self.0.get(file).map(ClipRemarks::to_string)
    }

    /// Recordings that are used in part, and what is missing of each.
    pub fn damaged(&self) -> Skips {
        self.said(true)
    }

    /// Recordings that are used whole, and what is odd about each.
    pub fn notes(&self) -> Skips {
        self.said(false)
    }

    fn said(&self, damaged: bool) -> Skips {
        let these = self
            .0
            .iter()
            .filter(|(_, remarks)| remarks.damage.is_some() == damaged);
        these
            .map(|(file, remarks)| (file.clone(), remarks.to_string()))
            .collect()
    }
}

/// Recordings that a line of notes names.
const NAMED: usize = 5;

/// Notes about files as lines: those that differ in numbers alone are one line, with at most five examples.
pub fn grouped_notes(notes: &[(String, String)]) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    for (file, note) in notes {
        let kind = note.replace(|c: char| c.is_ascii_digit(), "");
        groups.entry(kind).or_default().push((file, note));
    }
    let line = |group: Vec<(&str, &str)>| match group.as_slice() {
        [(file, note)] => format!("{file}: {note}"),
        many => {
            let named: Vec<&str> = many.iter().take(NAMED).map(|(file, _)| *file).collect();
            let more = match many.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let note = many.first().map_or("", |(_, note)| *note);
            format!("{} recordings: {note} ({}{more})", many.len(), named.join(", "))
        }
    };
    groups.into_values().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::ClipDamage;

    #[test]
    fn many_notes_are_one_line() {
        let of = |n: usize| -> Vec<(String, String)> {
            (0..n)
                .map(|i| (format!("{i}.wav"), format!("the header says {i} samples")))
                .collect()
        };
        assert_eq!(grouped_notes(&of(1)), ["0.wav: the header says 0 samples"]);
        assert_eq!(
            grouped_notes(&of(7)),
            ["7 recordings: the header says 0 samples (0.wav, 1.wav, 2.wav, 3.wav, 4.wav and 2 more)"]
        );
        let other = [of(2), vec![("x".to_owned(), "is odd".to_owned())]].concat();
        assert_eq!(grouped_notes(&other).len(), 2);
    }

    #[test]
    fn damage_and_notes_are_kept_apart() {
        let odd = ClipRemarks {
            damage: None,
            notes: vec!["its size is wrong".into()],
        };
        let cut = ClipRemarks {
            damage: Some(ClipDamage {
                seconds: 2.0,
                lost_seconds: Some(1.0),
                losses: vec!["1.000 s are missing at byte 9: it ends there".into()],
            }),
            notes: vec!["its size is wrong".into()],
        };
        let mut remarks = Remarks::default();
        remarks.say("b.wav", odd.clone());
        remarks.say("a.wav", cut);
        let mut again = Remarks::default();
        again.say("a.wav", odd);
        remarks.add(again);
        let (damaged, notes) = (remarks.damaged(), remarks.notes());
        assert_eq!(damaged.len(), 1);
        assert_eq!(
            damaged[0].1,
            "2.0 of 3.0 s of it are used; 1.000 s are missing at byte 9: it ends there; its size is wrong"
        );
        assert_eq!(notes, [("b.wav".to_owned(), "its size is wrong".to_owned())]);
        assert_eq!(remarks.note("c.wav"), None);
    }
}
