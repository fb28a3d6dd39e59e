//! Hops between levels and their named groups (the paper's P_k, In and Out).
//!
//! Level 0 is the output of the stem; level b the output of block b. A hop s→d with
//! s < d is one hierarchical projection, the term P_{d−s}(x_s) of the paper's Eq. (2).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::error::SpecError;

/// The most blocks a network may have.
pub const MAX_BLOCKS: usize = 8;

/// One projection, from the output of level `source` to the output of block `target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    /// Level the projection reads, from 0.
    pub source: usize,
    /// Level (block) whose output it is added to; above `source`.
    pub target: usize,
}

impl Hop {
    /// The hop `source`→`target`.
    pub const fn new(source: usize, target: usize) -> Self {
        Self { source, target }
    }

    /// k of P_k: how many levels the hop spans.
    pub const fn order(self) -> usize {
        self.target - self.source
    }

    /// Whether it is 0→1, whose shapes already match: there P is the tap alone,
    /// without a 1×1 convolution.
    pub const fn is_identity(self) -> bool {
        self.source == 0 && self.target == 1
    }
}

/// By target, then source: the order in which the terms of Eq. (2) are computed.
impl Ord for Hop {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.target, self.source).cmp(&(other.target, other.source))
    }
}

impl PartialOrd for Hop {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.source, self.target)
    }
}

/// A named set of hops, or one hop; what a user types between the brackets of
/// `hires[…]` and what a key of the workbench selects or toggles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HopGroup {
    /// No hop: the baseline.
    None,
    /// Every hop: the paper's default HiResNet.
    All,
    /// Every hop from level 0.
    In,
    /// Every hop into the last block.
    Out,
    /// Every hop of order k, `P1`, `P2`, …
    Order(usize),
    /// A single hop, `s-d`.
    One(Hop),
}

impl HopGroup {
    /// The hops of this group in a network of `blocks` blocks.
    ///
    /// # Errors
    /// When the order or the hop does not exist there.
    pub fn hops(self, blocks: usize) -> Result<HopSet, SpecError> {
        let missing = |what: String| {
            let levels = match blocks {
                1 => "with 1 block the only hop is 0-1, which is P1".into(),
                n => format!(
                    "with {n} blocks levels are 0 to {n}, a hop goes to a higher level, and there are P1 to P{n}"
                ),
            };
            SpecError::new("hops", format!("{what} does not exist: {levels}"))
        };
        match self {
            Self::Order(k) if k == 0 || k > blocks => return Err(missing(format!("P{k}"))),
            Self::One(h) if h.source >= h.target || h.target > blocks => {
                return Err(missing(format!("hop {h}")));
            }
            _ => {}
        }
        let belongs = |h: &Hop| match self {
            Self::None => false,
            Self::All => true,
            Self::In => h.source == 0,
            Self::Out => h.target == blocks,
            Self::Order(k) => h.order() == k,
            Self::One(one) => *h == one,
        };
        Ok(HopSet(all_hops(blocks).filter(belongs).collect()))
    }

    /// Whether it is a set that a network has as a whole, None, All, In or Out, and not a part
    /// that is added to others, as P1 or a single hop.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::None | Self::All | Self::In | Self::Out)
    }

    /// The groups with a name of their own, single hops excluded: None, All, In, Out, P1…Pℓ.
    pub fn named(blocks: usize) -> impl Iterator<Item = Self> {
        [Self::None, Self::All, Self::In, Self::Out].into_iter().chain((1..=blocks).map(Self::Order))
    }
}

impl fmt::Display for HopGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::All => f.write_str("All"),
            Self::In => f.write_str("In"),
            Self::Out => f.write_str("Out"),
            Self::Order(k) => write!(f, "P{k}"),
            Self::One(hop) => hop.fmt(f),
        }
    }
}

impl FromStr for HopGroup {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let word = text.trim();
        match word.to_ascii_lowercase().as_str() {
            "none" => return Ok(Self::None),
            "all" => return Ok(Self::All),
            "in" => return Ok(Self::In),
            "out" => return Ok(Self::Out),
            _ => {}
        }
        if let Some(k) = word.strip_prefix(['P', 'p']).and_then(|k| k.parse().ok()) {
            return Ok(Self::Order(k));
        }
        if let Some((s, d)) = word.split_once('-').or_else(|| word.split_once('→'))
            && let (Ok(s), Ok(d)) = (s.trim().parse(), d.trim().parse())
        {
            return Ok(Self::One(Hop::new(s, d)));
        }
        Err(SpecError::new(
            "hops",
            format!("'{word}' is neither a group (All, In, Out, None, P1, P2, …) nor a hop such as 0-2"),
        ))
    }
}

