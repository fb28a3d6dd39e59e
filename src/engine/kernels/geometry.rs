//! The convolutions that the kernels know.

/// A square convolution over one image, 3×3 or 1×1, padded to keep the size at stride 1,
/// without bias. Images are `[height, width, channel]` in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Input channels.
    pub input: usize,
    /// Input height, pixels.
    pub height: usize,
    /// Input width, pixels.
    pub width: usize,
    /// Output channels.
    pub output: usize,
    /// Kernel height and width: 1 or 3.
    pub kernel: usize,
    /// Stride: 1 or 2.
    pub stride: usize,
    /// Groups; divides input and output channels.
    pub groups: usize,
}

impl Geometry {
    /// Whether the kernels can compute it.
    pub const fn is_known(&self) -> bool {
        matches!(self.kernel, 1 | 3)
            && matches!(self.stride, 1 | 2)
            && self.groups > 0
            && self.input.is_multiple_of(self.groups)
            && self.output.is_multiple_of(self.groups)
    }

    /// Output height, pixels.
    pub const fn out_height(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Output width, pixels.
    pub const fn out_width(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Values of an input image.
    pub const fn input_len(&self) -> usize {
        self.height * self.width * self.input
    }

    /// Values of an output image.
    pub const fn output_len(&self) -> usize {
        self.out_height() * self.out_width() * self.output
    }

    /// Weights, `[output, input / groups, kernel, kernel]`.
    pub const fn weights(&self) -> usize {
        self.output * (self.input / self.groups) * self.kernel * self.kernel
    }

    /// Multiplications and additions for one image, of either pass and each gradient.
    pub const fn flops(&self) -> usize {
        2 * self.out_height() * self.out_width() * self.weights()
    }
}
