//! The networks, from the layer up. Generic over burn's backend; one forward pass for all.

mod basic_block;
mod init;
mod layers;
mod network;
mod norm;
mod projection;
mod weights;

pub use network::Network;
pub use norm::Mode;
pub use weights::{ByParameter, Tensor32, Weights, each_parameter, named_gradients, trainable_parameters};
