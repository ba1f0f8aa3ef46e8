//! Which class of a table another table means by one of a species' names.

use std::collections::BTreeSet;

use earmark_core::labels::species_parts;

/// The only one of these classes that is the same species: one of both has both names (`Turdus merula_Common
/// Blackbird`), the other one of them. `None` where there is none, or several.
pub(super) fn same_species<'a>(name: &str, classes: &BTreeSet<&'a str>) -> Option<&'a str> {
    let has = |label: &str, part: &str| species_parts(label).is_some_and(|parts| parts.contains(&part));
    let same = |class: &&str| has(class, name) || has(name, class);
    let mut found = classes.iter().copied().filter(same);
    match (found.next(), found.next()) {
        (Some(class), None) => Some(class),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_of_a_species_is_enough() {
        let classes = BTreeSet::from([
            "Turdus merula_Blackbird",
            "Agelaius phoeniceus_Blackbird",
            "Great Tit",
            "Dog",
        ]);
        for (name, class) in [
            ("Turdus merula", Some("Turdus merula_Blackbird")),
            ("Parus major_Great Tit", Some("Great Tit")),
            ("Blackbird", None),
            ("Cat", None),
        ] {
            assert_eq!(same_species(name, &classes), class, "{name}");
        }
    }
}
