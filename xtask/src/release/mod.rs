//! A release, in `dist/`: the program in an archive, the wheel, the source, recipes for package managers, checksums.
//!
//! Two builds of one commit by one toolchain have the same bytes, wherever they are made: times are the commit's, and
//! folders of this machine have other names in what is built (`docs/releases.md`).

mod archive;
mod third_party;

use crate::python::environment;
use crate::{cargo, output, root, run, target};
use anyhow::{Context, bail, ensure};
use archive::{Archive, gzip};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where the files are written.
const PLACE: &str = "dist";
/// What the wheel is built with.
const REQUIREMENTS: &str = "python/release-requirements.txt";
/// The oldest C library that wheels for Linux run with: glibc 2.28, of 2018.
const OLDEST: &str = "manylinux_2_28";
/// Recipes of package managers; in them, zeros are where the checksum of the source is written.
const RECIPES: [&str; 2] = ["deploy/conda-forge/recipe.yaml", "deploy/homebrew/earmark.rb"];
/// What is in the archive next to the program.
const TEXTS: [&str; 4] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Makes the release for this kind of machine. Changes that are not committed are refused, unless `allow_dirty`: then
/// the source is that of the commit, and program and wheel are not.
pub fn release(allow_dirty: bool) -> anyhow::Result<()> {
    let changed = output(Command::new("git").args(["status", "--porcelain"]))?;
    ensure!(
        allow_dirty || changed.is_empty(),
        "not committed, so that nobody could make this release again (--allow-dirty makes it all the same):\n{changed}"
    );
    let dist = root().join(PLACE);
    if dist.exists() {
        std::fs::remove_dir_all(&dist).with_context(|| dist.display().to_string())?;
    }
    std::fs::create_dir_all(&dist).with_context(|| dist.display().to_string())?;
    let build = Build::here()?;
    let program = build.program()?;
    build.pack(&program, &dist)?;
    build.wheel(&dist)?;
    let source = source()?;
    write(&dist.join(format!("earmark-{VERSION}.tar.gz")), &source)?;
    for recipe in RECIPES {
        let path = root().join(recipe);
        let text = String::from_utf8(read(&path)?).with_context(|| recipe.to_owned())?;
        let name = path.file_name().unwrap_or_default();
        write(
            &dist.join(name),
            with_checksum(recipe, &text, &sha256(&source))?.as_bytes(),
        )?;
    }
    let sums = checksums(&dist)?;
    write(&dist.join("SHA256SUMS"), sums.as_bytes())?;
    println!("{sums}{}", dist.display());
    Ok(())
}

/// What is the same in all that is built.
struct Build {
    /// The target, which is this machine's.
    target: String,
    /// Seconds since 1970: the time of the commit, or `SOURCE_DATE_EPOCH`.
    time: u64,
    /// Folders of this machine, and their names in what is built.
    folders: Vec<(PathBuf, String)>,
}

