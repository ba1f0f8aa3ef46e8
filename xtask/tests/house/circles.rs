//! Circles of imports: files of one crate that take names from each other.
//!
//! A name counts for the file that defines it, however many `pub use` it came through. Declaring a module, handing a
//! name on, and taking what the folder's own `mod.rs` (or the crate's `lib.rs`) holds for all are not counted.

use crate::Source;
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit::Visit;

/// Circles that may stay, each by one of its files and with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

type Path = Vec<String>;

/// One finding for each circle, with the names that tie it.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| !source.is_test && source.path.contains("/src/"))
    {
        crates.entry(source.crate_name()).or_default().push(source);
    }
    crates.values().flat_map(|sources| of_crate(sources)).collect()
}

/// What a file says of names.
#[derive(Default)]
struct File {
    module: Path,
    /// Items that the file defines.
    defines: BTreeSet<String>,
    /// Names that it takes from elsewhere, by `use`: name here to whole path.
    uses: BTreeMap<String, Path>,
    /// Modules whose names it takes all.
    globs: Vec<Path>,
    /// Whole paths that it names, without those it merely hands on.
    imports: BTreeSet<Path>,
}

fn of_crate(sources: &[&Source]) -> Vec<String> {
    let modules: BTreeSet<Path> = sources.iter().map(|source| module_path(&source.path)).collect();
    let files: Vec<File> = sources.iter().map(|source| read(source, &modules)).collect();
    let by_module: BTreeMap<&[String], usize> = files
        .iter()
        .enumerate()
        .map(|(k, file)| (file.module.as_slice(), k))
        .collect();
    let counts = |from: usize, to: usize| !files[from].module.starts_with(&files[to].module);
    let mut arrows: BTreeMap<usize, BTreeMap<usize, BTreeSet<&str>>> = BTreeMap::new();
    for (from, file) in files.iter().enumerate() {
        for path in &file.imports {
            if let Some(to) = definer(path, &files, &by_module, 0).filter(|&to| counts(from, to)) {
                let name = path.last().map_or("", String::as_str);
                arrows
                    .entry(from)
                    .or_default()
                    .entry(to)
                    .or_default()
                    .insert(name);
            }
        }
    }
    let reach: Vec<BTreeSet<usize>> = (0..files.len()).map(|from| reachable(from, &arrows)).collect();
    let mut circles: BTreeSet<Vec<usize>> = BTreeSet::new();
    for from in (0..files.len()).filter(|&from| reach[from].contains(&from)) {
        circles.insert(
            (0..files.len())
                .filter(|&to| reach[from].contains(&to) && reach[to].contains(&from))
                .collect(),
        );
    }
    let kept = |circle: &&Vec<usize>| {
        !circle
            .iter()
            .any(|&k| EXCEPTIONS.iter().any(|(path, _)| *path == sources[k].path))
    };
    circles
        .iter()
        .filter(kept)
        .map(|circle| describe(circle, sources, &arrows))
        .collect()
}

fn describe(
    circle: &[usize],
    sources: &[&Source],
    arrows: &BTreeMap<usize, BTreeMap<usize, BTreeSet<&str>>>,
) -> String {
    let mut text = format!("{} files", circle.len());
    for from in circle {
        for (to, names) in arrows
            .get(from)
            .into_iter()
            .flatten()
            .filter(|(to, _)| circle.contains(to))
        {
            let names: Vec<&str> = names.iter().copied().collect();
            text += &format!(
                "\n    {} -> {}: {}",
                sources[*from].path,
                sources[*to].path,
                names.join(", ")
            );
        }
    }
    text
}

fn reachable(from: usize, arrows: &BTreeMap<usize, BTreeMap<usize, BTreeSet<&str>>>) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        open.extend(
            arrows
                .get(&file)
                .into_iter()
                .flat_map(BTreeMap::keys)
                .filter(|&&to| seen.insert(to)),
        );
    }
    seen
}

/// The file that defines what a path names: its longest module, or where that takes the name from.
fn definer(
    path: &[String],
    files: &[File],
    modules: &BTreeMap<&[String], usize>,
    depth: usize,
) -> Option<usize> {
    let length = (0..=path.len())
        .rev()
        .find(|&length| modules.contains_key(&path[..length]))?;
    let module = modules[&path[..length]];
    let (file, Some(name)) = (&files[module], path.get(length)) else {
        return Some(module);
    };
    if file.defines.contains(name) || depth > 8 {
        return Some(module);
    }
    if let Some(whole) = file.uses.get(name) {
        return definer(whole, files, modules, depth + 1);
    }
    let found = file.globs.iter().find_map(|glob| {
        let target = *modules.get(glob.as_slice())?;
        let whole: Path = glob.iter().chain([name]).cloned().collect();
        (target != module)
            .then(|| definer(&whole, files, modules, depth + 1))
            .flatten()
    });
    Some(found.unwrap_or(module))
}

