//! What a command prints to stdout, and where it writes what it makes: to a file, or to stdout for `-o -`.

use crate::console::Console;
use anyhow::Context;
use earmark::metrics::{ScoreTable, number};
use earmark::report::{Align, text_table};
use earmark_core::atomic;
use earmark_core::text::{one_line, visible, visible_json};
use serde::{Serialize, Serializer as _};
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// The name that means stdout.
const STDOUT: &str = "-";

/// What is wrong where stdout fails.
pub const NO_STDOUT: &str =
    "stdout: cannot be written to; free some space where it goes, or let it go elsewhere";

/// Whether `path` means stdout. Then nothing else may be printed there.
pub fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == STDOUT
}

/// Whether `path` means a file, old or new, and not stdout, a pipe or a device.
pub fn is_replaced(path: &Path) -> bool {
    !is_stdout(path) && std::fs::metadata(path).map_or(true, |found| found.is_file() || found.is_dir())
}

/// Prints a line of results; names in it can't break it or control the terminal.
pub fn print(line: impl Display) -> anyhow::Result<()> {
    print_lines(&one_line(&line.to_string()))
}

/// Prints several lines of results, in which names are on one line each: what made the text has seen to that
/// ([`shown`]).
pub fn print_lines(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{}", visible(text)).context(NO_STDOUT)
}

/// A path in a text of several lines.
pub fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy()).into_owned()
}

/// Prints JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print_json_text(&serde_json::to_string_pretty(value)?)
}

/// Prints a JSON value on one line.
pub fn print_json_line(value: &impl Serialize) -> anyhow::Result<()> {
    print_json_text(&serde_json::to_string(value)?)
}

fn print_json_text(json: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{}", visible_json(json)).context(NO_STDOUT)
}

/// Prints a result: as JSON where that is asked for, else as text.
pub fn print_as<T: Serialize>(
    json: bool,
    value: impl FnOnce() -> T,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    match json {
        true => print_json(&value()),
        false => print_lines(text().trim_end()),
    }
}

/// Warnings as lines of a result.
pub fn cautions(warnings: impl IntoIterator<Item = impl Display>) -> String {
    let line = |warning: &dyn Display| format!("caution: {}\n", one_line(&warning.to_string()));
    warnings.into_iter().map(|warning| line(&warning)).collect()
}

/// Prints what was written to `path`; as a note where stdout is taken by what was written.
pub fn print_written(path: &Path, text: impl Display, console: &Console) -> anyhow::Result<()> {
    match is_stdout(path) {
        true => console.note(text),
        false => print(text)?,
    }
    Ok(())
}

/// Refuses a file that cannot be written, before the work whose result it is to hold.
pub fn check(path: &Path) -> anyhow::Result<()> {
    match is_stdout(path) {
        true => Ok(()),
        false => Ok(atomic::check(path)?),
    }
}

/// Writes to a file, atomically, or to stdout.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> anyhow::Result<()> {
    if !is_stdout(path) {
        return Ok(atomic::write(path, fill)?);
    }
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    fill(&mut stdout)
        .and_then(|()| stdout.flush())
        .context("stdout: cannot be written to; name a file with -o instead")
}

/// Writes JSON to a file, atomically, or to stdout.
pub fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    write(path, |w| {
        serde_json::to_writer_pretty(&mut *w, value)?;
        w.write_all(b"\n")
    })
}

/// Writes rows as a JSON array, one after the other, so that they are never in memory together; as [`write_json`].
pub fn write_json_rows(path: &Path, rows: impl Iterator<Item = impl Serialize>) -> anyhow::Result<()> {
    write(path, |w| {
        serde_json::Serializer::pretty(&mut *w).collect_seq(rows)?;
        w.write_all(b"\n")
    })
}

/// Writes a CSV table to a file, atomically, or to stdout.
pub fn write_csv<R: AsRef<[u8]>>(
    path: &Path,
    rows: impl IntoIterator<Item = impl IntoIterator<Item = R>>,
) -> anyhow::Result<()> {
    write(path, |w| {
        let mut csv = csv::Writer::from_writer(w);
        rows.into_iter().try_for_each(|row| csv.write_record(row))?;
        csv.flush()
    })
}

/// Writes a text, to stdout where no file is named, and says so.
pub fn write_or_print(path: Option<&Path>, text: &[u8], console: &Console) -> anyhow::Result<()> {
    let path = path.unwrap_or(Path::new(STDOUT));
    write(path, |w| {
        w.write_all(text.strip_suffix(b"\n").unwrap_or(text))?;
        w.write_all(b"\n")
    })?;
    if !is_stdout(path) {
        console.note(format!("wrote {}", path.display()));
    }
    Ok(())
}

/// Writes a score table to a file, atomically, or to stdout.
pub fn write_scores(path: &Path, table: &ScoreTable) -> anyhow::Result<()> {
    if !is_stdout(path) {
        return Ok(table.save(path)?);
    }
    let mut text = Vec::new();
    table.write(&mut text)?;
    write(path, |w| w.write_all(&text))
}

/// A table of names and numbers: the first column to the left, the others to the right.
pub fn number_table(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut alignments = vec![Align::Right; headers.len()];
    alignments[0] = Align::Left;
    text_table(headers, &Vec::from_iter(rows), &alignments)
}

/// A number that is measured, by the name that it has in a table.
pub type Measured<T> = (&'static str, fn(&T) -> Option<f64>);

/// A table of what is measured before and after something.
pub fn before_and_after<T>(states: [&T; 2], measured: &[Measured<T>]) -> String {
    let row = |(name, measure): &Measured<T>| {
        let values = states.map(|state| number(measure(state)));
        Vec::from_iter([(*name).to_owned()].into_iter().chain(values))
    };
    number_table(&["", "before", "after"], measured.iter().map(row))
}
