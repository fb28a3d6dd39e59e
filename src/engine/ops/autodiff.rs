//! The CPU's operations with gradients of their own.

use std::sync::Arc;

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::{DType, Int, Tensor, TensorPrimitive};
use burn_flex::{Flex, FlexTensor};

use super::flex::{self, TrainedBlock, TrainedLayer, TrainedNorm};
use super::flex_tensor::{NhwcTensor, Values, tensor, typed};
use super::{BatchStats, ConvNorm, NetworkOps, NormParams, Normed, reference};
use crate::engine::kernels::conv::{ConvNormGradients, InputGradient, Prologue, Saved};
use crate::engine::kernels::isa::Isa;
use crate::engine::kernels::memory::Buffer;
use crate::engine::kernels::norm::{self, Epilogue};
use crate::engine::kernels::norm_gradient::{self, NormGradient};

type Cpu<C> = Autodiff<Flex, C>;
/// burn's tensor with its place in the graph.
type Tracked = burn::tensor::ops::FloatTensor<Autodiff<Flex>>;

impl<C: CheckpointStrategy> NetworkOps for Cpu<C> {
    fn batch_norm(x: Tensor<Self, 4>, norm: NormParams<Self>) -> Normed<Self, 1> {
        if norm.running.is_some() || !flex::is_known(&x) {
            return reference::batch_norm(x, norm);
        }
        let [x, weight, bias] = [tracked(x), tracked(norm.weight), tracked(norm.bias)];
        let images = NhwcTensor::of(x.primitive);
        let statistics = norm::statistics(Isa::best(), images.values(), images.image_len(), images.channels);
        let norm = TrainedNorm::new(typed(weight.primitive), typed(bias.primitive), statistics);
        let y = norm.apply(&images, Epilogue { skip: None, relu: false }).into_tensor();
        let moments = constant(norm.moments());
        let prepared = BatchNormGradient.prepare::<C>([x.node, weight.node, bias.node]).compute_bound();
        let y = match prepared.stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((images, norm), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        (tensor_of(y), Some([moments]))
    }

    fn conv_norm(x: Tensor<Self, 4>, layer: ConvNorm<Self>, then_relu: bool) -> Normed<Self, 1> {
        let geometry = flex::geometry(&x, &layer).filter(|_| layer.norm.running.is_none());
        let Some(geometry) = geometry else { return reference::conv_norm(x, layer, then_relu) };
        let (layer, [weight, scale, shift]) = split(layer);
        let x = tracked(x);
        let images = NhwcTensor::of(x.primitive);
        let (layer, z) = TrainedLayer::train(geometry, layer, &images, None);
        let y = layer.norm.apply(&z, Epilogue { skip: None, relu: then_relu });
        let moments = constant(layer.norm.moments());
        let nodes = [x.node, weight.node, scale.node, shift.node];
        let y = match LayerGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let output = y.clone().into_tensor();
                let saved = SavedLayer { x: images, layer, z, relu: then_relu.then_some(y) };
                prepared.finish(saved, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y.into_tensor()),
        };
        (tensor_of(y), Some([moments]))
    }

