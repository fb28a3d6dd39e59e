//! Trainable parameters, counted without building the network (the #P of Tables 1 and 2).
//!
//! No convolution has a bias; a batch norm has a weight and a bias per channel (its
//! running statistics are not trainable); the head is linear with a bias.

use super::architecture::{Architecture, BasicBlockShape};
use super::hops::Hop;

/// Weights of a k×k convolution.
const fn conv(input: usize, output: usize, kernel: usize, groups: usize) -> usize {
    input / groups * output * kernel * kernel
}

/// Weight and bias of a batch norm.
const fn norm(channels: usize) -> usize {
    2 * channels
}

/// Trainable parameters of `network`.
pub fn count(network: &Architecture) -> usize {
    let width = network.level_width(0);
    let stem = conv(network.channels, width, 3, 1) + norm(width);
    let trunk: usize = network.blocks.iter().flatten().map(basic_block).sum();
    let last = network.level_width(network.blocks.len());
    let head = last * network.classes + network.classes;
    stem + trunk + head + hops(network)
}

/// Trainable parameters of one basic block.
pub fn basic_block(b: &BasicBlockShape) -> usize {
    let shortcut = if b.has_shortcut_conv() { conv(b.input, b.output, 1, 1) + norm(b.output) } else { 0 };
    conv(b.input, b.hidden, 3, b.groups)
        + norm(b.hidden)
        + conv(b.hidden, b.output, 3, b.groups)
        + norm(b.output)
        + shortcut
}

/// Trainable parameters that the hierarchical residuals add: the tap and each projection.
///
/// Every network with at least one hop has the tap, one batch norm on level 0; it is
/// what makes every count that the paper prints come out, P1's to P3's included.
pub fn hops(network: &Architecture) -> usize {
    let tap = if network.hops.is_empty() { 0 } else { norm(network.level_width(0)) };
    tap + network.hops.iter().map(|hop| projection(network, hop)).sum::<usize>()
}

/// Trainable parameters of one projection, without the tap it may read.
pub fn projection(network: &Architecture, hop: Hop) -> usize {
    if hop.is_identity() {
        return 0;
    }
    let (from, to) = (network.level_width(hop.source), network.level_width(hop.target));
    conv(from, to, 1, 1) + norm(to)
}

/// `count` in thousands as the paper prints it: one decimal, ties to even (265,050 → 265.0).
pub fn in_thousands(count: usize) -> String {
    let (tenths, rest) = (count / 100, count % 100);
    let up = rest > 50 || (rest == 50 && tenths % 2 == 1);
    let tenths = tenths + usize::from(up);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_round_half_to_even() {
        for (count, printed) in
            [(265_050, "265.0"), (265_150, "265.2"), (70_810, "70.8"), (99_951, "100.0"), (0, "0.0")]
        {
            assert_eq!(in_thousands(count), printed);
        }
    }
}
