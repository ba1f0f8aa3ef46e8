//! The shape of a depthwise convolution, and the planes that one thread convolves.

use crate::conv::window::ConvWindow;
use crate::depthwise::shifted_copies::{ShiftedCopies, signed};
use crate::depthwise::taps::{weigh, weigh_and_map};
use crate::elementwise::activation::Activation;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::elementwise::rows::{RowMap, map_row};
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;

/// Pixels that one piece of work takes at least, and pieces that are enough to keep all threads busy.
const GROUP_PIXELS: usize = 1 << 12;
const PIECES: usize = 16;

/// The shape of a depthwise convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthwiseShape {
    /// Channels, in and out.
    pub channels: usize,
    /// Kernel, stride and padding.
    pub window: ConvWindow,
    /// Rows and columns of an input plane.
    pub size: [usize; 2],
}

impl DepthwiseShape {
    pub(crate) fn check(&self, weight: &[f32], x: &OpInput<'_>) -> (DepthwisePlanes, usize) {
        let taps = self.window.kernel[0] * self.window.kernel[1];
        let planes = DepthwisePlanes::new(self.window, self.size);
        check_len("depthwise weights", weight, self.channels * taps);
        let batch = x.batch(self.channels, planes.pixels());
        (planes, batch)
    }
}

/// The planes of one convolution, in and out.
pub(crate) struct DepthwisePlanes {
    pub(super) window: ConvWindow,
    pub(super) size: [usize; 2],
    pub(super) out: [usize; 2],
    pub(super) shifts: ShiftedCopies,
}

/// What one thread needs while it works on the planes of one convolution.
pub(crate) struct PlaneBuffers {
    pub(super) plane: Buffer,
    pub(super) copies: Buffer,
}

impl DepthwisePlanes {
    /// # Panics
    /// If the kernel is longer than the padded plane.
    fn new(window: ConvWindow, size: [usize; 2]) -> Self {
        let out = window.fitting_output(size);
        let [top, left] = window.before.map(signed);
        let taps: Vec<_> = taps(&window)
            .map(|(y, x)| (signed(y) - top, signed(x) - left))
            .collect();
        Self {
            window,
            size,
            out,
            shifts: ShiftedCopies::new(size, window.stride, out, &taps),
        }
    }

    pub(crate) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    pub(crate) fn out_pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// Channels of one piece of work: a task and its buffers, which have to be zero, would cost more than a few small planes do.
    pub(crate) fn group(&self, channels: usize, batch: usize) -> usize {
        let by_pixels = GROUP_PIXELS.div_ceil((batch * self.pixels()).max(1));
        by_pixels.max(channels.div_ceil(PIECES)).min(channels)
    }

    pub(crate) fn scratch(&self, ws: &Workspace) -> PlaneBuffers {
        PlaneBuffers {
            plane: ws.take(self.pixels().max(self.out_pixels())),
            copies: ws.zeroed(self.shifts.len),
        }
    }

    /// Reads a plane through `map` into the shifted copies.
    pub(super) fn load(&self, isa: Isa, scratch: &mut PlaneBuffers, plane: &[f32], map: RowMap) {
        let plain =
            map.act == Activation::Identity && map.mean == 0.0 && map.scale == 1.0 && map.shift == 0.0;
        let from = if plain {
            plane
        } else {
            map_row(isa, &mut scratch.plane, plane, map);
            &scratch.plane[..plane.len()]
        };
        self.shifts.fill(isa, &mut scratch.copies, from);
    }

    /// The output of one plane, normalised and activated if there is a map for it.
    pub(crate) fn convolve(
        &self,
        isa: Isa,
        scratch: &mut PlaneBuffers,
        (plane, read): (&[f32], RowMap),
        kernel: &[f32],
        out: &mut [f32],
        then: Option<RowMap>,
    ) {
        self.load(isa, scratch, plane, read);
        match then {
            Some(map) => weigh_and_map(isa, out, &scratch.copies, &self.shifts.at, kernel, map),
            None => weigh(isa, out, &scratch.copies, &self.shifts.at, kernel),
        }
    }
}

/// Rows and columns of a kernel's taps, row by row.
pub(crate) fn taps(window: &ConvWindow) -> impl Iterator<Item = (usize, usize)> + use<> {
    let [kh, kw] = window.kernel;
    (0..kh).flat_map(move |y| (0..kw).map(move |x| (y, x)))
}
