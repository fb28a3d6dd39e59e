//! The operations on the CPU, and what their gradients need to remember.

use burn::tensor::{DType, Int, Tensor, TensorMetadata};
use burn_flex::{Flex, FlexTensor};

use super::flex_tensor::{NhwcTensor, Values, primitive, tensor, typed};
use super::{AdamStep, BatchStats, ConvNorm, NetworkOps, NormParams, Normed, reference};
use crate::engine::kernels::conv::{self, ConvNormKernel};
use crate::engine::kernels::elementwise;
use crate::engine::kernels::geometry::Geometry;
use crate::engine::kernels::isa::Isa;
use crate::engine::kernels::loss;
use crate::engine::kernels::memory::Buffer;
use crate::engine::kernels::norm::{self, Affine, Epilogue, Statistics};
use crate::engine::kernels::padded::PaddedInput;
use crate::engine::kernels::pool::Pooling;

impl NetworkOps for Flex {
    fn batch_norm(x: Tensor<Flex, 4>, norm: NormParams<Flex>) -> Normed<Flex, 1> {
        if !is_known(&x) {
            return reference::batch_norm(x, norm);
        }
        let x = NhwcTensor::of(primitive(x));
        match norm.running {
            Some(running) => {
                let norm = TrainedNorm::new(norm.weight, norm.bias, statistics(&running));
                (typed(norm.apply(&x, Epilogue { skip: None, relu: false }).into_tensor()), None)
            }
            None => {
                let statistics = norm::statistics(Isa::best(), x.values(), x.image_len(), x.channels);
                let norm = TrainedNorm::new(norm.weight, norm.bias, statistics);
                let y = norm.apply(&x, Epilogue { skip: None, relu: false });
                (typed(y.into_tensor()), Some([norm.moments()]))
            }
        }
    }

    fn conv_norm(x: Tensor<Flex, 4>, layer: ConvNorm<Flex>, then_relu: bool) -> Normed<Flex, 1> {
        let Some(geometry) = geometry(&x, &layer) else { return reference::conv_norm(x, layer, then_relu) };
        let x = NhwcTensor::of(primitive(x));
        match layer.norm.running.clone() {
            Some(running) => {
                let layer = TrainedLayer::running(geometry, layer, &running);
                let then = Epilogue { skip: None, relu: then_relu };
                (typed(layer.evaluate(&x, then).into_tensor()), None)
            }
            None => {
                let (layer, z) = TrainedLayer::train(geometry, layer, &x, None);
                let y = layer.norm.apply(&z, Epilogue { skip: None, relu: then_relu });
                (typed(y.into_tensor()), Some([layer.norm.moments()]))
            }
        }
    }

    fn basic_block(
        x: Tensor<Flex, 4>,
        first: ConvNorm<Flex>,
        second: ConvNorm<Flex>,
        skip: Option<Tensor<Flex, 4>>,
    ) -> Normed<Flex, 2> {
        let Some(shapes) = block_geometry(&x, &first, &second) else {
            return reference::basic_block(x, first, second, skip);
        };
        let x = NhwcTensor::of(primitive(x));
        let skip = skip.map(|skip| NhwcTensor::of(primitive(skip)));
        match (first.norm.running.clone(), second.norm.running.clone()) {
            (Some(running1), Some(running2)) => {
                let first = TrainedLayer::running(shapes[0], first, &running1);
                let second = TrainedLayer::running(shapes[1], second, &running2);
                let hidden = first.evaluate(&x, Epilogue { skip: None, relu: true });
                let then = Epilogue { skip: skip.as_ref().map(NhwcTensor::values), relu: true };
                (typed(second.evaluate(&hidden, then).into_tensor()), None)
            }
            _ => {
                let block = TrainedBlock::train(shapes, first, second, x, skip);
                let moments = [block.first.norm.moments(), block.second.norm.moments()];
                (typed(block.y.into_tensor()), Some(moments))
            }
        }
    }

    fn sum(x: Tensor<Flex, 4>, y: Tensor<Flex, 4>) -> Tensor<Flex, 4> {
        if !is_known(&x) {
            return x + y;
        }
        typed(add(NhwcTensor::of(primitive(x)), NhwcTensor::of(primitive(y))).into_tensor())
    }

    fn avg_pool(x: Tensor<Flex, 4>, size: usize) -> Tensor<Flex, 4> {
        if !is_known(&x) {
            return reference::avg_pool(x, size);
        }
        typed(pool(&NhwcTensor::of(primitive(x)), size).into_tensor())
    }

    fn cross_entropy(logits: Tensor<Flex, 2>, labels: Tensor<Flex, 1, Int>) -> Tensor<Flex, 1> {
        if logits.dtype() != DType::F32 {
            return reference::cross_entropy(logits, labels);
        }
        typed(cross_entropy(primitive(logits), labels).0)
    }

