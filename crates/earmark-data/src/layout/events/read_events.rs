//! Reads a folder of labels with times.

use std::path::Path;

use super::{cut_windows, next_to_recordings, one_table};
use crate::dataset::error::DataError;
use crate::layout::interface::{Layout, Rows};
use crate::layout::options::DataOptions;

pub(in super::super) struct Events;

impl Layout for Events {
    fn unused_options(&self) -> usize {
        0
    }

    /// Whether the one table of the folder is one of events, or recordings have tables of events next to them and no
    /// table lists them as clips.
    fn recognise(&self, root: &Path, options: &DataOptions) -> Result<bool, DataError> {
        Ok(one_table::find(root, options)?.is_some() || next_to_recordings::are_meant(root, options)?)
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let recordings = match &options.table {
            Some(table) => one_table::read(root, &root.join(table), options)?,
            None if next_to_recordings::any(root, options)? => next_to_recordings::read(root, options)?,
            None => one_table::read(root, &one_table::required(root, options)?, options)?,
        };
        cut_windows::cut(root, recordings, options)
    }
}
