//! Classes whose names nearly coincide, as tables and folders made by hand have them.

use std::collections::BTreeMap;

use earmark_core::human::human_amount;

use crate::dataset::class_map::ClassMap;

/// What to know about two classes whose names differ in letter case, spaces, hyphens or underscores alone.
pub(super) fn similar_classes(classes: &ClassMap) -> Option<String> {
    let mut first_of: BTreeMap<String, &str> = BTreeMap::new();
    let mut pairs = Vec::new();
    for name in classes.names() {
        let letters = name
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'));
        let plain: String = letters.flat_map(char::to_lowercase).collect();
        match first_of.get(&plain) {
            Some(first) => pairs.push((*first, name)),
            None => {
                first_of.insert(plain, name);
            }
        }
    }
    let (first, second) = pairs.first()?;
    let more = match pairs.len() {
        1 => String::new(),
        n => format!(
            ", as well as {}",
            human_amount(n - 1, "other pair", "other pairs")
        ),
    };
    Some(format!(
        "the classes {first:?} and {second:?} differ in letter case, spaces, hyphens or underscores alone{more}; if \
         they are one, rename one of them, or add classes.rename = {{ {second:?} = {first:?} }} to [data]"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nearly_coincide_are_said() {
        let of = |names: &[&str]| similar_classes(&ClassMap::from_labels(names.iter().copied()));
        let note = of(&["Great Tit", "great_tit", "owl"]).unwrap();
        assert!(
            note.starts_with("the classes \"Great Tit\" and \"great_tit\" differ in letter case"),
            "{note}"
        );
        let two = of(&["Dog", "dog", "DOG"]).unwrap();
        assert!(two.contains("alone, as well as 1 other pair; if"), "{two}");
        assert_eq!(of(&["dog", "dogs", "C", "C#"]), None);
    }
}
