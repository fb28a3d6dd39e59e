//! Fewer points for a picture that looks the same: in each column of dots the first, the
//! lowest, the highest and the last stay, in their order.

use std::ops::Range;

/// Points whose extremes are kept with them.
const BLOCK: usize = 32;

/// Values in order, to be appended to, that know the extremes of every stretch without
/// reading all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    values: Vec<f32>,
    /// Indices of the lowest and highest finite value of each whole block.
    blocks: Vec<Option<(u32, u32)>>,
}

impl Track {
    /// Appends a value.
    pub fn push(&mut self, value: f32) {
        self.values.push(value);
        let n = self.values.len();
        if n.is_multiple_of(BLOCK) {
            let extremes = self.scan(n - BLOCK..n, f32::NEG_INFINITY);
            self.blocks.push(extremes.map(|(low, high)| (low as u32, high as u32)));
        }
    }

    /// Forgets all but the first `len` values.
    pub fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.blocks.truncate(len / BLOCK);
    }

    /// All values.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Indices of the lowest and the highest finite value above `floor` in `range`.
    pub fn extremes(&self, range: Range<usize>, floor: f32) -> Option<(usize, usize)> {
        let blocks = range.start.div_ceil(BLOCK)..range.end / BLOCK;
        if blocks.is_empty() {
            return self.scan(range, floor);
        }
        let mut found = self.scan(range.start..blocks.start * BLOCK, floor);
        for block in blocks.clone() {
            let more = match self.blocks[block] {
                Some((low, high)) if self.values[low as usize] > floor => Some((low as usize, high as usize)),
                Some(_) => self.scan(block * BLOCK..(block + 1) * BLOCK, floor),
                None => None,
            };
            found = self.outer(found, more);
        }
        self.outer(found, self.scan(blocks.end * BLOCK..range.end, floor))
    }

    /// How many finite values in `range` are above `limit`.
    pub fn count_above(&self, range: Range<usize>, limit: f32) -> usize {
        let blocks = range.start.div_ceil(BLOCK)..range.end / BLOCK;
        let count = |range: Range<usize>| {
            self.values[range].iter().filter(|v| **v > limit && **v < f32::INFINITY).count()
        };
        if blocks.is_empty() {
            return count(range);
        }
        let reaches = |b: &usize| self.blocks[*b].is_some_and(|(_, high)| self.values[high as usize] > limit);
        let whole: usize = blocks.clone().filter(reaches).map(|b| count(b * BLOCK..(b + 1) * BLOCK)).sum();
        count(range.start..blocks.start * BLOCK) + whole + count(blocks.end * BLOCK..range.end)
    }

    fn scan(&self, range: Range<usize>, floor: f32) -> Option<(usize, usize)> {
        let mut found: Option<(usize, usize)> = None;
        for (i, value) in range.clone().zip(&self.values[range]) {
            if *value > floor && *value < f32::INFINITY {
                let (low, high) = found.get_or_insert((i, i));
                if *value < self.values[*low] {
                    *low = i;
                }
                if *value > self.values[*high] {
                    *high = i;
                }
            }
        }
        found
    }

    fn outer(&self, a: Option<(usize, usize)>, b: Option<(usize, usize)>) -> Option<(usize, usize)> {
        let (Some((a_low, a_high)), Some((b_low, b_high))) = (a, b) else {
            return a.or(b);
        };
        let low = if self.values[b_low] < self.values[a_low] { b_low } else { a_low };
        let high = if self.values[b_high] > self.values[a_high] { b_high } else { a_high };
        Some((low, high))
    }
}

/// Where each of `count` columns begins in `xs`, which ascend; `edge` is the place at a
/// fraction of the way through them. One more entry than columns, the last being the end of
/// the last column.
pub fn columns(xs: &[f64], edge: impl Fn(f64) -> f64, count: usize) -> Vec<usize> {
    let mut bounds = Vec::with_capacity(count + 1);
    let mut start = 0;
    for column in 0..count {
        let edge = edge(column as f64 / count as f64);
        start += xs[start..].partition_point(|x| *x < edge);
        bounds.push(start);
    }
    let end = edge(1.0);
    bounds.push(start + xs[start..].partition_point(|x| *x <= end));
    bounds
}

