//! Random numbers that depend on what they are for, never on what was drawn before.

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A generator of its own for `purpose` in the run with `seed`.
///
/// Switching a hop on or off therefore leaves every other initial weight, and the data
/// order, as it was.
pub fn generator(seed: u64, purpose: &str) -> ChaCha8Rng {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(purpose).finalize();
    ChaCha8Rng::from_seed(digest.into())
}

/// `len` numbers uniform in [−bound, bound).
pub fn uniform(seed: u64, purpose: &str, len: usize, bound: f32) -> Vec<f32> {
    let mut generator = generator(seed, purpose);
    (0..len).map(|_| (generator.random::<f32>() * 2.0 - 1.0) * bound).collect()
}

/// Shuffles `items`.
pub fn shuffle<T>(seed: u64, purpose: &str, items: &mut [T]) {
    items.shuffle(&mut generator(seed, purpose));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_pinned_and_independent() {
        let a = uniform(0, "stem.conv.weight", 3, 1.0);
        assert_eq!(a, uniform(0, "stem.conv.weight", 3, 1.0));
        assert_ne!(a, uniform(1, "stem.conv.weight", 3, 1.0));
        assert_ne!(a, uniform(0, "head.weight", 3, 1.0));
        let mut order: Vec<u32> = (0..8).collect();
        shuffle(7, "order/1", &mut order);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..8).collect::<Vec<_>>());
    }
}
