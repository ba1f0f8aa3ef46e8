//! Spectrograms in the terminal: two pixels a character.

use crate::picture::finite_range;
use crate::{Colormap, ReportError};
use std::fmt::Write;

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourDepth {
    /// 24 bits: what `COLORTERM=truecolor` promises.
    #[default]
    True,
    /// The 256 of xterm, of which a cube of 6 x 6 x 6 is used.
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

/// An array `[bands, frames]`, lowest band first, as coloured half blocks: `height` lines of `width` characters (fewer if
/// the array is smaller), low frequencies at the bottom, every line ended by a reset and a newline.
///
/// Each character shows two pixels above each other through foreground and background colour. A pixel shows the
/// largest value of the bands and frames that fall on it. Fails where the array is empty or not `bands * frames` long.
pub fn ansi_heat(
    data: &[f32],
    bands: usize,
    frames: usize,
    width: usize,
    height: usize,
    colormap: Colormap,
    depth: ColourDepth,
) -> Result<String, ReportError> {
    crate::picture::check_size(data.len(), bands, frames)?;
    let (columns, rows) = (width.min(frames), (height.saturating_mul(2)).min(bands));
    let (low, high) = finite_range(data);
    let span = f64::from(high) - f64::from(low);
    let part = |i: usize, parts: usize, all: usize| {
        i * all / parts..((i + 1) * all / parts).max(i * all / parts + 1)
    };
    // Row 0 is the top of the picture, hence the highest bands.
    let pixel = |row: usize, column: usize| {
        let loudest = part(rows - 1 - row, rows, bands)
            .flat_map(|b| part(column, columns, frames).map(move |f| data[b * frames + f]))
            .fold(f32::NEG_INFINITY, f32::max);
        colormap.rgb(if span > 0.0 {
            (f64::from(loudest) - f64::from(low)) / span
        } else {
            0.0
        })
    };
    let mut out = String::new();
    for top in (0..rows).step_by(2) {
        for column in 0..columns {
            let upper = depth.escape(38, pixel(top, column));
            let lower = match top + 1 < rows {
                true => depth.escape(48, pixel(top + 1, column)),
                false => String::new(),
            };
            let _ = write!(out, "{upper}{lower}▀"); // writing to a String cannot fail
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
        let text = ansi_heat(
            &[1.0, 1.0, 0.0, 0.0],
            2,
            2,
            80,
            20,
            Colormap::Magma,
            ColourDepth::True,
        )
        .expect("a picture");
        let [dark, light] = [0.0, 1.0].map(|p| Colormap::Magma.rgb(p).map(|c| c.to_string()).join(";"));
        let cell = format!("\u{1b}[38;2;{dark}m\u{1b}[48;2;{light}m▀");
        assert_eq!(text, format!("{cell}{cell}\u{1b}[0m\n"));
    }

    #[test]
    fn fits_the_space_and_refuses_wrong_sizes() {
        let text = ansi_heat(
            &vec![0.5; 64 * 500],
            64,
            500,
            40,
            8,
            Colormap::Viridis,
            ColourDepth::Palette,
        )
        .expect("a picture");
        assert_eq!(text.lines().count(), 8);
        assert!(text.lines().all(|l| l.matches('▀').count() == 40));
        assert!(ansi_heat(&[0.0; 3], 2, 2, 40, 8, Colormap::Viridis, ColourDepth::True).is_err());
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
