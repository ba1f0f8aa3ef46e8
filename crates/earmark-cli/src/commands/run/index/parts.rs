//! The parts of an archive that `index add --shard` makes: their names, the command that made one, and which are missing.

use crate::args::command_of_shards;
use crate::prelude::*;
use earmark::inference::shards::Shard;
use earmark_core::text::command_line;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// File of a part with the command that made it, without `--shard`.
const COMMAND: &str = "add-command.json";

/// How many missing parts an error names.
const NAMED: usize = 3;

/// The name of the index that parts go into, wherever they are, and how many there are.
type Archive = (OsString, u32);

/// Where a part of an index is.
pub fn part_of(index: &Path, shard: Shard) -> PathBuf {
    let mut name = index.file_name().unwrap_or_default().to_owned();
    name.push(format!(".shard-{}-of-{}", shard.number(), shard.of()));
    index.with_file_name(name)
}

/// Notes in a part that is done by which command it was made.
pub fn save_command(part: &Path) -> anyhow::Result<()> {
    output::write_json(&part.join(COMMAND), &command_of_shards())
}

/// Refuses to merge some parts of an archive, with the command that makes the missing ones.
pub fn refuse_missing(parts: &[PathBuf]) -> anyhow::Result<()> {
    let mut archives: BTreeMap<Archive, (PathBuf, BTreeSet<u32>)> = BTreeMap::new();
    for part in parts {
        if let Some((index, number, of)) = named(part) {
            let name = index.file_name().unwrap_or_default().to_owned();
            let archive = archives.entry((name, of));
            archive.or_insert((index, BTreeSet::new())).1.insert(number);
        }
    }
    for ((_, of), (index, there)) in &archives {
        let missing = (1..=*of).filter(|number| !there.contains(number));
        let missing: Vec<Shard> = missing
            .filter_map(|number| Shard::new(number, *of).ok())
            .collect();
        // A part that is there was not named.
        let (made, gone): (Vec<&Shard>, Vec<&Shard>) =
            missing.iter().partition(|shard| part_of(index, **shard).exists());
        if let Some(text) = listed(index, &made) {
            bail!(
                "{text} not named; name all parts, such as {}.shard-*-of-{of}",
                index.display()
            );
        }
        if let (Some(text), Some(first)) = (listed(index, &gone), gone.first()) {
            let words = parts.iter().find_map(|part| command(part, index, *of));
            let make = match words {
                Some(mut words) => {
                    words.extend(["--shard".to_owned(), first.to_string()]);
                    format!("`{}`", command_line(&words))
                }
                None => format!("the `index add` command of the other parts and --shard {first}"),
            };
            let others = if gone.len() > 1 { ", and so on" } else { "" };
            bail!("{text} missing; complete with {make}{others}");
        }
    }
    Ok(())
}

/// The index that a part goes into, its number, and the number of parts; `None` for an index of another name.
fn named(part: &Path) -> Option<(PathBuf, u32, u32)> {
    let name = part.file_name()?.to_str()?;
    let (index, shard) = name.rsplit_once(".shard-")?;
    let (number, of) = shard.split_once("-of-")?;
    let shard = Shard::new(number.parse().ok()?, of.parse().ok()?).ok()?;
    Some((part.with_file_name(index), shard.number(), shard.of()))
}

/// The command that made a part of this archive, as far as the part says so.
fn command(part: &Path, index: &Path, of: u32) -> Option<Vec<String>> {
    named(part).filter(|(other, _, parts)| other.file_name() == index.file_name() && *parts == of)?;
    let json = std::fs::read(part.join(COMMAND)).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Names of parts, and what is said of them; `None` for no parts.
fn listed(index: &Path, shards: &[&Shard]) -> Option<String> {
    let names = shards.iter().take(NAMED).map(|shard| part_of(index, **shard));
    let names: Vec<String> = names.map(|path| path.display().to_string()).collect();
    let names = names.join(", ");
    match shards.len() {
        0 => None,
        1 => Some(format!("{names}: is")),
        n if n > NAMED => Some(format!("{names} and {} more: are", n - NAMED)),
        _ => Some(format!("{names}: are")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_part_says_which_it_is() {
        let part = part_of(Path::new("in/owls"), Shard::new(3, 50).unwrap());
        assert_eq!(part, Path::new("in/owls.shard-3-of-50"));
        assert_eq!(named(&part), Some((PathBuf::from("in/owls"), 3, 50)));
        for other in [
            "owls",
            "owls.shard-3",
            "owls.shard-4-of-3",
            "owls.shard-0-of-3",
            "owls.shard-x-of-3",
        ] {
            assert_eq!(named(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn missing_parts_are_named_with_the_command_that_makes_them() {
        let dir = tempfile::tempdir().unwrap();
        let index = dir.path().join("owls");
        let part = |number, of| part_of(&index, Shard::new(number, of).unwrap());
        let refused = |parts: &[PathBuf]| {
            let refused = refuse_missing(parts).err().map(|e| e.to_string());
            refused.map(|text| text.replace(&format!("{}/", dir.path().display()), ""))
        };
        assert_eq!(refused(&[part(1, 2), part(2, 2), index.clone()]), None);
        let elsewhere = part_of(Path::new("other/owls"), Shard::new(2, 2).unwrap());
        assert_eq!(refused(&[part(1, 2), elsewhere]), None);
        assert_eq!(
            refused(&[part(2, 3), part(3, 3)]).unwrap(),
            "owls.shard-1-of-3: is missing; complete with the `index add` command of the other parts and --shard 1/3"
        );
        std::fs::create_dir(part(2, 9)).unwrap();
        std::fs::write(
            part(2, 9).join(COMMAND),
            r#"["earmark", "index", "add", "a b", "--to", "owls"]"#,
        )
        .unwrap();
        assert_eq!(
            refused(&[part(2, 9), part(4, 9)]).unwrap(),
            "owls.shard-1-of-9, owls.shard-3-of-9, owls.shard-5-of-9 and 4 more: are missing; complete with `earmark \
             index add 'a b' --to owls --shard 1/9`, and so on"
        );
        assert_eq!(
            refused(&[part(1, 9)]).unwrap(),
            "owls.shard-2-of-9: is not named; name all parts, such as owls.shard-*-of-9"
        );
    }
}
