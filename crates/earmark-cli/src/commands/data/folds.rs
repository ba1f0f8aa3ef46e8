//! `earmark data folds`

use super::source;
use crate::prelude::*;
use earmark::data::{DataSet, FoldTable, Item, Splitter, Stratify, is_test_subset};

/// Write a fold table (file,fold), stratified by label, with groups kept together
#[derive(Args)]
#[command(after_help = "Example: earmark data folds my-sounds --count 5 -o folds.csv")]
pub struct DataFolds {
    #[command(flatten)]
    pub source: DataSource,
    /// Number of folds
    #[arg(long, alias = "folds", value_name = "N", default_value_t = 5)]
    pub count: u32,
    /// Hold out this share instead: fold 1 is held out, fold 0 is the rest
    #[arg(long, value_name = "SHARE", conflicts_with = "count")]
    pub hold_out: Option<f64>,
    /// Stratification: none, label or iterative; default: iterative where clips have several labels, else label
    #[arg(long)]
    pub stratify: Option<String>,
    /// Do not keep the clips of a group together
    #[arg(long)]
    pub ignore_groups: bool,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// File to write; default: stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// Writes a fold table of a data folder.
pub fn run(args: &DataFolds, console: &Console) -> anyhow::Result<Status> {
    // Folds separate no windows of a recording.
    let set = training_clips(source::open(&args.source, console)?, &args.source, console).recordings();
    let subsets = set.subsets();
    let names = subsets.join(", ");
    if subsets.len() > 1 {
        console.note(format!("folds over the subsets {names}; choose with --subset"));
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
        let lost = set.items.len() - table.folds.len();
        let recordings = human_amount(lost, "recording has", "recordings have");
        bail!(
            "{recordings} the same name as one of another subset; choose one subset with --subset ({names})"
        );
    }
    console.lines(&summary(&set, &folds, group));
    let mut text = Vec::new();
    match args.json {
        true => serde_json::to_writer_pretty(&mut text, &table.folds)?,
        false => table.write(&mut text)?,
    }
    output::write_or_print(args.out.as_deref(), &text, console)?;
    Ok(Status::Done)
}

/// The set without clips that nothing is trained on: those of a subset for testing that the command does not name, and
/// those without labels. Where there are no others, all.
fn training_clips(set: DataSet, source: &DataSource, console: &Console) -> DataSet {
    let named = !source.subsets.is_empty() || source.data_set.iter().any(|text| text.contains("subsets"));
    let is_for_training = |item: &&Item| (named || !is_test_subset(&item.subset)) && item.is_labelled();
    let items: Vec<Item> = set.items.iter().filter(is_for_training).cloned().collect();
    let left_out = set.items.len() - items.len();
    if items.is_empty() || left_out == 0 {
        return set;
    }
    let clips = human_amount(left_out, "clip is", "clips are");
    console.note(format!(
        "{clips} in no fold, being for testing or without a label; name a subset for testing with --subset to divide \
         it as well"
    ));
    set.with_items(items)
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
    let rows = classes.map(|(c, name)| row(name, Some(c)));
    let names: Vec<String> = known.iter().map(|fold| format!("fold {fold}")).collect();
    let headers: Vec<&str> = std::iter::once("class")
        .chain(names.iter().map(String::as_str))
        .collect();
    let kept = if group { "groups are kept together\n" } else { "" };
    number_table(&headers, rows.chain([row("all clips", None)])) + kept
}
