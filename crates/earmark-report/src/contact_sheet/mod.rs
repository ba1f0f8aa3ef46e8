//! Contact sheets: spectrograms next to each other, each with its caption, as PNG, SVG or a page.

mod captions;
mod page;
mod png;
mod svg;

use crate::png::encode::data_uri;
use crate::png::heatmap::Heatmap;
use crate::{ReportError, SpectrogramImage};

/// Spectrograms next to each other, all in the same colours.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactSheet {
    /// What the sheet shows.
    pub title: String,
    /// More about it, in a line or two.
    pub about: String,
    /// The spectrograms, in reading order.
    pub images: Vec<SpectrogramImage>,
    /// Images per row.
    pub columns: usize,
}

impl ContactSheet {
    fn shown_columns(&self) -> usize {
        self.columns.clamp(1, self.images.len().max(1))
    }

    /// Caption and `data:` address of each image, in the colours of the sheet.
    fn data_uris(&self) -> Result<Vec<(&str, String)>, ReportError> {
        let mut heatmap = Heatmap::SPECTROGRAM;
        heatmap.range = Some(self.range());
        let shown = self.images.iter().map(|image| {
            let png = heatmap.png(&image.values, image.bands, image.frames)?;
            Ok((image.caption(), data_uri(&png)))
        });
        shown.collect()
    }

    /// The values that are darkest and lightest in all images: the outermost thousandths are left out, so that no single pixel
    /// decides.
    fn range(&self) -> (f32, f32) {
        let values = self.images.iter().flat_map(|image| &image.values);
        let mut all: Vec<f32> = values.copied().filter(|v| v.is_finite()).collect();
        all.sort_by(f32::total_cmp);
        let last = all.len().saturating_sub(1) as f64;
        let at = |share: f64| all.get((share * last).round() as usize).copied().unwrap_or(0.0);
        (at(0.001), at(0.999))
    }
}

#[cfg(test)]
mod tests {
    use super::captions::wrapped;
    use super::png::{GAP, INK};
    use super::*;
    use crate::Colormap;
    use crate::png::font;

    fn sheet(images: usize) -> ContactSheet {
        let image = |k: usize| {
            let values = (0..8 * 20).map(|i| ((i * (k + 3)) % 17) as f32).collect();
            SpectrogramImage::new(format!("number {k}, <changed>"), values, 8, 20).expect("sizes agree")
        };
        ContactSheet {
            title: "a & b".into(),
            about: "twenty frames".into(),
            images: (0..images).map(image).collect(),
            columns: 3,
        }
    }

    fn decoded(png: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .expect("an image");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        (info.width as usize, info.height as usize, pixels)
    }

    #[test]
    fn values_become_rectangles_of_their_colour() {
        let sheet = sheet(4);
        let (width, height, pixels) = decoded(&sheet.png().expect("a sheet"));
        assert_eq!(width, GAP + 3 * (520 + GAP));
        let (low, high) = sheet.range();
        // The top row of the second image is its highest band.
        let top = GAP + font::line_height(3) + font::line_height(2) + GAP / 2;
        let colour =
            |x: usize, y: usize| <[u8; 3]>::try_from(&pixels[3 * (y * width + x)..][..3]).expect("three");
        for (band, frame) in [(7, 0), (7, 19), (0, 0), (3, 11)] {
            let x = 2 * GAP + 520 + frame * 26 + 5;
            let y = top + (7 - band) * 32 + 5;
            let value = sheet.images[1].values[band * 20 + frame];
            let wanted = Colormap::Magma.rgb(f64::from((value - low) / (high - low)));
            assert_eq!(colour(x, y), wanted, "band {band}, frame {frame}");
        }
        assert!(height > top + 2 * 256);
        // Ink of the caption below the first image.
        let below = (0..520).any(|x| colour(GAP + x, top + 256 + 8 + 2) == INK);
        assert!(below, "no caption");
    }

    #[test]
    fn drawing_and_page_are_well_formed() {
        let svg = sheet(4).svg().expect("a sheet");
        let tree = roxmltree::Document::parse(&svg).expect("XML");
        assert_eq!(tree.descendants().filter(|n| n.has_tag_name("image")).count(), 4);
        assert!(svg.contains("number 3, &lt;changed&gt;"));
        let html = sheet(2).html().expect("a page");
        let options = roxmltree::ParsingOptions {
            allow_dtd: true,
            ..Default::default()
        };
        let tree = roxmltree::Document::parse_with_options(&html, options).expect("XML");
        assert_eq!(tree.descendants().filter(|n| n.has_tag_name("img")).count(), 2);
    }

    #[test]
    fn wrong_sizes_are_refused_and_long_clips_narrowed() {
        assert!(SpectrogramImage::new("", vec![0.0; 160], 8, 21).is_err());
        let mut long = sheet(1);
        long.images[0] = SpectrogramImage::new("", vec![0.0; 2 * 5_000], 2, 5_000).expect("sizes agree");
        let (width, ..) = decoded(&long.png().expect("a sheet"));
        assert!(width < 600, "{width}");
    }

    #[test]
    fn captions_break_between_words() {
        assert_eq!(wrapped("one two three", 7, 3), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 5, 2), ["one", "tw..."]);
        assert_eq!(wrapped("", 5, 2), Vec::<String>::new());
        assert_eq!(wrapped("incomprehensible", 5, 2), ["incom"]);
    }
}
