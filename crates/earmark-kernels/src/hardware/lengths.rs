//! Checks that slices have the lengths that the shapes ask for; anything else is a bug of the caller.

/// Panics unless `values` has `len` numbers.
#[track_caller]
pub(crate) fn check_len(what: &str, values: &[f32], len: usize) {
    let found = values.len();
    assert!(found == len, "{what} must have {len} numbers, not {found}");
}

/// The number of parts of `len` numbers in `values`; panics unless all are whole.
#[track_caller]
pub(crate) fn count_parts(what: &str, values: &[f32], len: usize) -> usize {
    let found = values.len();
    let whole = len > 0 && found.is_multiple_of(len);
    assert!(whole, "{what} must have a multiple of {len} numbers, not {found}");
    found / len
}

/// Panics unless `what` has as many channels as its tensor.
#[track_caller]
pub(crate) fn check_channels(what: &str, found: usize, channels: usize) {
    assert_eq!(found, channels, "{what} has another number of channels");
}
