//! Optimisers, gradient clipping and learning-rate schedules.

pub(crate) mod config;
pub(crate) mod optimizer;
pub(crate) mod schedule;
