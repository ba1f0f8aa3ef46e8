//! Shape, padding and activation of a convolution.

use super::activation::Activation;
use earmark_kernels::ConvWindow;

/// What surrounds the input of a convolution or pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvPadding {
    /// TensorFlow's SAME: the output has `ceil(n / stride)` positions, and an odd remainder is padded at the END.
    Same,
    /// As many zeros on both sides.
    Symmetric([usize; 2]),
}

impl ConvPadding {
    /// Zeros before and after one axis of `n` positions.
    pub fn amounts(self, axis: usize, n: usize, kernel: usize, stride: usize) -> (usize, usize) {
        match self {
            Self::Same => {
                let total = ((n.div_ceil(stride) - 1) * stride + kernel).saturating_sub(n);
                (total / 2, total - total / 2)
            }
            Self::Symmetric(p) => (p[axis], p[axis]),
        }
    }

    /// Number of output positions of one axis.
    pub fn output(self, axis: usize, n: usize, kernel: usize, stride: usize) -> usize {
        let (before, after) = self.amounts(axis, n, kernel, stride);
        (n + before + after - kernel) / stride + 1
    }
}

/// Shape and rules of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct ConvSpec {
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step along height and width.
    pub stride: [usize; 2],
    /// ConvPadding rule.
    pub padding: ConvPadding,
    /// 1 for a dense convolution, `input` for a depthwise one.
    pub groups: usize,
    /// What follows.
    pub activation: Activation,
    /// Means over 2x2 between the convolution and what follows it. As both are linear, they are one convolution: see
    /// [`ConvSpec::effective`].
    pub mean_2x2: bool,
}

impl ConvSpec {
    /// A 3x3 convolution with SAME padding and ReLU.
    pub fn same3(input: usize, output: usize, stride: usize) -> Self {
        Self {
            input,
            output,
            kernel: [3, 3],
            stride: [stride; 2],
            padding: ConvPadding::Same,
            groups: 1,
            activation: Activation::Relu,
            mean_2x2: false,
        }
    }

    /// A 3x3 convolution of every channel by itself.
    pub fn depthwise3(channels: usize, stride: usize) -> Self {
        Self {
            groups: channels,
            ..Self::same3(channels, channels, stride)
        }
    }

    /// A 1x1 convolution.
    pub fn pointwise(input: usize, output: usize) -> Self {
        Self {
            kernel: [1, 1],
            ..Self::same3(input, output, 1)
        }
    }

    /// The same with another activation.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// Kind, kernel, output channels and step, in the notation of the DCASE 2019 baseline.
    pub(crate) fn name(&self) -> String {
        let kind = if self.groups > 1 { "DW" } else { "C" };
        let ([h, w], step) = (self.kernel, self.effective().stride[0]);
        format!("{kind}({h}x{w}, {}, {step})", self.output)
    }

    /// Number of weights without bias.
    pub fn weights(&self) -> usize {
        self.output * self.input / self.groups * self.kernel[0] * self.kernel[1]
    }

    /// Height and width of the output.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        let s = self.effective();
        [0, 1].map(|a| s.padding.output(a, size[a], s.kernel[a], s.stride[a]))
    }

    /// Its window over planes of `size`, with the padding in numbers.
    pub(super) fn window(&self, size: [usize; 2]) -> ConvWindow {
        let s = self.effective();
        let padding = [0, 1].map(|a| s.padding.amounts(a, size[a], s.kernel[a], s.stride[a]));
        ConvWindow {
            kernel: s.kernel,
            stride: s.stride,
            before: padding.map(|p| p.0),
            after: padding.map(|p| p.1),
        }
    }

    /// Multiplications for one input of this size.
    pub fn multiplies(&self, size: [usize; 2]) -> usize {
        let [h, w] = self.output_size(size);
        h * w * self.effective().weights()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_follows_tensorflow() {
        // n, kernel, stride -> output, before, after (tf.nn.convolution documentation's formula by hand).
        for (n, k, s, out, before, after) in [
            (100, 3, 1, 100, 1, 1),
            (100, 3, 2, 50, 0, 1),
            (25, 3, 2, 13, 1, 1),
            (5, 11, 1, 5, 5, 5),
            (1, 3, 2, 1, 1, 1),
            (6, 2, 2, 3, 0, 0),
        ] {
            assert_eq!(ConvPadding::Same.output(0, n, k, s), out, "n {n} k {k} s {s}");
            assert_eq!(
                ConvPadding::Same.amounts(0, n, k, s),
                (before, after),
                "n {n} k {k} s {s}"
            );
        }
    }
}
