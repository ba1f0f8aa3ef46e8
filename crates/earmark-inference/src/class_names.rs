//! Names of classes as people type them.

use earmark_core::text::suggest;
use std::collections::HashSet;

/// Number of names that an error suggests.
const PROPOSALS: usize = 5;

/// The number of the class of this name. Letter case and spaces around it do not matter, unless two names differ in nothing else.
pub(crate) fn find_class(classes: &[String], name: &str) -> Option<usize> {
    let lower = |name: &str| name.trim().to_lowercase();
    let wanted = lower(name);
    let exact = classes.iter().position(|class| class == name);
    exact.or_else(|| classes.iter().position(|class| lower(class) == wanted))
}

/// Says that the model has no class of this name, with similar ones.
pub(crate) fn unknown_class(classes: &[String], name: &str) -> String {
    let wanted = name.to_lowercase();
    let inside = classes
        .iter()
        .filter(|c| c.to_lowercase().contains(&wanted))
        .map(String::as_str);
    let mut near: Vec<&str> = suggest(name, classes.iter().map(String::as_str))
        .into_iter()
        .chain(inside)
        .collect();
    let mut seen = HashSet::new();
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
    format!("the model has no class of that name; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn case_counts_only_where_nothing_else_differs() {
        let classes = names(&["Dog", "dog", " Cat"]);
        assert_eq!(find_class(&classes, "dog"), Some(1));
        assert_eq!(find_class(&classes, "DOG "), Some(0));
        assert_eq!(find_class(&classes, "cat"), Some(2));
        assert_eq!(find_class(&classes, "do"), None);
    }

    #[test]
    fn near_names_are_suggested() {
        let classes = names(&["Speech", "Child speech", "Dog", "Doorbell", "Cat", "Cow", "Bee"]);
        let message = |name: &str| unknown_class(&classes, name);
        assert_eq!(
            message("Dgo"),
            "the model has no class of that name; did you mean Dog?"
        );
        assert_eq!(
            message("peech"),
            "the model has no class of that name; did you mean Speech | Child speech?"
        );
        assert_eq!(
            message("xylophone"),
            "the model has no class of that name; its classes are Speech | Child speech | Dog | Doorbell | Cat and 2 more (`earmark \
             models info MODEL` lists them)"
        );
    }
}
