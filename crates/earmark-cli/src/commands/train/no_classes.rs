//! A folder that nothing says the classes of: what is in it, what is expected, and one command.

use crate::prelude::*;
use crate::status::SeveralLines;
use earmark::data::layout::{is_audio_name, recognise};
use earmark::data::{DataError, DataOptions};
use earmark_core::text::command_line;

/// Refuses a folder without a table and without folders of classes, in a few lines.
pub fn refuse_without_classes(dir: &Path, options: &DataOptions) -> anyhow::Result<()> {
    let is_unknown = dir.is_dir()
        && options.layout.is_none()
        && matches!(recognise(dir, options), Err(DataError::Unrecognised { .. }));
    if !is_unknown {
        return Ok(());
    }
    let (recordings, others) = contents(dir)?;
    let such_as = |names: &[String]| {
        names
            .first()
            .map_or(String::new(), |first| one_line(first).into_owned())
    };
    let name = shown(dir);
    let folder = name.trim_end_matches('/');
    let found = match (recordings.len(), others.len()) {
        (0, 0) => format!("{name}: is empty"),
        (0, count) => format!(
            "{name}: has no recordings, but {}, such as {}",
            human_amount(count, "other file or folder", "other files or folders"),
            such_as(&others)
        ),
        (count, _) => format!(
            "{name}: has {}, such as {}, and nothing says of which class each is",
            human_amount(count, "recording", "recordings"),
            such_as(&recordings)
        ),
    };
    let example = command_line(&["earmark", "fit", &dir.to_string_lossy(), "--table", "labels.csv"]);
    bail!(SeveralLines(format!(
        "{found}\n\
         expected: a folder for each class ({folder}/dog/1.wav, {folder}/owl/1.wav), or a table (CSV) with the columns \
         file and label\n\
         example: {}",
        one_line(&example)
    )))
}

/// The recordings directly in a folder, and what else is there; by name, without what is hidden.
fn contents(dir: &Path) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let unreadable = || format!("{}: cannot be listed; check its permissions", dir.display());
    let (mut recordings, mut others) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(dir).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match (name.starts_with('.'), path.is_file() && is_audio_name(&path)) {
            (true, _) => {}
            (false, true) => recordings.push(name),
            (false, false) => others.push(name),
        }
    }
    recordings.sort();
    others.sort();
    Ok((recordings, others))
}
