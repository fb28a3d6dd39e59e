//! The spec being edited, and everything that follows from it, worked out once a change.

use std::collections::BTreeSet;

use crate::domain::architecture::Architecture;
use crate::domain::error::SpecError;
use crate::domain::hops::{Hop, HopGroup, HopSelection, HopSet};
use crate::domain::paper;
use crate::domain::params;
use crate::domain::recipe;
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::term::Term;

/// The spec being edited. It is always a run: a change that would make it none is
/// refused, and the draft stays what it was.
#[derive(Debug, Clone)]
pub struct Draft {
    spec: ExperimentSpec,
    network: Architecture,
    parameters: usize,
    baseline_parameters: usize,
    names: Vec<String>,
    line: String,
    /// On a hop, or on what a block itself computes.
    cursor: Option<Term>,
    /// Blocks whose F the next lesion leaves out. That is no part of the spec: a network
    /// without F is not trained.
    without: BTreeSet<usize>,
}

impl Draft {
    /// A draft of `spec`, no hop under the cursor.
    ///
    /// # Errors
    /// When `spec` is not a run.
    pub fn new(spec: ExperimentSpec) -> Result<Self, SpecError> {
        let spec = spec.checked()?;
        let network = spec.architecture()?;
        let baseline = ExperimentSpec { version: Version::Original, ..spec.clone() };
        Ok(Self {
            parameters: params::count(&network),
            baseline_parameters: params::count(&baseline.architecture()?),
            names: names(&spec, &network.hops),
            line: spec.to_string(),
            cursor: None,
            without: BTreeSet::new(),
            spec,
            network,
        })
    }

    /// Edits `spec` from here on, with every F. The cursor stays where that hop or block
    /// still exists.
    ///
    /// # Errors
    /// When `spec` is not a run.
    pub fn replace(&mut self, spec: ExperimentSpec) -> Result<(), SpecError> {
        let cursor = self.cursor;
        *self = Self::new(spec)?;
        self.cursor = cursor.filter(|term| block_of(*term) <= self.blocks());
        Ok(())
    }

    /// Presses the button of a group, as [`HopSet::press`] does. A baseline becomes a
    /// HiResNet thereby, and a HiResNet without hops the original.
    ///
    /// # Errors
    /// When the group does not exist in this network.
    pub fn press(&mut self, group: HopGroup) -> Result<(), SpecError> {
        let mut hops = self.network.hops.clone();
        hops.press(group, self.blocks())?;
        let version = Version::HiRes(HopSelection::shortest(&hops, self.blocks()));
        // Together with hops, F can be left out.
        let without = self.without.clone();
        self.replace(ExperimentSpec { version, ..self.spec.clone() })?;
        self.without = without;
        Ok(())
    }

    /// Presses the switch of one hop.
    ///
    /// # Errors
    /// When the hop does not exist in this network.
    pub fn press_hop(&mut self, hop: Hop) -> Result<(), SpecError> {
        self.press(HopGroup::One(hop))
    }

    /// Presses the switch of the hop under the cursor, if there is one; of a block, leaves
    /// its F out of the next lesion, or no more.
    ///
    /// # Errors
    /// As [`Draft::press_hop`].
    pub fn toggle_cursor(&mut self) -> Result<(), SpecError> {
        match self.cursor {
            None => Ok(()),
            Some(Term::Hop(hop)) => self.press_hop(hop),
            Some(Term::Residual(block)) => {
                if !self.without.remove(&block) {
                    self.without.insert(block);
                }
                Ok(())
            }
        }
    }