impl Build {
    fn here() -> anyhow::Result<Self> {
        let compiler = output(Command::new("rustc").arg("-vV"))?;
        let fact = |key: &str| {
            let found = compiler.lines().find_map(|line| line.strip_prefix(key));
            found.with_context(|| format!("rustc -vV: no `{key}`"))
        };
        let time = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(given) => given,
            Err(_) => output(Command::new("git").args(["log", "-1", "--format=%ct"]))?,
        };
        let time = time.trim();
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
        // Where the standard library's source is installed, its inlined functions have paths of it.
        let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
        Ok(Self {
            target: fact("host: ")?.to_owned(),
            time: time
                .parse()
                .with_context(|| format!("SOURCE_DATE_EPOCH: `{time}` is not a number of seconds"))?,
            folders: vec![
                (root(), "/earmark".to_owned()),
                (target(), "/target".to_owned()),
                (cargo_home()?, "/cargo".to_owned()),
                (library, format!("/rustc/{}", fact("commit-hash: ")?)),
            ],
        })
    }

    fn is_linux(&self) -> bool {
        self.target.contains("linux")
    }

    /// Settings of a build. They replace the flags of `.cargo/config.toml` and of the environment.
    fn settle(&self, command: &mut Command, is_program: bool) {
        let rename = |(from, to): &(PathBuf, String)| format!("--remap-path-prefix={}={to}", from.display());
        let mut flags: Vec<String> = self.folders.iter().map(rename).collect();
        if self.is_linux() {
            // As `.cargo/config.toml` says.
            flags.push("-Crelro-level=partial".to_owned());
        }
        if is_program {
            // Cargo drops the profile's `strip` for packages that have a profile of their own.
            flags.push("-Cstrip=symbols".to_owned());
        }
        if is_program
            && ["-linux-gnu", "-windows-msvc"]
                .iter()
                .any(|c| self.target.ends_with(c))
        {
            flags.push("-Ctarget-feature=+crt-static".to_owned());
        }
        command
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", target())
            .env("SOURCE_DATE_EPOCH", self.time.to_string())
            .env("ZERO_AR_DATE", "1");
        if !self.target.contains("windows") {
            let rename =
                |(from, to): &(PathBuf, String)| format!("-ffile-prefix-map={}={to}", from.display());
            let flags: Vec<String> = self.folders.iter().map(rename).collect();
            command.env("CFLAGS", flags.join(" "));
        }
    }

    /// Builds the program, without a C library to load where there can be none, and returns its path.
    fn program(&self) -> anyhow::Result<PathBuf> {
        let mut build = cargo("build --release --locked --package earmark-cli --features release --target");
        build.arg(&self.target);
        self.settle(&mut build, true);
        run(&mut build)?;
        let ending = std::env::consts::EXE_SUFFIX;
        let program = target()
            .join(&self.target)
            .join(format!("release/earmark{ending}"));
        if self.target.ends_with("-linux-gnu") {
            let segments = output(
                Command::new("readelf")
                    .args(["--program-headers", "--wide"])
                    .arg(&program),
            )?;
            ensure!(
                !segments.contains("INTERP"),
                "{}: is not static",
                program.display()
            );
            let sections = output(
                Command::new("readelf")
                    .args(["--sections", "--wide"])
                    .arg(&program),
            )?;
            ensure!(
                !sections.contains(".symtab") && !sections.contains(".debug_info"),
                "{}: is not stripped",
                program.display()
            );
        }
        Ok(program)
    }

    /// Packs the program with its licences and manual pages.
    fn pack(&self, program: &Path, dist: &Path) -> anyhow::Result<()> {
        let name = format!("earmark-{VERSION}-{}", self.target);
        let mut archive = Archive::new(&name, self.time);
        let file = program.file_name().unwrap_or_default().to_string_lossy();
        archive.add(&file, 0o755, &read(program)?)?;
        for text in TEXTS {
            archive.add(text, 0o644, &read(&root().join(text))?)?;
        }
        let licences = third_party::licences(&self.target)?;
        archive.add("THIRD-PARTY-LICENSES.txt", 0o644, licences.as_bytes())?;
        let pages = target().join(&self.target).join("man");
        // Pages of commands that are gone would otherwise be packed, on the machines that have them.
        if pages.exists() {
            std::fs::remove_dir_all(&pages).with_context(|| pages.display().to_string())?;
        }
        run(Command::new(program).arg("man").arg(&pages))?;
        for page in files(&pages)? {
            let name = page.file_name().unwrap_or_default().to_string_lossy();
            archive.add(&format!("man/{name}"), 0o644, &read(&page)?)?;
        }
        write(&dist.join(format!("{name}.tar.gz")), &archive.finish()?)
    }

    /// Builds the wheel; on Linux against an old C library, by Zig's linker.
    fn wheel(&self, dist: &Path) -> anyhow::Result<()> {
        let python = environment(&target().join("release-python"), REQUIREMENTS)?;
        let mut maturin = Command::new(&python);
        maturin
            .args(["-m", "maturin", "build", "--release", "--locked", "--strip"])
            .args([
                "--manifest-path",
                "python/Cargo.toml",
                "--target",
                &self.target,
                "--interpreter",
            ])
            .arg(&python)
            .arg("--out")
            .arg(dist);
        if self.is_linux() {
            maturin.args(["--zig", "--compatibility", OLDEST]);
            // Otherwise Zig is looked for in the Python that the path has first.
            maturin.env("CARGO_ZIGBUILD_PYTHON_PATH", &python);
        }
        self.settle(&mut maturin, false);
        run(&mut maturin)
    }
}

/// The files of the commit, compressed.
fn source() -> anyhow::Result<Vec<u8>> {
    let prefix = format!("--prefix=earmark-{VERSION}/");
    let mut git = Command::new("git");
    git.args([
        "-c",
        "core.autocrlf=false",
        "archive",
        "--format=tar",
        &prefix,
        "HEAD",
    ])
    .current_dir(root());
    let packed = git.output().context("git could not be started")?;
    ensure!(
        packed.status.success(),
        "git archive: {}",
        String::from_utf8_lossy(&packed.stderr)
    );
    gzip(&packed.stdout)
}

/// A recipe of a package manager with the checksum of the source in place of the zeros.
fn with_checksum(recipe: &str, text: &str, checksum: &str) -> anyhow::Result<String> {
    let zeros = "0".repeat(64);
    match text.matches(&zeros).count() {
        1 => Ok(text.replace(&zeros, checksum)),
        count => bail!("{recipe}: {count} places for a checksum, not one"),
    }
}

/// What `sha256sum -c` reads, of all files of a folder.
fn checksums(folder: &Path) -> anyhow::Result<String> {
    let mut sums = String::new();
    for path in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        sums += &format!("{}  {name}\n", sha256(&read(&path)?));
    }
    Ok(sums)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files in a folder, by name.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}

