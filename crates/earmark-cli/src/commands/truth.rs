//! The true labels that scores are evaluated against: a table, or the labels of a data folder.

use crate::prelude::*;
use earmark::train::{DataLabels, ScoredTruth, TruthSource};

/// The table of labels, or else those of `labels` in the data folder, which is read as `read` says. A folder that the environment names
/// counts only without a table.
pub fn truth_source(
    table: Option<&Path>,
    data: Option<&Path>,
    read: &DataArgs,
    labels: DataLabels,
) -> anyhow::Result<TruthSource> {
    match (table, data) {
        (Some(_), Some(data)) if is_given(data) => {
            bail!("--truth: cannot be combined with --data; give one of them")
        }
        (Some(table), _) => {
            refuse_unread(read)?;
            Ok(TruthSource::Table(table.into()))
        }
        (None, Some(data)) => Ok(TruthSource::Data(Box::new(DataLabels {
            root: data.into(),
            read: read.read_as()?,
            ..labels
        }))),
        (None, None) => {
            bail!(
                "no true labels: give a table with --truth FILE, or with --data DIR a folder whose labels are the truth"
            )
        }
    }
}

/// Whether the command line names this data folder, and not the environment.
pub fn is_given(data: &Path) -> bool {
    std::env::var_os("EARMARK_DATA").is_none_or(|set| set != *data)
}

/// Refuses a data folder, and arguments about it, where the truth is a table of events.
pub fn refuse_folder(data: Option<&Path>, read: &DataArgs) -> anyhow::Result<()> {
    if data.is_some_and(is_given) || !read.read_as()?.is_empty() {
        bail!("--events: is a table of true events; leave --data and the flags about it out");
    }
    Ok(())
}

/// Refuses arguments about a data folder where there is none to read the truth from.
pub fn refuse_unread(read: &DataArgs) -> anyhow::Result<()> {
    if !read.read_as()?.is_empty() {
        bail!(
            "--layout, --table and the column flags say how the data folder is read whose labels are the truth of --scores; give it \
             with --data, or leave them out"
        );
    }
    Ok(())
}

/// Prints how a data folder was read and names what is left out; says whether something is.
pub fn show_truth(found: &ScoredTruth, console: &Console) -> Status {
    found.notes.iter().for_each(|note| console.note(note));
    for (what, why) in found.left_out() {
        console.skipped(&what, why);
    }
    Status::of_skips(found.missing.len() + found.extra.len())
}
