//! Opened models and what they are used for: predict, tag, stream, embed, export, bundle; and what is made of their
//! events.

pub mod activity;
mod add_to_index;
pub mod bundle;
mod class_names;
pub mod data;
mod device_names;
#[cfg(any(feature = "gpu", test))]
mod device_tests;
mod devices_by_name;
mod embed;
mod error;
pub mod export;
pub mod extract;
mod feature_file;
#[cfg(feature = "gpu")]
mod gpu_devices;
pub mod handcrafted;
mod long_recordings;
pub mod model;
mod opened_device;
mod predict;
mod progress;
mod remarks;
mod segment_rows;
pub mod shards;
pub mod stream;
pub mod tag;
pub mod thresholds;
pub mod time_and_place;
mod window_embeddings;
mod window_rule;

pub use add_to_index::{AddJob, AddResult, add_to_index, moved_recordings};
pub use devices_by_name::Device;
pub use embed::{EmbedJob, EmbedResult, embed, embed_with, merge_embeddings};
pub use error::{PipelineError, Skips, reason};
pub use feature_file::{FeatureFile, write_features};
pub use long_recordings::{NotWhole, Outcome, OutcomeJob, Recordings};
pub use model::{Model, ModelPrecision};
pub use predict::{
    MergedScores, PredictJob, Prediction, RecordingSegments, SegmentPrediction, ShardScores,
    merge_predictions, out_of_fold_segments, predict, predict_segments, predict_shard, predict_with,
};
pub use progress::{Event, Observer};
pub use remarks::{Remarks, grouped_notes};
pub use segment_rows::{SegmentRowsJob, segment_rows};
pub use thresholds::{ClassThresholds, DEFAULT_THRESHOLD, ThresholdConfig, ThresholdSource};
pub use window_embeddings::{WindowEmbedder, WindowVectors};
pub use window_rule::{HOP_SHARE, WHOLE_CLIP_SECONDS, WindowHop, WindowLength, WindowRule};

/// Where networks compute.
pub mod device {
    pub use crate::device_names::{DeviceError, GPU_KINDS, gpu_kind_and_index, is_built};
    #[cfg(any(feature = "gpu", test))]
    pub use crate::device_tests::{
        Comparison, Difference, SelfTest, ask, compare_with_cpu, missing_libraries, self_test, vulkan_drivers,
    };
    #[cfg(feature = "gpu")]
    pub use crate::device_tests::{count_in_program, test_in_program, test_with_program};
    #[cfg(feature = "gpu")]
    pub use crate::gpu_devices::{count, tuning_file};
    pub use crate::opened_device::Device;
}