    fn basic_block(
        x: Tensor<Self, 4>,
        first: ConvNorm<Self>,
        second: ConvNorm<Self>,
        skip: Option<Tensor<Self, 4>>,
    ) -> Normed<Self, 2> {
        let trains = first.norm.running.is_none() && second.norm.running.is_none();
        let shapes = flex::block_geometry(&x, &first, &second).filter(|_| trains);
        let Some(shapes) = shapes else { return reference::basic_block(x, first, second, skip) };
        let (first, [w1, g1, b1]) = split(first);
        let (second, [w2, g2, b2]) = split(second);
        let (x, skip) = (tracked(x), skip.map(tracked));
        let has_skip = skip.is_some();
        // A graph's operation has a fixed number of parents; without a skip its place is
        // taken by the input, and gets nothing.
        let skip_node = skip.as_ref().map_or(&x, |skip| skip).node.clone();
        let nodes = [x.node, skip_node, w1.node, g1.node, b1.node, w2.node, g2.node, b2.node];
        let skip = skip.map(|skip| NhwcTensor::of(skip.primitive));
        let block = TrainedBlock::train(shapes, first, second, NhwcTensor::of(x.primitive), skip);
        let moments = [&block.first, &block.second].map(|layer| constant(layer.norm.moments()));
        let y = block.y.clone().into_tensor();
        let y = match BlockGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((block, has_skip), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        (tensor_of(y), Some(moments))
    }

    fn sum(x: Tensor<Self, 4>, y: Tensor<Self, 4>) -> Tensor<Self, 4> {
        if !flex::is_known(&x) {
            return x + y;
        }
        let (x, y) = (tracked(x), tracked(y));
        let sum = flex::add(NhwcTensor::of(x.primitive), NhwcTensor::of(y.primitive)).into_tensor();
        tensor_of(SumGradient.prepare::<C>([x.node, y.node]).compute_bound().stateless(sum))
    }

    fn avg_pool(x: Tensor<Self, 4>, size: usize) -> Tensor<Self, 4> {
        if !flex::is_known(&x) {
            return reference::avg_pool(x, size);
        }
        let x = tracked(x);
        let images = NhwcTensor::of(x.primitive);
        let y = flex::pool(&images, size).into_tensor();
        let y = match PoolGradient.prepare::<C>([x.node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((images.dims(), size), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        tensor_of(y)
    }

    fn cross_entropy(logits: Tensor<Self, 2>, labels: Tensor<Self, 1, Int>) -> Tensor<Self, 1> {
        if logits.dtype() != DType::F32 {
            return reference::cross_entropy(logits, labels);
        }
        let logits = tracked(logits);
        let (loss, gradient) = flex::cross_entropy(logits.primitive, labels.inner());
        let loss = match LossGradient.prepare::<C>([logits.node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(gradient, loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        };
        tensor_of(loss)
    }
}

fn tracked<C: CheckpointStrategy, const D: usize>(x: Tensor<Cpu<C>, D>) -> Tracked {
    x.into_primitive().tensor()
}

fn tensor_of<C: CheckpointStrategy, const D: usize>(x: Tracked) -> Tensor<Cpu<C>, D> {
    Tensor::from_primitive(TensorPrimitive::Float(x))
}

fn constant<C: CheckpointStrategy>(moments: BatchStats<Flex>) -> BatchStats<Cpu<C>> {
    BatchStats { mean: Tensor::from_inner(moments.mean), var: Tensor::from_inner(moments.var) }
}

/// A layer without the graph, and its parameters' places in it: weight, scale, shift.
fn split<C: CheckpointStrategy>(layer: ConvNorm<Cpu<C>>) -> (ConvNorm<Flex>, [Tracked; 3]) {
    let ConvNorm { weight, stride, groups, norm } = layer;
    let (weight, scale, shift) = (tracked(weight), tracked(norm.weight), tracked(norm.bias));
    let norm = NormParams {
        weight: typed(scale.primitive.clone()),
        bias: typed(shift.primitive.clone()),
        running: None,
    };
    (ConvNorm { weight: typed(weight.primitive.clone()), stride, groups, norm }, [weight, scale, shift])
}

/// The parents that need a gradient, as handles into burn's [`Gradients`].
fn parents<S, const N: usize>(ops: &Ops<S, N>) -> [Option<Tracked>; N] {
    let none = tensor(&[], [0].into());
    ops.parents
        .clone()
        .map(|node| node.map(|node| Tracked { primitive: none.clone(), rc: Arc::new(node.id), node }))
}

/// Adds to a parent's gradient.
fn register(gradients: &mut Gradients, parent: Option<&Tracked>, gradient: NhwcTensor) {
    let Some(parent) = parent else { return };
    let sum = match gradients.remove::<Flex>(parent) {
        Some(before) => flex::add(NhwcTensor::of(before), gradient),
        None => gradient,
    };
    gradients.register::<Flex>(parent.node.id, sum.into_tensor());
}

/// Adds to the gradient of a parameter of this shape.
fn register_parameter(gradients: &mut Gradients, parent: Option<&Tracked>, values: &[f32], shape: &[usize]) {
    if let Some(parent) = parent {
        gradients.register::<Flex>(parent.node.id, tensor(values, shape.into()));
    }
}

/// A parent's gradient so far to add to, or room for it; nothing where it needs none.
struct Place<'a> {
    parent: Option<&'a Tracked>,
    images: Option<NhwcTensor>,
    add: bool,
}

impl<'a> Place<'a> {
    fn take(gradients: &mut Gradients, parent: Option<&'a Tracked>, dims: [usize; 4]) -> Self {
        let before = parent.and_then(|parent| gradients.remove::<Flex>(parent)).map(NhwcTensor::of);
        let add = before.is_some();
        let room = || NhwcTensor::new(Buffer::take(dims.iter().product()), dims);
        Self { parent, images: parent.map(|_| before.unwrap_or_else(room)), add }
    }

    fn gradient(&mut self) -> Option<InputGradient<'_>> {
        let add = self.add;
        self.images.as_mut().map(|images| InputGradient { dx: images.values_mut(), add })
    }

    fn give(self, gradients: &mut Gradients) {
        if let (Some(parent), Some(images)) = (self.parent, self.images) {
            gradients.register::<Flex>(parent.node.id, images.into_tensor());
        }
    }
}

#[derive(Debug)]
struct BatchNormGradient;

impl Backward<Flex, 3> for BatchNormGradient {
    type State = (NhwcTensor, TrainedNorm);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x_parent, weight, bias] = parents(&ops);
        let dy = NhwcTensor::of(gradients.consume::<Flex>(&ops.node));
        let (x, norm) = ops.state;
        let (norm, isa, len) = (norm.norm(), Isa::best(), x.image_len());
        let sums = norm_gradient::open_sums(isa, dy.values(), x.values(), &norm, len);
        let found = NormGradient::new(&norm, &sums, len / x.channels);
        let mut place = Place::take(gradients, x_parent.as_ref(), x.dims());
        if let Some(InputGradient { dx, add }) = place.gradient() {
            let both = (dy.values(), x.values());
            norm_gradient::input_gradient(isa, &found.terms, both, (x.channels, len), dx, add);
        }
        place.give(gradients);
        register_parameter(gradients, weight.as_ref(), &found.weight, &[x.channels]);
        register_parameter(gradients, bias.as_ref(), &found.bias, &[x.channels]);
    }
}

/// A layer after its forward pass.
#[derive(Debug, Clone)]
struct SavedLayer {
    x: NhwcTensor,
    layer: TrainedLayer,
    /// The convolution's output.
    z: NhwcTensor,
    /// The output, where a ReLU made it.
    relu: Option<NhwcTensor>,
}

#[derive(Debug)]
struct LayerGradient;

impl Backward<Flex, 4> for LayerGradient {
    type State = SavedLayer;

    fn backward(self, ops: Ops<SavedLayer, 4>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x_parent, weight, scale, shift] = parents(&ops);
        let mut dy = NhwcTensor::of(gradients.consume::<Flex>(&ops.node));
        let SavedLayer { x, layer, z, relu } = ops.state;
        let (kernel, norm, isa) = (layer.kernel(), layer.norm.norm(), Isa::best());
        let sums = match &relu {
            Some(y) => {
                norm_gradient::masked_sums(isa, dy.values_mut(), y.values(), z.values(), &norm, z.image_len())
            }
            None => norm_gradient::open_sums(isa, dy.values(), z.values(), &norm, z.image_len()),
        };
        drop(relu);
        let (dy, z) = (dy.values(), z.values());
        let saved = Saved { norm: &norm, x: flex::input(&x, None), z, dy, sums: &sums };
        let mut place = Place::take(gradients, x_parent.as_ref(), x.dims());
        let (found, _) = kernel.backward(isa, saved, place.gradient(), None);
        place.give(gradients);
        register_layer(gradients, [&weight, &scale, &shift], &layer, &found);
    }
}

fn register_layer(
    gradients: &mut Gradients,
    [weight, scale, shift]: [&Option<Tracked>; 3],
    layer: &TrainedLayer,
    found: &ConvNormGradients,
) {
    let g = &layer.geometry;
    let shape = [g.output, g.input / g.groups, g.kernel, g.kernel];
    register_parameter(gradients, weight.as_ref(), &found.weights, &shape);
    register_parameter(gradients, scale.as_ref(), &found.scale, &[g.output]);
    register_parameter(gradients, shift.as_ref(), &found.shift, &[g.output]);
}

#[derive(Debug)]
struct BlockGradient;

impl Backward<Flex, 8> for BlockGradient {
    /// The block, and whether it has a skip.
    type State = (TrainedBlock, bool);

