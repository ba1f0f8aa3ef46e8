//! Handcrafted clip features, scaler and PCA against librosa, SciPy and scikit-learn.
//!
//! Golden vectors are in `tests/golden`; `xtask/golden/summary_features.py` and `summary_pca.py` made them and pin
//! versions.

#![expect(
    clippy::print_stdout,
    reason = "tests print what they measured and what they skipped"
)]

#[path = "../front_ends/common.rs"]
#[expect(dead_code, reason = "the front ends' tests use the rest")]
mod common;
mod handcrafted;
mod scaler;
