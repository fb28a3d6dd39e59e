//! The CPU's own arithmetic: convolutions, batch norms and what goes with them, on plain
//! slices.
//!
//! Batches are `[image, height, width, channel]` here, so that a vector register holds
//! channels of one pixel; [`ops`](super::ops) shows burn the same memory as
//! `[batch, channel, height, width]` by strides. Three ideas make it fast:
//!
//! - an image is copied once into a frame of zeros in blocks of 16 channels
//!   ([`padded`]), and what precedes a convolution (batch norm, ReLU, a norm's gradient)
//!   is done on the way;
//! - every convolution and input gradient is one loop ([`gather`]) that holds 8 pixels ×
//!   1 or 2 vectors of channels in registers, and weight gradients another
//!   ([`weight_gradient`]);
//! - what follows a convolution (statistics, masks, sums) is done image by image, while
//!   the image is in cache.
//!
//! Sums are taken image by image and part by part in an order that does not depend on
//! threads, so results are the same bits for any number of them.

pub mod conv;
pub mod conv_plan;
pub mod elementwise;
pub mod gather;
pub mod geometry;
pub mod isa;
pub mod loss;
pub mod memory;
pub mod norm;
pub mod norm_gradient;
pub mod padded;
pub mod pool;
pub mod weight_gradient;
