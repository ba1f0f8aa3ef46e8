//! What is added where a command line lacks an argument whose name alone does not say how to come by one.

use crate::given;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use earmark_core::text::{command_line, one_line};

/// Where models come from.
const MODELS: &str = "A model is a file, a run or the name of an installed model. `earmark models list` lists published \
                      models,\n`earmark models get NAME` installs one, and `earmark fit DIR` makes one of a labelled \
                      folder of sounds.";

/// What a refused command line needs, and how to get it; nothing where the refusal says all.
pub fn remedy(refusal: &clap::Error) -> Option<String> {
    if refusal.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let Some(ContextValue::Strings(missing)) = refusal.get(ContextKind::InvalidArg) else {
        return None;
    };
    let lacks = |name: &str| missing.iter().any(|argument| argument.starts_with(name));
    let words = given::words();
    let command = words.iter().position(|word| word == "blend");
    match command {
        _ if lacks("<MODEL") || lacks("--model ") => Some(MODELS.to_owned()),
        Some(command) if lacks("--out ") => Some(blend(&words[command + 1..])),
        _ => None,
    }
}

/// What a blend needs, as a command with the tables that are given.
fn blend(given: &[String]) -> String {
    let tables = given.iter().take_while(|word| !word.starts_with('-'));
    let mut words: Vec<String> = ["earmark", "blend"].map(str::to_owned).to_vec();
    words.extend(tables.cloned());
    if words.len() == 3 {
        words.push("OTHER.csv".to_owned());
    }
    words.extend(["-o", "blended.csv"].map(str::to_owned));
    format!(
        "A blend takes two score tables or more, and -o names the file for it (- is stdout):\n  {}",
        one_line(&command_line(&words))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blend_is_shown_with_the_tables_that_are_given() {
        let shown = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|word| (*word).to_owned()).collect();
            blend(&given).lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(
            shown(&["a.csv"]),
            "  earmark blend a.csv OTHER.csv -o blended.csv"
        );
        assert_eq!(
            shown(&["a b.csv", "c.csv", "--weights", "1,2"]),
            "  earmark blend 'a b.csv' c.csv -o blended.csv"
        );
    }
}
