//! The folder of a run for which none is named: `runs/NAME-001` and so on.

use std::path::{Path, PathBuf};

/// An unused folder `runs/NAME-001`, `runs/NAME-002`, ... below `base`.
pub fn fresh_folder(base: &Path, recipe: &str) -> PathBuf {
    let name = recipe.replace(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.'), "-");
    (1..)
        .map(|n| base.join(format!("{name}-{n:03}")))
        .find(|p| !p.exists())
        .expect("an endless range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_folders_are_numbered() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(
            fresh_folder(dir.path(), "a/b c").file_name().unwrap(),
            "a-b-c-001"
        );
        std::fs::create_dir(dir.path().join("a-b-c-001")).unwrap();
        assert_eq!(
            fresh_folder(dir.path(), "a/b c").file_name().unwrap(),
            "a-b-c-002"
        );
    }
}
