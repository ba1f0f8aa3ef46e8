//! Where a model is written without `-o`.

use crate::prelude::*;
use earmark::hub::models_folder;

/// The file of a model of this name in the models folder, which is made.
pub fn in_models_folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder = models_folder()
        .context("-o: this system has no data folder for users to keep models in; say where to write")?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder.join(format!("{name}.safetensors")))
}
