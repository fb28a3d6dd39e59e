//! Lesions: terms of the hierarchical sums of a trained network that are left out, without
//! training it again.

use serde::{Deserialize, Serialize};

use super::event::{Checkpoint, Score};
use super::hops::HopSet;
use super::term::{Term, terms};

/// Every lesion of one term; with `pairs` also of every two.
pub fn lesions(hops: &HopSet, blocks: usize, pairs: bool) -> Vec<Vec<Term>> {
    let terms = terms(hops, blocks);
    let mut all: Vec<Vec<Term>> = terms.iter().map(|term| vec![*term]).collect();
    if pairs {
        for (i, first) in terms.iter().enumerate() {
            all.extend(terms[i + 1..].iter().map(|second| vec![*first, *second]));
        }
    }
    all
}

/// The weights that lesions were made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LesionedWeights {
    /// Which of those that a run keeps.
    pub checkpoint: Checkpoint,
    /// The epoch after which they were what they are, from 1, where that is known.
    pub epoch: Option<usize>,
}

/// What a network scores without some of its terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesioned {
    /// What was left out; nothing in the intact network.
    pub without: Vec<Term>,
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
    use crate::domain::hops::Hop;

    #[test]
    fn all_lesions_of_a_network() {
        let hops: HopSet = [Hop::new(0, 1), Hop::new(0, 2)].into_iter().collect();
        let names = |pairs| -> Vec<String> {
            let name = |cuts: &Vec<Term>| cuts.iter().map(Term::to_string).collect::<Vec<_>>().join("+");
            lesions(&hops, 2, pairs).iter().map(name).collect()
        };
        assert_eq!(names(false), ["0-1", "0-2", "F1", "F2"]);
        assert_eq!(names(true)[4..], ["0-1+0-2", "0-1+F1", "0-1+F2", "0-2+F1", "0-2+F2", "F1+F2"]);
    }
}
