//! What the paper prints, to be compared with.

use super::architecture::Family;
use super::dataset::DatasetId;
use super::hops::{HopGroup, HopSelection};
use super::params;
use super::spec::{ExperimentSpec, Version};

/// What the tables report, percent of the test images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// The right class had the highest logit.
    Top1,
    /// It was among the five highest.
    Top5,
}

impl Accuracy {
    /// As the paper heads its columns.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Top1 => "Top-1",
            Self::Top5 => "Top-5",
        }
    }
}

/// A result that the paper prints: mean and standard deviation over 5 seeds, percent.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Published {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
    /// As printed, `89.46(0.30)`.
    pub printed: &'static str,
}

impl Published {
    fn parse(printed: &'static str) -> Option<Self> {
        let (mean, std) = printed.strip_suffix(')')?.split_once('(')?;
        Some(Self { mean: mean.parse().ok()?, std: std.parse().ok()?, printed })
    }
}

/// Datasets of Table 1, in its order.
pub const DATASETS: [DatasetId; 3] = [DatasetId::Cifar10, DatasetId::Cifar100, DatasetId::TinyImagenet];

/// Table 1: CIFAR-10, CIFAR-100 and Tiny-ImageNet top-1, Tiny-ImageNet top-5 of the three
/// versions of a family. Empty where the paper prints nothing.
const TABLE_1: [(Family, [[&str; 4]; 3]); 3] = [
    (
        Family::Plain,
        [
            ["86.50(0.33)", "55.55(0.44)", "36.53(1.16)", "62.98(0.80)"],
            ["87.00(0.49)", "55.25(1.00)", "36.95(1.23)", "63.85(0.91)"],
            ["88.27(0.23)", "58.74(0.88)", "42.22(0.37)", "69.08(0.38)"],
        ],
    ),
    (
        Family::ResNet,
        [
            ["89.15(0.31)", "60.83(0.56)", "43.31(0.83)", "69.46(0.67)"],
            // Three decimals in the paper, too.
            ["89.16(0.19)", "61.25(0.23)", "43.452(0.73)", "69.75(0.78)"],
            ["89.46(0.30)", "62.22(0.40)", "44.00(0.37)", "70.82(0.47)"],
        ],
    ),
    (
        Family::ResNext,
        [
            ["85.91(0.36)", "55.07(0.28)", "", ""],
            ["86.65(0.26)", "56.24(0.22)", "41.73(1.12)", "67.28(0.43)"],
            ["86.97(0.16)", "56.51(0.38)", "42.38(1.42)", "67.98(0.70)"],
        ],
    ),
];

/// Table 2, CIFAR-10 top-1 of a ResNet with some of the hops; its other rows are Table 1's.
const TABLE_2: [(HopGroup, &str); 5] = [
    (HopGroup::In, "88.96(0.13)"),
    (HopGroup::Out, "89.37(0.18)"),
    (HopGroup::Order(1), "89.20(0.17)"),
    (HopGroup::Order(2), "88.78(0.24)"),
    (HopGroup::Order(3), "88.93(0.23)"),
];

/// What the paper reports of `spec`'s network on its dataset, whatever the recipe; `None`
/// where it reports nothing.
pub fn result(spec: &ExperimentSpec, accuracy: Accuracy) -> Option<Published> {
    let usual = ExperimentSpec::paper(spec.family, spec.version.clone(), spec.dataset);
    let same_network = (&spec.blocks, &spec.widths) == (&usual.blocks, &usual.widths)
        && (spec.family != Family::ResNext || spec.cardinality == usual.cardinality);
    if !same_network {
        return None;
    }
    let column = match (spec.dataset, accuracy) {
        (DatasetId::Cifar10, Accuracy::Top1) => 0,
        (DatasetId::Cifar100, Accuracy::Top1) => 1,
        (DatasetId::TinyImagenet, Accuracy::Top1) => 2,
        (DatasetId::TinyImagenet, Accuracy::Top5) => 3,
        _ => return None,
    };
    let versions = [Version::Original, Version::Adjusted, Version::hires()];
    let printed = match versions.iter().position(|v| *v == spec.version) {
        Some(row) => TABLE_1.iter().find(|(family, _)| *family == spec.family)?.1[row][column],
        None if (spec.family, column) == (Family::ResNet, 0) => {
            let is = |group| Version::HiRes(HopSelection::group(group)) == spec.version;
            TABLE_2.iter().find(|(group, _)| is(*group))?.1
        }
        None => return None,
    };
    Published::parse(printed)
}