/// Where cargo keeps the sources of libraries.
fn cargo_home() -> anyhow::Result<PathBuf> {
    if let Some(given) = std::env::var_os("CARGO_HOME") {
        return Ok(given.into());
    }
    let home = std::env::home_dir().context("no home folder; set CARGO_HOME")?;
    Ok(home.join(".cargo"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::{Table, Value};

    fn text(path: &str) -> String {
        std::fs::read_to_string(root().join(path)).unwrap()
    }

    fn manifests() -> Vec<(String, Table)> {
        let crates = files(&root().join("crates")).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let with_manifest = |name: String| {
            let manifest: Table = text(&format!("crates/{name}/Cargo.toml")).parse().unwrap();
            (name, manifest)
        };
        crates.iter().map(name).map(with_manifest).collect()
    }

    #[test]
    fn every_place_names_the_version() {
        for (path, line) in [
            ("CITATION.cff", format!("version: {VERSION}\n")),
            (RECIPES[0], format!("  version: \"{VERSION}\"\n")),
            (RECIPES[1], format!("/v{VERSION}/earmark-{VERSION}.tar.gz\"\n")),
            ("python/Cargo.toml", format!("version = \"{VERSION}\"\n")),
        ] {
            assert!(text(path).contains(&line), "{path}: no `{}`", line.trim());
        }
        let workspace: Table = text("Cargo.toml").parse().unwrap();
        for (name, value) in workspace["workspace"]["dependencies"].as_table().unwrap() {
            if name.starts_with("earmark") {
                assert_eq!(value["version"].as_str(), Some(VERSION), "{name}");
            }
        }
    }

    #[test]
    fn every_place_names_the_repository() {
        let workspace: Table = text("Cargo.toml").parse().unwrap();
        let address = workspace["workspace"]["package"]["repository"]
            .as_str()
            .unwrap()
            .to_owned();
        for path in ["CITATION.cff", RECIPES[0], RECIPES[1], "python/pyproject.toml"] {
            assert!(text(path).contains(&address), "{path}: no {address}");
        }
    }

    #[test]
    fn recipes_get_one_checksum() {
        for recipe in RECIPES {
            let made = with_checksum(recipe, &text(recipe), &sha256(b"")).unwrap();
            assert!(
                made.contains("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                "{made}"
            );
        }
        assert!(with_checksum("x", "", "").is_err());
    }

    /// What crates.io asks for, and what shows a crate there.
    #[test]
    fn every_crate_can_be_published() {
        for (name, manifest) in manifests() {
            let package = &manifest["package"];
            assert!(
                package["description"]
                    .as_str()
                    .is_some_and(|text| text.len() > 10),
                "{name}"
            );
            for key in [
                "version",
                "license",
                "repository",
                "readme",
                "keywords",
                "categories",
                "publish",
            ] {
                let of_workspace = package.get(key).and_then(|value| value.get("workspace"));
                assert_eq!(
                    of_workspace,
                    Some(&Value::Boolean(true)),
                    "{name}: {key}.workspace = true"
                );
            }
            for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
                let path = format!("crates/{name}/{licence}");
                assert_eq!(text(&path), text(licence), "{path}: not {licence} of the root");
            }
        }
    }

    /// A crate is published after those that it needs; one that only its tests need may come after it, and is named
    /// without a version, so that it is left out.
    #[test]
    fn tests_need_no_crate_that_is_published_later() {
        for (name, manifest) in manifests() {
            let Some(table) = manifest.get("dev-dependencies").and_then(Value::as_table) else {
                continue;
            };
            for (dependency, value) in table.iter().filter(|(key, _)| key.starts_with("earmark")) {
                let path = format!("../{dependency}");
                assert_eq!(
                    value.get("path").and_then(Value::as_str),
                    Some(path.as_str()),
                    "{name}"
                );
                assert!(
                    value.get("version").is_none(),
                    "{name}: {dependency} has a version"
                );
            }
        }
    }

    #[test]
    fn a_program_is_static_and_names_no_folder_of_this_machine() {
        let build = Build {
            target: "x86_64-unknown-linux-gnu".to_owned(),
            time: 7,
            folders: vec![("/home/me/earmark".into(), "/earmark".to_owned())],
        };
        let flags = |is_program: bool| {
            let mut command = Command::new("cargo");
            build.settle(&mut command, is_program);
            let of = |name: &str| {
                let found = command.get_envs().find(|(key, _)| *key == name);
                found
                    .and_then(|(_, value)| value)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\u{1f}', " ")
            };
            [
                of("CARGO_ENCODED_RUSTFLAGS"),
                of("CFLAGS"),
                of("SOURCE_DATE_EPOCH"),
            ]
        };
        let rust = "--remap-path-prefix=/home/me/earmark=/earmark -Crelro-level=partial";
        let c = "-ffile-prefix-map=/home/me/earmark=/earmark";
        assert_eq!(flags(false), [rust, c, "7"]);
        assert_eq!(
            flags(true),
            [
                format!("{rust} -Cstrip=symbols -Ctarget-feature=+crt-static").as_str(),
                c,
                "7"
            ]
        );
    }
}
