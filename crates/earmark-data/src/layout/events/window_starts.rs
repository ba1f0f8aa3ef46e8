//! Where the windows of a recording begin.

/// A rest of a recording that is shorter is in no window of its own: a sample or two, by rounding.
const SHORTEST_REST_US: u64 = 1000;

/// The starts in microseconds: every hop, and where one ends with the recording.
pub(super) fn starts(length: u64, window: u64, hop: u64) -> impl Iterator<Item = u64> {
    let last = length.saturating_sub(window);
    let rest = last % hop;
    // In whole milliseconds, as it is part of a name.
    let end = (rest >= SHORTEST_REST_US).then(|| last - last % 1000);
    (0..=last / hop).map(move |k| k * hop).chain(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_reach_to_the_end() {
        let starts = |length, window, hop| -> Vec<u64> { starts(length, window, hop).collect() };
        assert_eq!(starts(10_000_000, 5_000_000, 5_000_000), [0, 5_000_000]);
        assert_eq!(
            starts(12_345_678, 5_000_000, 5_000_000),
            [0, 5_000_000, 7_345_000]
        );
        assert_eq!(
            starts(10_000_500, 5_000_000, 5_000_000),
            [0, 5_000_000],
            "rounding"
        );
        assert_eq!(starts(3_000_000, 5_000_000, 1), [0], "shorter than a window");
        assert_eq!(starts(6_000_000, 4_000_000, 1_000_000), [0, 1_000_000, 2_000_000]);
    }
}
