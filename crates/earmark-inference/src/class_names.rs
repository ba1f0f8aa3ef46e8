//! Names of classes as people type them.

use earmark_core::labels::species_parts;
use earmark_core::text::suggest;
use std::collections::HashSet;

/// Number of names that an error suggests.
const PROPOSALS: usize = 5;

/// The number of the class of this name; of a species, either part of its name is enough. Letter case and spaces around
/// it do not matter, unless two names differ in nothing else.
///
/// # Errors
/// Where the name is a part of several species' names: which.
pub(crate) fn find_class(classes: &[String], name: &str) -> Result<Option<usize>, String> {
    let lower = |name: &str| name.trim().to_lowercase();
    let wanted = lower(name);
    let exact = classes.iter().position(|class| class == name);
    let whole = exact.or_else(|| classes.iter().position(|class| lower(class) == wanted));
    if whole.is_some() {
        return Ok(whole);
    }
    let has_part = |class: &str| species_parts(class).is_some_and(|parts| parts.map(lower).contains(&wanted));
    let found: Vec<usize> = (0..classes.len())
        .filter(|class| has_part(&classes[*class]))
        .collect();
    match found[..] {
        [] => Ok(None),
        [class] => Ok(Some(class)),
        _ => {
            let names: Vec<&str> = found.iter().map(|class| classes[*class].as_str()).collect();
            Err(format!(
                "the name is that of several classes; write one of {}",
                names.join(" | ")
            ))
        }
    }
}

/// Says that the model has no class of this name, with similar ones.
pub(crate) fn unknown_class(classes: &[String], name: &str) -> String {
    let wanted = name.to_lowercase();
    let inside = classes
        .iter()
        .filter(|c| c.to_lowercase().contains(&wanted))
        .map(String::as_str);
    let whole = suggest(name, classes.iter().map(String::as_str));
    let parts = classes.iter().filter_map(|class| species_parts(class));
    let of_species = suggest(name, parts.flatten()).map(|near| {
        let species = |class: &&String| species_parts(class).is_some_and(|parts| parts.contains(&near));
        classes.iter().find(species).map_or(near, String::as_str)
    });
    let mut near: Vec<&str> = whole.into_iter().chain(of_species).chain(inside).collect();
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
        assert_eq!(find_class(&classes, "dog"), Ok(Some(1)));
        assert_eq!(find_class(&classes, "DOG "), Ok(Some(0)));
        assert_eq!(find_class(&classes, "cat"), Ok(Some(2)));
        assert_eq!(find_class(&classes, "do"), Ok(None));
    }

    #[test]
    fn either_name_of_a_species_is_enough() {
        let classes = names(&[
            "Turdus merula_Common Blackbird",
            "Agelaius phoeniceus_Blackbird",
            "Turdus merula merula_Blackbird",
            "Bass_drum",
            "Engine_Engine",
            "Parus major_Great Tit",
        ]);
        let find = |name: &str| find_class(&classes, name);
        assert_eq!(find("turdus MERULA"), Ok(Some(0)));
        assert_eq!(find(" common blackbird"), Ok(Some(0)));
        assert_eq!(find("parus major_great tit"), Ok(Some(5)));
        assert_eq!(
            find("Blackbird"),
            Err(
                "the name is that of several classes; write one of Agelaius phoeniceus_Blackbird | Turdus merula \
                 merula_Blackbird"
                    .into()
            )
        );
        // Other labels have no parts.
        assert_eq!(find("drum"), Ok(None));
        assert_eq!(find("Engine"), Ok(None));
        let message = unknown_class(&classes, "great titt");
        assert!(
            message.ends_with("; did you mean Parus major_Great Tit?"),
            "{message}"
        );
        let message = unknown_class(&classes, "Parsu major");
        assert!(
            message.ends_with("; did you mean Parus major_Great Tit?"),
            "{message}"
        );
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
            "the model has no class of that name; its classes are Speech | Child speech | Dog | Doorbell | Cat and \
             2 more (`earmark models info MODEL` lists them)"
        );
    }
}
