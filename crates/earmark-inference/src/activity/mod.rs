//! When and where sounds were detected: detections of tables counted by hour, day, site or class.
//!
//! Only detections are counted. How long was recorded in an hour or at a site, no such table says.

mod counts;
mod detections;
mod page;

pub use counts::{ActivityBy, ActivityRow, ActivityTable};
pub use detections::{Activity, read_activity};

#[cfg(test)]
mod tests;
