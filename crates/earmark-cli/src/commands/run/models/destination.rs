//! Where a model is written: a file that is named, or the models folder, where another model is not replaced unasked.

use crate::prelude::*;
use crate::replaced_files::refuse_other_than_model;
use earmark::hub::models_folder;
use earmark_core::checksum::Checksum;
use std::fs::File;
use std::io;

/// Says under which name a model that is there now is known.
pub fn note_name(path: &Path, console: &Console) {
    let name = model_name(path);
    console.note(format!(
        "installed as {name}: this is its name wherever a command takes a model"
    ));
}

/// Where an import goes.
pub struct ImportDestination {
    /// The model file.
    path: PathBuf,
    is_installed: bool,
    /// What is written first where there is a model of that name.
    trial: Option<Trial>,
}

/// A file that is removed at the end.
struct Trial(PathBuf);

impl Drop for Trial {
    fn drop(&mut self) {
        // Not there where the import failed.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl ImportDestination {
    /// The file that `-o` names, else that of a model of this name in the models folder.
    pub fn of(out: Option<PathBuf>, replace: bool, name: impl FnOnce() -> String) -> anyhow::Result<Self> {
        let (path, is_installed) = match out {
            Some(path) => (path, false),
            None => (in_models_folder(&name())?, true),
        };
        let is_tried = is_installed && !replace && path.exists();
        let trial = is_tried.then(|| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            Trial(path.with_file_name(format!(".{file}.import-{}", std::process::id())))
        });
        Ok(Self {
            path,
            is_installed,
            trial,
        })
    }

    /// The file to write.
    pub fn to_write(&self) -> PathBuf {
        let trial = self.trial.as_ref().map(|trial| &trial.0);
        trial.unwrap_or(&self.path).clone()
    }

    /// Says what was written where; refuses to replace a model by another one.
    pub fn finish(self, content: &str, console: &Console) -> anyhow::Result<()> {
        let path = self.path.display();
        if let Some(trial) = &self.trial {
            let same = is_same_content(&trial.0, &self.path);
            if !same.with_context(|| format!("{path}: cannot be compared with the import"))? {
                bail!(
                    "{path}: is installed already, and is not what this import makes; add --replace to replace it, or \
                     name another file with -o"
                );
            }
            console.note(format!("{path} is there already, with the same content"));
        }
        print(format!("{content}: {path}"))?;
        if self.is_installed {
            note_name(&self.path, console);
        }
        Ok(())
    }
}

fn is_same_content(a: &Path, b: &Path) -> io::Result<bool> {
    let checksum = |path: &Path| -> io::Result<String> {
        let mut checksum = Checksum::default();
        io::copy(&mut File::open(path)?, &mut checksum)?;
        Ok(checksum.hex())
    };
    Ok(std::fs::metadata(a)?.len() == std::fs::metadata(b)?.len() && checksum(a)? == checksum(b)?)
}

/// The file of a model of this name in the models folder, which is made.
fn in_models_folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder = models_folder()
        .context("-o: this system has no data folder for users to keep models in; say where to write")?;
    std::fs::create_dir_all(&folder).with_context(|| {
        format!(
            "{}: cannot be made; name another folder with EARMARK_MODELS, or the file with -o",
            folder.display()
        )
    })?;
    let path = folder.join(format!("{name}.safetensors"));
    refuse_other_than_model(&path.display().to_string(), &path)?;
    Ok(path)
}
