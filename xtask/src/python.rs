//! The Python package: its wheel, built into the target folder, and its tests, in a virtual environment there.

use crate::{cargo, run, target};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the wheel is built and tested with.
const REQUIREMENTS: &str = "python/tests/requirements.txt";

/// Builds the wheel and tests it. Needs Python 3.11 or later (`PYTHON` names another than `python3`) and, for packages
/// that the environment lacks, the network.
pub fn python() -> anyhow::Result<()> {
    run(&mut cargo("fmt --manifest-path python/Cargo.toml --check"))?;
    let place = target().join("python");
    let python = environment(&place, REQUIREMENTS)?;
    let wheel = build(&python, &place.join("wheels"))?;
    pip(
        &python,
        &["install", "--quiet", "--force-reinstall", "--no-deps"],
        &wheel,
    )?;
    // Nothing is left in the source tree.
    run(Command::new(&python)
        .args(["-m", "pytest", "-p", "no:cacheprovider", "python/tests"])
        .env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// The interpreter of a virtual environment with all requirements that a file lists, made if need be.
pub fn environment(place: &Path, requirements: &str) -> anyhow::Result<PathBuf> {
    let folder = place.join("venv");
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if !python.exists() {
        let system = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        run(Command::new(system).args(["-m", "venv"]).arg(&folder))?;
    }
    let install = ["install", "--quiet", "--disable-pip-version-check", "-r"];
    pip(&python, &install, Path::new(requirements))?;
    Ok(python)
}

/// Builds the wheel with the dependencies that the workspace is built with, and returns its path.
fn build(python: &Path, out: &Path) -> anyhow::Result<PathBuf> {
    for old in wheels(out)? {
        std::fs::remove_file(&old).with_context(|| old.display().to_string())?;
    }
    let mut maturin = Command::new(python);
    maturin
        .args([
            "-m",
            "maturin",
            "build",
            "--release",
            "--locked",
            "--auditwheel",
            "skip",
        ])
        .args(["--manifest-path", "python/Cargo.toml", "--interpreter"])
        .arg(python)
        .arg("--out")
        .arg(out)
        .env("CARGO_TARGET_DIR", target());
    run(&mut maturin)?;
    match wheels(out)?.as_slice() {
        [wheel] => Ok(wheel.clone()),
        found => bail!("{}: {} wheels, not one", out.display(), found.len()),
    }
}

/// The wheels in a folder; none where there is no folder.
fn wheels(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| folder.display().to_string())?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "whl") {
            found.push(path);
        }
    }
    Ok(found)
}

fn pip(python: &Path, words: &[&str], what: &Path) -> anyhow::Result<()> {
    run(Command::new(python).args(["-m", "pip"]).args(words).arg(what))
}

#[cfg(test)]
mod tests {
    use crate::root;
    use std::collections::{BTreeMap, BTreeSet};
    use toml::{Table, Value};

    fn read(path: &str) -> Table {
        std::fs::read_to_string(root().join(path))
            .unwrap()
            .parse()
            .unwrap()
    }

    /// The versions of each package that comes from elsewhere.
    fn versions(lock: &Table) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in lock["package"].as_array().unwrap() {
            if package.get("source").is_some() {
                let text = |key: &str| package[key].as_str().unwrap().to_owned();
                found.entry(text("name")).or_default().insert(text("version"));
            }
        }
        found
    }

    /// Another version of a package would be built next to the one of the workspace, with all that is above it.
    #[test]
    fn the_python_package_locks_the_versions_of_the_workspace() {
        let (ours, theirs) = (
            versions(&read("Cargo.lock")),
            versions(&read("python/Cargo.lock")),
        );
        for (name, theirs) in theirs {
            if let Some(ours) = ours.get(&name) {
                assert!(
                    theirs.is_subset(ours),
                    "{name}: {theirs:?} in python/Cargo.lock and {ours:?} in Cargo.lock; copy Cargo.lock there and \
                     run `cargo update --workspace --manifest-path python/Cargo.toml`"
                );
            }
        }
    }

    #[test]
    fn the_python_package_has_the_profile_of_the_workspace() {
        let profile = |path: &str| -> Value { read(path)["profile"].clone() };
        assert_eq!(
            profile("python/Cargo.toml"),
            profile("Cargo.toml"),
            "copy [profile.release] and what follows from Cargo.toml"
        );
    }
}
