//! Each operation of the CPU by itself, at the shapes of the paper's networks, beside
//! burn's own.

use std::time::{Duration, Instant};

use burn::backend::Autodiff;
use burn::tensor::{Int, Tensor, TensorData};
use burn_flex::{Flex, FlexDevice};
use serde::Serialize;

use crate::domain::stats;
use crate::engine::device::{DeviceContext, OnDevice};
use crate::engine::kernels::conv::{self, InputGradient};
use crate::engine::kernels::geometry::Geometry;
use crate::engine::kernels::isa::Isa;
use crate::engine::kernels::padded::PaddedInput;
use crate::engine::ops::{AdamStep, ConvNorm, NetworkOps, NormParams, TrainingBackend, reference};
use crate::engine::random;

type Cpu = Autodiff<Flex>;

/// One operation, one way.
#[derive(Debug, Clone, Serialize)]
pub struct OpTiming {
    /// The operation and its shape.
    pub name: String,
    /// Which part of it.
    pub pass: &'static str,
    /// Median, milliseconds.
    pub ms: f64,
    /// Arithmetic or memory traffic, the least that is needed, over the median.
    pub rate: f64,
    /// `GFLOP/s` or `GB/s`.
    pub unit: &'static str,
    /// Images in the batch.
    pub batch: usize,
    /// CPU threads.
    pub threads: usize,
    /// The CPU's vector instructions.
    pub instructions: &'static str,
    /// The same with burn's own operations, milliseconds; where it was asked for.
    pub burn_ms: Option<f64>,
}

/// What to time.
pub struct Ops<'a> {
    /// Images in a batch.
    pub batch: usize,
    /// Only operations whose name contains this, in any case, × written as x or not.
    pub only: &'a str,
    /// Whether to time burn's own as well.
    pub beside_burn: bool,
    /// Called with each row as soon as it is there.
    pub each: &'a mut (dyn FnMut(OpTiming) + Send),
}

impl OnDevice for Ops<'_> {
    type Output = ();

    fn run<B: TrainingBackend>(mut self, _: &DeviceContext<B::Device>) {
        for (input, size, output, kernel, stride, groups) in CONVOLUTIONS {
            let g = Geometry { input, height: size, width: size, output, kernel, stride, groups };
            self.convolution(g);
        }
        for (width, size, groups) in [(16, 32, 1), (32, 16, 1), (64, 8, 1), (16, 32, 4)] {
            let g = Geometry {
                input: width,
                height: size,
                width: size,
                output: width,
                kernel: 3,
                stride: 1,
                groups,
            };
            let grouped = if groups > 1 { format!(", {groups} groups") } else { String::new() };
            let name = format!("basic block {width} at {size}×{size}{grouped}");
            let flops = 2 * g.flops() * self.batch;
            let work = [Work::Flops(flops), Work::Flops(3 * flops)];
            self.differentiable(&name, work, [self.batch, width, size, size], Operation::BasicBlock(groups));
        }
        let x = [self.batch, 16, 32, 32];
        let bytes = |tensors: usize| Work::Bytes(4 * tensors * x.iter().product::<usize>());
        let norm = [bytes(3), bytes(3 + 5)];
        self.differentiable("batch norm 16 at 32×32", norm, x, Operation::BatchNorm);
        let pool = [bytes(1), bytes(2)];
        self.differentiable("average pool by 2, 16 at 32×32", pool, x, Operation::AveragePool(2));
        self.differentiable("sum 16 at 32×32", [bytes(3), bytes(3 + 3)], x, Operation::Sum);
        self.cross_entropy();
        self.adam();
    }
}

/// Input channels, size, output channels, kernel, stride, groups.
const CONVOLUTIONS: [(usize, usize, usize, usize, usize, usize); 10] = [
    (3, 32, 16, 3, 1, 1),
    (16, 32, 16, 3, 1, 1),
    (16, 32, 32, 3, 2, 1),
    (32, 16, 32, 3, 1, 1),
    (32, 16, 64, 3, 2, 1),
    (64, 8, 64, 3, 1, 1),
    (16, 32, 16, 3, 1, 4),
    (64, 8, 64, 3, 1, 4),
    (16, 32, 32, 1, 2, 1),
    (16, 8, 64, 1, 1, 1),
];

/// The least that an operation has to do.
#[derive(Clone, Copy)]
enum Work {
    Flops(usize),
    Bytes(usize),
}

