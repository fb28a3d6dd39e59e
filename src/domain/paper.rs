//! What the paper prints, to be compared with.

use super::architecture::Family;
use super::dataset::DatasetId;
use super::hops::{HopGroup, HopSelection};
use super::params;
use super::spec::{ExperimentSpec, Version};

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