    /// Sets one key from text.
    ///
    /// `blocks` and `widths` have one entry a block, so that setting one to another
    /// length changes the other: it is cut, or a new block is as deep as the last one and
    /// twice as wide, up to 64 channels, the paper's widest. Hops that no longer exist go.
    /// With another optimizer or schedule, keys that it has no use for get their defaults.
    ///
    /// # Errors
    /// For an unknown key, a value it does not take, or a spec that would not be a run.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SpecError> {
        let mut spec = self.spec.clone();
        spec.set(key, value)?;
        let blocks = match key {
            "blocks" => spec.blocks.len(),
            "widths" => spec.widths.len(),
            "optimizer" | "schedule" => {
                recipe::follow_choice(&mut spec, &self.spec);
                return self.replace(spec);
            }
            _ => return self.replace(spec),
        };
        lengthen(&mut spec.blocks, blocks, |depth| depth);
        lengthen(&mut spec.widths, blocks, |width| if 2 * width <= WIDEST { 2 * width } else { width });
        if let Version::HiRes(hops) = &spec.version {
            spec.version = Version::HiRes(hops.within(blocks));
        }
        self.replace(spec)
    }

    /// Moves the cursor: `dx` to hops of the same order from the next level, `dy` upwards
    /// to longer hops from the same level, and below the shortest to the block that they
    /// end in. It stops at the ends; the first move puts it on 0→1.
    pub fn move_cursor(&mut self, dx: i32, dy: i32) {
        let blocks = self.blocks();
        self.cursor = Some(match self.cursor {
            None => Term::Hop(Hop::new(0, 1)),
            Some(Term::Residual(block)) if dy > 0 => Term::Hop(Hop::new(block - 1, block)),
            Some(Term::Residual(block)) => Term::Residual(step(block, dx, 1, blocks)),
            Some(Term::Hop(hop)) if dy < 0 && hop.order() == 1 => Term::Residual(hop.target),
            Some(Term::Hop(hop)) => {
                let order = step(hop.order(), dy, 1, blocks);
                let source = step(hop.source, dx, 0, blocks - order);
                Term::Hop(Hop::new(source, source + order))
            }
        });
    }

    /// Puts the cursor on a hop, if it exists, or on none.
    pub fn point_at(&mut self, hop: Option<Hop>) {
        self.cursor = hop.filter(|h| h.source < h.target && h.target <= self.blocks()).map(Term::Hop);
    }

    /// Puts the cursor on a block, if it exists, or on none.
    pub fn stand_on(&mut self, block: usize) {
        self.cursor = (1..=self.blocks()).contains(&block).then_some(Term::Residual(block));
    }

    /// The spec.
    pub const fn spec(&self) -> &ExperimentSpec {
        &self.spec
    }

    /// Its network.
    pub const fn network(&self) -> &Architecture {
        &self.network
    }

    /// The hops that are on.
    pub const fn hops(&self) -> &HopSet {
        &self.network.hops
    }

    /// How many blocks there are.
    pub const fn blocks(&self) -> usize {
        self.network.blocks.len()
    }

    /// Trainable parameters.
    pub const fn parameters(&self) -> usize {
        self.parameters
    }

    /// Trainable parameters of the original: same family, blocks, widths and dataset.
    pub const fn baseline_parameters(&self) -> usize {
        self.baseline_parameters
    }

    /// What the set of hops is called: the paper's name, then every group that equals it.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The spec in one line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// What is under the cursor: a hop, or what a block itself computes.
    pub const fn term(&self) -> Option<Term> {
        self.cursor
    }

    /// The hop under the cursor.
    pub const fn cursor(&self) -> Option<Hop> {
        match self.cursor {
            Some(Term::Hop(hop)) => Some(hop),
            _ => None,
        }
    }

    /// Blocks whose F the next lesion leaves out.
    pub fn without(&self) -> impl Iterator<Item = usize> + '_ {
        self.without.iter().copied()
    }

    /// Whether the next lesion leaves the block's F out.
    pub fn is_without(&self, block: usize) -> bool {
        self.without.contains(&block)
    }
}

/// The block that a term is added in.
const fn block_of(term: Term) -> usize {
    match term {
        Term::Hop(hop) => hop.target,
        Term::Residual(block) => block,
    }
}

/// Channels of the paper's widest block.
const WIDEST: usize = 64;

fn names(spec: &ExperimentSpec, hops: &HopSet) -> Vec<String> {
    let paper = paper::title(&spec.version).map(String::from);
    let groups = match spec.version {
        // Its hidden layers are wider: it is not just "no hops".
        Version::Adjusted => Vec::new(),
        _ => hops.names(spec.blocks.len()),
    };
    paper.into_iter().chain(groups.iter().map(HopGroup::to_string)).collect()
}

/// Cuts or extends a list with one entry a block.
fn lengthen(list: &mut Vec<usize>, blocks: usize, next: impl Fn(usize) -> usize) {
    list.truncate(blocks);
    while let Some(&last) = list.last()
        && list.len() < blocks
    {
        list.push(next(last));
    }
}

