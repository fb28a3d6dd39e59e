//! The operations in terms of burn's own: for every backend that has no better ones, for
//! double precision, and to test the better ones against.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::module::{avg_pool2d, conv2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Int, Slice, Tensor};

use super::{AdamStep, BatchStats, ConvNorm, EPS, NormParams, Normed};

/// As [`NetworkOps::batch_norm`](super::NetworkOps::batch_norm).
pub fn batch_norm<B: Backend>(x: Tensor<B, 4>, norm: NormParams<B>) -> Normed<B, 1> {
    let [batch, channels, height, width] = x.dims();
    let x = x.reshape([batch, channels, height * width]);
    let (weight, bias) = (channelwise(norm.weight), channelwise(norm.bias));
    let (y, moments) = match norm.running {
        None => {
            // Over positions, then images: no sum is long enough to lose digits.
            let mean = x.clone().mean_dim(2).mean_dim(0);
            let centred = x - mean.clone();
            let var = (centred.clone() * centred.clone()).mean_dim(2).mean_dim(0);
            let y = centred * (weight / (var.clone() + EPS).sqrt()) + bias;
            let flat = |x: Tensor<B, 3>| x.detach().reshape([channels]);
            (y, Some([BatchStats { mean: flat(mean), var: flat(var) }]))
        }
        Some(BatchStats { mean, var }) => {
            let scale = weight / (channelwise(var) + EPS).sqrt();
            (x * scale.clone() + (bias - channelwise(mean) * scale), None)
        }
    };
    (y.reshape([batch, channels, height, width]), moments)
}

/// `[channel]` as `[1, channel, 1]`.
fn channelwise<B: Backend>(x: Tensor<B, 1>) -> Tensor<B, 3> {
    let channels = x.dims()[0];
    x.reshape([1, channels, 1])
}

/// As [`NetworkOps::conv_norm`](super::NetworkOps::conv_norm).
pub fn conv_norm<B: Backend>(x: Tensor<B, 4>, layer: ConvNorm<B>, then_relu: bool) -> Normed<B, 1> {
    let kernel = layer.weight.dims()[2];
    // A 1×1 convolution only sees every stride-th pixel. On GPUs burn 0.21 may take a kernel for
    // its gradient (`conv_transpose2d_direct`) that is all zeros where the kernel is smaller than
    // the stride, so the other pixels are dropped first.
    let (x, stride) = match kernel {
        1 if layer.stride > 1 => (every_nth_pixel(x, layer.stride), 1),
        _ => (x, layer.stride),
    };
    let options = ConvOptions::new([stride; 2], [kernel / 2; 2], [1; 2], layer.groups);
    let (y, moments) = batch_norm(conv2d(x, layer.weight, None, options), layer.norm);
    (if then_relu { relu(y) } else { y }, moments)
}

/// Every `n`-th pixel of height and width, from the first.
fn every_nth_pixel<B: Backend>(x: Tensor<B, 4>, n: usize) -> Tensor<B, 4> {
    let nth = Slice::with_step(0, None, n as isize);
    x.slice([Slice::full(), Slice::full(), nth, nth])
}

/// As [`NetworkOps::basic_block`](super::NetworkOps::basic_block).
pub fn basic_block<B: Backend>(
    x: Tensor<B, 4>,
    first: ConvNorm<B>,
    second: ConvNorm<B>,
    skip: Option<Tensor<B, 4>>,
) -> Normed<B, 2> {
    let (hidden, moments1) = conv_norm(x, first, true);
    let (y, moments2) = conv_norm(hidden, second, false);
    let y = match skip {
        Some(skip) => y + skip,
        None => y,
    };
    let moments = moments1.zip(moments2).map(|([first], [second])| [first, second]);
    (relu(y), moments)
}

/// As [`NetworkOps::avg_pool`](super::NetworkOps::avg_pool).
pub fn avg_pool<B: Backend>(x: Tensor<B, 4>, size: usize) -> Tensor<B, 4> {
    avg_pool2d(x, [size; 2], [size; 2], [0; 2], false, false)
}

/// As [`NetworkOps::cross_entropy`](super::NetworkOps::cross_entropy).
pub fn cross_entropy<B: Backend>(logits: Tensor<B, 2>, labels: Tensor<B, 1, Int>) -> Tensor<B, 1> {
    CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels)
}

/// As [`NetworkOps::adam`](super::NetworkOps::adam).
pub fn adam<B: Backend, const D: usize>(
    step: AdamStep,
    gradient: Tensor<B, D>,
    [parameter, first, second]: [Tensor<B, D>; 3],
) -> [Tensor<B, D>; 3] {
    let gradient = match step.weight_decay {
        0.0 => gradient,
        decay => gradient + parameter.clone() * decay,
    };
    let first = first.clone() + (gradient.clone() - first) * step.towards_first;
    let second = second * step.beta2 + gradient.clone() * gradient * step.towards_second;
    let denominator = second.clone().sqrt() / step.correction2 + step.eps;
    let parameter = match step.keep {
        1.0 => parameter,
        keep => parameter * keep,
    };
    let parameter = parameter - first.clone() / denominator * step.rate;
    [parameter, first, second]
}
