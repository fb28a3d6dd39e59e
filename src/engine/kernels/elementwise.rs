//! Sums of tensors, and Adam: one pass over memory each.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::isa::Isa;

/// Values that one task takes; a multiple of every vector's length.
const PART: usize = 1 << 14;

/// y += x.
pub fn add_into(isa: Isa, x: &[f32], y: &mut [f32]) {
    y.par_chunks_mut(PART).zip(x.par_chunks(PART)).for_each(|(y, x)| isa.run(Add { y, x, z: None }));
}

/// z = x + y.
pub fn add(isa: Isa, x: &[f32], y: &[f32], z: &mut [f32]) {
    z.par_chunks_mut(PART)
        .zip(x.par_chunks(PART))
        .zip(y.par_chunks(PART))
        .for_each(|((z, x), y)| isa.run(Add { y: z, x, z: Some(y) }));
}

/// y = x + (z, or y itself).
struct Add<'a> {
    y: &'a mut [f32],
    x: &'a [f32],
    z: Option<&'a [f32]>,
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { y, x, z } = self;
        match z {
            None => y.iter_mut().zip(x).for_each(|(y, x)| *y += x),
            Some(z) => y.iter_mut().zip(x).zip(z).for_each(|((y, x), z)| *y = x + z),
        }
    }
}

/// Adam's scalars for one step.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// 1 − β₁.
    pub towards_first: f64,
    /// β₂.
    pub beta2: f64,
    /// 1 − β₂.
    pub towards_second: f64,
    /// √(1 − β₂ᵗ).
    pub correction2: f64,
    /// ε.
    pub eps: f64,
    /// Learning rate / (1 − β₁ᵗ).
    pub rate: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// What is left of a parameter before its step: 1, less with decoupled weight decay.
    pub keep: f64,
}

/// Takes a step: parameters and both moments are updated in place.
pub fn adam(
    isa: Isa,
    step: AdamStep,
    gradient: &[f32],
    parameter: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    isa.run(Adam { step, gradient, parameter, first, second });
}

struct Adam<'a> {
    step: AdamStep,
    gradient: &'a [f32],
    parameter: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl WithSimd for Adam<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { step, gradient, parameter, first, second } = self;
        let [towards_first, beta2, towards_second] =
            [step.towards_first, step.beta2, step.towards_second].map(|v| v as f32);
        let [correction2, eps, rate, weight_decay, keep] =
            [step.correction2, step.eps, step.rate, step.weight_decay, step.keep].map(|v| v as f32);
        for (((p, g), m), v) in parameter.iter_mut().zip(gradient).zip(first).zip(second) {
            let g = g + *p * weight_decay;
            *m += (g - *m) * towards_first;
            *v = *v * beta2 + g * g * towards_second;
            *p = *p * keep - *m / (v.sqrt() / correction2 + eps) * rate;
        }
    }
}
