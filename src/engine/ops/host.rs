//! What is read back from a device.

use burn::tensor::{Tensor, backend::Backend};

/// A tensor's values on the host, row-major.
pub fn to_vec_f32<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    #[expect(clippy::expect_used, reason = "just converted to the type that is asked for")]
    tensor.into_data().convert::<f32>().into_vec().expect("f32")
}
