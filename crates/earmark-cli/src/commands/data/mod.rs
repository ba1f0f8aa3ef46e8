//! `earmark data`: statistics, checks, class maps, folds.

mod augment_preview;
pub mod features;
pub mod init;
mod normalise;
pub mod review;

use crate::Status;
use crate::args::{Data, DataCheck, DataClasses, DataFolds, DataStats, Global, Layout};
use crate::console::{Console, out, out_json};
use crate::output;
use anyhow::{Context, anyhow, bail};
use earmark::Recipe;
use earmark::data::check::{CheckOptions, check};
use earmark::data::statistics::{StatisticsOptions, statistics};
use earmark::data::{DataOptions, DataSet, FoldTable, LayoutKind, MissingFiles, Splitter, Stratify, load};
use earmark::features::FrontEnd;
use earmark::inference::Event;
use earmark::report::{Align, text_table};
use earmark::runs::pages::write_data_page;
use earmark_core::text::suggest;
use std::path::Path;
use toml::{Table, Value};

/// Looks at a data folder.
pub fn run(what: Data, _: &Global, console: &Console) -> anyhow::Result<Status> {
    match what {
        Data::Stats(args) => data_stats(args, console),
        Data::Check(args) => data_check(args, console),
        Data::Classes(args) => data_classes(args, console),
        Data::Folds(args) => data_folds(args, console),
        Data::AugmentPreview(args) => augment_preview::run(args, console),
    }
}

/// Leaves the part `test` out where there are others: what a model is fitted with must not come from the clips that judge it. (Folds are another matter:
/// a recipe of fixed numbers serves all of them.)
fn without_test(set: DataSet, console: &Console) -> anyhow::Result<DataSet> {
    let parts = set.subsets();
    if !parts.contains(&"test") || parts.len() == 1 {
        return Ok(set);
    }
    let others: Vec<&str> = parts.into_iter().filter(|part| *part != "test").collect();
    console.note("the clips of the part `test` stay out of the curve; --part takes other parts");
    Ok(set.select_subsets(&others)?)
}

fn data_stats(args: DataStats, console: &Console) -> anyhow::Result<Status> {
    let set = load(&args.layout.dir, &options(&args.layout)?)?;
    let recipe = args
        .recipe
        .as_deref()
        .map(|name| Recipe::load(name, &[]))
        .transpose()?;
    if recipe.as_ref().is_some_and(|recipe| recipe.front_end.handcrafted) {
        bail!(
            "--recipe: summary features are no image of bands and frames; see `earmark features --summary`"
        );
    }
    if let (Some(recipe), Some(name), Some(to)) = (&recipe, &args.recipe, &args.normalise) {
        let chosen = args.layout.set.iter().any(|set| {
            let key = set.trim_start().trim_start_matches("data.");
            key.starts_with("subsets") || key.starts_with("parts")
        });
        let set = if args.layout.part.is_empty() && !chosen {
            without_test(set, console)?
        } else {
            set
        };
        return normalise::run(&set, recipe, name, to, console);
    }
    let page = args.out.is_some();
    // Spectra and pictures take most of the time; the text shows neither.
    let options = StatisticsOptions {
        spectra: page || args.json,
        pictures_per_class: if page {
            StatisticsOptions::default().pictures_per_class
        } else {
            0
        },
        picture_front_end: recipe.map_or_else(FrontEnd::default, |recipe| recipe.front_end),
        ..StatisticsOptions::default()
    };
    let mut found = statistics(&set, &options, &|done, total| {
        console.show(Event::Features { done, total })
    })?;
    let files = match &args.out {
        Some(folder) => write_data_page(&set, &found, folder)?,
        None => Vec::new(),
    };
    if args.json {
        found.classes.iter_mut().for_each(|c| c.spectrograms.clear());
        out_json(&found)?;
    } else {
        out(found.to_text().trim_end())?;
    }
    if let Some((first, more)) = files.split_first() {
        console.note(format!(
            "wrote {} and {} charts beside it",
            first.display(),
            more.len()
        ));
    }
    Ok(Status::of_skips(found.unreadable.len()))
}

