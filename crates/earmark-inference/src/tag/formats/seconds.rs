//! Times for reading.

/// A time in a recording: `0:07.5`, `1:02:03.4`, rounded to a tenth of a second.
pub(super) fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    let (hours, minutes, seconds) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60);
    let tenth = tenths % 10;
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{tenth}")
    } else {
        format!("{minutes}:{seconds:02}.{tenth}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        let clocks = [0.0, 7.46, 59.96, 61.0, 3_599.96, 36_061.5].map(clock);
        assert_eq!(
            clocks,
            ["0:00.0", "0:07.5", "1:00.0", "1:01.0", "1:00:00.0", "10:01:01.5"]
        );
    }
}
