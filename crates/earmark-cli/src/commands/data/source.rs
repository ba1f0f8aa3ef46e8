//! How a data folder is read, from the command line.

use crate::prelude::*;
use anyhow::anyhow;
use earmark::data::{DataOptions, DataSet, LayoutKind, ReadAs, load};
use earmark::recipe::{built_in_corrections, override_value};
use earmark_core::text::{suggest, with_nearest_variant};
use toml::{Table, Value};

/// Opens the data folder that the command line names, and says what it is taken for.
pub fn open(source: &DataSource, console: &Console) -> anyhow::Result<DataSet> {
    let set = load(&source.dir, &options(source)?)?;
    console.data(&set);
    Ok(set)
}

/// The options of a data folder. Each `--set` is parsed by itself, so that an error names its key.
pub fn options(source: &DataSource) -> anyhow::Result<DataOptions> {
    let mut table = Table::new();
    for text in &source.data_set {
        let Some((key, value)) = text.split_once('=') else {
            bail!("--set {text}: expected KEY=VALUE, such as --set label-column=species");
        };
        let key = key.trim();
        let key = key.strip_prefix("data.").unwrap_or(key);
        let value = override_value(value.trim());
        parse(key, value.clone()).with_context(|| format!("--set {text}"))?;
        table.insert(key.to_owned(), value);
    }
    let options: DataOptions = Value::Table(table).try_into()?;
    let mut options = source.read.over(&options)?;
    if !options.corrections.is_empty() {
        options.recipe_corrections.texts = built_in_corrections();
    }
    if !source.subsets.is_empty() {
        options.subsets = Some(source.subsets.clone());
    }
    Ok(options)
}

impl DataArgs {
    /// What the arguments say.
    pub fn read_as(&self) -> anyhow::Result<ReadAs> {
        Ok(ReadAs {
            layout: self.layout.as_deref().map(layout).transpose()?,
            table: self.table.clone(),
            file_column: self.file_column.clone(),
            label_column: self.label_column.clone(),
            fold_column: self.fold_column.clone(),
            group_column: self.group_column.clone(),
            subset_column: self.subset_column.clone(),
            label_separator: self.label_separator.clone(),
            damaged: None,
        })
    }

    /// Refuses arguments about a data folder where there is none.
    pub fn refuse_without(&self, data: Option<&Path>) -> anyhow::Result<()> {
        if data.is_none() && !self.read_as()?.is_empty() {
            bail!("--layout, --table and the columns say how a data folder is read; name it with --data DIR");
        }
        Ok(())
    }

    /// The options of a recipe as the arguments want them.
    pub fn over(&self, options: &DataOptions) -> anyhow::Result<DataOptions> {
        Ok(self.read_as()?.over(options))
    }

    /// The arguments as changes to a recipe that a job loads itself; behind those of `--set`, which they replace.
    pub fn overrides(&self, set: &[String]) -> anyhow::Result<Vec<String>> {
        let read = self.read_as()?;
        let text = |key: &str, value: Option<String>| {
            value.map(|value| format!("data.{key}={}", Value::String(value)))
        };
        let table = read
            .table
            .as_ref()
            .map(|table| table.to_string_lossy().into_owned());
        let given = [
            text("layout", read.layout().map(|layout| layout.to_string())),
            text("table", table),
            text("file-column", read.file_column),
            text("label-column", read.label_column),
            text("fold-column", read.fold_column),
            text("group-column", read.group_column),
            text("subset-column", read.subset_column),
            text("label-separator", read.label_separator),
        ];
        Ok(set.iter().cloned().chain(given.into_iter().flatten()).collect())
    }
}

/// A layout by its name.
pub fn layout(name: &str) -> anyhow::Result<LayoutKind> {
    let options =
        parse("layout", Value::String(name.to_owned())).with_context(|| format!("--layout {name}"))?;
    options
        .layout
        .with_context(|| format!("--layout {name}: unknown layout"))
}

/// Options with one key set.
fn parse(key: &str, value: Value) -> anyhow::Result<DataOptions> {
    let table = Table::from_iter([(key.to_owned(), value)]);
    Value::Table(table).try_into().map_err(|e: toml::de::Error| {
        let message = e.message();
        // toml says: unknown field `x`, expected one of `a`, `b`
        let known: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        match known.split_first() {
            Some((_, known)) if message.starts_with("unknown field") => {
                let near = suggest(key, known.iter().copied())
                    .map(|s| format!("did you mean `{s}`? "))
                    .unwrap_or_default();
                anyhow!("unknown key in [data]; {near}keys: {}", known.join(", "))
            }
            _ => anyhow!("{}", with_nearest_variant(message.trim_end())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(set: &[&str]) -> DataSource {
        DataSource {
            dir: "x".into(),
            read: DataArgs::default(),
            subsets: vec![],
            data_set: set.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    #[test]
    fn keys_of_the_data_section_are_set() {
        let found = options(&source(&[
            "data.label-column=species",
            "multi-label = true",
            "parts=[\"a\"]",
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
        let refused = |set: &str| format!("{:#}", options(&source(&[set])).unwrap_err());
        let message = refused("label-colum=x");
        assert!(
            message.starts_with("--set label-colum=x: unknown key in [data]"),
            "{message}"
        );
        assert!(message.contains("did you mean `label-column`?"), "{message}");
        assert!(
            refused("multi-label=7").starts_with("--set multi-label=7: invalid type"),
            "{}",
            refused("multi-label=7")
        );
        assert!(refused("novalue").contains("expected KEY=VALUE"));
        let unknown = DataSource {
            read: DataArgs {
                layout: Some("esc".into()),
                ..DataArgs::default()
            },
            ..source(&[])
        };
        let message = format!("{:#}", options(&unknown).unwrap_err());
        assert!(
            message.starts_with("--layout esc: unknown variant `esc`, expected one of"),
            "{message}"
        );
        let near = layout("folder").map_err(|e| format!("{e:#}")).unwrap_err();
        assert!(near.ends_with("; did you mean `folders`?"), "{near}");
        assert!(refused("layout=folder").ends_with("; did you mean `folders`?"));
    }

    /// The way that a folder like UrbanSound8K's is read without a layout of its own.
    #[test]
    fn flags_and_keys_go_together() {
        let read = DataArgs {
            layout: Some("csv".into()),
            table: Some("metadata/t.csv".into()),
            label_separator: Some(";".into()),
            ..DataArgs::default()
        };
        let source = DataSource {
            read: read.clone(),
            ..source(&["data.file-column=name"])
        };
        let found = options(&source).unwrap();
        assert_eq!(found.layout, Some(LayoutKind::Csv));
        assert_eq!(found.table, Some("metadata/t.csv".into()));
        assert_eq!(found.file_column.as_deref(), Some("name"));
        assert_eq!(found.label_separator.as_deref(), Some(";"));
        assert_eq!(
            read.overrides(&["train.epochs=1".to_owned()]).unwrap(),
            [
                "train.epochs=1",
                "data.layout=\"csv\"",
                "data.table=\"metadata/t.csv\"",
                "data.label-separator=\";\"",
            ]
        );
    }
}
