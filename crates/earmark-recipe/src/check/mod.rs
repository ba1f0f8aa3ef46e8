//! Values that can't work, alone or together; section by section.

mod network;
mod prediction;
mod sizes;
mod training;

use crate::recipe::{FORMAT, Recipe};
use earmark_core::{Check, ConfigError, Within};

impl Check for Recipe {
    fn check(&self) -> Result<(), ConfigError> {
        check_format(self.format)?;
        self.front_end.check().within("front-end")?;
        self.check_prediction()?;
        self.network.check().within("network")?;
        self.check_network_input()?;
        self.check_training()?;
        self.check_sizes()
    }
}

/// Refuses recipes of a newer program.
pub(crate) fn check_format(format: u32) -> Result<(), ConfigError> {
    let remedy = format!("this program knows formats up to {FORMAT}; update earmark");
    ConfigError::unless(format <= FORMAT, "format", format, remedy)
}
