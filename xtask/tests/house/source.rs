//! The Rust files of the workspace, parsed, with what is test code marked.

use crate::root;
use anyhow::{Context, ensure};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::process::Command;
use syn::spanned::Spanned;
use syn::visit::Visit;

/// One Rust file.
pub struct Source {
    /// Path below the root, with `/`.
    pub path: String,
    pub text: String,
    pub syntax: syn::File,
    /// Whether the whole file is test code.
    pub is_test: bool,
    /// The lines of `#[cfg(test)]` items, from 1.
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Parses a file's text.
    pub fn parse(path: &str, text: &str) -> anyhow::Result<Source> {
        let syntax = syn::parse_file(text).with_context(|| format!("{path} could not be parsed"))?;
        let mut tests = TestItems::default();
        tests.visit_file(&syntax);
        Ok(Source {
            path: path.to_owned(),
            text: text.to_owned(),
            syntax,
            is_test: path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs" || part == "fuzz"),
            test_lines: tests.lines,
        })
    }

    /// The crate's folder name, such as `earmark-data`.
    pub fn crate_name(&self) -> &str {
        let path = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        path.split('/').next().unwrap_or(path)
    }

    /// Whether a line (from 1) is test code.
    pub fn in_test(&self, line: usize) -> bool {
        self.is_test || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// The lines that hold code: no blanks, no comments, no documentation.
    pub fn code_lines(&self) -> BTreeSet<usize> {
        let mut lines = BTreeSet::new();
        for token in self.tokens() {
            lines.extend(token.span().start().line..=token.span().end().line);
        }
        lines
    }

    /// All tokens without the groups around them and without documentation; delimiters are left out, as they
    /// are on lines of their own only where the formatter puts them.
    pub fn tokens(&self) -> Vec<TokenTree> {
        let stream: TokenStream = self.text.parse().unwrap_or_default();
        let mut tokens = Vec::new();
        flatten(stream, &self.text, &mut tokens);
        tokens
    }
}

/// The tokens of a stream, with each delimiter as a token of its own.
fn flatten(stream: TokenStream, text: &str, tokens: &mut Vec<TokenTree>) {
    let mut stream = stream.into_iter().peekable();
    while let Some(token) = stream.next() {
        if is_comment(&token, text) {
            // A documentation comment reads as `#`, perhaps `!`, and a group, all at the comment's place.
            while stream.next_if(|next| is_comment(next, text)).is_some() {}
            continue;
        }
        let TokenTree::Group(group) = &token else {
            tokens.push(token);
            continue;
        };
        for span in [group.span_open(), group.span_close()] {
            let mut delimiter = proc_macro2::Punct::new('.', proc_macro2::Spacing::Alone);
            delimiter.set_span(span);
            tokens.push(delimiter.into());
        }
        flatten(group.stream(), text, tokens);
    }
}

fn is_comment(token: &TokenTree, text: &str) -> bool {
    let text = text.get(token.span().byte_range()).unwrap_or_default();
    text.starts_with("//") || text.starts_with("/*")
}

#[derive(Default)]
struct TestItems {
    lines: Vec<RangeInclusive<usize>>,
}

impl<'ast> Visit<'ast> for TestItems {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if attributes.iter().any(is_test_attribute) {
            self.lines.push(item.span().start().line..=item.span().end().line);
        } else {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.attrs.iter().any(is_test_attribute) {
            self.lines.push(item.span().start().line..=item.span().end().line);
        }
    }
}

fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return attribute.path().is_ident("test");
    };
    let tokens = list.tokens.to_string();
    list.path.is_ident("cfg") && tokens.contains("test") && !tokens.contains("not")
}

/// All Rust files of the repository, tracked or new, in order of their paths.
pub fn all() -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in files()? {
        if path.ends_with(".rs") {
            sources.push(Source::parse(
                &path,
                &std::fs::read_to_string(root().join(&path))?,
            )?);
        }
    }
    Ok(sources)
}

/// The repository's files, tracked or new, that are there; paths below the root.
pub fn files() -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git could not be started")?;
    ensure!(
        output.status.success(),
        "git ls-files failed; `house` needs a checkout"
    );
    let paths = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
    let mut files: Vec<String> = paths
        .lines()
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_lines_are_those_with_tokens() {
        let text = "//! Docs.\n\n/// More.\nfn a() {\n    // Why.\n    let x = \"1\n2\";\n\n    /* long\n    */\n}\n";
        let source = Source::parse("crates/earmark-x/src/a.rs", text).unwrap();
        assert_eq!(source.code_lines(), BTreeSet::from([4, 6, 7, 11]));
        assert_eq!(source.crate_name(), "earmark-x");
    }

    #[test]
    fn test_code_is_what_cfg_test_guards_or_is_in_tests() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n#[cfg(not(test))]\nfn c() {}\n";
        let source = Source::parse("crates/earmark-x/src/a.rs", text).unwrap();
        let tests: Vec<usize> = (1..=8).filter(|&line| source.in_test(line)).collect();
        assert_eq!(tests, [3, 4, 5, 6]);
        assert!(Source::parse("crates/earmark-x/tests/a.rs", "").unwrap().is_test);
    }
}
