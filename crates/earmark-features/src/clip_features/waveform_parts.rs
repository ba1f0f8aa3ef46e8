//! Statistics of the waveform in one, two and three parts: 72 features.
//!
//! As mobilenetv2-pca-2018 took them from O. Panichev's kernel for FSDKaggle2018.

use super::statistics::statistics;

const SIGNALS: [&str; 3] = ["signal", "absolute", "difference"];
const KEPT: [&str; 4] = ["mean", "std", "min", "max"];

/// Names of [`parts`], in order.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for count in 1..=3 {
        for signal in SIGNALS {
            for part in 1..=count {
                names.extend(KEPT.map(|what| format!("{signal}-part-{part}-of-{count}-{what}")));
            }
        }
    }
    names
}

/// Mean, standard deviation, minimum and maximum of signal, absolute signal and differences of neighbours; zeros for
/// a part without samples.
///
/// Quirk(mobilenetv2-pca-2018): the last part starts at the last sample, so that one part is only this sample, and of
/// three parts the last third is missing.
pub(super) fn parts(samples: &[f32]) -> Vec<f64> {
    let signal: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
    let absolute: Vec<f64> = signal.iter().map(|x| x.abs()).collect();
    let difference: Vec<f64> = signal.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut out = Vec::with_capacity(72);
    for count in 1..=3 {
        for values in [&signal, &absolute, &difference] {
            let (size, last) = (values.len() / count, values.len().saturating_sub(1));
            for part in 0..count {
                let start = if part + 1 == count { last } else { part * size };
                let end = (start + size).min(values.len());
                let [mean, std, _, max, min] = statistics(&values[start..end]);
                out.extend([mean, std, min, max]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_is_the_last_sample() {
        let got = parts(&[1.0, -2.0, 3.0, 5.0]);
        assert_eq!(got.len(), names().len());
        let of = |name: &str| got[names().iter().position(|n| n == name).unwrap()];
        assert_eq!(
            (of("signal-part-1-of-1-mean"), of("signal-part-1-of-1-std")),
            (5.0, 0.0)
        );
        assert_eq!(
            (of("signal-part-1-of-2-min"), of("signal-part-1-of-2-max")),
            (-2.0, 1.0)
        );
        assert_eq!(of("absolute-part-1-of-2-mean"), 1.5);
        assert_eq!(of("signal-part-2-of-3-mean"), -2.0);
        assert_eq!(of("difference-part-1-of-3-mean"), -3.0);
        assert_eq!(of("difference-part-3-of-3-max"), 2.0);
        assert!(parts(&[]).iter().chain(&parts(&[0.5])).all(|x| x.is_finite()));
    }
}
