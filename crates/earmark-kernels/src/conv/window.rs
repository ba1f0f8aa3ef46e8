//! The window of a convolution or pool over two axes, and how a plane is laid out for it.

use crate::elementwise::rows::take_every;

/// Kernel size, stride and padding over the two axes of a plane (rows first).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvWindow {
    /// Kernel rows and columns.
    pub kernel: [usize; 2],
    /// Step between outputs, rows and columns.
    pub stride: [usize; 2],
    /// Zeros before the first row and column.
    pub before: [usize; 2],
    /// Zeros after the last row and column.
    pub after: [usize; 2],
}

impl ConvWindow {
    /// The same padding at both ends, as in PyTorch.
    pub fn symmetric(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Self {
        Self {
            kernel,
            stride,
            before: padding,
            after: padding,
        }
    }

    /// TensorFlow's SAME padding for a plane of `size`: `ceil(size / stride)` outputs; an odd
    /// amount pads more at the end.
    pub fn same(kernel: [usize; 2], stride: [usize; 2], size: [usize; 2]) -> Self {
        let total = |a: usize| {
            let outputs = size[a].div_ceil(stride[a]);
            (outputs.saturating_sub(1) * stride[a] + kernel[a]).saturating_sub(size[a])
        };
        let (h, w) = (total(0), total(1));
        Self {
            kernel,
            stride,
            before: [h / 2, w / 2],
            after: [h - h / 2, w - w / 2],
        }
    }

    /// No padding.
    pub fn valid(kernel: [usize; 2], stride: [usize; 2]) -> Self {
        Self::symmetric(kernel, stride, [0, 0])
    }

    /// Output rows and columns for a plane of `size`; `None` if the kernel is longer than the padded plane.
    pub fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let mut out = [0; 2];
        for (a, o) in out.iter_mut().enumerate() {
            let padded = size[a] + self.before[a] + self.after[a];
            if self.kernel[a] == 0 || self.stride[a] == 0 {
                return None;
            }
            *o = padded.checked_sub(self.kernel[a])? / self.stride[a] + 1;
        }
        Some(out)
    }

    /// The same; panics where it is `None`.
    pub(crate) fn fitting_output(&self, size: [usize; 2]) -> [usize; 2] {
        let [h, w] = size;
        self.output(size)
            .unwrap_or_else(|| panic!("a window {self:?} does not fit a plane of {h} x {w}"))
    }
}

/// A padded plane, cut by stride into phases, so that each kernel tap is a constant offset.
///
/// Phase (a, b) holds the padded pixels whose row is a and whose column is b modulo the stride. Output
/// (i, j) of a tap (y, x) reads phase (y mod s, x mod s) at row i + y / s and column j + x / s. With rows
/// `width` apart in the phases *and* in the flat output, that is the flat position plus
/// one constant: what a tap reads for a row of outputs is contiguous, and so is what it gives back.
/// The flat output has `width - out columns` surplus values a row.
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    pub window: ConvWindow,
    pub size: [usize; 2],
    pub out: [usize; 2],
    /// Distance between rows.
    pub width: usize,
    /// Rows of a phase.
    pub height: usize,
    /// Room for one phase, with slack for reading past the last row.
    pub phase: usize,
    /// Length of the flat output.
    pub flat: usize,
    /// For each tap, row by row: its phase and its offset.
    pub taps: Vec<(usize, usize)>,
    /// For each column phase: the first input column in it, its column in the phase, and how many there are.
    columns: Vec<(usize, usize, usize)>,
}

impl Geometry {
    /// # Panics
    /// If the kernel is longer than the padded plane.
    pub fn new(window: ConvWindow, size: [usize; 2]) -> Self {
        Self::for_output(window, size, window.fitting_output(size))
    }