    fn backward(self, ops: Ops<Self::State, 8>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x_parent, skip, w1, g1, b1, w2, g2, b2] = parents(&ops);
        let mut dy = NhwcTensor::of(gradients.consume::<Flex>(&ops.node));
        let (TrainedBlock { first, second, x, z1, z2, y }, has_skip) = ops.state;
        let isa = Isa::best();
        let (norm1, norm2) = (first.norm.norm(), second.norm.norm());
        let sums =
            norm_gradient::masked_sums(isa, dy.values_mut(), y.values(), z2.values(), &norm2, z2.image_len());
        drop(y);

        // Through the second layer, and through the ReLU and to the norm before it.
        let affine = first.norm.affine();
        let hidden = flex::input(&z1, Some(&affine));
        let mut dh = Buffer::take(z1.len());
        let room = Some(InputGradient { dx: &mut dh, add: false });
        let prologue = Some(Prologue { affine: &affine, norm: &norm1, z: z1.values() });
        let saved = Saved { norm: &norm2, x: hidden, z: z2.values(), dy: dy.values(), sums: &sums };
        let (found, sums) = second.kernel().backward(isa, saved, room, prologue);
        drop(z2);
        register_layer(gradients, [&w2, &g2, &b2], &second, &found);
        if has_skip {
            register(gradients, skip.as_ref(), dy);
        }

