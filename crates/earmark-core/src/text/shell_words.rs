//! Words and command lines as a shell reads them.

use std::borrow::Cow;

/// A word as a POSIX shell reads it back (by the `shlex` crate). A NUL, which no shell can pass on, is left out.
pub fn quote(word: &str) -> String {
    let word: Cow<str> = if word.contains('\0') {
        word.replace('\0', "").into()
    } else {
        word.into()
    };
    shlex::try_quote(&word).map_or_else(|_| word.to_string(), Cow::into_owned)
}

/// A command line that a POSIX shell reads back as the same words.
pub fn command_line<S: AsRef<str>>(words: &[S]) -> String {
    words
        .iter()
        .map(|word| quote(word.as_ref()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_words_stay_plain() {
        assert_eq!(quote("runs/first-1.wav"), "runs/first-1.wav");
        assert_eq!(command_line(&["tag", "a b", ""]), "tag 'a b' ''");
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_what_was_quoted(words in proptest::collection::vec("[^\0]*", 0..5)) {
            prop_assert_eq!(shlex::split(&command_line(&words)), Some(words));
        }
    }
}
