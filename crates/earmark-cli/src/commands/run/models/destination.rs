//! Where a model is written without `-o`.

use crate::prelude::*;
use earmark::hub::models_folder;

/// Says under which name a model that is there now is known.
pub fn note_name(path: &Path, console: &Console) {
    let name = model_name(path);
    console.note(format!(
        "installed as {name}: this is its name wherever a command takes a model"
    ));
}

/// The file of a model of this name in the models folder, which is made.
pub fn in_models_folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder = models_folder()
        .context("-o: this system has no data folder for users to keep models in; say where to write")?;
    std::fs::create_dir_all(&folder).with_context(|| {
        format!(
            "{}: cannot be made; name another folder with EARMARK_MODELS, or the file with -o",
            folder.display()
        )
    })?;
    Ok(folder.join(format!("{name}.safetensors")))
}
