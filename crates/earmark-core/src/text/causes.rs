//! Errors with what caused them, in one text.

use std::error::Error;

/// The message of an error and those of its causes. A library's message is complete in itself: a cause that it repeats
/// is left out.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct Failed {
        message: &'static str,
        source: Option<Box<Self>>,
    }

    fn failed(messages: &[&'static str]) -> Failed {
        let (first, causes) = messages.split_first().unwrap();
        Failed {
            message: first,
            source: (!causes.is_empty()).then(|| Box::new(failed(causes))),
        }
    }

    #[test]
    fn each_cause_is_said_once() {
        assert_eq!(
            with_causes(&failed(&["a.wav: cannot be read"])),
            "a.wav: cannot be read"
        );
        let repeated = failed(&["a.wav: no such file", "no such file", "code 2"]);
        assert_eq!(with_causes(&repeated), "a.wav: no such file: code 2");
    }
}
