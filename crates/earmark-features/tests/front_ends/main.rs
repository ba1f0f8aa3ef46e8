//! Whole front ends against other libraries, their definitions, and bad input.
//!
//! Golden vectors are in `tests/golden`; `xtask/golden/features_*.py` made them and pins versions.

#![expect(
    clippy::print_stdout,
    reason = "tests print what they measured and what they skipped"
)]

mod against_definition;
mod against_librosa;
mod against_tensorflow;
mod against_torch;
mod bad_input;
mod common;
mod in_blocks;
mod more_windows;
mod onnx;
mod overlapping_windows;
mod recipes;
mod trimming;
