//! Whole numbers of a recipe, refused in plain words when they are negative, zero or fractions.
//!
//! Serde's own message for `hop-samples = -5` is "expected u32", which says nothing to a reader who does not know
//! Rust. The message here is "invalid value: integer `-5`, expected a whole number, 1 or more"; the TOML reader adds
//! line and key.

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::fmt;

struct PositiveInteger(u32);

impl<'de> Deserialize<'de> for PositiveInteger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Integer;
        impl Visitor<'_> for Integer {
            type Value = u32;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a whole number, 1 or more")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<u32, E> {
                let whole = u32::try_from(value).ok().filter(|whole| *whole > 0);
                whole.ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<u32, E> {
                let whole = u32::try_from(value).ok().filter(|whole| *whole > 0);
                whole.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(value), &self))
            }
        }
        deserializer.deserialize_u32(Integer).map(PositiveInteger)
    }
}

/// For `#[serde(deserialize_with)]` on a `u32` that must be 1 or more.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    PositiveInteger::deserialize(deserializer).map(|n| n.0)
}

/// For `#[serde(default, deserialize_with)]` on an `Option<u32>` that must be 1 or more when given.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::<PositiveInteger>::deserialize(deserializer).map(|n| n.map(|n| n.0))
}
