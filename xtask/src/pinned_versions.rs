//! The package versions that a golden script names in its header.
//!
//! A header says them in a sentence ("with librosa 0.11.0 and scipy 1.17.1") or as pip does (`numpy==2.4.6`); the
//! first mention of a package counts. What a script imports from its neighbours brings their versions along.

use anyhow::Context;
use std::path::Path;

/// Packages that a header may pin; other words before a number (Python, ffmpeg) are not packages.
const PACKAGES: &[&str] = &[
    "crowsetta",
    "dcase_util",
    "keras",
    "librosa",
    "matplotlib",
    "numpy",
    "pandas",
    "psds_eval",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "sed_eval",
    "setuptools",
    "soundevent",
    "soundfile",
    "tensorboard",
    "tensorflow-cpu",
    "torch",
    "torchvision",
];

/// Package and version of everything that script `name` and its neighbours pin, in the order of mention.
pub fn of_script(folder: &Path, name: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut pins: Vec<(String, String)> = Vec::new();
    let mut waiting = vec![name.to_owned()];
    let mut seen = Vec::new();
    while let Some(name) = waiting.pop() {
        let path = folder.join(format!("{name}.py"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for pin in of_header(header(&text)) {
            if pins.iter().all(|(package, _)| *package != pin.0) {
                pins.push(pin);
            }
        }
        seen.push(name);
        let neighbours = imports(&text).filter(|n| folder.join(format!("{n}.py")).is_file());
        for neighbour in neighbours {
            if !seen.iter().chain(&waiting).any(|n| n == neighbour) {
                waiting.push(neighbour.to_owned());
            }
        }
    }
    Ok(pins)
}

/// The module's docstring.
pub fn header(text: &str) -> &str {
    text.split("\"\"\"").nth(1).unwrap_or("").trim()
}

/// Pins of one header, the first mention of each package.
fn of_header(header: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = header
        .split(|c: char| c.is_whitespace() || c == '=')
        .filter(|w| !w.is_empty())
        .collect();
    let mut pins: Vec<(String, String)> = Vec::new();
    for pair in words.windows(2) {
        let package = pair[0].trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let version = pair[1].trim_matches(|c: char| !c.is_ascii_digit());
        let is_version = version.contains('.') && version.chars().all(|c| c.is_ascii_digit() || c == '.');
        if PACKAGES.contains(&package) && is_version && pins.iter().all(|(p, _)| p != package) {
            pins.push((package.to_owned(), version.to_owned()));
        }
    }
    pins
}

/// Names of imported modules.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("from ")
            .or_else(|| line.strip_prefix("import "))?;
        rest.split([' ', ',', '.']).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(header: &str) -> Vec<String> {
        of_header(header)
            .into_iter()
            .map(|(p, v)| format!("{p}=={v}"))
            .collect()
    }

    #[test]
    fn headers_are_read_in_all_their_forms() {
        assert_eq!(
            pairs("Made with: Python 3.11, numpy 2.4.6, ffmpeg 5.1 (libmp3lame 3.100)."),
            ["numpy==2.4.6"]
        );
        assert_eq!(
            pairs("pip install tensorflow-cpu==2.21.0"),
            ["tensorflow-cpu==2.21.0"]
        );
        assert_eq!(
            pairs("torch 2.15.0 (and tensorflow-cpu 2.21.0 for it)"),
            ["torch==2.15.0", "tensorflow-cpu==2.21.0"]
        );
        assert_eq!(
            pairs("with librosa 0.11.0. librosa 0.6.3, which they used"),
            ["librosa==0.11.0"]
        );
        assert_eq!(pairs("what numpy 4 things"), [""; 0]);
    }

    #[test]
    fn scripts_pin_what_they_import() {
        let folder = crate::root().join("xtask/golden");
        let names = crate::golden::names().unwrap();
        let read = |name: &String| std::fs::read_to_string(folder.join(format!("{name}.py"))).unwrap();
        let texts: Vec<String> = names.iter().map(read).collect();
        for (name, text) in names.iter().zip(&texts) {
            assert!(!header(text).is_empty(), "{name}.py has no docstring");
            let pins = of_script(&folder, name).unwrap();
            // A module of others' leaves the versions to those that import it.
            if pins.is_empty() && texts.iter().any(|t| imports(t).any(|i| i == name)) {
                continue;
            }
            for module in imports(text) {
                let package = match module {
                    "sklearn" => "scikit-learn",
                    "tensorflow" => "tensorflow-cpu",
                    module => module,
                };
                let pinned = pins.iter().any(|(p, _)| p == package);
                assert!(
                    pinned || !PACKAGES.contains(&package),
                    "{name}.py imports {module} and pins no version"
                );
            }
        }
    }
}
