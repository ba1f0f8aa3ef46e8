//! Which classes are detected.

use super::TagError;
use earmark_core::text::suggest;

/// Number of names that an error suggests.
const PROPOSALS: usize = 5;

/// The numbers of the classes in `--classes`, in the order of the model; all of them without any argument.
///
/// An argument is one name or several, separated by commas. Case does not matter. Names may contain commas themselves (AudioSet's
/// "Child speech, kid speaking"): the longest run of pieces between commas that is a name is taken as one.
///
/// # Errors
///
/// For a name that the model does not have, with similar ones.
pub fn choose(classes: &[String], words: &[String]) -> Result<Vec<usize>, TagError> {
    if words.is_empty() {
        return Ok((0..classes.len()).collect());
    }
    let lower: Vec<String> = classes.iter().map(|c| c.to_lowercase()).collect();
    let mut chosen = vec![false; classes.len()];
    for word in words {
        let pieces: Vec<&str> = word.split(',').collect();
        let mut at = 0;
        while at < pieces.len() {
            let longest = (at + 1..=pieces.len()).rev().find_map(|end| {
                let name = pieces[at..end].join(",").trim().to_lowercase();
                lower.iter().position(|c| *c == name).map(|class| (class, end))
            });
            match longest {
                Some((class, end)) => {
                    chosen[class] = true;
                    at = end;
                }
                None if pieces[at].trim().is_empty() => at += 1,
                None => return Err(unknown(classes, pieces[at].trim())),
            }
        }
    }
    Ok((0..classes.len()).filter(|c| chosen[*c]).collect())
}

fn unknown(classes: &[String], name: &str) -> TagError {
    let wanted = name.to_lowercase();
    let inside = classes
        .iter()
        .filter(|c| c.to_lowercase().contains(&wanted))
        .map(String::as_str);
    let mut near: Vec<&str> = suggest(name, classes.iter().map(String::as_str))
        .into_iter()
        .chain(inside)
        .collect();
    let mut seen = std::collections::HashSet::new();
    near.retain(|n| seen.insert(*n));
    near.truncate(PROPOSALS);
    let remedy = if near.is_empty() {
        let first: Vec<&str> = classes.iter().take(PROPOSALS).map(String::as_str).collect();
        let more = match classes.len() - first.len() {
            0 => String::new(),
            more => format!(" and {more} more (`earmark models info MODEL` lists them)"),
        };
        format!("its classes are {}{more}", first.join(" | "))
    } else {
        format!("did you mean {}?", near.join(" | "))
    };
    TagError::Request(format!(
        "--classes {name}: the model has no class of that name; {remedy}"
    ))
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
    }

    #[test]
    fn unknown_names_are_refused_with_near_ones() {
        let classes = names(&["Speech", "Child speech", "Dog", "Doorbell", "Cat", "Cow", "Bee"]);
        let message = |word: &str| choose(&classes, &names(&[word])).unwrap_err().to_string();
        assert_eq!(
            message("Dgo"),
            "--classes Dgo: the model has no class of that name; did you mean Dog?"
        );
        assert_eq!(
            message("peech"),
            "--classes peech: the model has no class of that name; did you mean Speech | Child speech?"
        );
        assert_eq!(
            message("xylophone"),
            "--classes xylophone: the model has no class of that name; its classes are Speech | Child speech | Dog | Doorbell | Cat and 2 \
             more (`earmark models info MODEL` lists them)"
        );
    }
}
