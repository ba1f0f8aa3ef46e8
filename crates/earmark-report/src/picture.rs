//! Arrays as PNG pictures: log-mel spectrograms and other heat-maps.

use crate::{Colormap, ReportError};
use serde::{Deserialize, Serialize};

/// Longest side of a picture; at 100 frames a second this is an hour and a half.
const SIDE_LIMIT: usize = 1 << 19;
/// Colours of the map; the last palette entry stands for values that are not numbers.
const COLOURS: u8 = 255;
/// A grey that neither colour map contains.
const NOT_A_NUMBER: [u8; 3] = [128, 128, 128];

/// How an array becomes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heat {
    /// The colours.
    pub colormap: Colormap,
    /// Values shown as darkest and lightest; `None` takes the smallest and largest finite value.
    pub range: Option<(f32, f32)>,
    /// Draw row 0 at the bottom, as frequencies are, instead of at the top, as tables are.
    pub first_row_at_bottom: bool,
}

/// A log-mel array `[bands, frames]`, lowest band first, as a PNG of `frames` x `bands` pixels with low frequencies at the
/// bottom, in magma from the smallest to the largest value.
///
/// NaN is shown in grey, infinities at the end of the scale. Fails where the array is empty or not `bands * frames` long.
pub fn mel_png(data: &[f32], bands: usize, frames: usize) -> Result<Vec<u8>, ReportError> {
    heat_png(
        data,
        bands,
        frames,
        &Heat {
            first_row_at_bottom: true,
            ..Heat::default()
        },
    )
}

/// An array `[rows, columns]` as a PNG of `columns` x `rows` pixels; see [`mel_png`] for what it does with odd values.
pub fn heat_png(data: &[f32], rows: usize, columns: usize, heat: &Heat) -> Result<Vec<u8>, ReportError> {
    check_size(data.len(), rows, columns)?;
    let (low, high) = heat.range.unwrap_or_else(|| finite_range(data));
    let (low, span) = (f64::from(low), f64::from(high) - f64::from(low));
    let index = |value: f32| -> u8 {
        if value.is_nan() {
            return COLOURS;
        }
        // A constant array has no span: it is drawn dark as a whole. Infinities end up at the ends.
        let position = if span > 0.0 {
            (f64::from(value) - low) / span
        } else {
            0.0
        };
        (position.clamp(0.0, 1.0) * f64::from(COLOURS - 1)).round() as u8
    };
    let line = |row: usize| data[row * columns..][..columns].iter().map(|v| index(*v));
    let pixels: Vec<u8> = if heat.first_row_at_bottom {
        (0..rows).rev().flat_map(line).collect()
    } else {
        (0..rows).flat_map(line).collect()
    };

    let mut palette: Vec<u8> = (0..COLOURS)
        .flat_map(|i| heat.colormap.rgb(f64::from(i) / f64::from(COLOURS - 1)))
        .collect();
    palette.extend(NOT_A_NUMBER);

    let mut bytes = Vec::new();
    // Both sides are below SIDE_LIMIT here.
    let mut encoder = png::Encoder::new(&mut bytes, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    let encoded = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels)?;
        writer.finish()
    });
    encoded.map_err(|e| ReportError::Encoder(e.to_string()))?;
    Ok(bytes)
}

/// Smallest and largest finite value; `(0, 0)` if there is none.
pub(crate) fn finite_range(data: &[f32]) -> (f32, f32) {
    let finite = data.iter().copied().filter(|v| v.is_finite());
    finite
        .fold(None, |range: Option<(f32, f32)>, v| {
            Some(range.map_or((v, v), |(l, h)| (l.min(v), h.max(v))))
        })
        .unwrap_or((0.0, 0.0))
}

/// Bytes as a `data:` address that an image element can show without another file.
#[must_use]
pub fn data_uri(png: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(22 + png.len().div_ceil(3) * 4);
    out.push_str("data:image/png;base64,");
    for group in png.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            // n bytes fill n + 1 digits; the rest is padding (RFC 4648).
            let value = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit <= group.len() {
                DIGITS[value as usize] as char
            } else {
                '='
            });
        }
    }
    out
}

/// A spectrogram to show on a page: numbers with what they mean, checked on the way in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPicture", into = "RawPicture")]
pub struct Picture {
    raw: RawPicture,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawPicture {
    caption: String,
    bands: usize,
    frames: usize,
    values: Vec<f32>,
}

impl Picture {
    /// Columns that a page can show; longer pictures keep the loudest frame of each group.
    const SHOWN_FRAMES: usize = 800;

    /// A picture of `values` (`[bands, frames]`, lowest band first) with a caption such as `mel, 0 to 2.9 s`.
    ///
    /// Fails where the array is empty or not `bands * frames` long.
    pub fn new(
        caption: impl Into<String>,
        values: Vec<f32>,
        bands: usize,
        frames: usize,
    ) -> Result<Self, ReportError> {
        check_size(values.len(), bands, frames)?;
        Ok(Self {
            raw: RawPicture {
                caption: caption.into(),
                bands,
                frames,
                values,
            },
        })
    }

    /// What stands below the picture.
    #[must_use]
    pub fn caption(&self) -> &str {
        &self.raw.caption
    }

    /// The picture as a `data:` address. Clips of minutes are narrowed to what a screen can show, so that a report with
    /// a hundred of them stays small.
    pub fn to_data_uri(&self) -> Result<String, ReportError> {
        let RawPicture {
            bands,
            frames,
            values,
            ..
        } = &self.raw;
        let group = frames.div_ceil(Self::SHOWN_FRAMES);
        if group == 1 {
            return Ok(data_uri(&mel_png(values, *bands, *frames)?));
        }
        // A short click must stay visible, hence the largest value and not the mean; NaN wins, so that it is seen.
        let loudest = |part: &[f32]| {
            part.iter().copied().fold(f32::NEG_INFINITY, |a, b| {
                if a.is_nan() || b.is_nan() {
                    f32::NAN
                } else {
                    a.max(b)
                }
            })
        };
        let narrow: Vec<f32> = values
            .chunks(*frames)
            .flat_map(|row| row.chunks(group).map(loudest))
            .collect();
        Ok(data_uri(&mel_png(&narrow, *bands, frames.div_ceil(group))?))
    }
}

impl TryFrom<RawPicture> for Picture {
    type Error = ReportError;

    fn try_from(raw: RawPicture) -> Result<Self, ReportError> {
        Self::new(raw.caption, raw.values, raw.bands, raw.frames)
    }
}

impl From<Picture> for RawPicture {
    fn from(picture: Picture) -> Self {
        picture.raw
    }
}

pub(crate) fn check_size(found: usize, bands: usize, frames: usize) -> Result<(), ReportError> {
    if !(1..=SIDE_LIMIT).contains(&bands) || !(1..=SIDE_LIMIT).contains(&frames) {
        return Err(ReportError::PictureSide {
            bands,
            frames,
            limit: SIDE_LIMIT,
        });
    }
    let expected = bands.saturating_mul(frames);
    if expected != found {
        return Err(ReportError::PictureSize {
            bands,
            frames,
            expected,
            found,
        });
    }
    Ok(())
}
