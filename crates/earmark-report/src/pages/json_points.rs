//! JSON has no NaN: points of a curve are written as `[x, y]` with `null` for a missing number.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes points as pairs; `serde_json` turns NaN and infinities into `null` by itself.
pub fn serialize<S: Serializer>(points: &[(f64, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    points.serialize(serializer)
}

/// Reads pairs, `null` as NaN, so that a diverged loss survives a round trip.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(f64, f64)>, D::Error> {
    let pairs = Vec::<(Option<f64>, Option<f64>)>::deserialize(deserializer)?;
    Ok(pairs
        .into_iter()
        .map(|(x, y)| (x.unwrap_or(f64::NAN), y.unwrap_or(f64::NAN)))
        .collect())
}
