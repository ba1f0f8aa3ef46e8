//! A contact sheet as a PNG file.

use super::ContactSheet;
use super::captions::{CAPTION_LINES, wrapped};
use crate::png::encode::encode;
use crate::png::font;
use crate::png::heatmap::position;
use crate::{Colormap, ReportError, SpectrogramImage};

/// Sides of an image that are aimed at, in pixels.
const WIDTH: usize = 520;
const HEIGHT: usize = 256;
/// Space around and between, and enlargement of letters.
pub(super) const GAP: usize = 24;
const LETTER: usize = 2;

const PAPER: [u8; 3] = [255, 255, 255];
pub(super) const INK: [u8; 3] = [34, 34, 34];
const PALE: [u8; 3] = [110, 110, 110];

impl ContactSheet {
    /// The sheet as a PNG file. Letters beyond ASCII are shown as question marks; the other formats have them all.
    ///
    /// # Errors
    /// If the PNG encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        let (range, columns) = (self.range(), self.shown_columns());
        let layouts: Vec<_> = self.images.iter().map(Enlarged::of).collect();
        let width = layouts.iter().map(|s| s.size.0).max().unwrap_or(WIDTH);
        let height = layouts.iter().map(|s| s.size.1).max().unwrap_or(0);
        let sheet_width = GAP + columns * (width + GAP);
        let (line, title_line) = (font::line_height(LETTER), font::line_height(LETTER + 1));
        let about = wrapped(&self.about, font::fitting(sheet_width - 2 * GAP, LETTER), 4);
        let head = GAP + title_line + about.len() * line + GAP / 2;
        let row_height = height + 8 + CAPTION_LINES * line + GAP / 2;
        let rows = self.images.len().div_ceil(columns);
        let mut canvas = Canvas::new(sheet_width, head + rows * row_height + GAP / 2);
        canvas.text((GAP, GAP), &self.title, LETTER + 1, INK);
        for (i, text) in about.iter().enumerate() {
            canvas.text((GAP, GAP + title_line + i * line), text, LETTER, PALE);
        }
        let letters = font::fitting(width, LETTER).max(1);
        for (i, (image, layout)) in self.images.iter().zip(&layouts).enumerate() {
            let (x, y) = (GAP + i % columns * (width + GAP), head + i / columns * row_height);
            canvas.image((x, y), image, layout, range);
            let below = y + layout.size.1 + 8;
            let caption = wrapped(image.caption(), letters, CAPTION_LINES);
            for (k, text) in caption.iter().enumerate() {
                canvas.text((x, below + k * line), text, LETTER, INK);
            }
        }
        encode(canvas.width, canvas.height, &canvas.pixels, None)
    }
}

/// An image's size on the sheet: every value a rectangle of whole pixels, or the loudest of several frames one.
struct Enlarged {
    /// Width and height in pixels.
    size: (usize, usize),
    /// Frames that share a pixel; 1 where there is room.
    group: usize,
    /// Pixels of a value, across and up.
    cell: (usize, usize),
}

impl Enlarged {
    fn of(image: &SpectrogramImage) -> Self {
        let (bands, frames) = (image.bands, image.frames);
        let group = frames.div_ceil(WIDTH);
        let cell = ((WIDTH / frames).max(1), (HEIGHT / bands).max(1));
        let size = (frames.div_ceil(group) * cell.0, bands * cell.1);
        Self { size, group, cell }
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

    /// Fills a rectangle, as far as it is on the canvas.
    fn fill(&mut self, (left, top): (usize, usize), (width, height): (usize, usize), colour: [u8; 3]) {
        for y in top..(top + height).min(self.height) {
            for x in left..(left + width).min(self.width) {
                self.pixels[3 * (y * self.width + x)..][..3].copy_from_slice(&colour);
            }
        }
    }

    fn text(&mut self, (x, y): (usize, usize), text: &str, scale: usize, colour: [u8; 3]) {
        for (column, row) in font::pixels(text) {
            self.fill((x + column * scale, y + row * scale), (scale, scale), colour);
        }
    }

    fn image(&mut self, at: (usize, usize), image: &SpectrogramImage, layout: &Enlarged, range: (f32, f32)) {
        let ((x, y), (across, up)) = (at, layout.cell);
        for (row, values) in image.values.chunks(image.frames).rev().enumerate() {
            for (column, frames) in values.chunks(layout.group).enumerate() {
                let loudest = frames.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let colour = Colormap::Magma.rgb(position(loudest, range));
                self.fill((x + column * across, y + row * up), layout.cell, colour);
            }
        }
    }
}
