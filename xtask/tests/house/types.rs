//! Public type names that stand for two things.

use crate::Source;
use std::collections::BTreeMap;
use syn::spanned::Spanned;
use syn::visit::Visit;

/// Names that may occur more than once, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// One line for each name with more than one definition.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| !source.is_test && source.crate_name() != "xtask")
    {
        let mut types = Types {
            source,
            places: &mut places,
        };
        types.visit_file(&source.syntax);
    }
    places.retain(|name, places| places.len() > 1 && !EXCEPTIONS.iter().any(|(exempt, _)| exempt == name));
    places
        .into_iter()
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect()
}

struct Types<'a> {
    source: &'a Source,
    places: &'a mut BTreeMap<String, Vec<String>>,
}

impl<'ast> Visit<'ast> for Types<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (visibility, name) = match item {
            syn::Item::Struct(item) => (&item.vis, &item.ident),
            syn::Item::Enum(item) => (&item.vis, &item.ident),
            syn::Item::Union(item) => (&item.vis, &item.ident),
            syn::Item::Trait(item) => (&item.vis, &item.ident),
            syn::Item::Type(item) => (&item.vis, &item.ident),
            syn::Item::Mod(_) => return syn::visit::visit_item(self, item),
            _ => return,
        };
        let line = name.span().start().line;
        if matches!(visibility, syn::Visibility::Public(_)) && !self.source.in_test(item.span().start().line)
        {
            self.places
                .entry(name.to_string())
                .or_default()
                .push(format!("{}:{line}", self.source.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_public_once() {
        let a = Source::parse(
            "crates/earmark-a/src/lib.rs",
            "pub struct Step;\npub(crate) enum Cut {}\n",
        )
        .unwrap();
        let b = Source::parse(
            "crates/earmark-b/src/lib.rs",
            "mod x { pub enum Step {} }\npub trait Cut {}\n",
        )
        .unwrap();
        assert_eq!(
            findings(&[a, b]),
            ["Step: crates/earmark-a/src/lib.rs:1, crates/earmark-b/src/lib.rs:1"]
        );
    }
}
