//! Whole numbers of a recipe, refused in words when they are negative, zero or fractions.
//!
//! Serde's own message for `hop-samples = -5` is "expected u32", which tells nothing to who has not met Rust. The message
//! here reads "invalid value: integer `-5`, expected a whole number, 1 or more"; the TOML reader adds line and key.

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a whole number, 1 or more")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u32, E> {
        match u32::try_from(value) {
            Ok(whole) if whole > 0 => Ok(whole),
            _ => Err(E::invalid_value(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u32, E> {
        match u32::try_from(value) {
            Ok(whole) if whole > 0 => Ok(whole),
            _ => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }
}

/// For `#[serde(deserialize_with)]` on a `u32` that must be 1 or more.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    deserializer.deserialize_u32(Whole)
}

/// For `#[serde(default, deserialize_with)]` on an `Option<u32>` that must be 1 or more when given.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    struct Optional;
    impl<'de> Visitor<'de> for Optional {
        type Value = Option<u32>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            Whole.expecting(f)
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            whole(deserializer).map(Some)
        }
    }
    deserializer.deserialize_option(Optional)
}
