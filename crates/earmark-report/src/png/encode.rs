//! Pixels to PNG files, and those to addresses that a page can hold.

use crate::ReportError;
use base64::{Engine, prelude::BASE64_STANDARD};

/// A PNG file of 8-bit pixels, row by row from the top: indices into a palette of RGB triples, or RGB triples without one.
pub(crate) fn encode(
    width: usize,
    height: usize,
    pixels: &[u8],
    palette: Option<Vec<u8>>,
) -> Result<Vec<u8>, ReportError> {
    let side = |n: usize| u32::try_from(n).map_err(|e| ReportError::Encoder(e.to_string()));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(width)?, side(height)?);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_color(png::ColorType::Rgb);
    if let Some(palette) = palette {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette);
    }
    let encoded = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    encoded.map_err(|e| ReportError::Encoder(e.to_string()))?;
    Ok(bytes)
}

/// A PNG file as a `data:` address, which an image element shows without loading another file.
pub(crate) fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_addresses_follow_rfc_4648() {
        // The examples of section 10 of the RFC.
        for (text, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(data_uri(text.as_bytes()), format!("data:image/png;base64,{code}"));
        }
    }
}
