//! Sizes, times, rates and scores as people say them.

/// A size in binary units: `999 B`, `1.5 KiB`, `12 MiB`.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would print as 1024: it belongs to the next unit already.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", three_digits(value), UNITS[unit])
}

/// A duration given in seconds: `350 ms`, `2.5 s`, `3 min 05 s`, `1 h 02 min`, `2 d 03 h`.
///
/// Two units at most, because nobody plans an afternoon by the seconds of a six-hour run. Anything that is not a
/// number of seconds (NaN, infinite, negative) is `unknown`.
#[must_use]
pub fn human_duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".into();
    }
    if seconds == 0.0 {
        return "0 s".into();
    }
    if seconds < 0.999_5e-3 {
        return format!("{} µs", three_digits(seconds * 1e6));
    }
    if seconds < 0.999_5 {
        return format!("{} ms", three_digits(seconds * 1e3));
    }
    if seconds < 59.95 {
        return format!("{} s", three_digits(seconds));
    }
    let whole = seconds.round();
    let (minutes, hours, days) = (
        (whole / 60.0).floor(),
        (whole / 3600.0).floor(),
        (whole / 86400.0).floor(),
    );
    if hours < 1.0 {
        format!("{minutes:.0} min {:02.0} s", whole - minutes * 60.0)
    } else if days < 1.0 {
        format!("{hours:.0} h {:02.0} min", minutes - hours * 60.0)
    } else {
        format!("{days:.0} d {:02.0} h", hours - days * 24.0)
    }
}

/// A rate with its unit: `human_rate(1234.0, "clips")` is `1,234 clips/s`; below 100 with three digits.
#[must_use]
pub fn human_rate(per_second: f64, unit: &str) -> String {
    if !per_second.is_finite() || per_second < 0.0 {
        return format!("unknown {unit}/s");
    }
    let number = if per_second < 99.95 {
        three_digits(per_second)
    } else {
        grouped(&format!("{:.0}", per_second.min(1e18)))
    };
    format!("{number} {unit}/s")
}

/// "1 clip", "2 clips".
pub fn human_amount(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A count with its thousands marked: `1,234,567`.
#[must_use]
pub fn human_count(count: u64) -> String {
    grouped(&count.to_string())
}

/// A frequency: `440 Hz`, `22.05 kHz`.
#[must_use]
pub fn human_hz(hz: f64) -> String {
    if !hz.is_finite() {
        return "unknown".into();
    }
    let (value, unit) = if hz.abs() < 999.5 {
        (hz, "Hz")
    } else {
        (hz / 1e3, "kHz")
    };
    format!("{} {unit}", trimmed(&format!("{value:.2}")))
}

/// A score between 0 and 1 with four decimals; `–` for one that does not exist.
#[must_use]
pub fn score(value: f64) -> String {
    if !value.is_finite() {
        "–".into()
    } else if value.abs() >= 1e6 || (value != 0.0 && value.abs() < 5e-4) {
        // Losses and learning rates share tables with scores.
        format!("{value:.2e}")
    } else {
        format!("{value:.4}")
    }
}

/// Three significant digits for values below 1000 (`1.23`, `12.3`, `123`), without trailing zeros.
fn three_digits(value: f64) -> String {
    let text = match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    };
    trimmed(&text).to_owned()
}

/// A decimal number without the zeros at its end.
pub fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1 MiB"),
            (12 << 20, "12 MiB"),
            (150 << 30, "150 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(human_bytes(bytes), text);
        }
    }

    #[test]
    fn durations() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (12e-6, "12 µs"),
            (0.35, "350 ms"),
            (0.9996, "1 s"),
            (2.5, "2.5 s"),
            (59.94, "59.9 s"),
            (59.96, "1 min 00 s"),
            (185.0, "3 min 05 s"),
            (3599.6, "1 h 00 min"),
            (3725.0, "1 h 02 min"),
            (183_600.0, "2 d 03 h"),
            (f64::NAN, "unknown"),
            (-1.0, "unknown"),
        ] {
            assert_eq!(human_duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn rates_counts_frequencies_scores() {
        assert_eq!(human_rate(1234.4, "clips"), "1,234 clips/s");
        assert_eq!(human_rate(3.456, "steps"), "3.46 steps/s");
        assert_eq!(human_rate(f64::INFINITY, "steps"), "unknown steps/s");
        assert_eq!(human_count(0), "0");
        assert_eq!(human_count(999), "999");
        assert_eq!(human_count(1_234_567), "1,234,567");
        assert_eq!(human_hz(440.0), "440 Hz");
        assert_eq!(human_hz(22050.0), "22.05 kHz");
        assert_eq!(human_hz(44100.0), "44.1 kHz");
        assert_eq!(score(0.76), "0.7600");
        assert_eq!(score(f64::NAN), "–");
        assert_eq!(score(3e-5), "3.00e-5");
    }
}
