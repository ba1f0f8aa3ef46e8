//! Contact sheets: many spectrograms side by side, each with what was done to it, as PNG, SVG or a page.

use crate::html::Page;
use crate::picture::{Heat, check_size, data_uri, heat_png};
use crate::{Colormap, ReportError, escape, font};
use std::fmt::Write;

/// A spectrogram of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What stands below it; short phrases, with the separator that they have.
    pub caption: String,
    /// `[bands, frames]`, lowest band first.
    pub values: Vec<f32>,
    /// Rows.
    pub bands: usize,
    /// Columns.
    pub frames: usize,
}

/// Spectrograms side by side, all in the same colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What the sheet shows.
    pub title: String,
    /// More about it, in a line or two.
    pub about: String,
    /// The spectrograms, in reading order.
    pub cells: Vec<Cell>,
    /// How many stand in a row.
    pub columns: usize,
}

/// Sides of a picture that are aimed at, in pixels.
const WIDTH: usize = 520;
const HEIGHT: usize = 256;
/// Space around and between, and enlargement of letters.
const GAP: usize = 24;
const LETTER: usize = 2;
/// Lines of a caption; what does not fit is cut.
const CAPTION_LINES: usize = 4;

const PAPER: [u8; 3] = [255, 255, 255];
const INK: [u8; 3] = [34, 34, 34];
const PALE: [u8; 3] = [110, 110, 110];

