//! The `earmark` command, run as a user runs it: as a process, in a folder of its own, on short synthetic sounds.

mod activity;
mod addresses_and_tables;
mod background_copies;
mod blend_and_compare;
mod bundle;
mod calibrate;
mod common;
mod completions;
mod corrections_in_runs;
mod damaged_recordings;
mod data_augment_preview;
mod data_folder;
mod data_get;
mod data_synth;
mod demo;
#[cfg(feature = "gpu")]
mod devices;
#[cfg(not(feature = "gpu"))]
mod doctor;
mod documents;
mod embed_and_probe;
mod eval;
mod events;
mod events_of_scores;
mod export;
mod extract;
mod features_handcrafted;
mod fit;
mod fit_data;
mod flipped_bits_and_kills;
mod help;
mod index;
mod index_labels_and_parts;
mod index_paths;
#[cfg(target_os = "linux")]
mod limits_of_memory;
mod listen;
mod models;
mod more_windows;
mod numbers_out_of_range;
#[cfg(unix)]
mod odd_inputs;
mod onnx_models;
mod precision;
mod predict;
mod predict_inputs;
mod predict_segments;
mod probe;
mod refused_data;
mod refused_models;
mod refused_settings;
mod replaced_files;
mod report;
mod review;
mod review_decisions;
#[cfg(all(unix, feature = "serve"))]
mod review_serve;
mod score;
mod score_events;
#[cfg(unix)]
mod script_argus_2019;
#[cfg(unix)]
mod script_argus_2019_ensemble;
mod scripts_2018;
#[cfg(all(unix, feature = "serve"))]
mod serve;
#[cfg(all(unix, feature = "serve"))]
mod server;
mod shards;
mod shown_to_people;
mod slips;
mod stack;
mod strangers_files;
mod tag;
mod tag_killed;
mod test_clips;
mod thresholds_and_windows;
mod train_class_weights;
mod train_distil;
mod train_folds;
mod train_interrupted;
mod train_killed;
mod train_length;
mod train_longer;
mod train_old_formats;
mod train_phases;
mod train_reproducible;
mod train_steps;
mod train_two_stages;
mod train_warm_start;
mod tune;
mod warnings;
