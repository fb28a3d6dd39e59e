//! The CPU's own operations against burn's in double precision, with every set of vector
//! instructions that this machine has.

use burn::backend::Autodiff;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{FloatDType, Int, Tensor, TensorData};
use burn_flex::{Flex, FlexDevice};
use hiresnet_tui::engine::kernels::conv::{self, InputGradient};
use hiresnet_tui::engine::kernels::geometry::Geometry;
use hiresnet_tui::engine::kernels::isa::Isa;
use hiresnet_tui::engine::kernels::padded::PaddedInput;
use hiresnet_tui::engine::ops::{AdamStep, BatchStats, ConvNorm, NetworkOps, NormParams, reference};
use hiresnet_tui::engine::random;
use proptest::prelude::*;

type Cpu = Autodiff<Flex>;

/// Numbers of mean `offset` and variance one third.
fn random<const D: usize>(name: &str, shape: [usize; D], offset: f32) -> Tensor<Flex, D> {
    let values = random::uniform(7, name, shape.iter().product(), 1.0);
    let values: Vec<f32> = values.into_iter().map(|v| v + offset).collect();
    Tensor::from_data(TensorData::new(values, shape), &FlexDevice)
}

fn double<const D: usize>(x: &Tensor<Flex, D>) -> Tensor<Flex, D> {
    x.clone().cast(FloatDType::F64)
}

fn values<const D: usize>(x: Tensor<Flex, D>) -> Vec<f64> {
    x.into_data().convert::<f64>().into_vec().unwrap()
}

/// Asserts that `ours` is `theirs` up to single-precision rounding of sums of some
/// thousand terms, relative to the largest value.
fn assert_close(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let scale = theirs.iter().fold(1e-3f64, |top, v| top.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= 3e-5 * scale, "{what}[{i}]: {a} against {b} (largest {scale})");
    }
}

fn assert_same<const D: usize>(what: &str, ours: Tensor<Flex, D>, theirs: Tensor<Flex, D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    assert_close(what, &values(ours), &values(theirs));
}

/// `[batch, channel, height, width]` as the kernels have it.
fn channels_last(x: &Tensor<Flex, 4>) -> Vec<f32> {
    x.clone().permute([0, 2, 3, 1]).into_data().convert::<f32>().into_vec().unwrap()
}

fn floats<const D: usize>(x: &Tensor<Flex, D>) -> Vec<f32> {
    x.clone().into_data().into_vec().unwrap()
}

