//! burn's CPU tensors as the kernels see them.

use burn::tensor::{DType, Shape, Tensor, TensorPrimitive};
use burn_flex::{Flex, FlexTensor, Layout};

use crate::engine::kernels::memory::Buffer;

/// A batch of images, dense in memory as `[image, height, width, channel]`; burn sees it
/// as `[batch, channel, height, width]`.
#[derive(Debug, Clone)]
pub struct NhwcTensor {
    tensor: FlexTensor,
    /// Images.
    pub batch: usize,
    /// Channels of each.
    pub channels: usize,
    /// Height, pixels.
    pub height: usize,
    /// Width, pixels.
    pub width: usize,
}

impl NhwcTensor {
    /// From any tensor of 32-bit floats; copied where it lies differently in memory.
    pub fn of(tensor: FlexTensor) -> Self {
        let dims = dims(&tensor);
        let tensor = if is_dense(&tensor, dims) { tensor } else { rearranged(&tensor, dims) };
        Self::sized(tensor, dims)
    }

    /// Of this shape, from values in memory's order.
    pub fn new(values: Buffer, dims: [usize; 4]) -> Self {
        let layout = Layout::new(Shape::from(dims), strides(dims).to_vec(), 0);
        Self::sized(FlexTensor::new(values.into_bytes(), layout, DType::F32), dims)
    }

    fn sized(tensor: FlexTensor, [batch, channels, height, width]: [usize; 4]) -> Self {
        Self { tensor, batch, channels, height, width }
    }

    /// `[batch, channels, height, width]`.
    pub const fn dims(&self) -> [usize; 4] {
        [self.batch, self.channels, self.height, self.width]
    }

    /// Values of one image.
    pub const fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Values of the batch.
    pub const fn len(&self) -> usize {
        self.batch * self.image_len()
    }

    /// All values, in memory's order.
    pub fn values(&self) -> &[f32] {
        &self.tensor.storage()[self.tensor.layout().start_offset()..][..self.len()]
    }

    /// The same to write to; copied first where somebody else holds them too.
    pub fn values_mut(&mut self) -> &mut [f32] {
        let (at, len) = (self.tensor.layout().start_offset(), self.len());
        if !self.tensor.is_unique() {
            let mut own = Buffer::take(len);
            own.copy_from_slice(self.values());
            *self = Self::new(own, self.dims());
            return self.tensor.storage_mut();
        }
        &mut self.tensor.storage_mut()[at..][..len]
    }

    /// Whether nobody else holds these values.
    pub fn is_unique(&self) -> bool {
        self.tensor.is_unique()
    }

    /// For burn.
    pub fn into_tensor(self) -> FlexTensor {
        self.tensor
    }
}

/// The four lengths of a batch of images.
fn dims(tensor: &FlexTensor) -> [usize; 4] {
    let shape = tensor.layout().shape();
    std::array::from_fn(|i| shape[i])
}

/// Of `[batch, channel, height, width]` when memory has `[batch, height, width, channel]`.
fn strides([_, channels, height, width]: [usize; 4]) -> [isize; 4] {
    [height * width * channels, 1, width * channels, channels].map(|stride| stride as isize)
}

fn is_dense(tensor: &FlexTensor, dims: [usize; 4]) -> bool {
    // Where there is only one of something, its stride says nothing.
    let agrees = |((has, wanted), len): ((&isize, isize), usize)| len == 1 || *has == wanted;
    tensor.layout().strides().iter().zip(strides(dims)).zip(dims).all(agrees)
}

fn rearranged(tensor: &FlexTensor, dims: [usize; 4]) -> FlexTensor {
    let [batch, channels, height, width] = dims;
    let (from, layout): (&[f32], _) = (tensor.storage(), tensor.layout());
    let mut to = Buffer::take(batch * channels * height * width);
    let mut out = to.iter_mut();
    let step = |axis: usize, index: usize| layout.strides()[axis] * index as isize;
    for n in 0..batch {
        for y in 0..height {
            for x in 0..width {
                let pixel = layout.start_offset() as isize + step(0, n) + step(2, y) + step(3, x);
                for (c, out) in (0..channels).zip(&mut out) {
                    *out = from[(pixel + step(1, c)) as usize];
                }
            }
        }
    }
    NhwcTensor::new(to, dims).tensor
}

/// A contiguous tensor of 32-bit floats.
#[derive(Debug, Clone)]
pub struct Values(FlexTensor);

impl Values {
    /// From any tensor of 32-bit floats.
    pub fn of(tensor: FlexTensor) -> Self {
        Self(tensor.to_contiguous())
    }

    /// Row-major.
    pub fn get(&self) -> &[f32] {
        &self.0.storage()[..self.0.layout().num_elements()]
    }

    /// The same to write to; copied first where somebody else holds them too.
    pub fn get_mut(&mut self) -> &mut [f32] {
        let len = self.0.layout().num_elements();
        &mut self.0.storage_mut()[..len]
    }

    /// For burn.
    pub fn into_tensor(self) -> FlexTensor {
        self.0
    }
}

/// A tensor of this shape with these values.
pub fn tensor(values: &[f32], shape: Shape) -> FlexTensor {
    let mut own = Buffer::take(values.len());
    own.copy_from_slice(values);
    FlexTensor::new(own.into_bytes(), Layout::contiguous(shape), DType::F32)
}

/// burn's CPU tensor behind a typed one.
pub fn primitive<const D: usize>(x: Tensor<Flex, D>) -> FlexTensor {
    x.into_primitive().tensor()
}

/// A typed tensor.
pub fn typed<const D: usize>(x: FlexTensor) -> Tensor<Flex, D> {
    Tensor::from_primitive(TensorPrimitive::Float(x))
}
