//! Train, evaluate and run audio taggers: the crates of earmark under one roof.

pub use earmark_audio as audio;
pub use earmark_data as data;
pub use earmark_engine as engine;
pub use earmark_features as features;
pub use earmark_hub as hub;
pub use earmark_index as index;
pub use earmark_inference as inference;
pub use earmark_metrics as metrics;
pub use earmark_models as models;
pub use earmark_onnx as onnx;
pub use earmark_recipe as recipe;
pub use earmark_report as report;
pub use earmark_runs as runs;
pub use earmark_train as train;

pub use earmark_recipe::Recipe;
