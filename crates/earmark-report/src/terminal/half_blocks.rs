//! Spectrograms in the terminal: two pixels per character.

use crate::png::heatmap::{check_size, finite_range, position};
use crate::{Colormap, ReportError};

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourDepth {
    /// 24 bits: what `COLORTERM=truecolor` promises.
    #[default]
    True,
    /// The 256 of xterm, of which the 6 x 6 x 6 cube is used.
    Palette,
}

impl ColourDepth {
    /// The escape sequence of a colour, for the foreground (`38`) or the background (`48`).
    fn escape(self, ground: u8, [r, g, b]: [u8; 3]) -> String {
        match self {
            Self::True => format!("\u{1b}[{ground};2;{r};{g};{b}m"),
            Self::Palette => {
                // The cube's steps are 0, 95, 135, 175, 215 and 255; the nearest of them.
                let step = |v: u8| match v {
                    0..48 => 0_u8,
                    48..115 => 1,
                    v => (v - 35) / 40,
                };
                let index = 16 + 36 * step(r) + 6 * step(g) + step(b);
                format!("\u{1b}[{ground};5;{index}m")
            }
        }
    }
}

/// An array `[bands, frames]`, lowest band first, as half blocks in `height` lines (fewer if the array is smaller), a character per
/// frame, low frequencies at the bottom, every line ended by a reset and a newline.
///
/// Each character shows two pixels above each other through foreground and background colour. A pixel shows the
/// largest value of the bands that fall on it. Fails for an array that is empty or not `bands * frames` long.
pub(super) fn half_blocks(
    data: &[f32],
    (bands, frames): (usize, usize),
    height: usize,
    colormap: Colormap,
    depth: ColourDepth,
) -> Result<String, ReportError> {
    check_size(data.len(), bands, frames)?;
    let rows = height.saturating_mul(2).min(bands);
    let range = finite_range(data);
    // Row 0 is the top of the image, hence the highest bands.
    let pixel = |row: usize, frame: usize| {
        let from_below = rows - 1 - row;
        let shown = from_below * bands / rows..(from_below + 1) * bands / rows;
        let loudest = shown.map(|band| data[band * frames + frame]);
        colormap.rgb(position(loudest.fold(f32::NEG_INFINITY, f32::max), range))
    };
    let mut out = String::new();
    for top in (0..rows).step_by(2) {
        for frame in 0..frames {
            out.push_str(&depth.escape(38, pixel(top, frame)));
            if top + 1 < rows {
                out.push_str(&depth.escape(48, pixel(top + 1, frame)));
            }
            out.push('▀');
        }
        out.push_str("\u{1b}[0m\n");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_bands_are_below() {
        // Band 0 loud, band 1 silent: the foreground (upper half) is dark, the background (lower half) light.
        let (magma, depth) = (Colormap::Magma, ColourDepth::True);
        let text = half_blocks(&[1.0, 1.0, 0.0, 0.0], (2, 2), 20, magma, depth).expect("an image");
        let [dark, light] = [0.0, 1.0].map(|p| Colormap::Magma.rgb(p).map(|c| c.to_string()).join(";"));
        let cell = format!("\u{1b}[38;2;{dark}m\u{1b}[48;2;{light}m▀");
        assert_eq!(text, format!("{cell}{cell}\u{1b}[0m\n"));
    }

    #[test]
    fn fits_the_space_and_refuses_wrong_sizes() {
        let draw = |data: &[f32], shape| half_blocks(data, shape, 8, Colormap::Viridis, ColourDepth::Palette);
        let text = draw(&[0.5; 64 * 40], (64, 40)).expect("an image");
        assert_eq!(text.lines().count(), 8);
        assert!(text.lines().all(|l| l.matches('▀').count() == 40));
        assert!(draw(&[0.0; 3], (2, 2)).is_err());
    }

    #[test]
    fn the_palette_has_the_nearest_colour() {
        // xterm's cube, by its definition.
        let steps = [0_i32, 95, 135, 175, 215, 255];
        for v in 0..=255_u8 {
            let text = ColourDepth::Palette.escape(38, [v, 0, 0]);
            let index: i32 = text
                .trim_start_matches("\u{1b}[38;5;")
                .trim_end_matches('m')
                .parse()
                .expect("a number");
            let chosen =
                (steps[usize::try_from((index - 16) / 36).expect("in the cube")] - i32::from(v)).abs();
            let nearest = steps.iter().map(|s| (s - i32::from(v)).abs()).min();
            assert_eq!(Some(chosen), nearest, "{v}");
        }
        assert_eq!(
            ColourDepth::Palette.escape(48, [255, 255, 255]),
            "\u{1b}[48;5;231m"
        );
    }
}
