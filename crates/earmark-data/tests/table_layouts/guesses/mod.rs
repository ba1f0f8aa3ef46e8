//! What a folder is taken for: wrong guesses are caught, right ones are said.

mod columns;
mod file_names;
mod names;
mod results;
mod tables;

use super::table_support::Tree;

/// A folder with these tables and, in `audio/`, `dog0.wav`, `dog1.wav`, `cat0.wav` and `cat1.wav`.
fn with_audio(tables: &[(&str, &str)]) -> Tree {
    let tree = Tree::new(tables);
    for name in ["dog0", "dog1", "cat0", "cat1"] {
        tree.add(&format!("audio/{name}.wav"), "");
    }
    tree
}

const LABELS: &str =
    "path,category\naudio/dog0.wav,dog\naudio/dog1.wav,dog\naudio/cat0.wav,cat\naudio/cat1.wav,cat\n";

fn describe(tree: &Tree) -> String {
    tree.load().unwrap().describe()
}

/// What `earmark tag` writes as csv, of one or two sounds in each recording.
fn tags(files: &[&str], sounds: usize) -> String {
    let mut table = String::from("Start (s),End (s),Class,Confidence,File\n");
    for file in files {
        (0..sounds).for_each(|k| table += &format!("0.0{k}0,0.0{k}5,Owl,0.9000,{file}\n"));
    }
    table
}
