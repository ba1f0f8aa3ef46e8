//! The files of a bundle apart from its models.

use super::description::{BundleDescription, PROGRAM};
use super::script_readme_and_licences::{licences, readme, script};
use super::{BundleJob, checksums};
use crate::PipelineError;
use earmark_core::atomic::{self, WriteError};
use std::fs;
use std::path::Path;

/// Writes all files of a bundle except models and checksums.
pub(super) fn write_files(
    folder: &Path,
    job: &BundleJob,
    classes: &[String],
    description: &BundleDescription,
) -> Result<(), PipelineError> {
    copy(&job.program, &folder.join(PROGRAM), 0o755)?;
    let json = serde_json::to_string_pretty(description).expect("strings and numbers");
    atomic::write(&folder.join("classes.csv"), |w| {
        let mut csv = csv::Writer::from_writer(w);
        for (index, name) in classes.iter().enumerate() {
            csv.write_record([&index.to_string(), name])?;
        }
        csv.flush()
    })?;
    for (name, content) in [
        ("bundle.json", json + "\n"),
        ("predict.sh", script(description)),
        ("README.md", readme(description)),
        ("LICENCES.md", licences(description)),
    ] {
        atomic::write(&folder.join(name), |w| w.write_all(content.as_bytes()))?;
    }
    set_mode(&folder.join("predict.sh"), 0o755)
}

/// Copies a file, with these permissions on systems that have them.
pub(super) fn copy(from: &Path, to: &Path, bits: u32) -> Result<(), PipelineError> {
    fs::copy(from, to).map_err(|e| WriteError::new(from, e))?;
    set_mode(to, bits)
}

/// Writes the checksums, last of all.
pub(super) fn write_checksums(folder: &Path) -> Result<(), PipelineError> {
    let sums = checksums::of_folder(folder).map_err(|e| WriteError::new(folder, e))?;
    Ok(atomic::write(&folder.join(checksums::NAME), |w| {
        w.write_all(sums.as_bytes())
    })?)
}

/// Sets permissions on systems that have them.
pub(super) fn set_mode(path: &Path, bits: u32) -> Result<(), PipelineError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(bits)).map_err(|e| WriteError::new(path, e))?;
    }
    #[cfg(not(unix))]
    let _ = (path, bits); // these systems know programs by their names
    Ok(())
}

/// A name without special characters of shells and file systems.
pub(super) fn safe_name(name: &str) -> String {
    let special = |c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-');
    name.replace(special, "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe() {
        assert_eq!(safe_name("argus-2019/1-fold"), "argus-2019-1-fold");
        assert_eq!(safe_name("it's; rm -rf $HOME"), "it-s--rm--rf--HOME");
    }
}
