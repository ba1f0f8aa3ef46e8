//! The SHA-256 of a checkpoint whose own is not known: recorded when it is first installed, and compared with every
//! later download.

use crate::catalogue::PublishedModel;
use crate::install_error::InstallError;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file with it, next to the model file; `sha256sum` writes the same.
pub(crate) fn record_of(model_file: &Path) -> PathBuf {
    model_file.with_extension("sha256")
}

/// What was recorded; `None` where nothing was installed yet.
pub(crate) fn recorded(record: &Path) -> Result<Option<String>, InstallError> {
    let refused = |reason: String| InstallError::Record {
        path: record.into(),
        reason,
    };
    let text = match fs::read_to_string(record) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(refused(format!("cannot be read: {e}"))),
    };
    let sum = text.split_whitespace().next().unwrap_or_default();
    match sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(Some(sum.to_lowercase())),
        false => Err(refused("does not begin with a SHA-256".into())),
    }
}

/// Records the SHA-256 of the file of this name.
pub(crate) fn write_record(record: &Path, sum: &str, file_name: &str) -> Result<(), InstallError> {
    let line = format!("{sum}  {file_name}\n");
    let written = earmark_core::atomic::write(record, |out| out.write_all(line.as_bytes()));
    written.map_err(|e| InstallError::Record {
        path: record.into(),
        reason: format!("cannot be written: {e}"),
    })
}

impl PublishedModel {
    /// The SHA-256 that was recorded when its checkpoint was first installed here.
    pub fn recorded_sha256(&self) -> Option<String> {
        recorded(&record_of(&self.model_file()?)).ok()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_anything_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let record = record_of(&folder.path().join("x.safetensors"));
        assert!(record.ends_with("x.sha256"));
        assert_eq!(recorded(&record).unwrap(), None);
        let sum = "ab".repeat(32);
        write_record(&record, &sum, "x.pt").unwrap();
        assert_eq!(fs::read_to_string(&record).unwrap(), format!("{sum}  x.pt\n"));
        assert_eq!(recorded(&record).unwrap(), Some(sum));
        fs::write(&record, "nothing").unwrap();
        let message = recorded(&record).unwrap_err().to_string();
        assert!(
            message.contains("x.sha256: does not begin with a SHA-256; delete it"),
            "{message}"
        );
    }
}
