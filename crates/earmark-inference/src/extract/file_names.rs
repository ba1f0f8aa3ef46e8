//! Names of folders and files that every system takes.

use earmark_core::checksum::Checksum;
use earmark_core::text::composed;
use std::collections::HashSet;

/// Characters that are kept, in addition to letters and digits.
const KEPT: &str = " -_.,()'&+";

/// Most bytes of a name.
const LONGEST: usize = 80;

/// A name like this text that can be that of a file or folder on every system.
pub(super) fn safe_name(text: &str) -> String {
    let kept = |c: char| match c.is_alphanumeric() || KEPT.contains(c) {
        true => c,
        false => '_',
    };
    let mut name: String = composed(text).chars().map(kept).collect();
    while name.len() > LONGEST {
        name.pop();
    }
    // Windows drops dots and blanks at the end; a dot at the start hides a file elsewhere.
    let name = name.trim_matches(['.', ' ']);
    match name.is_empty() || is_device(name) {
        true => format!("_{name}"),
        false => name.to_owned(),
    }
}

/// Whether Windows takes a name for that of a device, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or(name)
        .trim_end()
        .to_ascii_uppercase();
    let is_port = |port: &str| {
        stem.strip_prefix(port)
            .is_some_and(|n| matches!(n.as_bytes(), [b'0'..=b'9']))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || is_port("COM") || is_port("LPT")
}

/// Names that are taken, in one letter case: many disks know only one.
#[derive(Debug, Default)]
pub(super) struct TakenNames(HashSet<String>);

impl TakenNames {
    /// Takes a name; false where it is taken.
    pub fn take(&mut self, name: &str) -> bool {
        self.0.insert(name.to_lowercase())
    }

    /// Takes `name`, or with a checksum of `text` before `ending` where that is taken.
    pub fn unique(&mut self, name: &str, ending: &str, text: &str) -> String {
        let plain = format!("{name}{ending}");
        if self.take(&plain) {
            return plain;
        }
        let checksum = Checksum::of(text.as_bytes());
        let name = format!("{name}-{}", &checksum[..8]);
        let mut found = format!("{name}{ending}");
        let mut others = 0;
        while !self.take(&found) {
            others += 1;
            found = format!("{name}-{others}{ending}");
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_on_every_system() {
        for (text, name) in [
            ("Dog", "Dog"),
            ("Turdus merula_Common Blackbird", "Turdus merula_Common Blackbird"),
            ("Child speech, kid speaking", "Child speech, kid speaking"),
            ("AC/DC: \"live\"?", "AC_DC_ _live__"),
            ("..\\up", "_up"),
            ("../../etc", "_.._etc"),
            (" .hidden. ", "hidden"),
            ("a\nb\u{202e}c", "a_b_c"),
            ("", "_"),
            ("...", "_"),
            ("con", "_con"),
            ("Aux.wav", "_Aux.wav"),
            ("COM1", "_COM1"),
            ("COM10", "COM10"),
            ("Käuzchen", "Käuzchen"),
            ("Ka\u{308}uzchen", "Käuzchen"),
        ] {
            assert_eq!(safe_name(text), name, "{text:?}");
        }
        let long = safe_name(&"ä".repeat(100));
        assert_eq!(long.len(), 80);
    }

    #[test]
    fn what_differs_in_letter_case_alone_gets_another_name() {
        let mut taken = TakenNames::default();
        assert_eq!(taken.unique("Dog", "", "Dog"), "Dog");
        let other = taken.unique("dog", "", "dog");
        assert!(other.starts_with("dog-") && other.len() == 12, "{other}");
        assert_eq!(taken.unique("a_1.000", ".wav", "x/a"), "a_1.000.wav");
        let other = taken.unique("a_1.000", ".wav", "y/a");
        assert!(
            other.starts_with("a_1.000-") && other.ends_with(".wav"),
            "{other}"
        );
        assert_ne!(taken.unique("a_1.000", ".wav", "y/a"), other);
    }
}