impl Ops<'_> {
    /// Whatever the case, and with an x for each ×.
    fn wants(&self, name: &str) -> bool {
        let plain = |text: &str| text.to_lowercase().replace('×', "x");
        plain(name).contains(&plain(self.only))
    }

    fn row(&mut self, name: &str, pass: &'static str, work: Work, s: f64, burn_s: Option<f64>) {
        let (amount, unit) = match work {
            Work::Flops(n) => (n, "GFLOP/s"),
            Work::Bytes(n) => (n, "GB/s"),
        };
        let rate = amount as f64 / s / 1e9;
        let burn_ms = burn_s.map(|s| s * 1e3);
        let (threads, instructions) = (rayon::current_num_threads(), Isa::best().name());
        let (name, ms, batch) = (name.into(), s * 1e3, self.batch);
        (self.each)(OpTiming { name, pass, ms, rate, unit, batch, threads, instructions, burn_ms });
    }

    fn convolution(&mut self, g: Geometry) {
        let Geometry { input, height: size, output, kernel, stride, groups, .. } = g;
        let mut name = format!("conv {kernel}×{kernel} {input}→{output} at {size}×{size}");
        if stride > 1 {
            name += &format!(", stride {stride}");
        }
        if groups > 1 {
            name += &format!(", {groups} groups");
        }
        if !self.wants(&name) {
            return;
        }
        let (isa, batch) = (Isa::best(), self.batch);
        let values = |name: &str, len: usize| random::uniform(0, name, len, 1.0);
        let (x, w) = (values("x", batch * g.input_len()), values("w", g.weights()));
        let mut z = values("dz", batch * g.output_len());
        let forward = time(|| _ = conv::forward(isa, &g, &w, PaddedInput::Same(&x), &mut z, 0, |_, _, _| {}));
        let both = (PaddedInput::Same(&x), PaddedInput::Same(&z));
        let weight = time(|| _ = conv::backward(isa, &g, &w, batch, both, None, 0, |_, _, _| {}));
        let mut dx = vec![0.0; x.len()];
        let gradients = time(|| {
            let input = Some(InputGradient { dx: &mut dx, add: false });
            conv::backward(isa, &g, &w, batch, both, input, 0, |_, _, _| {});
        });
        let burns = self.beside_burn.then(|| burns_convolution(&g, batch));
        let flops = g.flops() * batch;
        self.row(&name, "forward", Work::Flops(flops), forward, burns.map(|burns| burns[0]));
        self.row(&name, "weight gradient", Work::Flops(flops), weight, burns.map(|burns| burns[1]));
        self.row(&name, "both gradients", Work::Flops(2 * flops), gradients, burns.map(|burns| burns[2]));
    }

    /// Forward without a graph, and forward and backward with one.
    fn differentiable(&mut self, name: &str, work: [Work; 2], shape: [usize; 4], operation: Operation) {
        if !self.wants(name) {
            return;
        }
        // As a layer before would have left it.
        let x = Flex::avg_pool(tensor("x", shape), 1);
        let layer = operation.layer(shape[1]);
        let forward = |ours| time(|| drop(operation.run(x.clone(), &layer, ours)));
        let tracked = operation.tracked(&layer);
        let whole = |ours| {
            time(|| {
                let x = Tensor::<Cpu, 4>::from_inner(x.clone()).require_grad();
                let y = operation.run(x, &tracked, ours);
                let size = y.dims()[2];
                // A small gradient to start from, spread by an operation of either's own.
                let top = if ours { Cpu::avg_pool(y, size) } else { reference::avg_pool(y, size) };
                drop(top.backward());
            })
        };
        let burns = self.beside_burn.then(|| (forward(false), whole(false)));
        self.row(name, "forward", work[0], forward(true), burns.map(|burns| burns.0));
        self.row(name, "forward and backward", work[1], whole(true), burns.map(|burns| burns.1));
    }

    fn cross_entropy(&mut self) {
        let name = "cross-entropy, 10 classes";
        if !self.wants(name) {
            return;
        }
        let labels: Vec<i32> = (0..self.batch).map(|i| (i % 10) as i32).collect();
        let labels = Tensor::<Cpu, 1, Int>::from_data(TensorData::from(&labels[..]), &FlexDevice);
        let logits = tensor("logits", [self.batch, 10]);
        let whole = |ours| {
            time(|| {
                let logits = Tensor::<Cpu, 2>::from_inner(logits.clone()).require_grad();
                let loss = match ours {
                    true => Cpu::cross_entropy(logits, labels.clone()),
                    false => reference::cross_entropy(logits, labels.clone()),
                };
                drop(loss.backward());
            })
        };
        let burns = self.beside_burn.then(|| whole(false));
        self.row(name, "forward and backward", Work::Bytes(8 * self.batch * 10), whole(true), burns);
    }

    fn adam(&mut self) {
        let (name, len) = ("Adam, 270,000 parameters", 270_000);
        if !self.wants(name) {
            return;
        }
        let step = AdamStep {
            towards_first: 0.1,
            beta2: 0.999,
            towards_second: 0.001,
            correction2: 1.0,
            eps: 1e-8,
            rate: 0.01,
            weight_decay: 0.0,
            keep: 1.0,
        };
        let gradient = tensor("gradient", [len]);
        let run = |ours: bool| {
            let mut state = ["p", "m", "v"].map(|name| tensor::<1>(name, [len]).abs());
            time(|| {
                let before = std::array::from_fn(|i| std::mem::replace(&mut state[i], tensor("", [1])));
                state = match ours {
                    true => Flex::adam(step, gradient.clone(), before),
                    false => reference::adam(step, gradient.clone(), before),
                };
            })
        };
        let burns = self.beside_burn.then(|| run(false));
        self.row(name, "step", Work::Bytes(4 * 7 * len), run(true), burns);
    }
}

