//! What is read above Burn: recipes, model files, logs and other files of runs, lists that go with a model, detections,
//! decisions about them, and archives of data sets.

mod archive;
mod decisions;
mod detections;
mod lists;
mod model_file;
mod recipe;
mod resume_log;
mod run_files;

pub use archive::archive;
pub use decisions::decisions;
pub use detections::detections;
pub use lists::{label_table, thresholds};
pub use model_file::model_file;
pub use recipe::recipe;
pub use resume_log::resume_log;
pub use run_files::run_files;

use earmark_core::checksum::seal;

/// A copy in which every line that has a checksum has the right one.
fn sealed_again(data: &[u8]) -> Vec<u8> {
    let lines = data.split_inclusive(|byte| *byte == b'\n');
    let sealed =
        lines.map(|line| content(line).map_or(line.to_vec(), |json| (seal(json) + "\n").into_bytes()));
    sealed.collect::<Vec<_>>().concat()
}

/// The object of a line with a checksum, without it.
fn content(line: &[u8]) -> Option<String> {
    let (before, _) = std::str::from_utf8(line).ok()?.rsplit_once(",\"checksum\":\"")?;
    Some(format!("{before}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wrong_checksums_change() {
        let whole = seal("{\"a\":1}".into()) + "\n{\"b\":2}\n" + &seal("{\"c\":3}".into()) + "\n";
        let damaged = whole.replacen("checksum\":\"", "checksum\":\"0", 1);
        assert_ne!(damaged, whole);
        assert_eq!(sealed_again(damaged.as_bytes()), whole.as_bytes());
    }
}
