//! The `earmark` command, run as a user runs it: as a process, in a folder of its own, on short synthetic sounds.

mod bad_data;
mod bad_models;
mod bad_settings;
mod bundling;
mod calibrating;
mod choosing;
mod common;
mod demo;
mod evaluating;
mod exporting;
mod folds;
mod format;
mod help;
mod interrupted;
mod killed;
mod learning;
mod listening;
mod phases;
mod pictures;
#[cfg(unix)]
mod pipeline;
mod predicting;
mod probing;
mod published;
mod review;
mod same_result;
mod scripts_2018;
mod stack;
mod summaries;
mod tag_killed;
mod tagging;
mod tiles;
mod tune;
mod two_stages;
mod warm_start;
mod weighing;
