//! `earmark data folds`

use super::source;
use crate::args::DataFolds;
use crate::console::Console;
use crate::output::number_table;
use crate::status::Status;
use anyhow::bail;
use earmark::data::{DataSet, FoldTable, Splitter, Stratify};

/// Writes a fold table of a data folder.
pub fn run(args: &DataFolds, console: &Console) -> anyhow::Result<Status> {
    let set = source::open(&args.source)?;
    let subsets = set.subsets();
    if subsets.len() > 1 {
        console.note(format!(
            "folds over the subsets {}; choose with --subset",
            subsets.join(", ")
        ));
    }
    let stratify = match args.stratify.as_deref() {
        None if set.multi_label => Stratify::Iterative,
        None | Some("label") => Stratify::Label,
        Some("none") => Stratify::None,
        Some("iterative") => Stratify::Iterative,
        Some(other) => bail!("--stratify {other}: choose none, label or iterative"),
    };
    let group = !args.ignore_groups && set.items.iter().any(|item| item.group.is_some());
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
        None => splitter.k_fold(&set.items, args.count)?,
    };
    let table = FoldTable::new(&set.items, &folds);
    if table.folds.len() < set.items.len() {
        bail!(
            "{} recordings have the same names as recordings of another subset; choose one subset with --subset ({})",
            set.items.len() - table.folds.len(),
            subsets.join(", ")
        );
    }
    console.note(summary(&set, &folds, group).trim_end());
    let text = if args.json {
        serde_json::to_string_pretty(&table.folds)? + "\n"
    } else {
        let mut bytes = Vec::new();
        table.write(&mut bytes)?;
        String::from_utf8(bytes)?
    };
    source::write(args.out.as_deref(), &text, console)?;
    Ok(Status::Done)
}

/// Clips of each class in each fold.
fn summary(set: &DataSet, folds: &[u32], group: bool) -> String {
    let mut known: Vec<u32> = folds.to_vec();
    known.sort_unstable();
    known.dedup();
    let count = |fold: u32, class: Option<usize>| {
        let clips = set.items.iter().zip(folds);
        clips
            .filter(|(item, f)| **f == fold && class.is_none_or(|c| item.labels.contains(&c)))
            .count()
            .to_string()
    };
    let row = |name: &str, class| -> Vec<String> {
        let counts = known.iter().map(|fold| count(*fold, class));
        std::iter::once(name.to_owned()).chain(counts).collect()
    };
    let classes = set.classes.names().iter().enumerate();
    let mut rows: Vec<Vec<String>> = classes.map(|(c, name)| row(name, Some(c))).collect();
    rows.push(row("all clips", None));
    let names: Vec<String> = known.iter().map(|fold| format!("fold {fold}")).collect();
    let headers: Vec<&str> = std::iter::once("class")
        .chain(names.iter().map(String::as_str))
        .collect();
    let kept = if group { "groups are kept together\n" } else { "" };
    number_table(&headers, &rows) + kept
}
