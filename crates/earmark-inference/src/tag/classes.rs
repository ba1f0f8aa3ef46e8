//! Which classes are detected.

use super::TagError;
use crate::class_names::{find_class, unknown_class};

/// The numbers of the classes in `--classes`, in the order of the model; all of them without any argument.
///
/// An argument is one name or several, separated by commas. Case does not matter, and either name of a species' label
/// is enough. Names may contain commas themselves (AudioSet's "Child speech, kid speaking"): the longest run of pieces
/// between commas that is a name is taken as one. Names between double quotes are taken as they are, as in a table.
///
/// # Errors
///
/// For a name that the model does not have, with similar ones, one that is a part of several, and arguments without any
/// name.
pub fn choose(classes: &[String], words: &[String]) -> Result<Vec<usize>, TagError> {
    if words.is_empty() {
        return Ok((0..classes.len()).collect());
    }
    let mut chosen = vec![false; classes.len()];
    for word in words {
        let pieces = pieces(word);
        let mut at = 0;
        while at < pieces.len() {
            let longest = (at + 1..=pieces.len()).rev().find_map(|end| {
                let name = pieces[at..end].join(",");
                let class = find_class(classes, &name);
                let class = class
                    .map_err(|several| TagError::Request(format!("--classes {}: {several}", name.trim())));
                Some((class.transpose()?, end))
            });
            match longest {
                Some((class, end)) => {
                    chosen[class?] = true;
                    at = end;
                }
                None if pieces[at].trim().is_empty() => at += 1,
                None => return Err(unknown(classes, pieces[at].trim())),
            }
        }
    }
    let found: Vec<usize> = (0..classes.len()).filter(|c| chosen[*c]).collect();
    match found.is_empty() {
        true => Err(TagError::Request(
            "--classes: names no class; give names, or leave it out to detect all".into(),
        )),
        false => Ok(found),
    }
}

/// The pieces of a list between commas; what is in double quotes is one piece.
fn pieces(word: &str) -> Vec<String> {
    // A single mark is part of a name.
    let quotes = word.matches('"').count().is_multiple_of(2);
    let mut inside = false;
    let pieces = word.split(|c: char| {
        inside ^= quotes && c == '"';
        c == ',' && !inside
    });
    let unquoted = |piece: &str| {
        let quoted = piece.trim().strip_prefix('"')?.strip_suffix('"')?;
        Some(quoted.replace("\"\"", "\""))
    };
    let name = |piece: &str| unquoted(piece).unwrap_or_else(|| piece.to_owned());
    pieces.map(name).collect()
}

fn unknown(classes: &[String], name: &str) -> TagError {
    TagError::Request(format!("--classes {name}: {}", unknown_class(classes, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn names_with_commas_are_names() {
        let classes = names(&["Speech", "Child speech, kid speaking", "Dog", "Waves, surf"]);
        let pick = |words: &[&str]| choose(&classes, &names(words)).unwrap();
        assert_eq!(pick(&[]), [0, 1, 2, 3]);
        assert_eq!(pick(&["dog,speech"]), [0, 2]);
        assert_eq!(
            pick(&["Child speech, kid speaking,Dog", "waves, surf"]),
            [1, 2, 3]
        );
        assert_eq!(pick(&["Dog,"]), [2]);
        // The longest name wins.
        let nested = names(&["Waves", "Waves, surf", "surf"]);
        assert_eq!(choose(&nested, &names(&["Waves, surf"])).unwrap(), [1]);
        // Quotes say where a name ends.
        let quoted = |word: &str| choose(&nested, &names(&[word])).unwrap();
        assert_eq!(quoted("\"Waves\",\"surf\""), [0, 2]);
        assert_eq!(quoted("surf, \"waves, surf\""), [1, 2]);
        assert_eq!(pieces("\"a \"\"b\"\", c\",d"), ["a \"b\", c", "d"]);
        assert_eq!(pieces("7\" single,b"), ["7\" single", "b"]);
    }

    #[test]
    fn unknown_names_are_refused_with_near_ones() {
        let classes = names(&["Speech", "Dog"]);
        let message = choose(&classes, &names(&["Dgo"])).unwrap_err().to_string();
        assert_eq!(
            message,
            "--classes Dgo: the model has no class of that name; did you mean Dog?"
        );
        let species = names(&["Turdus merula_Blackbird", "Agelaius phoeniceus_Blackbird"]);
        assert_eq!(choose(&species, &names(&["turdus merula,"])).unwrap(), [0]);
        let message = choose(&species, &names(&["x, blackbird"]))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("--classes x: the model has no class"),
            "{message}"
        );
        let message = choose(&species, &names(&["turdus merula, blackbird"])).unwrap_err();
        assert_eq!(
            message.to_string(),
            "--classes blackbird: the name is that of several classes; write one of Turdus merula_Blackbird | Agelaius \
             phoeniceus_Blackbird"
        );
        let message = choose(&classes, &names(&[","])).unwrap_err().to_string();
        assert!(message.starts_with("--classes: names no class"), "{message}");
    }
}
