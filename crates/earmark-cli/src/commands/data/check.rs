//! `earmark data check`

use super::source;
use crate::prelude::*;
use earmark::data::check::{
    CheckOptions, CheckReport, Finding, FindingKind, FixedTable, Severity, TableChange, check, fixed_table,
};
use earmark::data::{DataOptions, DataSet, Item, LayoutKind, MissingFiles, load};
use earmark_core::text::command_line;
use serde::Serialize;
use std::collections::HashSet;

/// Decode every file; find unknown labels, duplicates, leaks between subsets and folds, imbalance
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark data check my-sounds --json\n  \
    earmark data check my-sounds --write my-sounds/fixed.csv\n\n\
    The command that trains on what --write makes is printed.")]
pub struct DataCheck {
    #[command(flatten)]
    pub source: DataSource,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Table to write without duplicates, leaks across subsets, folds and groups, and files that cannot be read; of
    /// labels with times, one table of all recordings
    #[arg(long, value_name = "FIXED.csv")]
    pub write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// The report, and what was done about it.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    report: &'a CheckReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a [TableChange]>,
}

/// Checks a data folder; errors fail the command, those excepted that the written table is without.
pub fn run(args: &DataCheck, console: &Console) -> anyhow::Result<Status> {
    // Here a missing file is a finding, not a refusal.
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..args.damaged.over(source::options(&args.source)?)
    };
    let set = load(&args.source.dir, &options)?;
    console.data(&set);
    let recordings = set.recordings();
    let is_unknown = |item: &Item| !set.events.contains_key(&item.file);
    if args.write.is_some() && set.has_windows() && recordings.items.iter().any(is_unknown) {
        bail!(
            "--write: makes a table, which can't say what was annotated as AOEF does; correct that where it was made, \
             or leave --write out"
        );
    }
    let options = CheckOptions::default();
    let report = check(&set, &options, &|done, total| {
        console.features(done, total);
    });
    let fixed = args
        .write
        .as_ref()
        .map(|_| fixed_table(&recordings, &report, &options));
    if let (Some(path), Some(fixed)) = (&args.write, &fixed) {
        write(path, fixed, &set)?;
        note_unused(&set, &recordings, console);
    }
    let outcome = || Outcome {
        report: &report,
        written: args.write.as_deref(),
        changes: fixed.as_ref().map(|fixed| &fixed.changes[..]),
    };
    print_as(args.json, outcome, || report.to_text())?;
    if let (Some(path), Some(fixed)) = (&args.write, &fixed) {
        show_changes(path, fixed, args, set.layout, console)?;
    }
    let is_left = |finding: &&Finding| {
        let fixed = args.write.is_some() && finding.kind != FindingKind::OneClass;
        finding.severity == Severity::Error && !fixed
    };
    let is_damaged = |finding: &&Finding| finding.kind == FindingKind::Damaged;
    match report.findings.iter().filter(is_left).count() {
        0 => Ok(Status::of_skips(
            report.findings.iter().filter(is_damaged).count(),
        )),
        n => bail!(
            "{}: {}; fix {} before training",
            args.source.dir.display(),
            human_amount(n, "error", "errors"),
            if n == 1 { "it" } else { "them" }
        ),
    }
}

/// Names recordings with events that are not in the table, as no window of them is used.
fn note_unused(set: &DataSet, recordings: &DataSet, console: &Console) {
    let known: HashSet<&str> = recordings.items.iter().map(|item| item.file.as_str()).collect();
    let mut unused = set.events.keys().filter(|file| !known.contains(file.as_str()));
    if let Some(first) = unused.next() {
        let amount = human_amount(unused.count() + 1, "recording", "recordings");
        console.note(format!(
            "{amount} of which no window is used: not in the table, first {first}"
        ));
    }
}

/// Writes the table.
fn write(path: &Path, fixed: &FixedTable, set: &DataSet) -> anyhow::Result<()> {
    if output::is_stdout(path) {
        bail!("--write -: the table names files relative to itself; name a file");
    }
    let whole = |path: &Path| path.canonicalize().ok();
    if whole(path).is_some_and(|path| {
        set.tables
            .values()
            .any(|table| whole(table).as_ref() == Some(&path))
    }) {
        bail!(
            "--write {}: is the table that is read; choose another name",
            path.display()
        );
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    output::write(path, |w| fixed.write(set, folder, w))
}

/// Says what was changed, and how the table is used.
fn show_changes(
    path: &Path,
    fixed: &FixedTable,
    args: &DataCheck,
    layout: LayoutKind,
    console: &Console,
) -> anyhow::Result<()> {
    for TableChange { place, change, .. } in &fixed.changes {
        console.note(format!("{place}: {change}"));
    }
    let removed = fixed.changes.iter().filter(|change| change.removed).count();
    let changed = fixed.changes.len() - removed;
    let text = format!(
        "wrote {}: {}, {removed} removed, {changed} with another fold or group",
        path.display(),
        human_amount(fixed.items.len(), "recording", "recordings")
    );
    // Stdout is taken by the JSON.
    match args.json {
        true => console.note(text),
        false => print(text)?,
    }
    console.note(format!(
        "train on it with: {}",
        command_line(&fit_command(path, &args.source.dir, layout))
    ));
    Ok(())
}

/// The command that makes a model of a table.
fn fit_command(table: &Path, dir: &Path, layout: LayoutKind) -> Vec<String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut words = vec!["earmark".to_owned(), "fit".to_owned()];
    match table.strip_prefix(dir) {
        Ok(below) if dir.is_dir() => words.extend([text(dir), "--table".to_owned(), text(below)]),
        _ => words.push(text(table)),
    }
    // A table alone is one of clips.
    if layout == LayoutKind::Events {
        words.extend(["--layout".to_owned(), "events".to_owned()]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_a_table_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let command = |table: &Path, layout| {
            let words = fit_command(table, dir, layout);
            command_line(&words).replace(&*dir.to_string_lossy(), "DIR")
        };
        let (csv, events) = (LayoutKind::Csv, LayoutKind::Events);
        assert_eq!(
            command(&dir.join("fixed.csv"), csv),
            "earmark fit DIR --table fixed.csv"
        );
        assert_eq!(
            command(&dir.join("a b.csv"), events),
            "earmark fit DIR --table 'a b.csv' --layout events"
        );
        assert_eq!(
            command(Path::new("else/fixed.csv"), csv),
            "earmark fit else/fixed.csv"
        );
    }
}
