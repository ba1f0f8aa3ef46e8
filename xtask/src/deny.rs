//! Licences, bans and sources of the crates that the workspace depends on, by cargo-deny (`deny.toml`).

use crate::{cargo, run, target};
use anyhow::Context;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Arguments of cargo.
pub const DENY: &str = "deny check licenses bans sources";

/// The version that is built where none is installed; `.ci/run` builds the same.
const VERSION: &str = "0.20.2";

/// Runs it; where it is not installed, it is built into the target folder first. Both need the network.
pub fn deny() -> anyhow::Result<()> {
    let tools = target().join("tools");
    let mut version = with_tools("deny --version")?;
    let version = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        println!("==> building cargo-deny in {}", tools.display());
        let install = format!("install --debug --locked cargo-deny --version {VERSION} --root");
        run(cargo(&install).arg(&tools))?;
    }
    run(&mut with_tools(DENY)?)
}

/// A cargo that finds the tools of the target folder, too.
fn with_tools(arguments: &str) -> anyhow::Result<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = std::iter::once(target().join("tools/bin"))
        .chain(std::env::split_paths(&path))
        .collect();
    let mut command = cargo(arguments);
    command.env("PATH", std::env::join_paths(all).context("PATH")?);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ci_script_builds_the_same_version() {
        let script = std::fs::read_to_string(crate::root().join(".ci/run")).unwrap();
        let install = format!("cargo install --debug --locked cargo-deny --version {VERSION} --root");
        assert!(script.contains(&install), "{script}");
    }
}
