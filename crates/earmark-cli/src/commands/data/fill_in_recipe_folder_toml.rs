//! What `init` changes in its template, the built-in recipe `folder`: the lines that depend on the data.

use earmark::data::check::CheckOptions;
use earmark::data::{DataSet, LayoutKind, ReadAs};

/// The lines of the built-in recipe that depend on the data.
const LAYOUT: &str = "layout = \"folders\"";
const SUBSETS: &str = "subsets = [\"train\"]";
const LOSS: &str = "loss = { kind = \"softmax-cross-entropy\", label-smoothing = 0.1 }";
const LOSS_MULTI: &str = "loss = { kind = \"sigmoid-cross-entropy\", label-smoothing = 0.0 }";

/// The subsets to train on: all that are not for testing, or all where there are no others.
fn training_subsets(set: &DataSet) -> Vec<&str> {
    let tested = CheckOptions::default().evaluation_subsets;
    let mut subsets = set.subsets();
    subsets.retain(|name| !tested.iter().any(|t| t == name));
    match subsets.is_empty() {
        true => set.subsets(),
        false => subsets,
    }
}

/// The template with the lines that depend on the data.
pub fn adapted(template: &str, set: &DataSet, read: &ReadAs) -> String {
    let quoted = |name: &str| toml::Value::String(name.to_owned()).to_string();
    let subsets: Vec<String> = training_subsets(set).into_iter().map(quoted).collect();
    let loss = if set.multi_label { LOSS_MULTI } else { LOSS };
    // A table that was chosen among others is named, so that another one next to it changes nothing.
    let table = set.description().tables.into_iter().next();
    let keys = [
        (
            "table",
            table.filter(|_| matches!(set.layout, LayoutKind::Csv | LayoutKind::Events)),
        ),
        ("file-column", read.file_column.clone()),
        ("label-column", read.label_column.clone()),
        ("fold-column", read.fold_column.clone()),
        ("group-column", read.group_column.clone()),
        ("subset-column", read.subset_column.clone()),
        ("label-separator", read.label_separator.clone()),
    ];
    let mut layout = format!("layout = \"{}\"", set.layout);
    for (key, value) in keys {
        if let Some(value) = value {
            layout += &format!("\n{key} = {}", quoted(&value));
        }
    }
    template
        .replace(LAYOUT, &layout)
        .replace(SUBSETS, &format!("subsets = [{}]", subsets.join(", ")))
        .replacen(LOSS, loss, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark::recipe::built_in_recipes;

    #[test]
    fn the_lines_that_are_filled_in_are_in_the_template() {
        let (_, template) = built_in_recipes::find("folder").unwrap();
        for line in [LAYOUT, SUBSETS, LOSS] {
            assert_eq!(
                template
                    .lines()
                    .filter(|l| l.split(" #").next().is_some_and(|l| l.trim() == line))
                    .count(),
                1,
                "{line}"
            );
        }
    }
}
