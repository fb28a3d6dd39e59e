//! The gradient of a batch norm, and of the ReLU that may follow it.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::isa::{Isa, load, multiply_add, store};
use super::memory::Buffer;
use super::norm::{Affine, Each, NormKernel, PerChannel, RUN, by_channel_vector};

/// What a norm's gradient needs to know of one image, while `dy` is passed back through
/// the ReLU after the norm: `dy` is set to zero where z · scale + shift was not positive;
/// Σ dy and Σ dy · (z − mean) of each channel, `[sum…, product…]`, go to `out`.
pub fn image_sums(
    isa: Isa,
    dy: &mut [f32],
    affine: &Affine,
    z: &[f32],
    centre: &PerChannel,
    out: &mut [f32],
) {
    isa.run(Sums { dy: Gradient::Affine(dy, affine), z, centre, out });
}

/// The gradient of a norm's output, and how it passes the ReLU that may follow.
enum Gradient<'a> {
    /// No ReLU.
    Open(&'a [f32]),
    /// Zero where this output of the ReLU is.
    Output(&'a mut [f32], &'a [f32]),
    /// Zero where this map of the norm's input is not positive.
    Affine(&'a mut [f32], &'a Affine),
}

struct Sums<'a> {
    dy: Gradient<'a>,
    z: &'a [f32],
    centre: &'a PerChannel,
    out: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { dy, z, centre, out } = self;
        match dy {
            Gradient::Open(dy) => sums(s, z, centre, out, &mut Open(dy)),
            Gradient::Output(dy, y) => sums(s, z, centre, out, &mut Output(dy, y)),
            Gradient::Affine(dy, affine) => sums(s, z, centre, out, &mut Mapped(dy, affine)),
        }
    }
}

/// The gradient of some channels of a pixel where the norm's input is `z`.
trait Passed<S: Simd> {
    fn vector(&mut self, s: S, at: usize, channel: usize, lanes: usize, z: S::f32s) -> S::f32s;
}

struct Open<'a>(&'a [f32]);

impl<S: Simd> Passed<S> for Open<'_> {
    #[inline(always)]
    fn vector(&mut self, s: S, at: usize, _: usize, lanes: usize, _: S::f32s) -> S::f32s {
        load(s, self.0, at, lanes)
    }
}

struct Output<'a>(&'a mut [f32], &'a [f32]);

impl<S: Simd> Passed<S> for Output<'_> {
    #[inline(always)]
    fn vector(&mut self, s: S, at: usize, _: usize, lanes: usize, _: S::f32s) -> S::f32s {
        mask(s, self.0, at, lanes, load(s, self.1, at, lanes))
    }
}

struct Mapped<'a>(&'a mut [f32], &'a Affine);

impl<S: Simd> Passed<S> for Mapped<'_> {
    #[inline(always)]
    fn vector(&mut self, s: S, at: usize, channel: usize, lanes: usize, z: S::f32s) -> S::f32s {
        mask(s, self.0, at, lanes, self.1.apply(s, channel, z))
    }
}

/// Sets `dy` to zero where `y` is not positive.
#[inline(always)]
fn mask<S: Simd>(s: S, dy: &mut [f32], at: usize, lanes: usize, y: S::f32s) -> S::f32s {
    let zero = s.splat_f32s(0.0);
    let passed = s.select_f32s(s.greater_than_f32s(y, zero), load(s, dy, at, lanes), zero);
    store(s, dy, at, lanes, passed);
    passed
}

/// Sums over the pixels of an image.
#[inline(always)]
fn sums<S: Simd>(s: S, z: &[f32], centre: &PerChannel, out: &mut [f32], gradient: &mut impl Passed<S>) {
    let channels = out.len() / 2;
    let (sum_out, product_out) = out.split_at_mut(channels);
    let zero = s.splat_f32s(0.0);
    let pixels = z.len() / channels;
    for channel in (0..channels).step_by(S::F32_LANES) {
        let lanes = (channels - channel).min(S::F32_LANES);
        let mean = centre.at(s, channel);
        let (mut sum, mut product) = (zero, zero);
        for run in (0..pixels).step_by(RUN) {
            let (mut run_sum, mut run_product) = (zero, zero);
            for pixel in run..pixels.min(run + RUN) {
                let at = pixel * channels + channel;
                let z = load(s, z, at, lanes);
                let d = gradient.vector(s, at, channel, lanes, z);
                run_sum = s.add_f32s(run_sum, d);
                run_product = multiply_add(s, d, s.sub_f32s(z, mean), run_product);
            }
            sum = s.add_f32s(sum, run_sum);
            product = s.add_f32s(product, run_product);
        }
        store(s, sum_out, channel, lanes, sum);
        store(s, product_out, channel, lanes, product);
    }
}

/// As [`image_sums`] over a batch, where the ReLU after the norm (and whatever was added
/// before it) gave `y`.
pub fn masked_sums(
    isa: Isa,
    dy: &mut [f32],
    y: &[f32],
    z: &[f32],
    norm: &NormKernel,
    image_len: usize,
) -> Buffer {
    let centre = &norm.centre();
    by_image(z, norm.channels(), image_len, dy.par_chunks_exact_mut(image_len), |i, dy, z, out| {
        let y = &y[i * image_len..][..image_len];
        isa.run(Sums { dy: Gradient::Output(dy, y), z, centre, out });
    })
}

