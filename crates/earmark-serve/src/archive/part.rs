//! Parts of recordings, as a page names them.

use super::service::ArchiveService;
use crate::failure::RequestFailure;
use earmark_audio::Span;

/// The longest part that is embedded.
const LONGEST_SECONDS: f64 = 60.0;

/// A span from seconds, if they are one.
pub(super) fn span(start: f64, end: f64) -> Result<Span, RequestFailure> {
    if !(start >= 0.0 && start < end && end.is_finite()) {
        return Err(RequestFailure::bad_request(format!(
            "from {start} to {end} s: can't be a part of a recording; give seconds from its start, the smaller first"
        )));
    }
    let [start_us, end_us] = [start, end].map(|seconds| (seconds * 1e6).round() as u64);
    Ok(Span {
        start_us,
        length_us: (end_us - start_us).max(1),
    })
}

/// The same of what is to be embedded.
pub(super) fn example_span(start: f64, end: f64) -> Result<Span, RequestFailure> {
    let span = span(start, end)?;
    match span.length_seconds() <= LONGEST_SECONDS {
        true => Ok(span),
        false => Err(RequestFailure::bad_request(format!(
            "from {start} to {end} s: is longer than {LONGEST_SECONDS} s; choose a shorter part"
        ))),
    }
}

/// `3@12.5-15`: from 12.5 to 15 s of recording 3; `3` for its beginning.
pub(super) fn part(service: &ArchiveService, item: &str) -> Result<(usize, Option<Span>), RequestFailure> {
    let wrong = || {
        RequestFailure::bad_request(format!(
            "item={item}: give the number of a recording, or NUMBER@START-END"
        ))
    };
    let (number, times) = match item.split_once('@') {
        None => (item, None),
        Some((number, times)) => (number, Some(times)),
    };
    let number: usize = number.parse().map_err(|_| wrong())?;
    service.recording(number)?;
    let Some((start, end)) = times
        .map(|times| times.split_once('-').ok_or_else(wrong))
        .transpose()?
    else {
        return Ok((number, None));
    };
    let seconds = |text: &str| text.parse::<f64>().map_err(|_| wrong());
    Ok((number, Some(span(seconds(start)?, seconds(end)?)?)))
}
