//! The files of corrections that come with a recipe.

use std::fmt;
use std::path::PathBuf;

/// The files of corrections that come with a recipe: they are looked for here when neither `corrections-folder` nor the
/// data folder has them. Who reads the recipe says where it was found. That is not one of its settings, so that any two
/// are equal.
#[derive(Clone, Default)]
pub struct RecipeCorrections {
    /// The folders of the recipe file and of the files that it extends, in this order.
    pub folders: Vec<PathBuf>,
    /// Name and text of each file that the program carries for its built-in recipes.
    pub texts: &'static [(&'static str, &'static str)],
}

impl PartialEq for RecipeCorrections {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for RecipeCorrections {
    /// Without the texts, which are long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RecipeCorrections");
        debug.field("folders", &self.folders).finish_non_exhaustive()
    }
}