    fn adam<const D: usize>(
        step: AdamStep,
        gradient: Tensor<Flex, D>,
        state: [Tensor<Flex, D>; 3],
    ) -> [Tensor<Flex, D>; 3] {
        if gradient.dtype() != DType::F32 {
            return reference::adam(step, gradient, state);
        }
        let gradient = Values::of(primitive(gradient));
        let [mut parameter, mut first, mut second] = state.map(|tensor| Values::of(primitive(tensor)));
        let moments = (first.get_mut(), second.get_mut());
        elementwise::adam(Isa::best(), step, gradient.get(), parameter.get_mut(), moments.0, moments.1);
        [parameter, first, second].map(|values| typed(values.into_tensor()))
    }
}

/// Whether the kernels take this tensor.
pub fn is_known<B, const D: usize>(x: &Tensor<B, D>) -> bool
where
    B: burn::tensor::backend::Backend,
{
    x.dtype() == DType::F32 && x.shape().num_elements() > 0
}

/// The convolution that `layer` does to `x`, where the kernels know it.
pub fn geometry<B>(x: &Tensor<B, 4>, layer: &ConvNorm<B>) -> Option<Geometry>
where
    B: burn::tensor::backend::Backend,
{
    let [_, input, height, width] = x.dims();
    shape_of([input, height, width], layer).filter(|_| is_known(x))
}

/// Both convolutions of a basic block.
pub fn block_geometry<B>(x: &Tensor<B, 4>, first: &ConvNorm<B>, second: &ConvNorm<B>) -> Option<[Geometry; 2]>
where
    B: burn::tensor::backend::Backend,
{
    let one = geometry(x, first)?;
    let two = shape_of([one.output, one.out_height(), one.out_width()], second)?;
    Some([one, two])
}

fn shape_of<B>([input, height, width]: [usize; 3], layer: &ConvNorm<B>) -> Option<Geometry>
where
    B: burn::tensor::backend::Backend,
{
    let [output, _, kernel, _] = layer.weight.dims();
    let ConvNorm { stride, groups, .. } = *layer;
    let geometry = Geometry { input, height, width, output, kernel, stride, groups };
    (geometry.is_known() && layer.weight.dtype() == DType::F32).then_some(geometry)
}

fn statistics(moments: &BatchStats<Flex>) -> Statistics {
    let values = |x: &Tensor<Flex, 1>| Values::of(primitive(x.clone())).get().to_vec();
    Statistics { mean: values(&moments.mean), var: values(&moments.var) }
}

/// A batch norm with the statistics that it normalised by.
#[derive(Debug, Clone)]
pub struct TrainedNorm {
    weight: Values,
    bias: Values,
    statistics: Statistics,
}

impl TrainedNorm {
    /// From its parameters.
    pub fn new(weight: Tensor<Flex, 1>, bias: Tensor<Flex, 1>, statistics: Statistics) -> Self {
        Self { weight: Values::of(primitive(weight)), bias: Values::of(primitive(bias)), statistics }
    }

    /// As the kernels see it.
    pub fn norm(&self) -> norm::NormKernel<'_> {
        let Statistics { mean, var } = &self.statistics;
        norm::NormKernel { weight: self.weight.get(), bias: self.bias.get(), mean, var }
    }

    /// Its map.
    pub fn affine(&self) -> Affine {
        Affine::of(&self.norm())
    }

    /// The statistics, for burn.
    pub fn moments(&self) -> BatchStats<Flex> {
        let vector = |values: &[f32]| typed(tensor(values, [values.len()].into()));
        BatchStats { mean: vector(&self.statistics.mean), var: vector(&self.statistics.var) }
    }

    /// Normalises `z`.
    pub fn apply(&self, z: &NhwcTensor, then: Epilogue) -> NhwcTensor {
        let mut y = Buffer::take(z.len());
        self.affine().write_batch(Isa::best(), z.values(), then, z.image_len(), &mut y);
        NhwcTensor::new(y, z.dims())
    }
}

/// A layer with the statistics that its norm normalised by.
#[derive(Debug, Clone)]
pub struct TrainedLayer {
    /// The convolution.
    pub geometry: Geometry,
    weights: Values,
    /// The norm.
    pub norm: TrainedNorm,
}

impl TrainedLayer {
    fn running(geometry: Geometry, layer: ConvNorm<Flex>, running: &BatchStats<Flex>) -> Self {
        Self {
            geometry,
            weights: Values::of(primitive(layer.weight)),
            norm: TrainedNorm::new(layer.norm.weight, layer.norm.bias, statistics(running)),
        }
    }

