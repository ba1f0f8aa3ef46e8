//! Perceptual colour maps as polynomials: six powers per channel instead of tables.
//!
//! Magma and viridis (Smith, van der Walt and Firing, released under CC0) rise evenly in lightness, so that equal
//! steps in decibels look like equal steps. The coefficients are a least-squares fit of degree 6 to their tables, made by
//! `xtask/golden/colormaps.py`; the largest error is 5.8 of 255, which no eye can see in a spectrogram.

/// How numbers become colours; low is dark in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colormap {
    /// Black, purple, orange, pale yellow: spectrograms.
    #[default]
    Magma,
    /// Dark blue, green, yellow: everything else.
    Viridis,
}

type Polynomial = [f64; 7];

/// Lowest power first; channels R, G, B.
const MAGMA: [Polynomial; 3] = [
    [
        -0.00207, 0.25049, 8.34590, -27.66697, 52.17068, -50.75857, 18.66425,
    ],
    [
        -0.00069, 0.69446, -3.59603, 14.25385, -27.94458, 29.05388, -11.49003,
    ],
    [-0.00955, 2.49529, 0.32906, -13.64658, 12.88109, 4.26994, -5.57077],
];
const VIRIDIS: [Polynomial; 3] = [
    [0.27446, 0.10771, -0.32724, -4.59993, 6.20374, 4.75179, -5.43208],
    [0.00577, 1.39647, 0.21481, -5.75824, 14.15396, -13.74944, 4.64157],
    [
        0.33266, 1.38677, 0.09198, -19.29181, 56.65630, -65.32097, 26.27211,
    ],
];

impl Colormap {
    /// The colour at `position` (clamped to 0 to 1; NaN counts as 0), as red, green and blue in 0 to 255.
    #[must_use]
    pub fn rgb(self, position: f64) -> [u8; 3] {
        let x = if position.is_nan() {
            0.0
        } else {
            position.clamp(0.0, 1.0)
        };
        let channels = match self {
            Self::Magma => &MAGMA,
            Self::Viridis => &VIRIDIS,
        };
        channels.map(|c| {
            let value = c.iter().rev().fold(0.0, |sum, factor| sum * x + factor);
            (value.clamp(0.0, 1.0) * 255.0).round() as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_published_tables() {
        let golden: std::collections::HashMap<String, Vec<[u8; 3]>> =
            serde_json::from_str(include_str!("../../tests/golden/colormaps.json")).expect("golden file");
        for (name, map) in [("magma", Colormap::Magma), ("viridis", Colormap::Viridis)] {
            let worst = golden[name]
                .iter()
                .enumerate()
                .flat_map(|(i, want)| {
                    let got = map.rgb(i as f64 / 255.0);
                    std::array::from_fn::<_, 3, _>(|c| got[c].abs_diff(want[c]))
                })
                .max();
            // 5.8 is the fit itself; rounding both sides to whole steps adds at most one.
            assert!(worst.is_some_and(|w| w <= 6), "{name}: off by {worst:?} of 255");
        }
    }

    #[test]
    fn lightness_rises_all_the_way() {
        for map in [Colormap::Magma, Colormap::Viridis] {
            let light = |i: u32| {
                let [r, g, b] = map.rgb(f64::from(i) / 64.0).map(f64::from);
                0.2126 * r + 0.7152 * g + 0.0722 * b
            };
            for i in 0..64 {
                assert!(light(i + 1) > light(i), "{map:?} gets darker at {i}");
            }
        }
    }
}
