//! Names as they are compared where people write one in several ways.

/// The letters and digits of a name, in lower case: `File name`, `file_name` and `FileName` are one.
pub fn letters_and_digits(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_what_is_between_words_do_not_count() {
        for name in ["File name 2", "file_name-2", "FILENAME2", "(fileName 2)"] {
            assert_eq!(letters_and_digits(name), "filename2");
        }
        assert_eq!(letters_and_digits("Übung — é"), "übungé");
        assert_eq!(letters_and_digits("-_ "), "");
    }
}
