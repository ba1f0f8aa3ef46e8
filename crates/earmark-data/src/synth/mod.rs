//! Synthetic data sets: a small one, so that earmark can be tried and tested without any data, and sets with the
//! counts, lengths and tables of published ones, so that recipes can be tried at full scale.

mod class_sound;
mod demo_clip;
mod demo_set;
mod demo_sound;
mod published_classes;
mod published_plan;
mod published_shape;
mod published_tables;
mod write_published;
mod write_wav;

pub use demo_set::{DemoSet, WRONG_LABEL_SHARE, write_demo};
pub use demo_sound::{DemoSound, SAMPLE_RATE_HZ};
pub use published_shape::SynthLike;
pub use write_published::{SynthError, SynthPlan, SynthSet};
