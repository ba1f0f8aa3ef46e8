//! The pages in a real browser: Chromium, driven by Playwright from a virtual environment in the target folder.

use crate::python::environment;
use crate::{root, run, target};
use anyhow::bail;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the browser is driven with.
const REQUIREMENTS: &str = "xtask/browser/requirements.txt";

/// Programs that are Chromium, by what systems call it.
const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Tests the pages of a program that has the feature `serve`; by default that of the Python package, which has what
/// releases have and which `cargo xtask python` builds. `CHROMIUM` names another browser than the one that is found.
/// Without one nothing is tested, unless `EARMARK_REQUIRE_SHARED=1` demands it.
pub fn browser(program: Option<&str>) -> anyhow::Result<()> {
    let Some(chromium) = chromium() else {
        if required() {
            bail!(
                "no Chromium is found; install it (Debian: `apt-get install chromium`), or name it in CHROMIUM"
            );
        }
        println!("skipped: no Chromium is found; install it, or name it in CHROMIUM");
        return Ok(());
    };
    let program = match program {
        Some(program) => root().join(program),
        None => packaged(&target()),
    };
    if !program.exists() {
        bail!(
            "{}: is missing; run `cargo xtask python`, or name a program that has the feature `serve`",
            program.display()
        );
    }
    let place = target().join("browser");
    let python = environment(&place, REQUIREMENTS)?;
    // Nothing is left in the source tree.
    run(Command::new(python)
        .args(["-B", "xtask/browser/pages.py", "--earmark"])
        .arg(&program)
        .arg("--chromium")
        .arg(&chromium)
        .arg("--shots")
        .arg(place.join("shots")))
}

/// Whether a test without what it needs fails instead of being skipped.
fn required() -> bool {
    std::env::var_os("EARMARK_REQUIRE_SHARED").is_some_and(|value| value == "1")
}

/// The program of the Python package.
fn packaged(target: &Path) -> PathBuf {
    target.join(if cfg!(windows) {
        "python/venv/Scripts/earmark.exe"
    } else {
        "python/venv/bin/earmark"
    })
}

/// The browser: the one that is named, else the first on the path.
fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut found = CHROMIUMS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found.find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_pinned_and_its_checks_are_there() {
        let requirements = std::fs::read_to_string(root().join(REQUIREMENTS)).unwrap();
        let lines = requirements.lines().filter(|line| !line.starts_with('#'));
        assert!(lines.clone().count() > 0 && lines.clone().all(|line| line.contains("==")));
        for name in [
            "pages.py",
            "lab.py",
            "server.py",
            "review_checks.py",
            "search_checks.py",
        ] {
            assert!(root().join("xtask/browser").join(name).is_file(), "{name}");
        }
    }

    #[test]
    fn the_program_of_the_package_is_next_to_its_python() {
        let program = packaged(Path::new("target"));
        assert!(program.starts_with("target/python/venv"));
    }
}