/// Which projections are on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HopSet(BTreeSet<Hop>);

impl HopSet {
    /// Whether `hop` is on.
    pub fn contains(&self, hop: Hop) -> bool {
        self.0.contains(&hop)
    }

    /// Whether no hop is on: the baseline network.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many hops are on.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The hops that are on, by target, then source.
    pub fn iter(&self) -> impl Iterator<Item = Hop> + '_ {
        self.0.iter().copied()
    }

    /// The hops into block `target` that are on, by source.
    pub fn into_block(&self, target: usize) -> impl Iterator<Item = Hop> + '_ {
        self.iter().filter(move |h| h.target == target)
    }

    /// Whether some hop reads level 0, through the tap.
    pub fn reads_stem(&self) -> bool {
        self.iter().any(|h| h.source == 0)
    }

    /// Whether every hop of `group` is on.
    pub fn includes(&self, group: &HopSet) -> bool {
        self.0.is_superset(&group.0)
    }

    /// Adds every hop of `group`.
    pub fn insert_all(&mut self, group: &HopSet) {
        self.0.extend(group.iter());
    }

    /// Toggles a group as a switch does: off when all of it is on, else all of it on.
    pub fn toggle(&mut self, group: &HopSet) {
        if self.includes(group) {
            self.0.retain(|h| !group.contains(*h));
        } else {
            self.insert_all(group);
        }
    }

    /// What pressing a group's button does in a network of `blocks` blocks: a whole set
    /// replaces this one, any other group is toggled.
    ///
    /// # Errors
    /// When the group does not exist there.
    pub fn press(&mut self, group: HopGroup, blocks: usize) -> Result<(), SpecError> {
        let hops = group.hops(blocks)?;
        match group.is_whole() {
            true => *self = hops,
            false => self.toggle(&hops),
        }
        Ok(())
    }

    /// Every named group that equals this set, e.g. In, Out and P1 with one block.
    pub fn names(&self, blocks: usize) -> Vec<HopGroup> {
        HopGroup::named(blocks).filter(|g| g.hops(blocks).as_ref() == Ok(self)).collect()
    }
}

impl FromIterator<Hop> for HopSet {
    fn from_iter<I: IntoIterator<Item = Hop>>(hops: I) -> Self {
        Self(hops.into_iter().collect())
    }
}

/// Every hop of a network of `blocks` blocks, by target, then source.
pub fn all_hops(blocks: usize) -> impl Iterator<Item = Hop> {
    (1..=blocks).flat_map(|d| (0..d).map(move |s| Hop::new(s, d)))
}

/// A set of hops as a user writes it: a list of groups and hops whose union is meant.
///
/// It stays symbolic until the number of blocks is known, so that "All" means all
/// hops of whatever network it ends up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopSelection(Vec<HopGroup>);

impl HopSelection {
    /// The selection that is one group.
    pub fn group(group: HopGroup) -> Self {
        Self(vec![group])
    }

    /// The shortest way to write `hops`: a name, a union of P_k, or a list of hops.
    pub fn shortest(hops: &HopSet, blocks: usize) -> Self {
        if let Some(name) = hops.names(blocks).first() {
            return Self::group(*name);
        }
        let mut orders = HopSet::default();
        let mut names = Vec::new();
        for k in 1..=blocks {
            if let Ok(group) = HopGroup::Order(k).hops(blocks)
                && hops.includes(&group)
            {
                orders.insert_all(&group);
                names.push(HopGroup::Order(k));
            }
        }
        if orders == *hops { Self(names) } else { Self(hops.iter().map(HopGroup::One).collect()) }
    }

    /// The hops meant, in a network of `blocks` blocks.
    ///
    /// # Errors
    /// When it names an order or a hop that does not exist there.
    pub fn resolve(&self, blocks: usize) -> Result<HopSet, SpecError> {
        let mut set = HopSet::default();
        for group in &self.0 {
            set.insert_all(&group.hops(blocks)?);
        }
        Ok(set)
    }

    /// Without the parts that do not exist in a network of `blocks` blocks.
    pub fn within(&self, blocks: usize) -> Self {
        Self(self.0.iter().copied().filter(|group| group.hops(blocks).is_ok()).collect())
    }

    /// Its parts, as written.
    pub fn groups(&self) -> &[HopGroup] {
        &self.0
    }
}

impl fmt::Display for HopSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            group.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for HopSelection {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        text.split(',').map(str::parse).collect::<Result<Vec<_>, _>>().map(Self)
    }
}