    /// Convolves a batch, or what a norm and ReLU make of it, and takes the result's
    /// statistics.
    pub fn train(
        geometry: Geometry,
        layer: ConvNorm<Flex>,
        x: &NhwcTensor,
        before: Option<&TrainedNorm>,
    ) -> (Self, NhwcTensor) {
        let none = Statistics { mean: Vec::new(), var: Vec::new() };
        let weights = Values::of(primitive(layer.weight));
        let mut norm = TrainedNorm::new(layer.norm.weight, layer.norm.bias, none);
        let mut z = Buffer::take(x.batch * geometry.output_len());
        let affine = before.map(TrainedNorm::affine);
        let kernel = ConvNormKernel {
            geometry,
            weights: weights.get(),
            scale: norm.weight.get(),
            shift: norm.bias.get(),
        };
        let statistics = kernel.convolve(Isa::best(), input(x, affine.as_ref()), &mut z);
        norm.statistics = statistics;
        let z = NhwcTensor::new(z, out_dims(x.batch, &geometry));
        (Self { geometry, weights, norm }, z)
    }

    /// Convolution, norm and what follows, image by image.
    fn evaluate(&self, x: &NhwcTensor, then: Epilogue) -> NhwcTensor {
        let (geometry, isa) = (&self.geometry, Isa::best());
        let affine = self.norm.affine();
        let mut y = Buffer::take(x.batch * geometry.output_len());
        conv::forward(
            isa,
            geometry,
            self.weights.get(),
            PaddedInput::Same(x.values()),
            &mut y,
            0,
            |i, y, _| {
                affine.update(isa, then.image(i, geometry.output_len()), y);
            },
        );
        NhwcTensor::new(y, out_dims(x.batch, geometry))
    }

    /// As the kernels see it.
    pub fn kernel(&self) -> ConvNormKernel<'_> {
        ConvNormKernel {
            geometry: self.geometry,
            weights: self.weights.get(),
            scale: self.norm.weight.get(),
            shift: self.norm.bias.get(),
        }
    }
}

fn out_dims(batch: usize, geometry: &Geometry) -> [usize; 4] {
    [batch, geometry.output, geometry.out_height(), geometry.out_width()]
}

/// A layer's input: images, or what a norm and ReLU make of them.
pub fn input<'a>(x: &'a NhwcTensor, before: Option<&'a Affine>) -> PaddedInput<'a> {
    match before {
        None => PaddedInput::Same(x.values()),
        Some(affine) => PaddedInput::Activated { x: x.values(), affine },
    }
}

/// A basic block after its forward pass in training.
#[derive(Debug, Clone)]
pub struct TrainedBlock {
    /// First convolution and norm.
    pub first: TrainedLayer,
    /// Second convolution and norm.
    pub second: TrainedLayer,
    /// The block's input.
    pub x: NhwcTensor,
    /// Output of the first convolution.
    pub z1: NhwcTensor,
    /// Output of the second.
    pub z2: NhwcTensor,
    /// The block's output.
    pub y: NhwcTensor,
}

impl TrainedBlock {
    /// The forward pass.
    pub fn train(
        [shape1, shape2]: [Geometry; 2],
        first: ConvNorm<Flex>,
        second: ConvNorm<Flex>,
        x: NhwcTensor,
        skip: Option<NhwcTensor>,
    ) -> Self {
        let (first, z1) = TrainedLayer::train(shape1, first, &x, None);
        let (second, z2) = TrainedLayer::train(shape2, second, &z1, Some(&first.norm));
        let y = second.norm.apply(&z2, Epilogue { skip: skip.as_ref().map(NhwcTensor::values), relu: true });
        Self { first, second, x, z1, z2, y }
    }
}

/// x + y, in the memory of one of them where nobody else holds it.
pub fn add(x: NhwcTensor, y: NhwcTensor) -> NhwcTensor {
    let isa = Isa::best();
    let (mut into, other) = if x.is_unique() { (x, y) } else { (y, x) };
    if into.is_unique() {
        elementwise::add_into(isa, other.values(), into.values_mut());
        return into;
    }
    let mut sum = Buffer::take(into.len());
    elementwise::add(isa, into.values(), other.values(), &mut sum);
    NhwcTensor::new(sum, into.dims())
}

/// Average pooling.
pub fn pool(x: &NhwcTensor, size: usize) -> NhwcTensor {
    let mut y = Buffer::take(x.len() / (size * size));
    pooling(x.dims(), size).forward(Isa::best(), x.values(), &mut y);
    NhwcTensor::new(y, [x.batch, x.channels, x.height / size, x.width / size])
}

/// The pooling of a batch of this shape.
pub fn pooling([_, channels, height, width]: [usize; 4], size: usize) -> Pooling {
    Pooling { height, width, channels, size }
}

/// Loss `[1]`, and the gradient of the logits.
pub fn cross_entropy(logits: FlexTensor, labels: Tensor<Flex, 1, Int>) -> (FlexTensor, FlexTensor) {
    let shape = logits.shape();
    let logits = Values::of(logits);
    let labels: Vec<i32> = labels.into_data().iter::<i32>().collect();
    let mut gradient = Buffer::take(logits.get().len());
    let loss = loss::cross_entropy(logits.get(), &labels, &mut gradient);
    (tensor(&[loss], [1].into()), tensor(&gradient, shape))
}