        // Through the first layer, onto what the skip has brought to the input.
        let saved = Saved { norm: &norm1, x: flex::input(&x, None), z: z1.values(), dy: &dh, sums: &sums };
        let mut place = Place::take(gradients, x_parent.as_ref(), x.dims());
        let (found, _) = first.kernel().backward(isa, saved, place.gradient(), None);
        place.give(gradients);
        register_layer(gradients, [&w1, &g1, &b1], &first, &found);
    }
}

#[derive(Debug)]
struct SumGradient;

impl Backward<Flex, 2> for SumGradient {
    type State = ();

    fn backward(self, ops: Ops<(), 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x, y] = parents(&ops);
        let gradient = NhwcTensor::of(gradients.consume::<Flex>(&ops.node));
        register(gradients, x.as_ref(), gradient.clone());
        register(gradients, y.as_ref(), gradient);
    }
}

#[derive(Debug)]
struct PoolGradient;

impl Backward<Flex, 1> for PoolGradient {
    /// The input's shape, and the pooling's size.
    type State = ([usize; 4], usize);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x] = parents(&ops);
        let dy = NhwcTensor::of(gradients.consume::<Flex>(&ops.node));
        let (dims, size) = ops.state;
        let mut place = Place::take(gradients, x.as_ref(), dims);
        if let Some(InputGradient { dx, add }) = place.gradient() {
            flex::pooling(dims, size).backward(Isa::best(), dy.values(), dx, add);
        }
        place.give(gradients);
    }
}

#[derive(Debug)]
struct LossGradient;

impl Backward<Flex, 1> for LossGradient {
    /// The logits' gradient for a gradient of one.
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [logits] = parents(&ops);
        let outer = Values::of(gradients.consume::<Flex>(&ops.node)).get()[0];
        let mut gradient = Values::of(ops.state);
        gradient.get_mut().iter_mut().for_each(|value| *value *= outer);
        if let Some(logits) = &logits {
            gradients.register::<Flex>(logits.node.id, gradient.into_tensor());
        }
    }
}
