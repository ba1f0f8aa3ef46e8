//! The key `file-pattern`: where the audio of a row is, where its cell does not say that by itself.

use earmark_core::csv_table::Record;

use crate::dataset::error::DataError;
use crate::table::columns::Table;
use crate::wording::{hint, quoted};

/// A template such as `audio/fold{fold}/{}.wav`, with the columns of a table put in.
pub(super) struct FilePattern(Vec<Piece>);

enum Piece {
    Text(String),
    Column(usize),
}

impl FilePattern {
    /// Reads a template; `{}` is the column `file`, `{NAME}` the column NAME.
    pub fn parse(template: &str, table: &Table, file: usize) -> Result<Self, DataError> {
        let refuse = |problem: String| {
            DataError::Setting(format!(
                "file-pattern = {template:?}: {problem}; write a path with {{}} for the cell of the file column, such as \
                 \"audio/{{}}.wav\""
            ))
        };
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((text, behind)) = rest.split_once('{') {
            let (name, behind) = behind
                .split_once('}')
                .ok_or_else(|| refuse("a brace is not closed".to_owned()))?;
            let column = match name.trim() {
                "" => file,
                name => table.find(&[name]).ok_or_else(|| {
                    let names = table.names();
                    let hint = hint(name, names.iter().map(String::as_str));
                    refuse(format!(
                        "there is no column {name:?}{hint}; the columns are {}",
                        quoted(names, ", ")
                    ))
                })?,
            };
            pieces.extend([Piece::Text(text.to_owned()), Piece::Column(column)]);
            rest = behind;
        }
        if pieces.is_empty() {
            return Err(refuse("it names the same file for every row".to_owned()));
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The path of a row's audio, relative to the data folder.
    pub fn path(&self, row: &Record) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Column(column) => row.cell(*column).to_owned(),
        };
        self.0.iter().map(piece).collect()
    }
}