fn module_path(path: &str) -> Path {
    let inside = path
        .split_once("/src/")
        .map_or("", |(_, inside)| inside)
        .trim_end_matches(".rs");
    let mut parts: Path = inside.split('/').map(str::to_owned).collect();
    parts.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    parts
}

fn read(source: &Source, modules: &BTreeSet<Path>) -> File {
    let file = File {
        module: module_path(&source.path),
        ..File::default()
    };
    let mut reader = Reader {
        source,
        modules,
        file,
    };
    reader.visit_file(&source.syntax);
    reader.file
}

struct Reader<'a> {
    source: &'a Source,
    modules: &'a BTreeSet<Path>,
    file: File,
}

impl Reader<'_> {
    /// The path from the crate's root, if it is one of this crate.
    fn whole(&self, path: &[String]) -> Option<Path> {
        let mut base = self.file.module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
                return Some(base.iter().chain(rest).cloned().collect());
            }
            child => {
                base.push(child.to_owned());
                return self
                    .modules
                    .contains(&base)
                    .then(|| base.iter().chain(&path[1..]).cloned().collect());
            }
        }
        Some(base.iter().chain(&rest[1..]).cloned().collect())
    }

    fn use_tree(&mut self, tree: &syn::UseTree, mut path: Path, handed_on: bool) {
        let (name, here) = match tree {
            syn::UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                return self.use_tree(&tree.tree, path, handed_on);
            }
            syn::UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.use_tree(tree, path.clone(), handed_on));
            }
            syn::UseTree::Glob(_) => {
                if let Some(whole) = self.whole(&path) {
                    self.file.globs.push(whole.clone());
                    self.file.imports.extend((!handed_on).then_some(whole));
                }
                return;
            }
            syn::UseTree::Name(tree) => (tree.ident.to_string(), tree.ident.to_string()),
            syn::UseTree::Rename(tree) => (tree.ident.to_string(), tree.rename.to_string()),
        };
        if name != "self" {
            path.push(name);
        }
        if let Some(whole) = self.whole(&path) {
            self.file.imports.extend((!handed_on).then(|| whole.clone()));
            self.file.uses.insert(here, whole);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if self.source.in_test(item.span().start().line) {
            return;
        }
        match item {
            syn::Item::Fn(item) => self.file.defines.insert(item.sig.ident.to_string()),
            syn::Item::Struct(item) => self.file.defines.insert(item.ident.to_string()),
            syn::Item::Enum(item) => self.file.defines.insert(item.ident.to_string()),
            syn::Item::Trait(item) => self.file.defines.insert(item.ident.to_string()),
            syn::Item::Type(item) => self.file.defines.insert(item.ident.to_string()),
            syn::Item::Const(item) => self.file.defines.insert(item.ident.to_string()),
            syn::Item::Static(item) => self.file.defines.insert(item.ident.to_string()),
            syn::Item::Use(item) => {
                let handed_on = !matches!(item.vis, syn::Visibility::Inherited);
                return self.use_tree(&item.tree, Vec::new(), handed_on);
            }
            _ => false,
        };
        syn::visit::visit_item(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Path = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if segments.len() > 1 {
            let whole = self.whole(&segments);
            self.file.imports.extend(whole);
        }
        syn::visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let path = |name: &str| format!("crates/earmark-x/src/{name}");
        let sources: Vec<Source> = files
            .iter()
            .map(|(name, text)| Source::parse(&path(name), text).unwrap())
            .collect();
        findings(&sources)
    }

    #[test]
    fn names_count_for_the_file_that_defines_them() {
        let lib = ("lib.rs", "mod a;\nmod b;\npub use a::A;\n");
        let a = (
            "a.rs",
            "use crate::b::work;\npub struct A;\npub fn f() { work() }\n",
        );
        let found = circles(&[lib, a, ("b.rs", "use crate::A;\npub fn work() -> A { A }\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("src/b.rs -> crates/earmark-x/src/a.rs: A"),
            "{found:?}"
        );
        assert_eq!(circles(&[lib, a, ("b.rs", "pub fn work() {}\n")]), [""; 0]);
    }

    #[test]
    fn tests_and_what_a_folder_shares_tie_nothing() {
        let m = (
            "m/mod.rs",
            "mod a;\nmod b;\nuse a::A;\npub struct Shared;\npub fn f(_: A) {}\n",
        );
        let a = (
            "m/a.rs",
            "use super::Shared;\npub struct A(Shared);\n#[cfg(test)]\nmod tests { use super::b::B; }\n",
        );
        assert_eq!(
            circles(&[m, a, ("m/b.rs", "use super::a::A;\npub struct B(A);\n")]),
            [""; 0]
        );
    }
}
