//! Tables, bars and spectrograms for the terminal.

pub mod half_blocks;
pub mod table;
pub mod waterfall;
