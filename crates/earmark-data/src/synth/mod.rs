//! A small synthetic data set, so that earmark can be tried and tested without any data.

mod demo_clip;
mod demo_set;
mod demo_sound;
mod write_wav;

pub use demo_set::{DemoSet, WRONG_LABEL_SHARE, write_demo};
pub use demo_sound::{DemoSound, SAMPLE_RATE_HZ};
