//! The layouts on small trees, and ESC-10.

#[path = "../table_support/mod.rs"]
mod table_support;

mod classes;
mod dialects;
mod events;
mod guesses;
mod options;
mod published;
mod tables_and_folders;

/// `(file, labels, subset)` of all items.
fn summary(set: &earmark_data::DataSet) -> Vec<(String, Vec<String>, String)> {
    let labels = |i| set.labels_of(i).map(str::to_owned).collect();
    set.items
        .iter()
        .map(|i| (i.file.clone(), labels(i), i.subset.clone()))
        .collect()
}

fn row(file: &str, labels: &[&str], subset: &str) -> (String, Vec<String>, String) {
    (
        file.into(),
        labels.iter().map(|&l| l.into()).collect(),
        subset.into(),
    )
}
