//! Whole front ends against other people's code, against their definitions, and against bad input.
//!
//! Golden vectors lie in `tests/golden`; `xtask/golden/features_*.py` made them and pins versions.

#![expect(
    clippy::print_stdout,
    reason = "tests tell what they measured and what they skipped"
)]

mod against_definition;
mod against_librosa;
mod against_tensorflow;
mod against_torch;
mod bad_input;
mod common;
mod onnx;
mod recipes;
