//! The commands that run models.

pub mod bench;
pub mod blend;
mod blend_select;
pub mod bundle;
pub mod embed;
pub mod export;
pub mod listen;
pub mod models;
pub mod predict;
mod predict_tiles;
pub mod tag;
