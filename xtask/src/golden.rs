//! Golden vectors: numbers from other people's programs, made by the scripts in `xtask/golden`.

use crate::{pinned_versions, root};
use anyhow::{Context, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    root().join("xtask/golden")
}

/// Names of the scripts, without `.py`, in order.
pub fn names() -> anyhow::Result<Vec<String>> {
    let folder = folder();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name();
        names.extend(
            name.to_str()
                .and_then(|n| n.strip_suffix(".py"))
                .map(str::to_owned),
        );
    }
    names.sort();
    Ok(names)
}

/// Prints each script with the versions it is pinned to and the first sentence of its header.
pub fn list() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for name in names()? {
        let text = std::fs::read_to_string(folder().join(format!("{name}.py")))?;
        let words: Vec<&str> = pinned_versions::header(&text).split_whitespace().collect();
        let words = words.join(" ");
        let title = words.split(". ").next().unwrap_or("").trim_end_matches('.');
        writeln!(out, "{name}\n    {title}\n    {}", requirements(&name)?.join(" "))?;
    }
    Ok(())
}

fn requirements(name: &str) -> anyhow::Result<Vec<String>> {
    Ok(pinned_versions::of_script(&folder(), name)?
        .into_iter()
        .map(|(p, v)| format!("{p}=={v}"))
        .collect())
}

/// Runs a script in a virtual environment that is made for it and thrown away. Python is `$PYTHON`, else `python3`.
pub fn run(name: &str, args: &[&str]) -> anyhow::Result<()> {
    let known = names()?;
    if !known.iter().any(|n| n == name) {
        bail!(
            "no script `{name}` in xtask/golden; there are {}",
            known.join(", ")
        );
    }
    let requirements = requirements(name)?;
    let place = Temporary::new()?;
    let venv = place.0.join(".venv");
    println!("==> a virtual environment with {}", requirements.join(" "));
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    in_root(Command::new(python).args(["-m", "venv"]).arg(&venv))?;
    let python = venv.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if !requirements.is_empty() {
        in_root(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(&requirements),
        )?;
    }
    let script = Path::new("xtask/golden").join(format!("{name}.py"));
    println!("==> python {} {}", script.display(), args.join(" "));
    in_root(Command::new(&python).arg(script).args(args))
}

fn in_root(command: &mut Command) -> anyhow::Result<()> {
    // No __pycache__ next to the scripts.
    crate::run(command.env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// A folder that goes when it is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("earmark-golden-{}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What can't be removed is in the system's temporary folder, which empties itself.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
