//! Arithmetic of a network, counted from its shapes.

use super::architecture::{Architecture, BasicBlockShape};
use super::hops::Hop;

/// Floating-point operations of the convolutions of one image's forward pass (a
/// multiplication and an addition count as two). Each of the two gradients costs the same
/// again, but for the stem's input, which needs none.
///
/// Batch norms, sums and the head are left out: they cost memory traffic, not arithmetic.
pub fn forward_flops(network: &Architecture) -> usize {
    let mut total = stem_flops(network);
    for (block, d) in network.blocks.iter().zip(1..) {
        total += block.iter().map(|basic| basic_block(basic, network.level_size(d))).sum::<usize>();
    }
    total + network.hops.iter().map(|hop| projection(network, hop)).sum::<usize>()
}

/// The stem's part of [`forward_flops`].
pub fn stem_flops(network: &Architecture) -> usize {
    conv(network.channels, network.level_width(0), 3, 1, network.level_size(0))
}

/// A k×k convolution whose output is `size`×`size`.
const fn conv(input: usize, output: usize, kernel: usize, groups: usize, size: usize) -> usize {
    2 * size * size * output * (input / groups) * kernel * kernel
}

fn basic_block(b: &BasicBlockShape, size: usize) -> usize {
    let shortcut = if b.has_shortcut_conv() { conv(b.input, b.output, 1, 1, size) } else { 0 };
    conv(b.input, b.hidden, 3, b.groups, size) + conv(b.hidden, b.output, 3, b.groups, size) + shortcut
}

fn projection(network: &Architecture, hop: Hop) -> usize {
    if hop.is_identity() {
        return 0;
    }
    let (from, to) = (network.level_width(hop.source), network.level_width(hop.target));
    conv(from, to, 1, 1, network.level_size(hop.target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::spec::ExperimentSpec;

    fn flops(line: &str) -> usize {
        forward_flops(&line.parse::<ExperimentSpec>().unwrap().architecture().unwrap())
    }

    #[test]
    fn a_small_network_counted_by_hand() {
        let line = "plain@fashion blocks=1 widths=4";
        let (stem, each) = (2 * 32 * 32 * 4 * 3 * 9, 2 * 32 * 32 * 4 * 4 * 9);
        assert_eq!(flops(line), stem + 2 * each);
    }

    #[test]
    fn groups_divide_the_work_of_the_blocks_and_hops_add_theirs() {
        let stem = 2 * 32 * 32 * 16 * 3 * 9;
        let shortcuts = 2 * (16 * 16 * 16 * 32 + 8 * 8 * 32 * 64);
        let within = |line| flops(line) - stem - shortcuts;
        assert_eq!(within("resnet@fashion"), 4 * within("resnext@fashion"));
        let hop = 2 * 8 * 8 * 16 * 64;
        assert_eq!(flops("resnet+hires[0-3]@fashion"), flops("resnet@fashion") + hop);
    }
}