/// Indices of the values to draw: at most four a column of `bounds`, and the neighbour
/// beyond either end, so that lines go on to the edge.
pub fn decimate(track: &Track, bounds: &[usize], floor: f32) -> Vec<usize> {
    let values = track.values();
    let drawn = |i: &usize| values[*i] > floor && values[*i] < f32::INFINITY;
    let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else {
        return Vec::new();
    };
    let mut kept = Vec::new();
    kept.extend(first.checked_sub(1).filter(drawn));
    for pair in bounds.windows(2) {
        let column = pair[0]..pair[1];
        let Some((low, high)) = track.extremes(column.clone(), floor) else {
            continue;
        };
        let (sooner, later) = (low.min(high), low.max(high));
        let first = column.clone().find(drawn).unwrap_or(sooner);
        let last = column.rev().find(drawn).unwrap_or(later);
        let from = kept.len();
        kept.extend([first, sooner, later, last]);
        dedup_from(&mut kept, from);
    }
    kept.extend(Some(*last).filter(|i| *i < values.len()).filter(drawn));
    kept
}

/// Drops repeated neighbours from index `from` on.
fn dedup_from(kept: &mut Vec<usize>, from: usize) {
    let mut to = from;
    for i in from..kept.len() {
        if to == from || kept[to - 1] != kept[i] {
            kept[to] = kept[i];
            to += 1;
        }
    }
    kept.truncate(to);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn track(values: &[f32]) -> Track {
        let mut track = Track::default();
        values.iter().for_each(|v| track.push(*v));
        track
    }

    #[test]
    fn few_points_all_stay() {
        let kept = decimate(&track(&[1.0, 2.0, 3.0]), &columns(&[1.0, 2.0, 3.0], |at| 4.0 * at, 8), 0.0);
        assert_eq!(kept, [0, 1, 2]);
    }

    #[test]
    fn neighbours_outside_the_range_are_kept() {
        let xs: Vec<f64> = (0..10).map(f64::from).collect();
        let values: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let kept = decimate(&track(&values), &columns(&xs, |at| 3.5 + 2.0 * at, 4), f32::NEG_INFINITY);
        assert_eq!(kept, [3, 4, 5, 6]);
    }

    #[test]
    fn a_truncated_track_goes_on_as_if_it_had_been_short() {
        let values: Vec<f32> = (0..200).map(|i| (i as f32).sin()).collect();
        let mut long = track(&values);
        long.truncate(100);
        values[100..150].iter().for_each(|v| long.push(*v));
        assert_eq!(long, track(&values[..150]));
    }

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![
            8 => -10.0..10.0f32,
            1 => Just(f32::NAN),
            1 => Just(f32::INFINITY),
            1 => Just(f32::NEG_INFINITY),
            1 => Just(0.0),
        ]
    }

    proptest! {
        #[test]
        fn extremes_survive_and_points_are_few(
            values in prop::collection::vec(value(), 0..600),
            steps in prop::collection::vec(0.0..3.0f64, 600),
            count in 1usize..40,
            view in (0.0..400.0f64, 1.0..900.0f64),
            log in any::<bool>(),
        ) {
            let floor = if log { 0.0 } else { f32::NEG_INFINITY };
            let xs: Vec<f64> = steps.iter().take(values.len()).scan(0.0, |x, d| { *x += d; Some(*x) }).collect();
            let (low, high) = (view.0, view.0 + view.1);
            let track = track(&values);
            let bounds = columns(&xs, |at| low + (high - low) * at, count);
            prop_assert_eq!(bounds.len(), count + 1);
            let kept = decimate(&track, &bounds, floor);
            prop_assert!(kept.len() <= 4 * count + 2);
            prop_assert!(kept.windows(2).all(|w| w[0] < w[1]));
            let drawn = |v: &f32| *v > floor && v.is_finite();
            prop_assert!(kept.iter().all(|i| drawn(&values[*i])));
            for column in bounds.windows(2) {
                let all = || values[column[0]..column[1]].iter().copied().filter(drawn);
                let left = || kept.iter().filter(|i| (column[0]..column[1]).contains(i)).map(|i| values[*i]);
                prop_assert_eq!(all().reduce(f32::min), left().reduce(f32::min));
                prop_assert_eq!(all().reduce(f32::max), left().reduce(f32::max));
                prop_assert_eq!(all().next(), left().next());
                prop_assert_eq!(all().next_back(), left().next_back());
            }
            let range = bounds[0]..bounds[count];
            let above = values[range.clone()].iter().filter(|v| **v > 3.0 && v.is_finite()).count();
            prop_assert_eq!(track.count_above(range, 3.0), above);
            for x in xs.iter().take(bounds[0]) { prop_assert!(*x < low); }
            for x in &xs[bounds[count]..] { prop_assert!(*x > high); }
        }
    }
}
