//! Runs the fuzz targets of `fuzz/`, each for a given time. Their list, `fuzz/targets.txt`, is also read by their plain tests.

use crate::{cargo, root, run};
use anyhow::{Context, bail, ensure};
use std::process::{Command, Stdio};

const INSTALL: &str = "cargo-fuzz is not installed: `cargo install cargo-fuzz --locked`; it needs Linux or macOS and a C++ compiler";

/// What libFuzzer calls a hang in seconds, and too much memory in MiB.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=1024"];

/// A line of the list.
struct Target {
    name: String,
    /// Feature of the fuzz crate that it needs.
    feature: Option<String>,
    longest: String,
    dictionary: Option<String>,
    /// Folders.
    seeds: Vec<String>,
}

/// Prints the names of the targets.
pub fn list() -> anyhow::Result<()> {
    for target in targets()? {
        println!("{}", target.name);
    }
    Ok(())
}

/// Fuzzes every target, or those of these names, for `seconds` each. One that finds something does not end the others.
pub fn run_targets(seconds: &str, names: &[&str]) -> anyhow::Result<()> {
    let seconds: u32 = seconds.parse().with_context(|| {
        format!("`{seconds}` is not a number of seconds; for example `cargo xtask fuzz 60`")
    })?;
    let all = targets()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| all.iter().all(|target| target.name != **name))
    {
        bail!("there is no fuzz target `{unknown}`; `cargo xtask fuzz --list` names all");
    }
    let mut version = cargo("fuzz --version");
    let version = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(version.is_ok_and(|status| status.success()), INSTALL);
    let wanted = |target: &&Target| names.is_empty() || names.contains(&target.name.as_str());
    let mut found = Vec::new();
    for target in all.iter().filter(wanted) {
        println!("==> {} for {seconds} s", target.name);
        std::fs::create_dir_all(root().join(corpus(target)))?;
        if let Err(failure) = run(&mut command(target, seconds)) {
            println!("==> {}: {failure}", target.name);
            found.push(target.name.as_str());
        }
    }
    let found = found.join(", ");
    ensure!(
        found.is_empty(),
        "failed: {found}; inputs that were found are in fuzz/artifacts, and fuzz/README.md says what to do with them"
    );
    Ok(())
}

/// New inputs go there; it is not committed.
fn corpus(target: &Target) -> String {
    format!("fuzz/corpus/{}", target.name)
}

fn command(target: &Target, seconds: u32) -> Command {
    let mut command = cargo("fuzz run");
    // Sanitizers are not stable; this lets the compiler of the workspace have them.
    command.env("RUSTC_BOOTSTRAP", "1");
    if let Some(feature) = &target.feature {
        command.args(["--features", feature]);
    }
    command.args([&target.name, &corpus(target)]).args(&target.seeds);
    command.arg("--").args(LIMITS);
    command.arg(format!("-max_len={}", target.longest));
    command.arg(format!("-max_total_time={seconds}"));
    if let Some(dictionary) = &target.dictionary {
        command.arg(format!("-dict=fuzz/dictionaries/{dictionary}.dict"));
    }
    command
}

fn targets() -> anyhow::Result<Vec<Target>> {
    let path = root().join("fuzz/targets.txt");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parsed = lines.map(|line| parse(line).with_context(|| format!("{}: {line}", path.display())));
    parsed.collect()
}

fn parse(line: &str) -> Option<Target> {
    let mut words = line.split_whitespace();
    let optional = |word: &str| (word != "-").then(|| word.to_owned());
    let name = words.next()?.to_owned();
    let feature = optional(words.next()?);
    let _mutations = words.next()?;
    Some(Target {
        name,
        feature,
        longest: words.next()?.to_owned(),
        dictionary: optional(words.next()?),
        // libFuzzer takes all files of a folder; those that are no seeds do no harm.
        seeds: words
            .map(|place| place.split("/*").next().unwrap_or(place).to_owned())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_what_it_needs() {
        let targets = targets().unwrap();
        assert!(targets.len() > 15);
        for target in &targets {
            assert!(!target.seeds.is_empty(), "{}", target.name);
            for folder in &target.seeds {
                assert!(root().join(folder).is_dir(), "{folder}");
            }
            if let Some(dictionary) = &target.dictionary {
                let path = root().join(format!("fuzz/dictionaries/{dictionary}.dict"));
                assert!(path.is_file(), "{dictionary}");
            }
        }
    }

    #[test]
    fn a_line_becomes_a_command() {
        let target = parse("a_b networks 100 64 table fuzz/seeds/a_b crates/x/tests/*.pt").unwrap();
        let command = command(&target, 9);
        let arguments: Vec<_> = command
            .get_args()
            .map(|argument| argument.to_string_lossy())
            .collect();
        let wanted = "fuzz run --features networks a_b fuzz/corpus/a_b fuzz/seeds/a_b crates/x/tests -- -timeout=10 -rss_limit_mb=1024 \
                      -max_len=64 -max_total_time=9 -dict=fuzz/dictionaries/table.dict";
        assert_eq!(arguments.join(" "), wanted);
        let plain = parse("a - 1 2 - b").unwrap();
        assert_eq!((plain.feature, plain.dictionary), (None, None));
    }
}
