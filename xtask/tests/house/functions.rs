//! Functions that are too long or take too many arguments; clippy holds the same limits (`clippy.toml`), and here
//! is the whole list at once.

use crate::Source;
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::visit::Visit;

const MOST_LINES: usize = 80;
const MOST_ARGUMENTS: usize = 6;
/// Kernels take slices, shapes and strides one by one, and their loops are written out.
const EXEMPT: &str = "earmark-kernels";

/// One line for each function that misses a limit.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.crate_name() != EXEMPT) {
        let mut functions = Functions {
            source,
            code: source.code_lines(),
            findings: Vec::new(),
        };
        functions.visit_file(&source.syntax);
        findings.append(&mut functions.findings);
    }
    findings
}

struct Functions<'a> {
    source: &'a Source,
    code: BTreeSet<usize>,
    findings: Vec<String>,
}

impl Functions<'_> {
    fn check(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (first, last) = (block.span().start().line, block.span().end().line);
        // As clippy counts: what is between the braces.
        let lines = self.code.range(first..=last).count().saturating_sub(2);
        let arguments = signature.inputs.len();
        let place = format!(
            "{}:{}: {}",
            self.source.path,
            signature.span().start().line,
            signature.ident
        );
        if lines > MOST_LINES {
            self.findings.push(format!("{place}: {lines} lines"));
        }
        if arguments > MOST_ARGUMENTS {
            self.findings.push(format!("{place}: {arguments} arguments"));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.check(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.check(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.check(&function.sig, block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: usize, arguments: usize) -> Vec<String> {
        let arguments = (0..arguments).map(|k| format!("a{k}: u8, ")).collect::<String>();
        let text = format!(
            "fn long({arguments}) {{\n{}}}\n",
            "    // No code.\n    call();\n".repeat(lines)
        );
        findings(&[Source::parse("crates/earmark-x/src/a.rs", &text).unwrap()])
    }

    #[test]
    fn limits_are_the_last_good_values() {
        assert_eq!(found(80, 6), [""; 0]);
        assert_eq!(found(81, 6), ["crates/earmark-x/src/a.rs:1: long: 81 lines"]);
        assert_eq!(found(80, 7), ["crates/earmark-x/src/a.rs:1: long: 7 arguments"]);
    }
}
