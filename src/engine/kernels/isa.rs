//! Which vector instructions the kernels run on, found out at run time.

#![allow(unsafe_code, reason = "a prefetch is an instruction that has no safe form")]

use std::any::TypeId;
use std::sync::LazyLock;

use pulp::{Scalar128b, Simd, WithSimd};

/// A set of vector instructions that this machine has.
///
/// Kernels are written once, over [`pulp::Simd`]; each set compiles them with vectors of
/// its own length, so results differ in the order of some sums, never from run to run.
#[derive(Debug, Clone, Copy)]
pub enum Isa {
    /// Vectors of 4 in plain Rust, for any processor.
    Portable,
    /// AVX2 and FMA: vectors of 8.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// AVX-512 (F, BW, CD, DQ, VL): vectors of 16.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// NEON: vectors of 4.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Isa {
    /// The best set, found once, or the one that [`VARIABLE`](Self::VARIABLE) names.
    pub fn best() -> Self {
        static BEST: LazyLock<Isa> = LazyLock::new(|| Isa::wanted().unwrap_or_else(|_| Isa::all()[0]));
        *BEST
    }

    /// The environment variable that may name a lesser set.
    pub const VARIABLE: &str = "HIRESNET_ISA";

    /// The set to use: the best, where the environment names none.
    ///
    /// # Errors
    /// When it names one that is not here; the message says which are.
    pub fn wanted() -> Result<Self, String> {
        let all = Self::all();
        let wanted = std::env::var(Self::VARIABLE).unwrap_or_default();
        let found = all.iter().find(|isa| isa.name().eq_ignore_ascii_case(&wanted));
        match (found, wanted.as_str()) {
            (Some(isa), _) => Ok(*isa),
            (None, "") => Ok(all[0]),
            (None, other) => {
                let names: Vec<_> = all.iter().map(|isa| isa.name()).collect();
                Err(format!("this machine has no instructions '{other}'; it has {}", names.join(", ")))
            }
        }
    }

    /// Every set that this machine has, the best first.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V4::try_new().map(Self::Avx512));
            all.extend(pulp::x86::V3::try_new().map(Self::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        all.push(Self::Portable);
        all
    }

    /// `avx512`, `avx2`, `neon` or `portable`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }

    /// Runs `op` with these instructions.
    #[inline]
    pub fn run<O: WithSimd>(self, op: O) -> O::Output {
        match self {
            Self::Portable => Scalar128b.vectorize(op),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, op),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, op),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, op),
        }
    }
}

/// Loads `lanes` values from `at` on, zeros beyond.
#[inline(always)]
pub fn load<S: Simd>(s: S, values: &[f32], at: usize, lanes: usize) -> S::f32s {
    if lanes >= S::F32_LANES {
        S::as_simd_f32s(&values[at..at + S::F32_LANES]).0[0]
    } else {
        s.partial_load_f32s(&values[at..at + lanes])
    }
}

/// Stores the first `lanes` values of a vector from `at` on.
#[inline(always)]
pub fn store<S: Simd>(s: S, values: &mut [f32], at: usize, lanes: usize, vector: S::f32s) {
    if lanes >= S::F32_LANES {
        S::as_mut_simd_f32s(&mut values[at..at + S::F32_LANES]).0[0] = vector;
    } else {
        s.partial_store_f32s(&mut values[at..at + lanes], vector);
    }
}

/// a · b + c.
#[inline(always)]
pub fn multiply_add<S: Simd>(s: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    // Without an instruction for it, rounding once would take a function call.
    if TypeId::of::<S>() == TypeId::of::<Scalar128b>() {
        s.add_f32s(s.mul_f32s(a, b), c)
    } else {
        s.mul_add_e_f32s(a, b, c)
    }
}

/// The larger of each pair. A NaN stays one, so that a diverging run is seen; processors'
/// own maxima differ in that.
#[inline(always)]
pub fn max<S: Simd>(s: S, value: S::f32s, floor: S::f32s) -> S::f32s {
    s.select_f32s(s.less_than_f32s(value, floor), floor, value)
}

/// What will be read after the image at hand. Fetching it little by little meanwhile hides
/// the memory's latency behind arithmetic.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prefetch<'a>(pub [&'a [f32]; 3]);

impl Prefetch<'_> {
    /// Starts fetching the share that falls to `count` pixels from `pixel` on, of `pixels`.
    #[inline(always)]
    pub fn fetch(&self, pixel: usize, count: usize, pixels: usize) {
        const LINE: usize = 16;
        for values in self.0 {
            let share = values.len() / pixels;
            let end = values.len().min((pixel + count) * share);
            for value in values[end.min(pixel * share)..end].iter().step_by(LINE) {
                fetch(value);
            }
        }
    }
}

/// Asks for the cache line of `value`.
#[inline(always)]
fn fetch(value: &f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of every x86-64 processor, and a prefetch has no effect on memory.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast());
    }
    // Elsewhere the processor is left to find out by itself.
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