fn step(at: usize, by: i32, low: usize, high: usize) -> usize {
    at.saturating_add_signed(by as isize).clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(line: &str) -> Draft {
        Draft::new(line.parse().unwrap()).unwrap()
    }

    #[test]
    fn what_follows_from_a_spec() {
        let d = draft("resnet+hires@fashion-embedded");
        assert_eq!((d.parameters(), d.baseline_parameters()), (273_466, 267_802));
        assert_eq!(d.names(), ["HiResNet", "All"]);
        assert_eq!(d.line(), "resnet+hires@fashion-embedded");
        assert_eq!(draft("resnet+adjusted@fashion").names(), ["Adjusted"]);
        assert_eq!(draft("resnet@fashion").names(), ["Original", "None"]);
        assert_eq!(draft("resnet+hires[P3]@fashion").names(), ["HiResNet-P3", "P3"]);
        assert!(draft("resnet+hires[0-1,1-3]@fashion").names().is_empty());
        assert_eq!(
            draft("resnet+hires@fashion blocks=2 widths=16").names(),
            ["HiResNet", "All", "In", "Out", "P1"]
        );
    }

    #[test]
    fn switches_make_hiresnets_of_baselines_and_back() {
        let mut d = draft("resnet+adjusted@fashion-embedded");
        assert!(d.parameters() > d.baseline_parameters());
        d.press(HopGroup::Order(1)).unwrap();
        assert_eq!(d.line(), "resnet+hires[P1]@fashion-embedded");
        d.press_hop(Hop::new(0, 3)).unwrap();
        assert_eq!(d.line(), "resnet+hires[P1,P3]@fashion-embedded");
        d.press(HopGroup::None).unwrap();
        assert_eq!(d.line(), "resnet@fashion-embedded");
        assert!(d.press(HopGroup::Order(4)).unwrap_err().reason.contains("P4 does not exist"));
        assert_eq!(d.line(), "resnet@fashion-embedded");
    }

    #[test]
    fn blocks_and_widths_follow_each_other_and_hops_that_are_gone_go() {
        let mut d = draft("resnet+hires[P2,P3]@fashion-embedded");
        d.set("blocks", "1,1,1,1,1").unwrap();
        assert_eq!(d.spec().widths, [16, 32, 64, 64, 64]);
        assert_eq!(d.line(), "resnet+hires[P2,P3]@fashion-embedded blocks=1,1,1,1,1 widths=16,32,64,64,64");
        d.set("widths", "8,128").unwrap();
        assert_eq!(
            (&d.spec().blocks[..], d.line()),
            (&[1, 1][..], "resnet+hires[P2]@fashion-embedded blocks=1,1 widths=8,128")
        );
        d.set("blocks", "4").unwrap();
        assert_eq!((&d.spec().widths[..], d.hops().len()), (&[8][..], 0));
        d.set("widths", "100,128,128").unwrap();
        d.set("blocks", "4,4,4,4").unwrap();
        assert_eq!(d.spec().widths, [100, 128, 128, 128]);
    }

    #[test]
    fn a_refused_value_changes_nothing() {
        let mut d = draft("resnext+hires@fashion-embedded");
        for (key, value) in
            [("widths", "16,30,64"), ("lr", "fast"), ("blocks", "1,1,1,1,1,1,1,1,1"), ("no", "1")]
        {
            assert!(d.set(key, value).is_err(), "{key}={value}");
            assert_eq!(d.line(), "resnext+hires@fashion-embedded");
        }
        d.set("seed", "7").unwrap();
        assert_eq!(d.line(), "resnext+hires@fashion-embedded seed=7");
    }

    #[test]
    fn the_cursor_reaches_every_hop_and_survives_changes() {
        let mut d = draft("resnet+hires@fashion-embedded");
        let mut seen = std::collections::BTreeSet::new();
        d.move_cursor(1, 0);
        assert_eq!(d.cursor(), Some(Hop::new(0, 1)));
        for _ in 1..=3 {
            (0..5).for_each(|_| d.move_cursor(-1, 0));
            for _ in 0..5 {
                seen.extend(d.cursor());
                d.move_cursor(1, 0);
            }
            d.move_cursor(0, 1);
        }
        assert_eq!(
            seen.into_iter().collect::<Vec<_>>(),
            crate::domain::hops::all_hops(3).collect::<Vec<_>>()
        );
        assert_eq!(d.cursor(), Some(Hop::new(0, 3)));
        d.toggle_cursor().unwrap();
        assert_eq!((d.line(), d.cursor()), ("resnet+hires[P1,P2]@fashion-embedded", Some(Hop::new(0, 3))));
        d.set("blocks", "2,2").unwrap();
        assert_eq!(d.cursor(), None);
        d.toggle_cursor().unwrap();
        d.point_at(Some(Hop::new(0, 3)));
        assert_eq!((d.cursor(), d.hops().len()), (None, 3));
    }
}
