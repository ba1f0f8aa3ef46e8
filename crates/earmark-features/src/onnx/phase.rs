//! Angles of the bins.

use super::spectrum::OnnxSpectrum;
use earmark_onnx::{Builder, Tensor, Value};
use std::f64::consts::PI;

impl OnnxSpectrum {
    /// Angles of bins 0 to `fft / 2` in units of pi, `[batch, frames, bins]`. ONNX only has the arctangent of a
    /// quotient: it is taken of the smaller part over the larger, from which the angle follows by the signs of both.
    pub fn angles(&self, g: &mut Builder) -> Value {
        let re = self.flat(g, &self.re);
        let re = self.in_order(g, &re);
        let im = self.flat(g, &self.im);
        let im = self.in_order(g, &im);
        // A mirrored bin has the opposite angle. Bin 0 and the one at half the rate are real.
        let bins = self.plan.bins();
        let real = |bin: usize| bin == 0 || 2 * bin == self.plan.fft;
        let signs = (0..bins).map(|bin| match self.plan.place_of(bin) {
            _ if real(bin) => 0.0,
            (_, true) => -1.0,
            (_, false) => 1.0,
        });
        let signs = g.constant("signs", Tensor::floats(&[bins], signs.collect()));
        let im = g.op("Mul", &[&im, &signs], &[]);
        let (zero, one, minus) = (g.float(0.0), g.float(1.0), g.float(-1.0));
        let less = |g: &mut Builder, a: &Value, b: &Value| g.op("Less", &[a, b], &[]);
        let choose = |g: &mut Builder, c: &Value, a: &Value, b: &Value| g.op("Where", &[c, a, b], &[]);
        let below = less(g, &im, &zero);
        let side = choose(g, &below, &minus, &one); // of a zero: 1
        let size = |g: &mut Builder, x: &Value| {
            let opposite = g.op("Mul", &[x, &minus], &[]);
            g.op("Max", &[x, &opposite], &[])
        };
        let (tall, wide) = (size(g, &im), size(g, &re));
        let steep = less(g, &wide, &tall);
        // atan(im / re), plus or minus pi where re < 0; or pi / 2 - atan(re / im) with the sign of im.
        let over = choose(g, &steep, &re, &im);
        let under = choose(g, &steep, &im, &re);
        let nothing = size(g, &under);
        let some = less(g, &zero, &nothing);
        let under = choose(g, &some, &under, &one); // 0 / 0 is angle 0
        let quotient = g.op("Div", &[&over, &under], &[]);
        let angle = g.op("Atan", &[&quotient], &[]);
        let per_pi = g.float((1.0 / PI) as f32);
        let angle = g.op("Mul", &[&angle, &per_pi], &[]);
        let left = less(g, &re, &zero);
        let turned = choose(g, &left, &side, &zero);
        let flat = g.op("Add", &[&angle, &turned], &[]);
        let half = g.float(0.5);
        let quarter = g.op("Mul", &[&side, &half], &[]);
        let upright = g.op("Sub", &[&quarter, &angle], &[]);
        choose(g, &steep, &upright, &flat)
    }
}
