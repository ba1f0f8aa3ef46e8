//! Tagging a whole recording in one call.

use super::Model;
use crate::tag::{TagConfig, TagError, TagResult, Tagger};
use std::path::Path;

impl Model {
    /// Detects sounds in a recording, with start and end times, by the settings of [`TagConfig::default`].
    ///
    /// # Errors
    ///
    /// When the recording can't be read, or the model can't score windows.
    pub fn tag(&self, path: &Path) -> Result<TagResult, TagError> {
        Tagger::with_models(vec![self.clone()], &TagConfig::default())?.tag(path)
    }
}
