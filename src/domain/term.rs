//! The terms of the hierarchical sums (paper, Eq. 2): G(x_d) = F(x_d) + Σ P(x_s).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::error::SpecError;
use super::hops::{Hop, HopGroup, HopSet};

/// One term of a block's hierarchical sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term {
    /// P: the projection of a hop.
    Hop(Hop),
    /// F of a block, from 1: what the block itself computes.
    Residual(usize),
}

impl Term {
    /// The block whose sum it is part of, from 1.
    pub const fn block(self) -> usize {
        match self {
            Self::Hop(hop) => hop.target,
            Self::Residual(block) => block,
        }
    }

    /// The hop whose projection it is; `None` for F.
    pub const fn hop(self) -> Option<Hop> {
        match self {
            Self::Hop(hop) => Some(hop),
            Self::Residual(_) => None,
        }
    }
}

/// Every term of a network of `blocks` blocks with these hops: hops, then F of every block.
pub fn terms(hops: &HopSet, blocks: usize) -> Vec<Term> {
    hops.iter().map(Term::Hop).chain((1..=blocks).map(Term::Residual)).collect()
}

/// `0-2`, `F3`.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hop(hop) => hop.fmt(f),
            Self::Residual(block) => write!(f, "F{block}"),
        }
    }
}

impl FromStr for Term {
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

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_written_as_they_are_read() {
        for term in [Term::Hop(Hop::new(1, 3)), Term::Residual(2)] {
            assert_eq!(term.to_string().parse(), Ok(term));
        }
        for bad in ["", "F", "G1", "All", "1", "1-"] {
            assert!(bad.parse::<Term>().is_err(), "{bad}");
        }
    }
}
