//! Charts: one file each, numbers to [`Chart`](crate::Chart).

mod axis;
pub mod bars;
pub mod confusion;
pub mod day_hour_map;
mod downsample;
mod frame;
pub mod histogram;
mod hover;
pub mod line;
pub mod reliability;
pub mod series;
pub mod sparkline;
mod ticks;
