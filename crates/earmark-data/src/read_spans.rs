//! Windows of recordings. Those of one recording mostly follow each other on a thread, so what was opened last stays
//! open: a recording is decoded once, rather than from its start for each window.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use earmark_audio::{AudioError, Damaged, Decoded, Span, SpanReader};

use crate::dataset::item::Item;

thread_local! {
    static LAST: Cell<Option<OpenRecording>> = const { Cell::new(None) };
}

struct OpenRecording {
    path: PathBuf,
    stamp: Option<(u64, SystemTime)>,
    damaged: Damaged,
    reader: SpanReader,
}

impl OpenRecording {
    fn fits(&self, item: &Item, stamp: Option<(u64, SystemTime)>) -> bool {
        self.path == item.path && self.damaged == item.damaged && self.stamp == stamp && stamp.is_some()
    }
}

/// A span of an item's recording as mono at a rate, or at its own.
pub(crate) fn decode_span(
    item: &Item,
    span: Span,
    sample_rate_hz: Option<u32>,
) -> Result<Decoded, AudioError> {
    let stamp = stamp_of(&item.path);
    let last = LAST.take();
    let last = last.filter(|open| open.fits(item, stamp) && open.reader.reaches(span, sample_rate_hz));
    let mut open = match last {
        Some(open) => open,
        None => OpenRecording {
            path: item.path.clone(),
            stamp,
            damaged: item.damaged,
            reader: SpanReader::open(&item.path, item.damaged)?,
        },
    };
    let decoded = open.reader.read(span, sample_rate_hz)?;
    LAST.set(Some(open));
    Ok(decoded)
}

/// Size and time of the last change: another file of this name is another recording.
fn stamp_of(path: &Path) -> Option<(u64, SystemTime)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}
