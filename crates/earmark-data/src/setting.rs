//! Settings that can't work, named as they stand in a recipe.

/// A setting with a value that can't work: where it stands, what it is, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: {remedy}")]
pub struct SettingError {
    /// The key as in a recipe, for example `batches.size`.
    pub key: String,
    /// The value found there.
    pub value: String,
    /// What is expected instead.
    pub remedy: String,
}

impl SettingError {
    pub(crate) fn new(section: &str, key: &str, value: impl ToString, remedy: impl Into<String>) -> Self {
        Self {
            key: format!("{section}.{key}"),
            value: value.to_string(),
            remedy: remedy.into(),
        }
    }
}

/// Refuses what is no share or probability: outside of 0 to 1, or not a number.
pub(crate) fn check_share(section: &str, key: &str, value: f64) -> Result<(), SettingError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(SettingError::new(section, key, value, "must be between 0 and 1"))
}

impl From<earmark_core::ConfigError> for SettingError {
    fn from(error: earmark_core::ConfigError) -> Self {
        Self {
            remedy: error.message(),
            key: error.key,
            value: error.value,
        }
    }
}
