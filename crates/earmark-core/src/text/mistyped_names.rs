//! The name that a mistyped one means ("did you mean").

/// The candidate most similar to `name`, if it is similar enough to be the same word mistyped.
///
/// Letter case, spaces, `_` and `-` count for nothing; beyond that at most a third of the letters (and at least one) may
/// differ, be missing or change places (optimal string alignment, by the `strsim` crate). Ties go to the first candidate.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = letters(name);
    let wanted_len = wanted.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = letters(candidate);
            let other_len = other.chars().count();
            let allowed = (wanted_len.max(other_len) / 3).max(1);
            // An unclosed quote makes a name of half a table, too long to compare with all.
            if wanted_len.abs_diff(other_len) > allowed {
                return None;
            }
            let distance = strsim::osa_distance(&wanted, &other);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What serde says of a value that a closed set does not have (unknown variant `x`, expected one of `a`, `b`), with the
/// name that may be meant; any other message as it is.
pub fn with_nearest_variant(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| message.starts_with("unknown variant `"));
    match unknown.and_then(|unknown| suggest(unknown, quoted)) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message.to_owned(),
    }
}

/// Lower-case letters and digits only, so that `Bass drum`, `bass_drum` and `Bass-Drum` are equal.
fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_closed_set_is_found() {
        let of_many = "unknown variant `folder`, expected one of `csv`, `folders`, `events`";
        assert_eq!(
            with_nearest_variant(of_many),
            format!("{of_many}; did you mean `folders`?")
        );
        let of_two = "unknown variant `slany`, expected `htk` or `slaney`";
        assert_eq!(
            with_nearest_variant(of_two),
            format!("{of_two}; did you mean `slaney`?")
        );
        for other in [
            "unknown variant `zebra`, expected `htk` or `slaney`",
            "unknown field `cvs`, expected `csv`",
            "unknown variant",
            "",
        ] {
            assert_eq!(with_nearest_variant(other), other);
        }
    }

    #[test]
    fn finds_the_mistyped_name() {
        let names = ["Bass_drum", "Bass_guitar", "Bark"];
        assert_eq!(suggest("bass drum", names), Some("Bass_drum"));
        assert_eq!(suggest("Bas_gitar", names), Some("Bass_guitar"));
        assert_eq!(suggest("Brak", names), Some("Bark"));
        assert_eq!(suggest("Cork", names), None); // two of four letters differ: too far for a word this short
        assert_eq!(suggest("Zebra", names), None);
        assert_eq!(
            suggest("batch-sise", ["batch-size", "epochs"]),
            Some("batch-size")
        );
        assert_eq!(
            suggest("learningrate", ["learning-rate", "loss"]),
            Some("learning-rate")
        );
        assert_eq!(suggest("zzz", ["learning-rate", "loss"]), None);
        // What an unclosed quote makes of a table; with every name compared in full this test would take minutes.
        let swallowed = "Bark,0\n".repeat(100_000);
        let many: Vec<String> = (0..2_000).map(|i| format!("clip number {i}")).collect();
        assert_eq!(suggest(&swallowed, many.iter().map(String::as_str)), None);
    }
}
