//! The paper's networks, to the parameter, and the algebra of hops.

use hiresnet_tui::domain::architecture::Family;
use hiresnet_tui::domain::dataset::DatasetId;
use hiresnet_tui::domain::hops::{HopGroup, HopSelection, HopSet, all_hops};
use hiresnet_tui::domain::spec::{ExperimentSpec, Version};
use hiresnet_tui::domain::{paper, params};
use proptest::prelude::*;

fn parameters(line: &str) -> usize {
    let spec: ExperimentSpec = line.parse().unwrap();
    params::count(&spec.architecture().unwrap())
}

#[test]
fn every_count_that_was_worked_out_from_the_paper_holds_to_the_unit() {
    for (line, count) in [
        ("plain@cifar10", 265_050),
        ("resnet@cifar10", 267_802),
        ("resnext@cifar10", 70_810),
        ("plain+hires@cifar10", 270_714),
        ("resnet+hires@cifar10", 273_466),
        ("resnext+hires@cifar10", 76_474),
        ("resnet+hires[In]@cifar10", 269_562),
        ("resnet+hires[Out]@cifar10", 272_314),
        ("resnet+hires[P1]@cifar10", 270_586),
        ("resnet+hires[P2]@cifar10", 269_562),
        ("resnet+hires[P3]@cifar10", 268_986),
    ] {
        assert_eq!(parameters(line), count, "{line}");
    }
}

#[test]
fn every_count_agrees_with_the_paper_as_printed() {
    let networks = paper::networks();
    assert_eq!(networks.len(), 14);
    for n in networks {
        assert!(n.agrees(), "{}: {} against {}", n.spec, n.parameters(), n.thousands);
    }
}

#[test]
fn adjusted_baselines_raise_hidden_channels_evenly_and_in_whole_groups() {
    for (family, hires) in [(Family::Plain, 270_714), (Family::ResNet, 273_466), (Family::ResNext, 76_474)] {
        let spec = ExperimentSpec::paper(family, Version::Adjusted, DatasetId::Cifar10);
        let network = spec.architecture().unwrap();
        let off = params::count(&network).abs_diff(hires);
        assert!(off < 50, "{}: {off} away", spec);
        for b in network.blocks.iter().flatten() {
            assert!(b.hidden >= b.output && b.hidden % b.groups == 0, "{b:?}");
        }
    }
}

fn hop_set(blocks: usize) -> impl Strategy<Value = HopSet> {
    let hops: Vec<_> = all_hops(blocks).collect();
    proptest::collection::vec(any::<bool>(), hops.len())
        .prop_map(move |on| hops.iter().zip(on).filter(|(_, on)| *on).map(|(h, _)| *h).collect())
}

fn blocks_and_hops() -> impl Strategy<Value = (usize, HopSet)> {
    (1usize..=8).prop_flat_map(|n| hop_set(n).prop_map(move |set| (n, set)))
}

proptest! {
    #[test]
    fn the_orders_partition_all_hops(blocks in 1usize..=8) {
        let mut total = 0;
        let mut union = HopSet::default();
        for k in 1..=blocks {
            let group = HopGroup::Order(k).hops(blocks).unwrap();
            prop_assert_eq!(group.len(), blocks + 1 - k);
            total += group.len();
            union.insert_all(&group);
        }
        prop_assert_eq!(total, blocks * (blocks + 1) / 2);
        prop_assert_eq!(union, HopGroup::All.hops(blocks).unwrap());
    }

    #[test]
    fn toggling_a_group_turns_it_all_on_or_all_off((blocks, set) in blocks_and_hops(), pick in any::<prop::sample::Index>()) {
        let groups: Vec<_> = HopGroup::named(blocks).chain(all_hops(blocks).map(HopGroup::One)).collect();
        let group = pick.get(&groups).hops(blocks).unwrap();
        let was_on = set.includes(&group);
        let mut toggled = set.clone();
        toggled.toggle(&group);
        for hop in all_hops(blocks) {
            let expected = if group.contains(hop) { !was_on } else { set.contains(hop) };
            prop_assert_eq!(toggled.contains(hop), expected);
        }
        if was_on {
            toggled.toggle(&group);
            prop_assert_eq!(toggled, set);
        }
    }

    #[test]
    fn whole_sets_replace_what_is_on_and_parts_are_toggled((blocks, set) in blocks_and_hops()) {
        for group in HopGroup::named(blocks).chain(all_hops(blocks).map(HopGroup::One)) {
            let (mut pressed, mut toggled) = (set.clone(), set.clone());
            pressed.press(group, blocks).unwrap();
            let hops = group.hops(blocks).unwrap();
            match group {
                HopGroup::None | HopGroup::All | HopGroup::In | HopGroup::Out => prop_assert_eq!(pressed, hops),
                HopGroup::Order(_) | HopGroup::One(_) => {
                    toggled.toggle(&hops);
                    prop_assert_eq!(pressed, toggled);
                }
            }
        }
    }

    #[test]
    fn names_are_exactly_the_groups_that_equal_the_set((blocks, set) in blocks_and_hops()) {
        let names = set.names(blocks);
        for group in HopGroup::named(blocks) {
            prop_assert_eq!(names.contains(&group), group.hops(blocks).unwrap() == set);
        }
    }

    #[test]
    fn the_shortest_selection_means_the_same_hops((blocks, set) in blocks_and_hops()) {
        let selection = HopSelection::shortest(&set, blocks);
        prop_assert_eq!(selection.resolve(blocks).unwrap(), set.clone());
        let reread: HopSelection = selection.to_string().parse().unwrap();
        prop_assert_eq!(reread.resolve(blocks).unwrap(), set);
    }
}
