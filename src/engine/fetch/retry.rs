//! How often to try, and how long to wait.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often to try, and how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in a row that bring next to nothing, at most.
    pub tries: u32,
    /// The wait after the first of them; each later one is twice as long.
    pub first: Duration,
    /// The longest wait, whatever a server asks for.
    pub longest: Duration,
    /// Silence of a server after which a connection is given up.
    pub silence: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 8,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            silence: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The wait after `fruitless` tries in a row, from 1: what the server asks for, or else
    /// a random part between half and all of a time that doubles, so that many who were cut
    /// off together do not come back together.
    pub fn wait(&self, fruitless: u32, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.min(self.longest);
        }
        let doubled = 2_u32.saturating_pow(fruitless.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let random = RandomState::new().hash_one(fruitless) as f64 / u64::MAX as f64;
        whole.mul_f64(0.5 + 0.5 * random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_heed_the_server() {
        let policy = RetryPolicy::default();
        for (fruitless, whole) in [(1, 0.5), (2, 1.0), (5, 8.0), (8, 60.0), (99, 60.0)] {
            for _ in 0..50 {
                let wait = policy.wait(fruitless, None).as_secs_f64();
                assert!((whole / 2.0..=whole).contains(&wait), "{fruitless}: {wait}");
            }
        }
        let asked = |seconds| policy.wait(1, Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!([asked(0), asked(7), asked(86_400)], [0, 7, 60]);
        assert_eq!(RetryPolicy { first: Duration::ZERO, ..policy }.wait(9, None), Duration::ZERO);
    }
}