fn data_check(args: DataCheck, console: &Console) -> anyhow::Result<Status> {
    // A missing file is a finding here, not a refusal.
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..options(&args.layout)?
    };
    let set = load(&args.layout.dir, &options)?;
    let report = check(&set, &CheckOptions::default(), &|done, total| {
        console.show(Event::Features { done, total })
    });
    if args.json {
        out_json(&report)?;
    } else {
        out(report.to_text().trim_end())?;
    }
    match report.errors() {
        0 => Ok(Status::Done),
        1 => bail!(
            "{}: 1 finding is an error; mend it before training",
            args.layout.dir.display()
        ),
        n => bail!(
            "{}: {n} findings are errors; mend them before training",
            args.layout.dir.display()
        ),
    }
}

fn data_classes(args: DataClasses, console: &Console) -> anyhow::Result<Status> {
    let set = load(&args.layout.dir, &options(&args.layout)?)?;
    if set.classes.is_empty() {
        bail!(
            "{}: no recording has a label, so that there are no classes",
            args.layout.dir.display()
        );
    }
    let mut bytes = Vec::new();
    if args.json {
        serde_json::to_writer_pretty(&mut bytes, set.classes.names())?;
        bytes.push(b'\n');
    } else {
        set.classes.write(&mut bytes)?;
    }
    write(args.out.as_deref(), &bytes, console)
}

fn data_folds(args: DataFolds, console: &Console) -> anyhow::Result<Status> {
    let set = load(&args.layout.dir, &options(&args.layout)?)?;
    let parts = set.subsets();
    if parts.len() > 1 {
        console.note(format!(
            "folds over the parts {}; choose with --part",
            parts.join(", ")
        ));
    }
    let stratify = match args.stratify.as_deref() {
        None if set.multi_label => Stratify::Iterative,
        None | Some("label") => Stratify::Label,
        Some("none") => Stratify::None,
        Some("iterative") => Stratify::Iterative,
        Some(other) => bail!("--stratify {other}: choose one of none, label, iterative"),
    };
    let group = !args.ignore_groups && set.items.iter().any(|i| i.group.is_some());
    let splitter = Splitter {
        stratify,
        group,
        seed: args.seed,
    };
    let folds: Vec<u32> = match args.hold_out {
        Some(share) => {
            let (_, held) = splitter.hold_out(&set.items, share)?;
            let mut folds = vec![0; set.items.len()];
            held.into_iter().for_each(|i| folds[i] = 1);
            folds
        }
        None => splitter.k_fold(&set.items, args.folds)?,
    };
    let table = FoldTable::new(&set.items, &folds);
    if table.folds.len() < set.items.len() {
        let n = set.items.len() - table.folds.len();
        bail!(
            "{n} recordings share their names with others of another part; choose one part with --part ({})",
            parts.join(", ")
        );
    }
    console.note(summary(&set, &folds, group).trim_end());
    let mut bytes = Vec::new();
    if args.json {
        serde_json::to_writer_pretty(&mut bytes, &table.folds)?;
        bytes.push(b'\n');
    } else {
        table.write(&mut bytes)?;
    }
    write(args.out.as_deref(), &bytes, console)
}

