//! The layers of a chain prepared for [`crate::channels_last`], and the way through them.

use crate::chain::chain_shape::Chain;
use crate::chain::conv_layer::{ConvKind, ConvLayer};
use crate::channels_last::depthwise::{PixelTaps, Planes};
use crate::channels_last::first_layer::OutermostPlanes;
use crate::channels_last::pixel_product::PixelWeights;
use crate::channels_last::pool;
use crate::channels_last::stages::{Source, Stage, rows};
use crate::elementwise::batch_norm::Norm;
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::products::Products;
use crate::hardware::reused_buffers::{Buffer, Workspace};

/// Most input channels of a dense convolution that is gathered number by number.
const FEW_INPUTS: usize = 4;
/// Numbers of an output from which on it is made in strips of rows: about a second-level cache full.
const LARGE: usize = 1 << 18;
/// Pixels of a strip of the last stage that is made so.
const STRIP: usize = 96;

/// The stages of a chain, each with its first layer.
#[derive(Debug)]
pub(super) struct PixelStages(Vec<(usize, Stage)>);

/// Whether a chain is computed with channels last. A depthwise layer must gain enough by it to pay for the transposes
/// at the chain's ends: one that a pointwise layer follows, or one with a stride. None may be dense but the first, of
/// few inputs.
pub(super) fn serves(chain: &Chain) -> bool {
    let layers = chain.layers();
    let dense = |l: &ConvLayer| matches!(l.kind, ConvKind::Dense(_));
    let gains = |i: usize| match layers[i].kind {
        ConvKind::Depthwise(window) => {
            window.stride != [1, 1]
                || layers
                    .get(i + 1)
                    .is_some_and(|next| next.kind == ConvKind::Pointwise)
        }
        _ => false,
    };
    let first_fits = match layers[0].kind {
        ConvKind::Dense(_) => layers[0].inputs <= FEW_INPUTS,
        ConvKind::Depthwise(_) => false,
        ConvKind::Pointwise => true,
    };
    first_fits && !layers[1..].iter().any(dense) && (1..layers.len()).any(gains)
}

impl PixelStages {
    /// Packs the weights of all layers, those of products that gain by it with fewer bits.
    pub fn new(
        ws: &Workspace,
        chain: &Chain,
        weights: &[&[f32]],
        norms: &[Norm],
        products: Products,
    ) -> Self {
        let layers = chain.layers();
        let product = |i: usize, inputs: usize| {
            let (weight, norm, act) = (weights[i], &norms[i], layers[i].act);
            match products.reduced().filter(|_| layers[i].gains_by_fewer_bits()) {
                Some(reduced) => PixelWeights::round(ws, weight, inputs, norm, act, reduced),
                None => PixelWeights::pack(ws, weight, inputs, norm, act),
            }
        };
        let (mut stages, mut i) = (Vec::new(), 0);
        while i < layers.len() {
            let inputs = layers[i].inputs;
            let (stage, count) = match layers[i].kind {
                ConvKind::Dense(w) => (Stage::First(product(i, inputs * w.kernel[0] * w.kernel[1])), 1),
                ConvKind::Pointwise if i == 0 => (Stage::First(product(i, inputs)), 1),
                ConvKind::Pointwise => (Stage::Pointwise(product(i, inputs)), 1),
                ConvKind::Depthwise(w) => {
                    let taps =
                        PixelTaps::pack(weights[i], w.kernel[0] * w.kernel[1], &norms[i], layers[i].act);
                    match layers.get(i + 1).map(|next| next.kind) {
                        Some(ConvKind::Pointwise) => (Stage::Pair(taps, product(i + 1, inputs)), 2),
                        _ => (Stage::Depthwise(taps), 1),
                    }
                }
            };
            stages.push((i, stage));
            i += count;
        }
        Self(stages)
    }

    /// All layers for some images; `out` has their columns of the chain's output.
    pub fn run(
        &self,
        ws: &Workspace,
        chain: &Chain,
        x: OutermostPlanes<'_>,
        images: usize,
        out: &mut Tile<'_>,
    ) {
        if ws.is_serial() || rayon::current_num_threads() == 1 {
            return self.all(&ws.serial(), chain, x, images, out);
        }
        ws.with_team(|ws| self.all(ws, chain, x, images, out));
    }