/// One row of Table 1 or Table 2, for 10 classes.
#[derive(Debug, Clone)]
pub struct PublishedNetwork {
    /// The network, on CIFAR-10.
    pub spec: ExperimentSpec,
    /// How the paper calls the version.
    pub version: &'static str,
    /// The paper's #P, thousands, as printed.
    pub thousands: &'static str,
}

impl PublishedNetwork {
    /// Trainable parameters by our count.
    pub fn parameters(&self) -> usize {
        self.spec.architecture().map_or(0, |a| params::count(&a))
    }

    /// Whether our count prints as the paper's.
    pub fn agrees(&self) -> bool {
        params::in_thousands(self.parameters()) == self.thousands
    }
}

/// Every network whose size the paper prints: Table 1's nine, then Table 2's five
/// ablations.
pub fn networks() -> Vec<PublishedNetwork> {
    let hires = |group| Version::HiRes(HopSelection::group(group));
    let table1 = [
        (Family::Plain, ["265.0", "270.7", "270.7"]),
        (Family::ResNet, ["267.8", "273.5", "273.5"]),
        (Family::ResNext, ["70.8", "76.5", "76.5"]),
    ];
    let ablations = [
        (HopGroup::In, "HiResNet-In", "269.6"),
        (HopGroup::Out, "HiResNet-Out", "272.3"),
        (HopGroup::Order(1), "HiResNet-P1", "270.6"),
        (HopGroup::Order(2), "HiResNet-P2", "269.6"),
        (HopGroup::Order(3), "HiResNet-P3", "269.0"),
    ];
    let entry = |family, version, title, thousands| PublishedNetwork {
        spec: ExperimentSpec::paper(family, version, DatasetId::Cifar10),
        version: title,
        thousands,
    };
    let mut all = Vec::new();
    for (family, [original, adjusted, full]) in table1 {
        all.push(entry(family, Version::Original, "Original", original));
        all.push(entry(family, Version::Adjusted, "Adjusted", adjusted));
        all.push(entry(family, Version::hires(), "HiResNet", full));
    }
    for (group, title, thousands) in ablations {
        all.push(entry(Family::ResNet, hires(group), title, thousands));
    }
    all
}

/// How the paper calls a version, for those it has a name for.
pub fn title(version: &Version) -> Option<&'static str> {
    networks().into_iter().find(|n| n.spec.version == *version).map(|n| n.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printed_result_is_there() {
        let count = |accuracy| {
            let of = |n: &PublishedNetwork| {
                let on = |dataset| ExperimentSpec { dataset, ..n.spec.clone() };
                DATASETS.iter().filter(|d| result(&on(**d), accuracy).is_some()).count()
            };
            networks().iter().map(of).sum::<usize>()
        };
        // 9 rows on 3 datasets without ResNeXt on Tiny-ImageNet, and 5 ablations.
        assert_eq!((count(Accuracy::Top1), count(Accuracy::Top5)), (9 * 3 - 1 + 5, 8));
        let spec: ExperimentSpec = "resnet+hires[Out]@cifar10 epochs=3".parse().unwrap();
        let Published { mean, std, .. } = result(&spec, Accuracy::Top1).unwrap();
        assert_eq!((mean, std), (89.37, 0.18));
    }

    #[test]
    fn other_networks_and_datasets_have_no_published_result() {
        for line in ["resnet@fashion", "resnet@cifar10 widths=8,16,32", "plain+hires[In]@cifar10"] {
            assert_eq!(result(&line.parse().unwrap(), Accuracy::Top1), None, "{line}");
        }
        assert_eq!(result(&"resnet@cifar10".parse().unwrap(), Accuracy::Top5), None);
    }
}
