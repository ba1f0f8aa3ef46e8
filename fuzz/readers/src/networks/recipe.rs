//! Recipes.

use std::path::Path;

use earmark_recipe::AnyRecipe;

use crate::check_message;

/// A complete recipe of either kind is refused, or the same after it was written out and read again.
pub fn recipe(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let file = Path::new("recipe.toml");
    match AnyRecipe::parse(text, file) {
        Ok(recipe) => {
            let again = AnyRecipe::parse(&recipe.to_toml(), file).expect("what was written");
            assert_eq!(again, recipe);
        }
        Err(error) => check_message(&error),
    }
}
