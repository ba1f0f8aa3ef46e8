//! Whether the loss of a training was still falling at its end.

/// The steps are cut into fifths. (Tenths have half of the steps, and their means differ by noise alone in trainings of a few epochs.)
const PARTS: usize = 5;
/// A smaller fall does not count. With 3 % per fifth, a second training of the same length would take the loss down by 14 %
/// (1 - 0.97^5); with less, a longer training is hardly worth its time.
const LEAST_FALL: f64 = 0.03;
/// The same where the learning rate falls to the end of the training: a cosine's is 3 % of its beginning over the last fifth, and 21 %
/// over the fifth before, so that what still falls then would fall much further.
const LEAST_FALL_AT_LOW_RATES: f64 = 0.01;
/// ... nor does one within this many standard errors: batches differ.
const ERRORS: f64 = 2.0;
/// ... nor one below this share of the loss at the beginning: what is that low has nearly arrived, and falls forever.
const LOW: f64 = 0.125;
/// Fewer losses than this in each part say nothing.
const LEAST_STEPS: usize = 5;

/// A loss that was still falling: means over the last fifth of the steps and over the fifth before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossFall {
    /// Of the fifth before.
    pub before: f64,
    /// Of the last fifth.
    pub last: f64,
}

/// The fall of a loss that was still falling when its training ended; `losses` are those of its steps (of the last phase, where there are
/// several). That is so if the mean over the last fifth of the steps is at least 3 % and two standard errors below that of the fifth
/// before, and above an eighth of the mean over the first tenth; at least 1 % where the rates are `low_at_end`.
pub fn still_falling(losses: &[f64], low_at_end: bool) -> Option<LossFall> {
    let losses: Vec<f64> = losses.iter().copied().filter(|loss| loss.is_finite()).collect();
    let n = losses.len() / PARTS;
    if n < LEAST_STEPS {
        return None;
    }
    let (rest, last) = losses.split_at(losses.len() - n);
    let (first, before) = (&losses[..losses.len() / 10], &rest[rest.len() - n..]);
    let fall = LossFall {
        before: mean(before),
        last: mean(last),
    };
    let error = ((variance(before) + variance(last)) / n as f64).sqrt();
    let least = if low_at_end {
        LEAST_FALL_AT_LOW_RATES
    } else {
        LEAST_FALL
    };
    let difference = fall.before - fall.last;
    let is_clear = difference >= least * fall.before && difference > ERRORS * error;
    (is_clear && fall.last > LOW * mean(first)).then_some(fall)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of at least two values, by n - 1.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `steps` losses that fall from `start` towards `end` with time constant `tau`, with `noise` in turn above and below.
    fn curve(steps: usize, [start, end, tau]: [f64; 3], noise: f64) -> Vec<f64> {
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let loss = |i: usize| end + (start - end) * (-(i as f64) / tau).exp() + noise * sign(i);
        (0..steps).map(loss).collect()
    }

    #[test]
    fn a_training_cut_short_is_still_falling() {
        let fall = still_falling(&curve(100, [2.3, 0.5, 80.0], 0.1), false).unwrap();
        // The means by hand: 0.5 + 1.8 x the mean of exp(-i / 80) over 60 to 79, and over 80 to 99.
        let part = |from: usize| (from..from + 20).map(|i| (-(i as f64) / 80.0).exp()).sum::<f64>() / 20.0;
        assert!((fall.before - (0.5 + 1.8 * part(60))).abs() < 1e-12, "{fall:?}");
        assert!((fall.last - (0.5 + 1.8 * part(80))).abs() < 1e-12, "{fall:?}");
    }

    #[test]
    fn a_training_that_has_arrived_is_not() {
        assert_eq!(
            still_falling(&curve(100, [2.3, 0.5, 10.0], 0.1), false),
            None,
            "level"
        );
        assert_eq!(
            still_falling(&curve(1000, [2.3, 0.0, 300.0], 0.0), false),
            None,
            "falling fast, but at a twentieth of the beginning"
        );
        assert_eq!(
            still_falling(&curve(100, [2.3, 0.5, 80.0], 2.0), false),
            None,
            "noise"
        );
        assert_eq!(
            still_falling(&curve(100, [2.3, 0.5, 1e4], 0.0), false),
            None,
            "too slow to be worth it"
        );
        // By 2 % per fifth: little at a constant rate, much where it is nearly 0.
        let slow = curve(100, [2.3, 0.5, 800.0], 0.0);
        assert_eq!(still_falling(&slow, false), None);
        assert!(still_falling(&slow, true).is_some());
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(still_falling(&rising, true), None);
    }

    #[test]
    fn few_steps_and_gaps_say_nothing() {
        assert_eq!(still_falling(&[], true), None);
        assert_eq!(still_falling(&curve(24, [2.3, 0.5, 20.0], 0.0), false), None);
        let mut losses = curve(50, [2.3, 0.5, 40.0], 0.0);
        assert!(still_falling(&losses, false).is_some());
        losses.push(f64::NAN);
        assert!(still_falling(&losses, false).is_some(), "a gap is left out");
    }
}
