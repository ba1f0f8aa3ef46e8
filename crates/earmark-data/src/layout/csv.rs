//! The layout `csv`: any table with a column of files and a column of labels.

use std::path::Path;

use earmark_core::human::human_amount;
use earmark_core::labels::LabelRule;

use super::choose_table::{TableChoice, choose_table};
use super::class_folders::has_class_folders;
use super::csv_columns::{label_rule, likely_columns, numbers_in_subsets, times};
use super::file_pattern::FilePattern;
use super::interface::{Columns, Layout, Row, Rows};
use super::options::DataOptions;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

pub(super) struct Csv;

impl Layout for Csv {
    fn unused_options(&self) -> usize {
        0
    }

    /// Whether one table fits. One that does not is still meant where there are no class folders.
    fn recognise(&self, root: &Path, options: &DataOptions) -> Result<bool, DataError> {
        match choose_table(root, options)? {
            TableChoice::Fits(_) => Ok(true),
            TableChoice::Perhaps(_) | TableChoice::Broken(_) => Ok(!has_class_folders(root)?),
            several @ TableChoice::Several(_) => several.required(root).map(|_| true),
            TableChoice::None(_) => Ok(false),
        }
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let path = match &options.table {
            Some(table) => root.join(table),
            None => choose_table(root, options)?.required(root)?,
        };
        let table = Table::open(&path)?;
        let columns = likely_columns(&table, options)?;
        let pattern = options.file_pattern.as_deref();
        let pattern = pattern.map(|template| FilePattern::parse(template, &table, columns.file));
        let pattern = pattern.transpose()?;
        let rule = label_rule(&table, &columns, options);
        let folder = path.parent().unwrap_or(root);
        let mut rows = Rows {
            columns: Some(columns.names(&table)),
            search: pattern.is_none(),
            times: times(&table),
            ..Rows::default()
        };
        rows.add(&table, |row| {
            let subset = columns.subset.map_or("train", |column| row.cell(column));
            let labels = rule.read(columns.labels(row))?;
            let mut item = columns.item(row, folder, subset)?;
            if let Some(pattern) = &pattern {
                item.path = root.join(pattern.path(row));
            }
            match subset {
                "" => Err("the subset is empty; write, for example, train or test".into()),
                _ => Ok(Row { item, labels }),
            }
        })?;
        rows.multi_label = rows.rows.iter().any(|row| row.labels.len() > 1);
        let subsets = rows.rows.iter().map(|row| row.item.subset.clone());
        rows.tables = subsets.map(|subset| (subset, path.clone())).collect();
        let separators = match options.label_separator.is_none() {
            true => separators_in_labels(&rows, &table, &columns, &rule),
            false => Vec::new(),
        };
        let notes = separators
            .into_iter()
            .chain(numbers_in_subsets(&table, &columns, options));
        rows.notes
            .extend(notes.map(|note| format!("{}: {note}", below(root, &path))));
        Ok(rows)
    }
}

/// What may separate labels, by name, and how `--label-separator` is given it.
const SEPARATORS: [(char, &str, &str); 3] = [
    (',', "commas", ","),
    (';', "semicolons", "\";\""),
    ('|', "vertical bars", "\"|\""),
];

/// Says that separators are part of labels, where a reader may have meant several labels.
fn separators_in_labels(rows: &Rows, table: &Table, columns: &Columns, rule: &LabelRule) -> Vec<String> {
    let Some(name) = columns.label.map(|column| table.name(column)) else {
        return Vec::new();
    };
    let note = |(separator, called, given): (char, &str, &str)| {
        let labels = rows.rows.iter().flat_map(|row| &row.labels);
        let with: Vec<&String> = labels.filter(|label| label.contains(separator)).collect();
        let first = with.first()?;
        let labels = human_amount(with.len(), "label", "labels");
        let rename = match separator {
            ',' => "name the column `labels` or ",
            _ => "",
        };
        Some(format!(
            "{labels} with {called} in the column {name:?}, such as {first:?}, taken as one label each; if {called} \
             separate labels, {rename}set --label-separator {given}"
        ))
    };
    // Labels that commas separate have commas between quotes alone.
    let others = SEPARATORS.into_iter();
    let others = others.filter(|(separator, ..)| *separator != ',' || *rule == LabelRule::One);
    others.filter_map(note).collect()
}
