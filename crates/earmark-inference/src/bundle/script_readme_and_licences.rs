//! The texts of a bundle: script, instructions, licences.

use super::description::{BundleDescription, PROGRAM};
use earmark_metrics::BlendMean;
use std::fmt::Write;

const MIT: &str = include_str!("../../LICENSE-MIT");
const APACHE: &str = include_str!("../../LICENSE-APACHE");

fn mean(d: &BundleDescription) -> &'static str {
    match d.mean {
        BlendMean::Arithmetic => "arithmetic",
        BlendMean::Geometric => "geometric",
    }
}

/// The launcher, for any POSIX shell.
pub(super) fn script(d: &BundleDescription) -> String {
    let models: Vec<String> = d
        .models
        .iter()
        .map(|m| format!("    \"$here/{}\" \\\n", m.file))
        .collect();
    let weights = d.weights.as_ref().map_or(String::new(), |weights| {
        let weights: Vec<String> = weights.iter().map(f64::to_string).collect();
        format!(" --weights {}", weights.join(","))
    });
    format!(
        r#"#!/bin/sh
# Scores the recordings in DATA with the models next to this script and writes a submission. Needs no network and no installation.
# Usage: sh predict.sh DATA OUT.csv [further arguments of `earmark predict`, such as --subset test or --format csv]
set -eu
if [ "$#" -lt 2 ]; then
    echo "usage: sh predict.sh DATA OUT.csv [ARGUMENTS OF earmark predict]" >&2
    exit 1
fi
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
data=$1
out=$2
shift 2

# Uploads and read-only disks can lose the permission to execute: then a copy is run.
program="$here/{PROGRAM}"
if [ ! -x "$program" ]; then
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    cp "$program" "$copy/{PROGRAM}"
    chmod +x "$copy/{PROGRAM}"
    program="$copy/{PROGRAM}"
fi

case " $* " in
*" --format"*) ;;
*) set -- --format kaggle2019 "$@" ;;
esac
# In a folder without any table, every recording is scored.
case " $* " in
*" --layout"*) ;;
*)
    if [ -d "$data" ] && [ -z "$(find "$data" -name '*.csv' | head -n 1)" ]; then
        set -- --layout folders "$@"
    fi
    ;;
esac

"$program" predict \
{}    --mean {}{weights} --data "$data" -o "$out" "$@"
"#,
        models.concat(),
        mean(d)
    )
}

/// How to use it.
pub(super) fn readme(d: &BundleDescription) -> String {
    let mut models = String::new();
    for (k, m) in d.models.iter().enumerate() {
        let weight = d
            .weights
            .as_ref()
            .map_or(String::new(), |w| format!(", weight {}", w[k]));
        let _ = writeln!(models, "- `{}`: {}, step {}{weight}", m.file, m.recipe, m.step); // writing to a String cannot fail
    }
    let blended = match d.models.len() {
        1 => String::new(),
        _ => format!("\nThe scores are the {} mean of theirs.\n", mean(d)),
    };
    let needs = match d.program.r#static {
        Some(true) => "It is static and runs on any Linux with this kind of processor.",
        Some(false) => {
            "It needs a C library at least as new as that of the system it was built on. For any Linux with this kind of processor, \
             take the static one of a release, or `cargo xtask release` in earmark's source, and pack it with \
             `earmark bundle --program FILE`."
        }
        None => "It runs on the kind of system that it was built for.",
    };
    format!(
        "# A bundle of earmark {}\n\n\
         Scores recordings for {} classes (`classes.csv`), without network and installation:\n\n\
         ```sh\nsh predict.sh DATA submission.csv\n```\n\n\
         DATA is a folder of recordings, or a data set in the layout that the models were trained on; of the latter the subset `test` is\n\
         scored, where it has one. What follows the two names goes to `earmark predict`: `--format csv`, `--subset curated`,\n\
         `--layout folders` (every recording below DATA, whatever tables there are). Exit status: 0 done, 2 done but some recordings\n\
         could not be read (each is named), 1 failed.\n\n\
         `sha256sum -c SHA256SUMS` checks that all files are unchanged.\n\n\
         ## Models\n\n{models}{blended}\n## BundledProgram\n\n`{PROGRAM}` is all of earmark: `./{PROGRAM} --help`. {needs}\n",
        d.version, d.classes
    )
}

/// Licences of the weights and of the program.
pub(super) fn licences(d: &BundleDescription) -> String {
    let mut weights = String::new();
    for m in &d.models {
        let licence = m.licence.as_deref().unwrap_or("not stated; ask its author");
        let _ = writeln!(weights, "- `{}` ({}): {licence}", m.file, m.recipe); // writing to a String cannot fail
    }
    format!(
        "# Licences\n\n## Weights\n\n{weights}\n## BundledProgram\n\n\
         earmark is licensed under either of the two licences below, at your option. It contains libraries under licences of their\n\
         own, which its source lists (`Cargo.lock`, `deny.toml`).\n\n### MIT\n\n```text\n{}\n```\n\n### Apache 2.0\n\n```text\n{}\n```\n",
        MIT.trim_end(),
        APACHE.trim_end()
    )
}
