//! The paper's *adjusted* baselines: no hops, but as many parameters as the HiResNet.
//!
//! "We also train adjusted versions of the baseline models by increasing the number of
//! channels in the hidden layers to match the total number of parameters of the
//! HiResNet" (§3.1). The hidden channels are those between the two 3×3 convolutions of
//! a basic block. The total nearest to the HiResNet's wins; among equals, the raise
//! that is spread most evenly over the basic blocks.

use super::architecture::Architecture;
use super::params;

/// `baseline` (no hops) with hidden channels raised until it has about `target`
/// parameters.
///
/// Every basic block first gets the same raise, as far as the target allows; the rest
/// is found by exact search over all ways to spread what one such round costs, twice
/// over. Raises keep the groups of grouped convolutions whole.
pub fn widen_to(mut baseline: Architecture, target: usize) -> Architecture {
    let start = params::count(&baseline);
    let costs: Vec<usize> = baseline
        .blocks
        .iter()
        .flatten()
        .map(|b| {
            let mut raised = *b;
            raised.hidden += b.groups;
            params::basic_block(&raised) - params::basic_block(b)
        })
        .collect();
    let round: usize = costs.iter().sum();
    let gap = target.saturating_sub(start);
    let even = (gap / round).saturating_sub(1);
    let extra = spread(&costs, gap - even * round);
    for (basic, units) in baseline.blocks.iter_mut().flatten().zip(extra) {
        basic.hidden += (even + units) * basic.groups;
    }
    baseline
}

/// Units for each basic block such that their cost comes nearest to `gap`, and among
/// those, such that the sum of squared units is least.
fn spread(costs: &[usize], gap: usize) -> Vec<usize> {
    let dearest = costs.iter().copied().max().unwrap_or(1);
    let reach = gap + dearest;
    const UNREACHED: u32 = u32::MAX;
    // best[i][t]: least sum of squares over the first i basic blocks that costs exactly t.
    let mut best = vec![vec![UNREACHED; reach + 1]];
    best[0][0] = 0;
    for &cost in costs {
        let before = &best[best.len() - 1];
        let mut after = vec![UNREACHED; reach + 1];
        for (total, &squares) in before.iter().enumerate().filter(|(_, s)| **s != UNREACHED) {
            for (units, sum) in (total..=reach).step_by(cost).enumerate() {
                let squares = squares + (units * units) as u32;
                after[sum] = after[sum].min(squares);
            }
        }
        best.push(after);
    }
    let last = &best[costs.len()];
    let Some(mut total) =
        (0..=reach).filter(|t| last[*t] != UNREACHED).min_by_key(|t| (t.abs_diff(gap), last[*t]))
    else {
        return vec![0; costs.len()];
    };
    let mut units = vec![0; costs.len()];
    for i in (0..costs.len()).rev() {
        let here = best[i + 1][total];
        units[i] = (0..=total / costs[i])
            .find(|u| {
                let from = best[i][total - u * costs[i]];
                from != UNREACHED && from + (u * u) as u32 == here
            })
            .unwrap_or(0);
        total -= units[i] * costs[i];
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_total_wins_then_the_even_spread() {
        assert_eq!(spread(&[3, 5], 13), [1, 2]);
        assert_eq!(spread(&[2, 2, 2], 6), [1, 1, 1]);
        assert_eq!(spread(&[10], 14), [1]);
        assert_eq!(spread(&[10], 16), [2]);
        assert_eq!(spread(&[7, 7], 0), [0, 0]);
    }
}
