//! Settings that can't work: the one error for all of them, and the trait of everything that can be checked.

use std::fmt::{self, Debug, Display};
use std::ops::RangeBounds;

/// A setting whose value can't work: which key, which value, why, and what to write instead.
///
/// ```
/// use earmark_core::{ConfigError, Within};
/// let error = ConfigError::new("size", 0, "must be at least 1").within("batches");
/// assert_eq!(error.to_string(), "batches.size = 0: must be at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The dotted key, relative to the struct that was checked, for example `hop-samples`.
    pub key: String,
    /// The value found.
    pub value: String,
    /// Why it can't work; empty where the remedy says it all.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

impl std::error::Error for ConfigError {}

impl Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: {}", self.key, self.value, self.message())
    }
}

impl ConfigError {
    /// An error at `key`, whose `value` needs the `remedy`.
    pub fn new(key: impl Into<String>, value: impl ToString, remedy: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.to_string(),
            reason: String::new(),
            remedy: remedy.into(),
        }
    }

    /// The same error with the reason why the value can't work.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Reason and remedy, without key and value.
    pub fn message(&self) -> String {
        if self.reason.is_empty() {
            self.remedy.clone()
        } else {
            format!("{}; {}", self.reason, self.remedy)
        }
    }

    /// Refuses `value` of `key` unless it is `ok`.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn unless(
        ok: bool,
        key: impl Into<String>,
        value: impl ToString,
        remedy: impl Into<String>,
    ) -> Result<(), Self> {
        if ok {
            Ok(())
        } else {
            Err(Self::new(key, value, remedy))
        }
    }

    /// Refuses a value outside `range`.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn check_range<T: PartialOrd + ToString>(
        key: &str,
        value: T,
        range: impl RangeBounds<T>,
        remedy: &str,
    ) -> Result<(), Self> {
        Self::unless(range.contains(&value), key, value.to_string(), remedy)
    }

    /// Refuses what is not a positive, finite number.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn check_positive(key: &str, value: f64, remedy: &str) -> Result<(), Self> {
        Self::unless(value > 0.0 && value.is_finite(), key, value, remedy)
    }

    /// Refuses what is not a share or probability: outside 0 to 1, or not a number.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn check_share(key: &str, value: f64) -> Result<(), Self> {
        Self::check_range(key, value, 0.0..=1.0, "must be between 0 and 1")
    }
}

/// A group of settings that knows which of its values can't work.
pub trait Check {
    /// Refuses the first value that can't work. Keys are relative to this struct; its owner adds the section with [`Within`].
    ///
    /// # Errors
    ///
    /// The refusal, with key, value and remedy.
    fn check(&self) -> Result<(), ConfigError>;
}

impl<T: Check> Check for Option<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.iter().try_for_each(Check::check)
    }
}

impl<T: Check> Check for Vec<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.iter().try_for_each(Check::check)
    }
}

/// Puts a key into its section.
pub trait Within {
    /// `size` becomes `batches.size` within `batches`.
    #[must_use]
    fn within(self, section: &str) -> Self;
}

impl Within for ConfigError {
    fn within(mut self, section: &str) -> Self {
        if section.is_empty() {
            return self;
        }
        self.key = if self.key.is_empty() {
            section.to_owned()
        } else {
            format!("{section}.{}", self.key)
        };
        self
    }
}

impl<T> Within for Result<T, ConfigError> {
    fn within(self, section: &str) -> Self {
        self.map_err(|error| error.within(section))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_key_value_reason_and_remedy() {
        let error = ConfigError::new("hop-samples", 0, "give at least 1").because("frames would never end");
        assert_eq!(
            error.within("stft").within("front-end").to_string(),
            "front-end.stft.hop-samples = 0: frames would never end; give at least 1"
        );
        assert_eq!(
            ConfigError::new("", "x", "remove it")
                .within("network")
                .to_string(),
            "network = x: remove it"
        );
    }

    #[test]
    fn ranges_and_shares_refuse_what_is_outside_and_nan() {
        assert!(ConfigError::check_share("prob", 1.0).is_ok());
        assert!(ConfigError::check_share("prob", 1.5).is_err());
        assert!(ConfigError::check_share("prob", f64::NAN).is_err());
        assert!(ConfigError::check_range("n", 3, 1.., "must be at least 1").is_ok());
        let error = ConfigError::check_range("n", 0, 1.., "must be at least 1").within("a");
        assert_eq!(error.unwrap_err().to_string(), "a.n = 0: must be at least 1");
    }
}
