//! Buffers that are used again: a training step asks for the same sizes every time, and
//! fresh pages from the system cost more than the arithmetic done on them.

#![allow(unsafe_code, reason = "aligned buffers are handed to burn as bytes")]

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn_std::{AllocationController, AllocationProperty, Bytes};
use bytemuck::{Pod, Zeroable};

/// One cache line, so that buffers start on one.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// 32-bit floats on loan from the pool, to which they return when dropped.
#[derive(Debug)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

/// Buffers that nobody uses, by their number of lines.
#[derive(Debug, Default)]
struct Pool {
    free: BTreeMap<usize, Vec<Vec<Line>>>,
    /// Lines in buffers that wait here.
    kept: usize,
    /// Lines in buffers that are out.
    lent: usize,
    /// The most that was ever out since the pool was last cleared.
    peak: usize,
    /// Buffers that had to be made, ever.
    made: u64,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: BTreeMap::new(), kept: 0, lent: 0, peak: 0, made: 0 });

fn pool() -> MutexGuard<'static, Pool> {
    // Counts and free lists are whole after every statement, whatever panicked meanwhile.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    fn take(&mut self, lines: usize) -> Option<Vec<Line>> {
        self.lent += lines;
        self.peak = self.peak.max(self.lent);
        let found = self.free.get_mut(&lines).and_then(Vec::pop);
        if found.is_some() {
            self.kept -= lines;
        } else {
            self.made += 1;
            // A step's buffers are never all out at once, and only equal sizes can stand in
            // for each other; but sizes of another network must not pile up.
            while self.kept > 0 && self.kept + self.lent > self.peak + self.peak / 2 {
                self.drop_one();
            }
        }
        found
    }

    fn drop_one(&mut self) {
        if let Some(mut entry) = self.free.last_entry() {
            self.kept -= entry.get_mut().pop().map_or(0, |lines| lines.len());
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

impl Buffer {
    /// `len` floats of unspecified value.
    pub fn take(len: usize) -> Self {
        let count = len.div_ceil(16);
        let found = pool().take(count);
        Self { lines: found.unwrap_or_else(|| vec![Line::zeroed(); count]), len }
    }

    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        let mut buffer = Self::take(len);
        buffer.fill(0.0);
        buffer
    }

    /// As burn's storage.
    pub fn into_bytes(self) -> Bytes {
        let len = self.len * size_of::<f32>();
        // SAFETY: the first `len` bytes of the memory are floats, all initialised.
        unsafe { Bytes::from_controller(Box::new(self), len) }
    }
}

/// How many buffers had to be made since the program began: in the steady state of a
/// training it no longer grows.
pub fn made() -> u64 {
    pool().made
}

/// Gives every waiting buffer back to the system.
pub fn clear() {
    let mut pool = pool();
    pool.free.clear();
    (pool.kept, pool.peak) = (0, pool.lent);
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let mut pool = pool();
        pool.lent -= lines.len();
        pool.kept += lines.len();
        pool.free.entry(lines.len()).or_default().push(lines);
    }
}

impl AllocationController for Buffer {
    fn alloc_align(&self) -> usize {
        // The most that burn asks of an alignment; lines have more.
        align_of::<u128>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.lines);
        // SAFETY: same size and alignment; the caller promises to write initialised bytes only.
        unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
    }

    fn memory(&self) -> &[MaybeUninit<u8>] {
        let bytes: &[u8] = bytemuck::cast_slice(&self.lines);
        // SAFETY: same size and alignment, and initialised bytes are valid as maybe uninitialised.
        unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
    }
}
