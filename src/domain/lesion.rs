//! Lesions: terms of the hierarchical sums of a trained network that are left out, without
//! training it again.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::error::SpecError;
use super::event::{Checkpoint, Score};
use super::hops::{Hop, HopGroup, HopSet};

/// One term of Eq. (2) that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cut {
    /// The projection of a hop.
    Hop(Hop),
    /// F of a block, from 1: what the block itself computes.
    Residual(usize),
}

/// `0-2`, `F3`.
impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hop(hop) => hop.fmt(f),
            Self::Residual(block) => write!(f, "F{block}"),
        }
    }
}

impl FromStr for Cut {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let text = text.trim();
        if let Some(block) = text.strip_prefix(['F', 'f']).and_then(|block| block.parse().ok()) {
            return Ok(Self::Residual(block));
        }
        match text.parse() {
            Ok(HopGroup::One(hop)) => Ok(Self::Hop(hop)),
            _ => Err(SpecError::new(
                "lesion",
                format!("'{text}' is neither a hop such as 0-2 nor an F such as F3"),
            )),
        }
    }
}

impl Serialize for Cut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Every term that a network of `blocks` blocks with these hops can lose: hops, then F of
/// every block.
pub fn cuts(hops: &HopSet, blocks: usize) -> Vec<Cut> {
    hops.iter().map(Cut::Hop).chain((1..=blocks).map(Cut::Residual)).collect()
}

/// Every lesion of one term; with `pairs` also of every two.
pub fn lesions(hops: &HopSet, blocks: usize, pairs: bool) -> Vec<Vec<Cut>> {
    let cuts = cuts(hops, blocks);
    let mut all: Vec<Vec<Cut>> = cuts.iter().map(|cut| vec![*cut]).collect();
    if pairs {
        for (i, first) in cuts.iter().enumerate() {
            all.extend(cuts[i + 1..].iter().map(|second| vec![*first, *second]));
        }
    }
    all
}

/// The weights that lesions were made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Which of those that a run keeps.
    pub checkpoint: Checkpoint,
    /// The epoch after which they were what they are, from 1, where that is known.
    pub epoch: Option<usize>,
}

/// What a network scores without some of its terms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lesioned {
    /// What was left out; nothing in the intact network.
    pub without: Vec<Cut>,
    /// Of the validation split.
    pub score: Score,
}

impl Lesioned {
    /// Top-1 lost against the intact network's, percent points.
    pub fn lost(&self, intact: &Score) -> f64 {
        intact.top1() - self.score.top1()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lesions_of_a_network() {
        let hops: HopSet = [Hop::new(0, 1), Hop::new(0, 2)].into_iter().collect();
        let names = |pairs| -> Vec<String> {
            let name = |cuts: &Vec<Cut>| cuts.iter().map(Cut::to_string).collect::<Vec<_>>().join("+");
            lesions(&hops, 2, pairs).iter().map(name).collect()
        };
        assert_eq!(names(false), ["0-1", "0-2", "F1", "F2"]);
        assert_eq!(names(true)[4..], ["0-1+0-2", "0-1+F1", "0-1+F2", "0-2+F1", "0-2+F2", "F1+F2"]);
    }

    #[test]
    fn cuts_are_written_as_they_are_read() {
        for cut in [Cut::Hop(Hop::new(1, 3)), Cut::Residual(2)] {
            assert_eq!(cut.to_string().parse(), Ok(cut));
        }
        for bad in ["", "F", "G1", "All", "1", "1-"] {
            assert!(bad.parse::<Cut>().is_err(), "{bad}");
        }
    }
}
