//! Initial values, each drawn from a generator of its own.

use burn::module::Param;
use burn::tensor::{Tensor, TensorData, backend::Backend};

use crate::engine::random;

/// Makes initial parameters on a device; PyTorch's defaults for each kind of layer.
pub struct Init<'a, B: Backend> {
    /// The run's seed.
    pub seed: u64,
    /// Where parameters live.
    pub device: &'a B::Device,
}

impl<B: Backend> Init<'_, B> {
    /// Uniform in ±1/√`fan_in`: what `torch.nn.Conv2d` and `Linear` draw (Kaiming with
    /// a = √5), weights and biases alike. The values depend on the seed and `name` only.
    pub fn uniform<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        fan_in: usize,
    ) -> Param<Tensor<B, D>> {
        let bound = 1.0 / (fan_in as f32).sqrt();
        let values = random::uniform(self.seed, name, shape.iter().product(), bound);
        Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), self.device))
    }

    /// `len` times `value`.
    pub fn constant(&self, value: f32, len: usize) -> Param<Tensor<B, 1>> {
        Param::from_tensor(Tensor::full([len], value, self.device))
    }
}