/// Forward, weight gradient (with the forward pass that its graph needs), and both.
fn burns_convolution(g: &Geometry, batch: usize) -> [f64; 3] {
    use burn::tensor::{module::conv2d, ops::ConvOptions};
    let x = tensor("x", [batch, g.input, g.height, g.width]);
    let w = tensor("w", [g.output, g.input / g.groups, g.kernel, g.kernel]);
    let options = || ConvOptions::new([g.stride; 2], [g.kernel / 2; 2], [1; 2], g.groups);
    let forward = time(|| drop(conv2d(x.clone(), w.clone(), None, options())));
    let backward = |with_input: bool| {
        time(|| {
            let x = Tensor::<Cpu, 4>::from_inner(x.clone());
            let x = if with_input { x.require_grad() } else { x };
            let w = Tensor::<Cpu, 4>::from_inner(w.clone()).require_grad();
            drop(conv2d(x, w, None, options()).backward());
        })
    };
    [forward, (backward(false) - forward).max(0.0), (backward(true) - forward).max(0.0)]
}

/// What has one tensor in and one of images out.
#[derive(Clone, Copy)]
enum Operation {
    /// With an identity skip; its groups.
    BasicBlock(usize),
    BatchNorm,
    AveragePool(usize),
    Sum,
}

impl Operation {
    /// A layer whose parameters it uses.
    fn layer(self, width: usize) -> ConvNorm<Flex> {
        let groups = if let Self::BasicBlock(groups) = self { groups } else { 1 };
        let norm =
            NormParams { weight: tensor("scale", [width]), bias: tensor("shift", [width]), running: None };
        ConvNorm { weight: tensor("weight", [width, width / groups, 3, 3]), stride: 1, groups, norm }
    }

    /// The same on the graph.
    fn tracked(self, layer: &ConvNorm<Flex>) -> ConvNorm<Cpu> {
        let ConvNorm { weight, stride, groups, norm } = layer.clone();
        let vector = |x| Tensor::<Cpu, 1>::from_inner(x).require_grad();
        let norm = NormParams { weight: vector(norm.weight), bias: vector(norm.bias), running: None };
        ConvNorm { weight: Tensor::from_inner(weight).require_grad(), stride, groups, norm }
    }

    fn run<B: NetworkOps>(self, x: Tensor<B, 4>, layer: &ConvNorm<B>, ours: bool) -> Tensor<B, 4> {
        let skip = Some(x.clone());
        let (one, two) = (layer.clone(), layer.clone());
        match (self, ours) {
            (Self::BasicBlock(_), true) => B::basic_block(x, one, two, skip).0,
            (Self::BasicBlock(_), false) => reference::basic_block(x, one, two, skip).0,
            (Self::BatchNorm, true) => B::batch_norm(x, one.norm).0,
            (Self::BatchNorm, false) => reference::batch_norm(x, one.norm).0,
            (Self::AveragePool(size), true) => B::avg_pool(x, size),
            (Self::AveragePool(size), false) => reference::avg_pool(x, size),
            (Self::Sum, true) => B::sum(x.clone(), x),
            (Self::Sum, false) => x.clone() + x,
        }
    }
}

fn tensor<const D: usize>(name: &str, shape: [usize; D]) -> Tensor<Flex, D> {
    let values = random::uniform(0, name, shape.iter().product(), 1.0);
    Tensor::from_data(TensorData::new(values, shape), &FlexDevice)
}

/// Median seconds of a call, over at least five of them and a fifth of a second.
fn time(mut call: impl FnMut()) -> f64 {
    call();
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 5 || begin.elapsed() < Duration::from_millis(200) {
        let start = Instant::now();
        call();
        times.push(start.elapsed().as_secs_f64());
    }
    stats::median(&times).unwrap_or(f64::NAN)
}