impl Sheet {
    /// The sheet as a PNG picture. Letters beyond ASCII are shown as question marks; the other forms have them all.
    ///
    /// # Errors
    /// For a picture without values, or of another length than its sides say.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        let range = self.range()?;
        let columns = self.columns.clamp(1, self.cells.len().max(1));
        let sizes: Vec<_> = self.cells.iter().map(Scaled::of).collect();
        let width = sizes.iter().map(|s| s.width).max().unwrap_or(WIDTH);
        let height = sizes.iter().map(|s| s.height).max().unwrap_or(0);
        let sheet_width = GAP + columns * (width + GAP);
        let line = font::line_height(LETTER);
        let fitting = font::fitting(width, LETTER).max(1);
        let about = wrapped(&self.about, font::fitting(sheet_width - 2 * GAP, LETTER), 4);
        let head = GAP + font::line_height(LETTER + 1) + about.len() * line + GAP / 2;
        let row_height = height + 8 + CAPTION_LINES * line + GAP / 2;
        let rows = self.cells.len().div_ceil(columns);
        let mut canvas = Canvas::new(sheet_width, head + rows * row_height + GAP / 2);
        canvas.text((GAP, GAP), &self.title, LETTER + 1, INK);
        for (i, text) in about.iter().enumerate() {
            canvas.text(
                (GAP, GAP + font::line_height(LETTER + 1) + i * line),
                text,
                LETTER,
                PALE,
            );
        }
        for (i, (cell, scaled)) in self.cells.iter().zip(&sizes).enumerate() {
            let (x, y) = (GAP + i % columns * (width + GAP), head + i / columns * row_height);
            canvas.picture((x, y), cell, scaled, range);
            for (k, text) in wrapped(&cell.caption, fitting, CAPTION_LINES).iter().enumerate() {
                canvas.text((x, y + scaled.height + 8 + k * line), text, LETTER, INK);
            }
        }
        canvas.png()
    }

    /// The sheet as an SVG drawing.
    ///
    /// # Errors
    /// As [`Self::png`].
    pub fn svg(&self) -> Result<String, ReportError> {
        let heat = self.heat()?;
        let columns = self.columns.clamp(1, self.cells.len().max(1));
        let rows = self.cells.len().div_ceil(columns);
        let (cell_width, cell_height, gap) = (300.0, 160.0, 16.0);
        let (row_height, head) = (cell_height + 72.0, 64.0);
        let (width, height) = (
            gap + columns as f64 * (cell_width + gap),
            head + rows as f64 * row_height + gap,
        );
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>{0}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"{gap}\" y=\"28\" font-size=\"18\" fill=\"#222\">{0}</text>\n\
             <text x=\"{gap}\" y=\"48\" fill=\"#6e6e6e\">{1}</text>\n",
            escape(&self.title),
            escape(&self.about)
        );
        for (i, cell) in self.cells.iter().enumerate() {
            let x = gap + (i % columns) as f64 * (cell_width + gap);
            let y = head + (i / columns) as f64 * row_height;
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "<image x=\"{x}\" y=\"{y}\" width=\"{cell_width}\" height=\"{cell_height}\" preserveAspectRatio=\"none\" \
                 image-rendering=\"pixelated\" href=\"{}\"/>",
                data_uri(&heat_png(&cell.values, cell.bands, cell.frames, &heat)?)
            );
            // Letters of 12 units are 6.2 wide on average.
            for (k, text) in wrapped(&cell.caption, 48, CAPTION_LINES).iter().enumerate() {
                let below = y + cell_height + 14.0 + 14.0 * k as f64;
                let _ = writeln!(
                    out,
                    "<text x=\"{x}\" y=\"{below}\" fill=\"#222\">{}</text>",
                    escape(text)
                );
            }
        }
        out.push_str("</svg>\n");
        Ok(out)
    }

    /// The sheet as a page of its own.
    ///
    /// # Errors
    /// As [`Self::png`].
    pub fn html(&self) -> Result<String, ReportError> {
        let heat = self.heat()?;
        let mut page = Page::new("contact sheet", &self.title);
        let mut html = format!(
            "<p class=\"note\">{}</p>\n<div class=\"pictures\">",
            escape(&self.about)
        );
        for cell in &self.cells {
            let png = heat_png(&cell.values, cell.bands, cell.frames, &heat)?;
            let _ = writeln!(
                html,
                "<figure><img style=\"width:100%;height:10rem;image-rendering:pixelated\" alt=\"{0}\" src=\"{1}\"/>\
                 <figcaption>{0}</figcaption></figure>",
                escape(&cell.caption),
                data_uri(&png)
            );
        }
        html.push_str("</div>\n");
        page.section("sheet", "Pictures", html);
        Ok(page.finish())
    }

    fn heat(&self) -> Result<Heat, ReportError> {
        Ok(Heat {
            colormap: Colormap::Magma,
            range: Some(self.range()?),
            first_row_at_bottom: true,
        })
    }

    /// The values that are darkest and lightest in all pictures: all but the outermost thousandths, so that no single pixel decides.
    fn range(&self) -> Result<(f32, f32), ReportError> {
        let mut all = Vec::new();
        for cell in &self.cells {
            check_size(cell.values.len(), cell.bands, cell.frames)?;
            all.extend(cell.values.iter().copied().filter(|v| v.is_finite()));
        }
        all.sort_by(f32::total_cmp);
        let at = |share: f64| {
            let last = all.len().saturating_sub(1);
            all.get((share * last as f64).round() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        Ok((at(0.001), at(0.999)))
    }
}

/// A picture's size on the sheet: every value a rectangle of whole pixels, or the loudest of several frames one.
struct Scaled {
    width: usize,
    height: usize,
    /// Frames that share a pixel; 1 where there is room.
    group: usize,
    across: usize,
    up: usize,
}

impl Scaled {
    fn of(cell: &Cell) -> Self {
        let group = cell.frames.div_ceil(WIDTH).max(1);
        let across = (WIDTH / cell.frames.max(1)).max(1);
        let up = (HEIGHT / cell.bands.max(1)).max(1);
        Self {
            width: cell.frames.div_ceil(group) * across,
            height: cell.bands * up,
            group,
            across,
            up,
        }
    }
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: PAPER.repeat(width * height),
        }
    }

    fn put(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        if x < self.width && y < self.height {
            self.pixels[3 * (y * self.width + x)..][..3].copy_from_slice(&colour);
        }
    }

    fn text(&mut self, (x, y): (usize, usize), text: &str, scale: usize, colour: [u8; 3]) {
        for (column, row) in font::pixels(text) {
            for i in 0..scale * scale {
                self.put(
                    x + column * scale + i % scale,
                    y + row * scale + i / scale,
                    colour,
                );
            }
        }
    }

    fn picture(&mut self, (x, y): (usize, usize), cell: &Cell, s: &Scaled, (low, high): (f32, f32)) {
        let span = f64::from(high) - f64::from(low);
        for band in 0..cell.bands {
            let row = &cell.values[band * cell.frames..][..cell.frames];
            for (place, frames) in row.chunks(s.group).enumerate() {
                let loudest = frames.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let position = if span > 0.0 {
                    (f64::from(loudest) - f64::from(low)) / span
                } else {
                    0.0
                };
                let colour = Colormap::Magma.rgb(position);
                for i in 0..s.across * s.up {
                    let top = (cell.bands - 1 - band) * s.up;
                    self.put(
                        x + place * s.across + i % s.across,
                        y + top + i / s.across,
                        colour,
                    );
                }
            }
        }
    }

    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let side = |n: usize| u32::try_from(n).map_err(|e| ReportError::Encoder(e.to_string()));
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side(self.width)?, side(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let encoded = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.pixels)?;
            writer.finish()
        });
        encoded.map_err(|e| ReportError::Encoder(e.to_string()))?;
        Ok(bytes)
    }
}