    fn all(&self, ws: &Workspace, chain: &Chain, x: OutermostPlanes<'_>, images: usize, out: &mut Tile<'_>) {
        let planes: Vec<Planes> = self.0.iter().map(|&(i, _)| planes(chain, i)).collect();
        // As far as the stage that reads the last large output.
        let large = |(p, (_, stage)): (&Planes, &(usize, Stage))| p.out_pixels() * stage.row_len() >= LARGE;
        let in_strips = match planes.iter().zip(&self.0).rposition(large) {
            Some(last) if ws.is_serial() && last + 1 < planes.len() => last + 2,
            _ => 0,
        };
        let mut now: Option<Buffer> = None;
        if in_strips > 0 {
            now = Some(self.strips(ws, &planes[..in_strips], x, images));
        }
        for ((_, stage), planes) in self.0.iter().zip(&planes).skip(in_strips) {
            let pixels = images * planes.out_pixels();
            let ld = stage.row_len();
            let mut next = ws.take(rows(pixels) * ld);
            let source = now.as_deref().map_or(Source::Outermost(x), Source::Last);
            stage.fill(ws, planes, source, 0..pixels, &mut next[..pixels * ld]);
            now = Some(next);
        }
        let Some(last) = now else { return };
        match chain.final_pool() {
            Some(shape) => pool::pooled(ws, &shape, &last, out),
            None => pool::to_outermost(ws, &last, out),
        }
    }

    /// The first stages, image by image, and in each a strip of rows at a time, which goes through all of them while it
    /// is in the cache.
    fn strips(&self, ws: &Workspace, planes: &[Planes], x: OutermostPlanes<'_>, images: usize) -> Buffer {
        let Some(((last, before), (_, stage))) = planes.split_last().zip(self.0.get(planes.len() - 1)) else {
            return ws.take(0);
        };
        let (ld, pixels) = (stage.row_len(), last.out_pixels());
        let mut all = ws.take(rows(images * pixels) * ld);
        let mut between: Vec<Buffer> = before
            .iter()
            .zip(&self.0)
            .map(|(p, (_, stage))| ws.take(rows(p.out_pixels()) * stage.row_len()))
            .collect();
        for (image, out) in all[..images * pixels * ld]
            .chunks_exact_mut(pixels * ld)
            .enumerate()
        {
            let source = Source::Outermost(OutermostPlanes {
                first: x.first + image,
                ..x
            });
            let buffers = between.iter_mut().map(|b| &mut b[..]).chain([out]);
            let mut levels: Vec<Level> = buffers
                .zip(planes)
                .zip(&self.0)
                .map(|((out, &planes), (_, stage))| Level {
                    stage,
                    planes,
                    out,
                    done: 0,
                })
                .collect();
            let step = (STRIP / last.out[1]).max(1);
            for row in (0..last.out[0]).step_by(step) {
                reach(ws, &mut levels, source, (row + step).min(last.out[0]));
            }
        }
        all
    }
}

/// A stage on its way through an image.
struct Level<'a> {
    stage: &'a Stage,
    planes: Planes,
    out: &'a mut [f32],
    /// Output rows that are there.
    done: usize,
}

/// Computes the output of the last stage as far as row `end`, and those before it as far as that reads.
fn reach(ws: &Workspace, levels: &mut [Level<'_>], source: Source<'_>, end: usize) {
    let Some((last, before)) = levels.split_last_mut() else {
        return;
    };
    if last.done >= end {
        return;
    }
    reach(ws, before, source, last.planes.rows_read(end));
    let source = before.last().map_or(source, |level| Source::Last(level.out));
    let (width, ld) = (last.planes.out[1], last.stage.row_len());
    let pixels = last.done * width..end * width;
    let out = &mut last.out[pixels.start * ld..pixels.end * ld];
    last.stage.fill(ws, &last.planes, source, pixels, out);
    last.done = end;
}

/// The planes of the stage that begins with layer `i`.
fn planes(chain: &Chain, i: usize) -> Planes {
    Planes {
        window: chain.layers()[i].window(),
        size: chain.size(i),
        out: chain.size(i + 1),
    }
}
