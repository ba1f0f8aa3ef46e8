//! The files of a bundle apart from its models.

use super::description::{BundleDescription, PROGRAM};
use super::{BundleJob, checksums, texts};
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
    let failed = |e: csv::Error| PipelineError::Request(e.to_string());
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |e| WriteError::new(&path, e)
    };
    let program = folder.join(PROGRAM);
    fs::copy(&job.program, &program).map_err(io(&job.program))?;
    set_mode(&program, 0o755).map_err(io(&program))?;
    let json =
        serde_json::to_string_pretty(description).map_err(|e| PipelineError::Request(e.to_string()))?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    for (index, name) in classes.iter().enumerate() {
        csv.write_record([&index.to_string(), name]).map_err(failed)?;
    }
    let csv = csv.into_inner().map_err(|e| failed(e.into_error().into()))?;
    for (name, content) in [
        ("bundle.json", format!("{json}\n").into_bytes()),
        ("classes.csv", csv),
        ("predict.sh", texts::script(description).into_bytes()),
        ("README.md", texts::readme(description).into_bytes()),
        ("LICENCES.md", texts::licences(description).into_bytes()),
    ] {
        atomic::write(&folder.join(name), |w| w.write_all(&content))?;
    }
    let script = folder.join("predict.sh");
    set_mode(&script, 0o755).map_err(io(&script))?;
    Ok(())
}

/// Writes the checksums, last of all.
pub(super) fn write_checksums(folder: &Path) -> Result<(), PipelineError> {
    let sums = checksums::of_folder(folder).map_err(|e| WriteError::new(folder, e))?;
    Ok(atomic::write(&folder.join(checksums::NAME), |w| {
        w.write_all(sums.as_bytes())
    })?)
}

/// Sets permissions on systems that have them.
pub(super) fn set_mode(path: &Path, bits: u32) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(bits))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, bits); // these systems tell programs by their names
        Ok(())
    }
}

/// A name without special characters of shells and file systems.
pub(super) fn safe_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' || c == '-' {
                c
            } else {
                '-'
            }
        })
        .collect()
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
