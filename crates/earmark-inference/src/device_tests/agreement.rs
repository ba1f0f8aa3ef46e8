//! How far results are from those of the CPU, and how far they may be.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is as good as zero: results of this size are sums of larger numbers that cancel out.
const NOTHING: f64 = 1e-6;

/// How far a result is from the CPU's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The result, such as `gradient of the bias`.
    pub of: String,
    /// The largest difference of two numbers, as a share of the CPU's largest number; none where there are no numbers,
    /// not as many, or one is not finite.
    pub share: Option<f64>,
    /// The largest share that rounding explains.
    pub allowed: f64,
}

impl Difference {
    /// That of two results.
    pub fn between(of: impl Into<String>, got: &[f32], cpu: &[f32], allowed: f64) -> Self {
        Self::above(0.0, of, got, cpu, allowed)
    }

    /// The same, where the CPU's largest number counts as `floor` at least.
    pub(super) fn above(floor: f64, of: impl Into<String>, got: &[f32], cpu: &[f32], allowed: f64) -> Self {
        let size = largest(cpu).max(floor).max(NOTHING);
        let each = got.iter().zip(cpu);
        let each = each.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        // What both lack is not compared: an operation without a gradient would agree with everything.
        let as_many = got.len() == cpu.len() && !cpu.is_empty();
        let is_comparable = as_many && got.iter().chain(cpu).all(|v| v.is_finite());
        Self {
            of: of.into(),
            share: is_comparable.then_some(each.fold(0.0, f64::max) / size),
            allowed,
        }
    }

    /// Whether rounding explains it.
    pub fn is_rounding(&self) -> bool {
        self.share.is_some_and(|share| share <= self.allowed)
    }

    /// How many times as large as allowed.
    fn excess(&self) -> f64 {
        self.share.map_or(f64::INFINITY, |share| share / self.allowed)
    }

    /// The one that is furthest above, or least below, what is allowed for it; `None` of none.
    pub fn worst(of: impl IntoIterator<Item = Self>) -> Option<Self> {
        of.into_iter().max_by(|a, b| a.excess().total_cmp(&b.excess()))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (of, allowed) = (&self.of, self.allowed);
        match self.share {
            Some(share) => write!(
                f,
                "{of}: {share:.1e} of the CPU's largest value off, {allowed:.0e} allowed"
            ),
            None => write!(f, "{of}: not numbers as the CPU's"),
        }
    }
}

/// The largest magnitude.
pub(super) fn largest(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shares_of_the_largest_number() {
        let difference = Difference::between("x", &[1.0, -4.0, 0.5], &[1.0, -8.0, 0.0], 0.1);
        assert_eq!(difference.share, Some(0.5));
        assert!(!difference.is_rounding());
        assert_eq!(
            difference.to_string(),
            "x: 5.0e-1 of the CPU's largest value off, 1e-1 allowed"
        );
        assert!(Difference::between("x", &[1.0, -7.5], &[1.0, -8.0], 0.1).is_rounding());
        // Noise around nothing is rounding.
        assert!(Difference::between("x", &[1e-9, 0.0], &[0.0, -1e-9], 0.01).is_rounding());
    }

    #[test]
    fn what_is_not_a_number_or_missing_is_never_rounding() {
        for got in [
            &[1.0, f32::NAN][..],
            &[1.0, f32::INFINITY],
            &[1.0],
            &[1.0, 2.0, 3.0],
            &[],
        ] {
            let difference = Difference::between("y", got, &[1.0, 2.0], 1e9);
            assert_eq!(difference.share, None, "{got:?}");
            assert!(!difference.is_rounding());
        }
        for same in [&[f32::NAN][..], &[]] {
            let nothing_to_compare = Difference::between("y", same, same, 1.0);
            assert!(!nothing_to_compare.is_rounding(), "{same:?}");
        }
    }

    #[test]
    fn the_worst_is_measured_by_what_is_allowed() {
        let of = |share, allowed| Difference {
            of: String::new(),
            share,
            allowed,
        };
        let (far, near, none) = (of(Some(0.02), 0.1), of(Some(0.01), 0.02), of(None, 1.0));
        assert_eq!(Difference::worst([far.clone(), near.clone()]), Some(near.clone()));
        assert_eq!(Difference::worst([none.clone(), near, far]), Some(none));
        assert_eq!(Difference::worst([]), None);
    }

    /// A parent reads what a child writes.
    #[test]
    fn differences_survive_json() {
        for got in [1.0, f32::NAN] {
            let difference = Difference::between("z", &[got], &[2.0], 0.1);
            let json = serde_json::to_string(&difference).unwrap();
            assert_eq!(serde_json::from_str::<Difference>(&json).unwrap(), difference);
        }
    }
}
