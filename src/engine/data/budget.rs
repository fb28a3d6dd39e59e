//! How much memory what is read from outside may take, over all threads together: a small
//! file can claim to be a large image, and every thread may be reading one.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes of files that wait to be decoded.
pub static ENCODED: MemoryBudget = MemoryBudget::new(128 << 20);
/// Bytes that decoding takes. Nobody who holds some waits for [`ENCODED`], so no thread can
/// wait for another in a circle.
pub static DECODED: MemoryBudget = MemoryBudget::new(512 << 20);

/// Bytes that threads share; who wants more than are left waits until others are done.
#[derive(Debug)]
pub struct MemoryBudget {
    total: u64,
    taken: Mutex<u64>,
    returned: Condvar,
}

/// Bytes of a budget, given back when this is dropped.
#[derive(Debug)]
pub struct BudgetShare<'a> {
    budget: &'a MemoryBudget,
    bytes: u64,
}

impl MemoryBudget {
    /// Of so many bytes.
    pub const fn new(total: u64) -> Self {
        Self { total, taken: Mutex::new(0), returned: Condvar::new() }
    }

    /// All bytes of it.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Takes `bytes`, once they are there; `None` where there are never so many.
    pub fn take(&self, bytes: u64) -> Option<BudgetShare<'_>> {
        if bytes > self.total {
            return None;
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken + bytes > self.total {
            taken = self.returned.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
        Some(BudgetShare { budget: self, bytes })
    }
}

impl Drop for BudgetShare<'_> {
    fn drop(&mut self) {
        *self.budget.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn threads_never_have_more_than_all_of_it() {
        let budget = MemoryBudget::new(100);
        assert!(budget.take(101).is_none());
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for i in 0..200 {
                        let bytes = (thread * 31 + i * 17) % 101;
                        let share = budget.take(bytes).unwrap();
                        most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        now.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!((1..=100).contains(&most.into_inner()));
        assert_eq!(*budget.taken.lock().unwrap(), 0);
    }
}
