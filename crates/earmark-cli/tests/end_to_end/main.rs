//! The `earmark` command, run as a user runs it: as a process, in a folder of its own, on short synthetic sounds.

mod bad_data;
mod bad_models;
mod bad_settings;
mod choosing;
mod common;
mod demo;
mod evaluating;
mod folds;
mod format;
mod help;
mod interrupted;
mod killed;
mod learning;
mod predicting;
mod review;
mod same_result;
mod stack;
mod tiles;
mod tune;
mod warm_start;
