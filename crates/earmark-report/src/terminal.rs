//! Spectrograms in the terminal: two pixels a character.

use crate::picture::finite_range;
use crate::{Colormap, ReportError};
use std::fmt::Write;

/// An array `[bands, frames]`, lowest band first, as coloured half blocks: `height` lines of `width` characters (fewer if
/// the array is smaller), low frequencies at the bottom, every line ended by a reset and a newline.
///
/// Each character shows two pixels above each other through foreground and background colour (24 bit). A pixel shows the
/// largest value of the bands and frames that fall on it. Fails where the array is empty or not `bands * frames` long.
pub fn ansi_heat(
    data: &[f32],
    bands: usize,
    frames: usize,
    width: usize,
    height: usize,
    colormap: Colormap,
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
            let [r, g, b] = pixel(top, column);
            let _ = write!(out, "\u{1b}[38;2;{r};{g};{b}m"); // writing to a String cannot fail
            if top + 1 < rows {
                let [r, g, b] = pixel(top + 1, column);
                let _ = write!(out, "\u{1b}[48;2;{r};{g};{b}m");
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
        let text = ansi_heat(&[1.0, 1.0, 0.0, 0.0], 2, 2, 80, 20, Colormap::Magma).expect("a picture");
        let [dark, light] = [0.0, 1.0].map(|p| Colormap::Magma.rgb(p).map(|c| c.to_string()).join(";"));
        let cell = format!("\u{1b}[38;2;{dark}m\u{1b}[48;2;{light}m▀");
        assert_eq!(text, format!("{cell}{cell}\u{1b}[0m\n"));
    }

    #[test]
    fn fits_the_space_and_refuses_wrong_sizes() {
        let text = ansi_heat(&vec![0.5; 64 * 500], 64, 500, 40, 8, Colormap::Viridis).expect("a picture");
        assert_eq!(text.lines().count(), 8);
        assert!(text.lines().all(|l| l.matches('▀').count() == 40));
        assert!(ansi_heat(&[0.0; 3], 2, 2, 40, 8, Colormap::Viridis).is_err());
    }
}