/// As [`image_sums`] over a batch, where no ReLU follows the norm.
pub fn open_sums(isa: Isa, dy: &[f32], z: &[f32], norm: &NormKernel, image_len: usize) -> Buffer {
    let centre = &norm.centre();
    by_image(z, norm.channels(), image_len, dy.par_chunks_exact(image_len), |_, dy, z, out| {
        isa.run(Sums { dy: Gradient::Open(dy), z, centre, out });
    })
}

fn by_image<D: Send>(
    z: &[f32],
    channels: usize,
    image_len: usize,
    dy: impl IndexedParallelIterator<Item = D>,
    each: impl Fn(usize, D, &[f32], &mut [f32]) + Sync + Send,
) -> Buffer {
    let mut sums = Buffer::take(z.len() / image_len * 2 * channels);
    sums.par_chunks_exact_mut(2 * channels)
        .zip(dy)
        .zip(z.par_chunks_exact(image_len))
        .enumerate()
        .for_each(|(i, ((out, dy), z))| each(i, dy, z, out));
    sums
}

/// Gradients of a norm's weight and bias, and what its input's gradient is made of.
#[derive(Debug)]
pub struct NormGradient {
    /// By channel.
    pub weight: Vec<f32>,
    /// By channel.
    pub bias: Vec<f32>,
    /// For the input.
    pub terms: GradientTerms,
}

/// dz = a · dy + b · (z − mean) + c, by channel.
#[derive(Debug)]
pub struct GradientTerms {
    a: PerChannel,
    b: PerChannel,
    c: PerChannel,
    mean: PerChannel,
}

impl GradientTerms {
    /// dz of some channels.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, s: S, channel: usize, dy: S::f32s, z: S::f32s) -> S::f32s {
        let centred = s.sub_f32s(z, self.mean.at(s, channel));
        let rest = multiply_add(s, centred, self.b.at(s, channel), self.c.at(s, channel));
        multiply_add(s, dy, self.a.at(s, channel), rest)
    }
}

impl NormGradient {
    /// From the sums of every image, of `pixels` values each, in the images' order.
    pub fn new(norm: &NormKernel, sums: &[f32], pixels: usize) -> Self {
        let channels = norm.channels();
        let images = sums.len() / (2 * channels);
        let count = (images * pixels) as f64;
        let total = |i: usize| -> f64 { (0..images).map(|n| f64::from(sums[n * 2 * channels + i])).sum() };
        let sum: Vec<f64> = (0..channels).map(total).collect();
        let product: Vec<f64> = (channels..2 * channels).map(total).collect();
        let by_channel = |f: &dyn Fn(usize) -> f64| PerChannel::new((0..channels).map(|c| f(c) as f32));
        let terms = GradientTerms {
            a: norm.scale(),
            b: by_channel(&|c| -norm.scale_of(c) * norm.inverse_std(c).powi(2) * product[c] / count),
            c: by_channel(&|c| -norm.scale_of(c) * sum[c] / count),
            mean: norm.centre(),
        };
        Self {
            weight: (0..channels).map(|c| (product[c] * norm.inverse_std(c)) as f32).collect(),
            bias: sum.iter().map(|v| *v as f32).collect(),
            terms,
        }
    }
}

/// Gradient of a norm's input over a batch, written to `dx` or added to it.
pub fn input_gradient(
    isa: Isa,
    terms: &GradientTerms,
    (dy, z): (&[f32], &[f32]),
    (channels, image_len): (usize, usize),
    dx: &mut [f32],
    add: bool,
) {
    dx.par_chunks_exact_mut(image_len)
        .zip(dy.par_chunks_exact(image_len))
        .zip(z.par_chunks_exact(image_len))
        .for_each(|((dx, dy), z)| isa.run(InputGradient { terms, dy, z, channels, dx, add }));
}

struct InputGradient<'a> {
    terms: &'a GradientTerms,
    dy: &'a [f32],
    z: &'a [f32],
    channels: usize,
    dx: &'a mut [f32],
    add: bool,
}

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { terms, dy, z, channels, dx, add } = self;
        by_channel_vector(s, channels, dy.len(), &mut Combined { terms, dy, z, dx, add });
    }
}

struct Combined<'a> {
    terms: &'a GradientTerms,
    dy: &'a [f32],
    z: &'a [f32],
    dx: &'a mut [f32],
    add: bool,
}

impl<S: Simd> Each<S> for Combined<'_> {
    #[inline(always)]
    fn vector(&mut self, s: S, at: usize, channel: usize, lanes: usize) {
        let mut value = self.terms.apply(s, channel, load(s, self.dy, at, lanes), load(s, self.z, at, lanes));
        if self.add {
            value = s.add_f32s(value, load(s, self.dx, at, lanes));
        }
        store(s, self.dx, at, lanes, value);
    }
}
