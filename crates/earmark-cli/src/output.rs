//! Where a command writes what it makes: a file, or stdout for `-o -`.

use anyhow::Context;
use earmark::metrics::ScoreTable;
use earmark_core::atomic;
use std::io::Write;
use std::path::Path;

/// The name that means stdout.
const STDOUT: &str = "-";

/// Whether `path` means stdout. Then nothing else may be written there.
pub fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == STDOUT
}

/// Refuses a file that can't be written, before the work whose result it is to hold.
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

/// Writes a score table to a file, atomically, or to stdout.
pub fn table(path: &Path, table: &ScoreTable) -> anyhow::Result<()> {
    if !is_stdout(path) {
        return Ok(table.save(path)?);
    }
    let mut text = Vec::new();
    table.write(&mut text)?;
    write(path, |w| w.write_all(&text))
}