    /// For a transposed convolution, whose output size is known but does not follow from its window, and for part of the
    /// output rows (and a plane that holds just the rows they read).
    pub fn for_output(window: ConvWindow, size: [usize; 2], out: [usize; 2]) -> Self {
        let ConvWindow {
            kernel: [kh, kw],
            stride: [sh, sw],
            ..
        } = window;
        let width = out[1] + (kw - 1) / sw;
        let height = out[0] + (kh - 1) / sh;
        let taps: Vec<_> = (0..kh)
            .flat_map(|y| (0..kw).map(move |x| (y % sh * sw + x % sw, y / sh * width + x / sw)))
            .collect();
        let reach = taps.iter().map(|t| t.1).max().unwrap_or(0);
        let flat = out[0] * width;
        let columns = (0..sw).map(|b| columns(&window, size[1], width, b)).collect();
        Self {
            columns,
            window,
            size,
            out,
            width,
            height,
            phase: flat + reach,
            flat,
            taps,
        }
    }

    /// A geometry of the same width for `rows` output rows.
    pub fn rows(&self, rows: usize) -> Self {
        Self::for_output(self.window, self.size, [rows, self.out[1]])
    }

    /// How many phases there are.
    pub fn phases(&self) -> usize {
        self.window.stride[0] * self.window.stride[1]
    }

    pub fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    pub fn out_pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// The phase and the start of the row that padded row `row` is in, if any output reads it.
    #[inline]
    fn phase_row(&self, row: usize) -> Option<(usize, usize)> {
        // Rows are short, so that a division for each would show.
        let (index, phase) = match self.window.stride[0] {
            1 => (row, 0),
            2 => (row >> 1, row & 1),
            stride => (row / stride, row % stride),
        };
        (index < self.height).then_some((phase, index * self.width))
    }

    /// Where the columns of an input row are in a padded one, and how many, if rows follow each other in a single phase.
    pub fn row_in_place(&self) -> Option<(usize, usize)> {
        let [(0, column, count)] = self.columns[..] else {
            return None;
        };
        (self.window.stride[0] == 1).then_some((column, count))
    }

    /// Scatters an input row, whose index with the padding above is `padded_row`, into the phases, which must be zero around it.
    #[inline]
    pub fn put_row(&self, phases: &mut [f32], padded_row: usize, row: &[f32]) {
        let Some((a, start)) = self.phase_row(padded_row) else {
            return;
        };
        let sw = self.window.stride[1];
        for (b, &(first, column, count)) in self.columns.iter().enumerate() {
            let at = (a * sw + b) * self.phase + start + column;
            let (to, from) = (&mut phases[at..at + count], &row[first..]);
            take_every(sw, to, from);
        }
    }

    /// Gathers what [`Geometry::put_row`] scattered; pixels that no output reads are left as they are.
    pub fn get_row(&self, phases: &[f32], padded_row: usize, row: &mut [f32]) {
        let Some((a, start)) = self.phase_row(padded_row) else {
            return;
        };
        let sw = self.window.stride[1];
        for (b, &(first, column, count)) in self.columns.iter().enumerate() {
            let at = (a * sw + b) * self.phase + start + column;
            let from = &phases[at..at + count];
            match sw {
                1 => row[first..].iter_mut().zip(from).for_each(|(t, &v)| *t = v),
                _ => row[first..]
                    .iter_mut()
                    .step_by(sw)
                    .zip(from)
                    .for_each(|(t, &v)| *t = v),
            }
        }
    }
}

/// For column phase `b`: the first input column in it, its column in the phase, and how many there are.
fn columns(window: &ConvWindow, inputs: usize, width: usize, b: usize) -> (usize, usize, usize) {
    let (stride, left) = (window.stride[1], window.before[1]);
    // The first input column x with (x + left) mod stride == b.
    let first = (b + stride - left % stride) % stride;
    let column = (first + left) / stride;
    if first >= inputs || column >= width {
        return (0, 0, 0);
    }
    let count = (inputs - first).div_ceil(stride);
    (first, column, count.min(width - column))
}
