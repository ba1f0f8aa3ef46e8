//! Commands of cargo features, in builds without them: they are unknown to the parser, so that neither help nor
//! completions offer them, but not to users, who read of them.

use crate::given;
use anyhow::anyhow;
use clap::error::ErrorKind;

/// Why a command is refused that this build leaves out.
pub fn explain(refusal: &clap::Error) -> Option<anyhow::Error> {
    // A build that has them knows them: something else is unknown.
    if cfg!(feature = "serve") {
        return None;
    }
    match refusal.kind() {
        ErrorKind::InvalidSubcommand => not_built(&given::words()),
        _ => None,
    }
}

/// The same for a command line whose command is unknown.
fn not_built(words: &[String]) -> Option<anyhow::Error> {
    let names = words.iter().skip(1).map(String::as_str);
    let mut names = names.filter(|word| !word.starts_with('-') && *word != "help");
    let (command, feature) = match (names.next(), names.next()) {
        (Some("serve"), _) => ("serve", "serve"),
        (Some("review"), Some("serve")) => ("review serve", "serve"),
        _ => return None,
    };
    Some(anyhow!(
        "{command}: this build does not include it; build with `cargo build --release --features {feature}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_features_are_known_by_their_place() {
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            not_built(&words).map(|e| e.to_string())
        };
        let wanted = |command: &str| {
            Some(format!(
                "{command}: this build does not include it; build with `cargo build --release --features serve`"
            ))
        };
        for line in [
            "earmark serve",
            "earmark -q serve --model x",
            "earmark help serve",
        ] {
            assert_eq!(of(line), wanted("serve"), "{line}");
        }
        assert_eq!(of("earmark review serve runs/cv"), wanted("review serve"));
        for line in [
            "earmark",
            "earmark data serve",
            "earmark review srve",
            "earmark tag serve",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