/// Words in lines of at most so many letters, and at most so many lines, the last of which ends in `...` where something is left out.
fn wrapped(text: &str, letters: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match out.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => {
                if out.len() == lines {
                    if let Some(last) = out.last_mut() {
                        let kept: String = last.chars().take(letters.saturating_sub(3)).collect();
                        *last = format!("{kept}...");
                    }
                    return out;
                }
                out.push(word.chars().take(letters).collect());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cells: usize) -> Sheet {
        let cell = |k: usize| Cell {
            caption: format!("number {k}, <changed>"),
            values: (0..8 * 20).map(|i| ((i * (k + 3)) % 17) as f32).collect(),
            bands: 8,
            frames: 20,
        };
        Sheet {
            title: "a & b".into(),
            about: "twenty frames".into(),
            cells: (0..cells).map(cell).collect(),
            columns: 3,
        }
    }

    fn decoded(png: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .expect("a picture");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        (info.width as usize, info.height as usize, pixels)
    }

    #[test]
    fn values_become_rectangles_of_their_colour() {
        let sheet = sheet(4);
        let (width, height, pixels) = decoded(&sheet.png().expect("a sheet"));
        assert_eq!(width, GAP + 3 * (520 + GAP));
        let (low, high) = sheet.range().expect("a range");
        // The second cell's first picture row is its highest band.
        let top = GAP + font::line_height(3) + font::line_height(2) + GAP / 2;
        let colour =
            |x: usize, y: usize| <[u8; 3]>::try_from(&pixels[3 * (y * width + x)..][..3]).expect("three");
        for (band, frame) in [(7, 0), (7, 19), (0, 0), (3, 11)] {
            let x = 2 * GAP + 520 + frame * 26 + 5;
            let y = top + (7 - band) * 32 + 5;
            let value = sheet.cells[1].values[band * 20 + frame];
            let wanted = Colormap::Magma.rgb(f64::from((value - low) / (high - low)));
            assert_eq!(colour(x, y), wanted, "band {band}, frame {frame}");
        }
        assert!(height > top + 2 * 256);
        // Ink of the caption below the first picture.
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
        let mut broken = sheet(1);
        broken.cells[0].frames = 21;
        assert!(broken.png().is_err() && broken.svg().is_err() && broken.html().is_err());
        let mut long = sheet(1);
        long.cells[0] = Cell {
            caption: String::new(),
            values: vec![0.0; 2 * 5_000],
            bands: 2,
            frames: 5_000,
        };
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