/// Clips of each class in each fold.
fn summary(set: &DataSet, folds: &[u32], group: bool) -> String {
    let mut known: Vec<u32> = folds.to_vec();
    known.sort_unstable();
    known.dedup();
    let names: Vec<String> = known.iter().map(|f| format!("fold {f}")).collect();
    let headers: Vec<&str> = ["class"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let count = |fold: u32, class: Option<usize>| {
        let member = |labels: &[usize]| class.is_none_or(|c| labels.contains(&c));
        set.items
            .iter()
            .zip(folds)
            .filter(|(i, f)| **f == fold && member(&i.labels))
            .count()
            .to_string()
    };
    let row = |name: &str, class| {
        std::iter::once(name.to_owned())
            .chain(known.iter().map(|f| count(*f, class)))
            .collect::<Vec<String>>()
    };
    let mut rows: Vec<Vec<String>> = set
        .classes
        .names()
        .iter()
        .enumerate()
        .map(|(c, name)| row(name, Some(c)))
        .collect();
    rows.push(row("all clips", None));
    let alignments: Vec<Align> = std::iter::once(Align::Left)
        .chain(known.iter().map(|_| Align::Right))
        .collect();
    let kept = if group { "groups are kept together\n" } else { "" };
    text_table(&headers, &rows, &alignments) + kept
}

/// Writes to a file, atomically, or to stdout.
fn write(path: Option<&Path>, bytes: &[u8], console: &Console) -> anyhow::Result<Status> {
    match path {
        Some(path) => {
            output::write(path, |w| w.write_all(bytes))?;
            if !output::is_stdout(path) {
                console.note(format!("wrote {}", path.display()));
            }
        }
        None => out(String::from_utf8_lossy(bytes).trim_end())?,
    }
    Ok(Status::Done)
}

/// A layout by its name.
pub fn layout(name: &str) -> anyhow::Result<LayoutKind> {
    let table = Table::from_iter([("layout".to_owned(), Value::String(name.to_owned()))]);
    let options = parse(table, "layout").with_context(|| format!("--layout {name}"))?;
    options
        .layout
        .with_context(|| format!("--layout {name}: is none"))
}

/// The options of a data folder from the command line. Each `--set` is parsed by itself, so that an error names its key.
fn options(layout: &Layout) -> anyhow::Result<DataOptions> {
    let mut table = Table::new();
    let mut add = |flag: String, key: &str, value: Value| -> anyhow::Result<()> {
        let alone = Table::from_iter([(key.to_owned(), value.clone())]);
        parse(alone, key).with_context(|| flag)?;
        table.insert(key.to_owned(), value);
        Ok(())
    };
    if let Some(name) = &layout.layout {
        add(format!("--layout {name}"), "layout", Value::String(name.clone()))?;
    }
    if let Some(path) = &layout.table {
        add(
            "--table".into(),
            "table",
            Value::String(path.to_string_lossy().into_owned()),
        )?;
    }
    if !layout.part.is_empty() {
        let parts = layout.part.iter().map(|p| Value::String(p.clone())).collect();
        add("--part".into(), "subsets", Value::Array(parts))?;
    }
    for text in &layout.set {
        let Some((key, value)) = text.split_once('=') else {
            bail!("--set {text}: expected KEY=VALUE, such as --set label-column=species");
        };
        let (key, value) = (key.trim(), value.trim());
        let key = key.strip_prefix("data.").unwrap_or(key);
        add(format!("--set {text}"), key, toml_value(value))?;
    }
    parse(table, "")
}

/// A value as TOML, or as a string where it is no TOML.
fn toml_value(text: &str) -> Value {
    let parsed = format!("v = {text}").parse::<Table>().ok();
    parsed
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Parses options; `key` is the only one in the table where there is only one.
fn parse(table: Table, key: &str) -> anyhow::Result<DataOptions> {
    Value::Table(table).try_into().map_err(|e: toml::de::Error| {
        let message = e.message();
        // toml says: unknown field `x`, expected one of `a`, `b`
        let known: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        match known.split_first() {
            Some((_, known)) if message.starts_with("unknown field") => {
                let near = suggest(key, known.iter().copied())
                    .map(|s| format!("did you mean `{s}`? "))
                    .unwrap_or_default();
                anyhow!(
                    "is no key of a recipe's [data] section; {near}keys: {}",
                    known.join(", ")
                )
            }
            _ => anyhow!("{}", message.trim_end()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(set: &[&str]) -> Layout {
        let set = set.iter().map(|s| (*s).to_owned()).collect();
        Layout {
            dir: "x".into(),
            layout: None,
            table: None,
            part: vec![],
            set,
        }
    }

    #[test]
    fn keys_of_the_data_section_are_set() {
        let found = options(&layout(&[
            "label-column=species",
            "multi-label = true",
            "data.subsets=[\"a\"]",
        ]))
        .unwrap();
        let wanted = DataOptions {
            label_column: Some("species".into()),
            multi_label: Some(true),
            subsets: Some(vec!["a".into()]),
            ..DataOptions::default()
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_refusal_names_the_key() {
        let refused = |set: &str| format!("{:#}", options(&layout(&[set])).unwrap_err());
        let message = refused("label-colum=x");
        assert!(message.starts_with("--set label-colum=x: is no key"), "{message}");
        assert!(message.contains("did you mean `label-column`?"), "{message}");
        assert!(
            refused("multi-label=7").starts_with("--set multi-label=7: invalid type"),
            "{}",
            refused("multi-label=7")
        );
        assert!(refused("novalue").contains("expected KEY=VALUE"));
        let unknown = Layout {
            layout: Some("esc".into()),
            ..layout(&[])
        };
        let message = format!("{:#}", options(&unknown).unwrap_err());
        assert!(
            message.starts_with("--layout esc: unknown variant `esc`, expected one of"),
            "{message}"
        );
    }
}
