//! How a data folder is read, from the command line.

use crate::prelude::*;
use anyhow::anyhow;
use earmark::data::{DataOptions, DataSet, LayoutKind, load};
use earmark::recipe::override_value;
use earmark_core::text::suggest;
use toml::{Table, Value};

/// Opens the data folder that the command line names.
pub fn open(source: &DataSource) -> anyhow::Result<DataSet> {
    Ok(load(&source.dir, &options(source)?)?)
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
    let mut options: DataOptions = Value::Table(table).try_into()?;
    if let Some(name) = &source.layout {
        options.layout = Some(layout(name)?);
    }
    options.table = source.table.clone().or(options.table);
    if !source.subsets.is_empty() {
        options.subsets = Some(source.subsets.clone());
    }
    Ok(options)
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
            _ => anyhow!("{}", message.trim_end()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(set: &[&str]) -> DataSource {
        DataSource {
            dir: "x".into(),
            layout: None,
            table: None,
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
            layout: Some("esc".into()),
            ..source(&[])
        };
        let message = format!("{:#}", options(&unknown).unwrap_err());
        assert!(
            message.starts_with("--layout esc: unknown variant `esc`, expected one of"),
            "{message}"
        );
    }
}