fn geometries() -> impl Strategy<Value = (Geometry, usize)> {
    let groups = prop::sample::select(vec![1usize, 1, 2, 3, 4]);
    let channels = prop::sample::select(vec![1usize, 2, 3, 4, 5, 6, 8, 9, 11]);
    let wide = any::<bool>();
    (groups, channels.clone(), channels, wide, 1usize..=11, 1usize..=19, any::<(bool, bool)>(), 1usize..=3)
        .prop_map(|(groups, input, output, wide, height, width, (three, two), batch)| {
            // Wide ones span several vectors and blocks, and end inside one.
            let times = if wide { 4 } else { 1 };
            let geometry = Geometry {
                input: input * groups * times,
                height,
                width,
                output: output * groups * times,
                kernel: if three { 3 } else { 1 },
                stride: if two { 2 } else { 1 },
                groups,
            };
            (geometry, batch)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn convolutions_and_both_gradients_are_burns((geometry, batch) in geometries(), add in any::<bool>()) {
        let g = geometry;
        let x = random("x", [batch, g.input, g.height, g.width], 0.0);
        let w = random("w", [g.output, g.input / g.groups, g.kernel, g.kernel], 0.0);
        let dz = random("dz", [batch, g.output, g.out_height(), g.out_width()], 0.0);
        let options = ConvOptions::new([g.stride; 2], [g.kernel / 2; 2], [1; 2], g.groups);
        let (x_leaf, w_leaf) = (leaf(&x, true), leaf(&w, true));
        let z = conv2d(x_leaf.clone(), w_leaf.clone(), None, options);
        let gradients = (z.clone() * Tensor::from_inner(double(&dz))).sum().backward();
        let (z, dx) = (z.inner(), x_leaf.grad(&gradients).unwrap());
        let dw = w_leaf.grad(&gradients).unwrap();
        let before = random("before", [batch, g.input, g.height, g.width], 0.0);
        let dx = if add { dx + double(&before) } else { dx };

        let (x, w, dz) = (channels_last(&x), floats(&w), channels_last(&dz));
        for isa in Isa::all() {
            let mut ours = vec![f32::NAN; batch * g.output_len()];
            conv::forward(isa, &g, &w, PaddedInput::Same(&x), &mut ours, 0, |_, _, _| {});
            let name = |what: &str| format!("{what}, {}, {g:?}", isa.name());
            let as_double = |x: &[f32]| x.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let last = |x: &Tensor<Flex, 4>| values(x.clone().permute([0, 2, 3, 1]));
            assert_close(&name("forward"), &as_double(&ours), &last(&z));
            let mut gradient = if add { channels_last(&before) } else { vec![f32::NAN; batch * g.input_len()] };
            let input = Some(InputGradient { dx: &mut gradient, add });
            let both = (PaddedInput::Same(&x), PaddedInput::Same(&dz));
            let found = conv::backward(isa, &g, &w, batch, both, input, 0, |_, _, _| {});
            assert_close(&name("input gradient"), &as_double(&gradient), &last(&dx));
            assert_close(&name("weight gradient"), &as_double(&found.weights), &values(dw.clone()));
        }
    }

    #[test]
    fn basic_blocks_and_their_gradients_are_burns(
        (geometry, batch) in geometries(),
        skip in 0u8..3,
        layout in 0u8..3,
    ) {
        let g = geometry;
        prop_assume!(has_statistics(&g, batch));
        let (input, output) = (g.input, g.output);
        let (stride, groups) = (g.stride, g.groups);
        let x = in_layout(random("x", [batch, input, g.height, g.width], 0.3), layout);
        let hidden = [batch, output, g.out_height(), g.out_width()];
        let identity = skip == 1 && input == output && stride == 1;
        let parameters = Parameters::new(&[("1", input, 3, stride, groups), ("2", output, 3, 1, groups)], output);
        let other = (skip == 2).then(|| random("skip", hidden, 0.1));
        let weighting = random("weighting", hidden, 0.0);
        let added = if identity { Some(&x) } else { other.as_ref() };
        prop_assume!(clear_of_bends(&parameters, &x, added));
        check(&parameters, x, other, &weighting, |x, skip, layers| {
            let [first, second] = <[ConvNorm<Cpu>; 2]>::try_from(layers).unwrap();
            let skip = if identity { Some(x.clone()) } else { skip };
            let (y, moments) = Cpu::basic_block(x.clone(), first.clone(), second.clone(), skip.clone());
            let theirs = reference::basic_block(x, first, second, skip);
            ((y, moments.unwrap().to_vec()), (theirs.0, theirs.1.unwrap().to_vec()))
        });
    }

    #[test]
    fn layers_and_their_gradients_are_burns(
        (geometry, batch) in geometries(),
        relu in any::<bool>(),
        layout in 0u8..3,
    ) {
        let g = geometry;
        prop_assume!(has_statistics(&g, batch));
        let x = in_layout(random("x", [batch, g.input, g.height, g.width], 0.3), layout);
        let parameters = Parameters::new(&[("1", g.input, g.kernel, g.stride, g.groups)], g.output);
        let weighting = random("weighting", [batch, g.output, g.out_height(), g.out_width()], 0.0);
        prop_assume!(!relu || clear_of_bends(&parameters, &x, None));
        check(&parameters, x, None, &weighting, |x, _, layers| {
            let [layer] = <[ConvNorm<Cpu>; 1]>::try_from(layers).unwrap();
            let (y, moments) = Cpu::conv_norm(x.clone(), layer.clone(), relu);
            let theirs = reference::conv_norm(x, layer, relu);
            ((y, moments.unwrap().to_vec()), (theirs.0, theirs.1.unwrap().to_vec()))
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Without a ReLU, whose bends a step might cross.
    #[test]
    fn gradients_of_layers_are_the_slopes_of_the_layers((geometry, batch) in geometries(), layout in 0u8..3) {
        let g = geometry;
        prop_assume!(has_statistics(&g, batch));
        let shape = [batch, g.input, g.height, g.width];
        let x = random("x", shape, 0.3);
        let parameters = Parameters::new(&[("1", g.input, g.kernel, g.stride, g.groups)], g.output);
        let layer = parameters.0[0].clone();
        let weighting = random("weighting", [batch, g.output, g.out_height(), g.out_width()], 0.0);
        let run = |x: Tensor<Cpu, 4>, layer: ConvNorm<Cpu>| Cpu::conv_norm(x, layer, false).0;

        let (leaf_x, leaf_layer) = (leaf(&in_layout(x.clone(), layout), false), parameters.layers(false).remove(0));
        let y = run(leaf_x.clone(), leaf_layer.clone());
        let gradients = (y * Tensor::from_inner(weighting.clone())).sum().backward();
        let gradient = values(leaf_x.grad(&gradients).unwrap());
        let of_weight = values(leaf_layer.weight.grad(&gradients).unwrap());
        let of_scale = values(leaf_layer.norm.weight.grad(&gradients).unwrap());
        let of_shift = values(leaf_layer.norm.bias.grad(&gradients).unwrap());

        // Along one direction of everything at once.
        let along = [
            random("along x", shape, 0.0).reshape([-1]),
            random("along weight", layer.weight.dims(), 0.0).reshape([-1]),
            random("along scale", [g.output], 0.0),
            random("along shift", [g.output], 0.0),
        ];
        let product = |a: &[f64], b: &Tensor<Flex, 1>| -> f64 {
            a.iter().zip(values(b.clone())).map(|(a, b)| a * b).sum()
        };
        let slope: f64 = [gradient, of_weight, of_scale, of_shift].iter().zip(&along).map(|(a, b)| product(a, b)).sum();
        let step = 2e-3;
        let moved = |by: f32| {
            let [dx, dweight, dscale, dshift] = along.clone().map(|v| v * by);
            let layer = ConvNorm {
                weight: layer.weight.clone() + dweight.reshape(layer.weight.dims()),
                stride: layer.stride,
                groups: layer.groups,
                norm: NormParams {
                    weight: layer.norm.weight.clone() + dscale,
                    bias: layer.norm.bias.clone() + dshift,
                    running: None,
                },
            };
            let y = Flex::conv_norm(x.clone() + dx.reshape(shape), layer, false).0;
            product(&values(y * weighting.clone()), &Tensor::ones([weighting.shape().num_elements()], &FlexDevice))
        };
        let difference = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
        let scale = weighting.shape().num_elements() as f64;
        prop_assert!((slope - difference).abs() <= 0.02 * difference.abs() + 2e-3 * scale, "{slope} {difference}");
    }
}

/// Whether a norm has values enough: of one or two, every gradient is zero but for rounding.
fn has_statistics(g: &Geometry, batch: usize) -> bool {
    batch * g.out_height() * g.out_width() >= 8
}

/// Whether no activation is so near to zero that rounding decides whether it passes its
/// ReLU: single and double precision would then take different gradients, both rightly.
fn clear_of_bends(parameters: &Parameters, x: &Tensor<Flex, 4>, skip: Option<&Tensor<Flex, 4>>) -> bool {
    let layers = parameters.layers(true);
    let (last, mut y, mut nearest) = (layers.len() - 1, leaf(x, true), f64::INFINITY);
    for (i, layer) in layers.into_iter().enumerate() {
        y = reference::conv_norm(y, layer, false).0;
        if i == last
            && let Some(skip) = skip
        {
            y = y + leaf(skip, true);
        }
        nearest = values(y.clone().inner()).iter().fold(nearest, |nearest, v| nearest.min(v.abs()));
        y = relu(y);
    }
    nearest > 1e-5
}

/// The same values, differently in memory: as burn makes them, transposed, or part of a
/// larger tensor.
fn in_layout(x: Tensor<Flex, 4>, layout: u8) -> Tensor<Flex, 4> {
    let [batch, _, _, width] = x.dims();
    match layout {
        0 => x,
        1 => x.permute([3, 1, 0, 2]).mul_scalar(1.0).permute([2, 1, 3, 0]),
        _ => Tensor::cat(vec![x.zeros_like(), x.clone(), x.zeros_like()], 3)
            .narrow(3, width, width)
            .narrow(0, 0, batch),
    }
}

/// Some layers in single precision.
struct Parameters(Vec<ConvNorm<Flex>>);

impl Parameters {
    /// From name, input channels, kernel, stride and groups of each.
    fn new(layers: &[(&str, usize, usize, usize, usize)], output: usize) -> Self {
        let one = |&(name, input, kernel, stride, groups): &(&str, usize, usize, usize, usize)| {
            let weight = random(&format!("weight{name}"), [output, input / groups, kernel, kernel], 0.1);
            let scale = random(&format!("scale{name}"), [output], 0.5);
            let norm = NormParams {
                weight: scale,
                bias: random(&format!("shift{name}"), [output], 0.2),
                running: None,
            };
            ConvNorm { weight, stride, groups, norm }
        };
        Self(layers.iter().map(one).collect())
    }

    /// On the graph, in single or double precision.
    fn layers(&self, in_double: bool) -> Vec<ConvNorm<Cpu>> {
        let one = |ConvNorm { weight, stride, groups, norm }: &ConvNorm<Flex>| ConvNorm {
            weight: leaf(weight, in_double),
            stride: *stride,
            groups: *groups,
            norm: NormParams {
                weight: leaf(&norm.weight, in_double),
                bias: leaf(&norm.bias, in_double),
                running: None,
            },
        };
        self.0.iter().map(one).collect()
    }
}

fn leaf<const D: usize>(x: &Tensor<Flex, D>, in_double: bool) -> Tensor<Cpu, D> {
    let x = if in_double { double(x) } else { x.clone() };
    Tensor::from_inner(x).require_grad()
}

type Result = (Tensor<Cpu, 4>, Vec<BatchStats<Cpu>>);

/// Runs an operation and its reference, and compares outputs, statistics and all gradients
/// of Σ weighting · y, the reference in double precision.
fn check(
    parameters: &Parameters,
    x: Tensor<Flex, 4>,
    skip: Option<Tensor<Flex, 4>>,
    weighting: &Tensor<Flex, 4>,
    run: impl Fn(Tensor<Cpu, 4>, Option<Tensor<Cpu, 4>>, Vec<ConvNorm<Cpu>>) -> (Result, Result),
) {
    let all = |in_double: bool| {
        let (x, skip) = (leaf(&x, in_double), skip.as_ref().map(|skip| leaf(skip, in_double)));
        let layers = parameters.layers(in_double);
        let (ours, theirs) = run(x.clone(), skip.clone(), layers.clone());
        let (y, moments) = if in_double { theirs } else { ours };
        let weighting = Tensor::from_inner(if in_double { double(weighting) } else { weighting.clone() });
        let gradients = (y.clone() * weighting).sum().backward();
        let mut found = vec![("output", values(y.inner())), ("dx", values(x.grad(&gradients).unwrap()))];
        found.extend(skip.map(|skip| ("dskip", values(skip.grad(&gradients).unwrap()))));
        for layer in layers {
            found.push(("dweight", values(layer.weight.grad(&gradients).unwrap())));
            found.push(("dscale", values(layer.norm.weight.grad(&gradients).unwrap())));
            found.push(("dshift", values(layer.norm.bias.grad(&gradients).unwrap())));
        }
        for BatchStats { mean, var } in moments {
            found.extend([("mean", values(mean.inner())), ("var", values(var.inner()))]);
        }
        found
    };
    for ((what, ours), (_, theirs)) in all(false).into_iter().zip(all(true)) {
        let scale = theirs.iter().fold(1e-2f64, |top, v| top.max(v.abs()));
        let gap = |(a, b): (&f64, &f64)| (a - b).abs() / scale;
        // An activation within rounding of zero may pass a ReLU on one side only: a few
        // values may differ, most may not.
        let off = ours.iter().zip(&theirs).map(gap).filter(|gap| *gap > 2e-3).count();
        assert!(off * 50 <= ours.len() || off <= 1, "{what}: {off} of {} differ", ours.len());
        assert!(ours.iter().all(|v| v.is_finite()), "{what}");
    }
}

/// All of the above and below again, with every set of instructions but the best.
#[test]
fn every_set_of_instructions_passes_these_tests() {
    const INNER: &str = "HIRESNET_TEST_INNER";
    if std::env::var_os(INNER).is_some() {
        return;
    }
    for isa in &Isa::all()[1..] {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let output = again.env(INNER, "1").env("HIRESNET_ISA", isa.name()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {text}", isa.name());
        assert!(text.contains("basic_blocks_and_their_gradients_are_burns ... ok"), "{text}");
    }
}

#[test]
fn evaluation_uses_the_running_statistics() {
    let parameters = Parameters::new(&[("1", 6, 3, 2, 1), ("2", 20, 3, 1, 1)], 20);
    let running = BatchStats { mean: random("mean", [20], 0.0), var: random("var", [20], 1.5) };
    let [first, second] = [0, 1].map(|i| {
        let layer = parameters.0[i].clone();
        ConvNorm { norm: NormParams { running: Some(running.clone()), ..layer.norm }, ..layer }
    });
    let (x, skip) = (random("x", [3, 6, 9, 9], 0.0), random("skip", [3, 20, 5, 5], 0.0));
    let ours = Flex::basic_block(x.clone(), first.clone(), second.clone(), Some(skip.clone()));
    let theirs = reference::basic_block(x.clone(), first.clone(), second, Some(skip));
    assert!(ours.1.is_none());
    assert_same("block", ours.0, theirs.0);
    for relu in [false, true] {
        let ours = Flex::conv_norm(x.clone(), first.clone(), relu);
        assert_same("layer", ours.0, reference::conv_norm(x.clone(), first.clone(), relu).0);
    }
    let z = random("z", [2, 20, 3, 3], 0.0);
    let ours = Flex::batch_norm(z.clone(), first.norm.clone());
    assert_same("norm", ours.0, reference::batch_norm(z, first.norm).0);
}

#[test]
fn norms_pools_and_sums_are_burns() {
    for (batch, channels, size, pool) in [(1, 1, 1, 1), (2, 3, 6, 3), (3, 16, 4, 2), (2, 37, 8, 8)] {
        let x = random("x", [batch, channels, size, size], 2.0);
        let norm = |in_double| NormParams::<Cpu> {
            weight: leaf(&random("weight", [channels], 0.5), in_double),
            bias: leaf(&random("bias", [channels], 0.0), in_double),
            running: None,
        };
        // The input is read twice, so its gradient is a sum.
        let all = |in_double: bool| {
            let (x, norm) = (leaf(&x, in_double), norm(in_double));
            let y = match in_double {
                false => {
                    let (y, _) = Cpu::batch_norm(x.clone(), norm.clone());
                    Cpu::avg_pool(Cpu::sum(y, x.clone()), pool)
                }
                true => {
                    let (y, _) = reference::batch_norm(x.clone(), norm.clone());
                    reference::avg_pool(y + x.clone(), pool)
                }
            };
            let gradients = (y.clone() * y.clone()).sum().backward();
            [y.inner(), x.grad(&gradients).unwrap()]
                .map(values)
                .into_iter()
                .chain([norm.weight, norm.bias].map(|p| values(p.grad(&gradients).unwrap())))
                .collect::<Vec<_>>()
        };
        for (ours, theirs) in all(false).iter().zip(all(true)) {
            assert_close("norm, sum, pool", ours, &theirs);
        }
    }
}

#[test]
fn cross_entropy_and_its_gradient_are_burns() {
    let logits = random("logits", [7, 11], 3.0) * 20.0;
    let labels = Tensor::<Cpu, 1, Int>::from_data([0, 10, 3, 3, 7, 1, 5], &FlexDevice);
    let all = |in_double: bool| {
        let logits = leaf(&logits, in_double);
        let loss = match in_double {
            false => Cpu::cross_entropy(logits.clone(), labels.clone()),
            true => reference::cross_entropy(logits.clone(), labels.clone()),
        };
        let gradients = (loss.clone() * 3.0).backward();
        (values(loss.inner()), values(logits.grad(&gradients).unwrap()))
    };
    let ((loss, gradient), (loss2, gradient2)) = (all(false), all(true));
    assert_close("loss", &loss, &loss2);
    assert_close("gradient", &gradient, &gradient2);
}

#[test]
fn adam_is_the_reference() {
    let step = AdamStep {
        towards_first: 0.1,
        beta2: 0.999,
        towards_second: 0.001,
        correction2: 0.03,
        eps: 1e-8,
        rate: 0.05,
        weight_decay: 0.01,
        keep: 0.99,
    };
    let [gradient, parameter, first] = ["g", "p", "m"].map(|name| random(name, [5, 3, 7], 0.0));
    let second = random("v", [5, 3, 7], 1.5);
    let ours = Flex::adam(step, gradient.clone(), [parameter.clone(), first.clone(), second.clone()]);
    let before = values(parameter.clone());
    let theirs =
        reference::adam(step, double(&gradient), [double(&parameter), double(&first), double(&second)]);
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        assert_same("adam", ours, theirs);
    }
    assert_eq!(before, values(parameter), "others' tensors stay as they are");
}
