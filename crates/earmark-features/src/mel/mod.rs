//! Mel bands: settings, scale, triangles, and the sums under them.

mod bank;
mod config;
mod scale;
mod triangles;

pub(crate) use bank::{MelBank, support};
pub use config::{Mel, MelNorm, Triangles};
pub use scale::MelScale;
