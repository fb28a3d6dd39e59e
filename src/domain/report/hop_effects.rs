//! Which hops matter: what each of them adds, over every two networks that differ in that hop
//! alone, and the networks by rank.

use serde::Serialize;

use super::compare::worth;
use super::groups::{DataSignature, RunGroup, settings};
use super::{ReportOptions, SeedSample, recipe_name, test};
use crate::domain::architecture::Family;
use crate::domain::error::SpecError;
use crate::domain::hops::{Hop, HopSet, all_hops};
use crate::domain::significance::{NoTest, TTest, holm, paired};
use crate::domain::spec::Version;
use crate::domain::text::plural;

/// The hops of one family on one dataset with one recipe; Holm's correction is over these.
#[derive(Debug, Clone, Serialize)]
pub struct HopEffects {
    /// The dataset.
    #[serde(rename = "dataset")]
    pub data: DataSignature,
    /// What differs from the paper's recipe.
    pub recipe: String,
    /// Whose hops.
    pub family: &'static str,
    /// Hops with at least one pair, the one that adds most first.
    pub effects: Vec<HopEffect>,
    /// Hops that no pair tells of.
    pub untold: Vec<String>,
    /// Every network with a set of hops, the best first.
    pub ranking: Vec<Ranked>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// What one hop adds to test top-1.
#[derive(Debug, Clone, Serialize)]
pub struct HopEffect {
    /// `0-1`, as specs name it.
    pub hop: String,
    /// Pairs of runs of equal seed, one with the hop and one without, equal in all else.
    pub pairs: usize,
    /// With it less without it, mean over the pairs, points.
    pub difference: f64,
    /// Paired, over them.
    #[serde(serialize_with = "super::compare::test_or_reason")]
    pub test: Result<TTest, NoTest>,
    /// p after Holm's correction.
    pub corrected_p: Option<f64>,
    /// All of it in plain words.
    pub sentence: String,
}

/// One network.
#[derive(Debug, Clone, Serialize)]
pub struct Ranked {
    /// As specs name it.
    pub network: String,
    /// Its hops, one by one.
    pub hops: Vec<String>,
    /// Trainable parameters.
    pub parameters: usize,
    /// Test top-1, percent.
    pub sample: SeedSample,
}

impl HopEffects {
    /// `ResNet on CIFAR-10, the paper's recipe`.
    pub fn title(&self) -> String {
        format!("{} on {}, {}", self.family, self.data.title(), recipe_name(&self.recipe))
    }

    /// The networks with their ranks, from 1; equal means have the same.
    pub fn ranks(&self) -> impl Iterator<Item = (usize, &Ranked)> {
        let better = |ranked: &Ranked| self.ranking.partition_point(|r| r.sample.mean > ranked.sample.mean);
        self.ranking.iter().map(move |ranked| (better(ranked) + 1, ranked))
    }

    /// Whether every hop of the network has been tested.
    pub fn is_whole(&self) -> bool {
        self.untold.is_empty() && self.effects.iter().all(|effect| effect.test.is_ok())
    }
}

/// A network by its hops.
struct Node<'a, 'b> {
    hops: HopSet,
    group: &'a RunGroup<'b>,
    sample: SeedSample,
}

/// The hops of every family and setting in which two networks differ in one hop alone.
///
/// # Errors
/// When a spec has no such network.
pub fn hop_effects(groups: &[RunGroup], options: &ReportOptions) -> Result<Vec<HopEffects>, SpecError> {
    let (mut all, mut passed_over) = (Vec::<HopEffects>::new(), Vec::new());
    for setting in settings(groups).into_iter().filter(|setting| options.wants(&setting.data)) {
        for family in Family::ALL {
            let mut nodes = Vec::new();
            for group in groups.iter().filter(|group| setting.has(group) && group.spec.family == family) {
                let sample = group.sample(|state| test(state, options).map(|score| score.top1()));
                // The adjusted version is wider: it differs in more than hops.
                if let (Some(sample), false) = (sample, group.spec.version == Version::Adjusted) {
                    nodes.push(Node { hops: group.spec.hops()?, group, sample });
                }
            }
            let Some(blocks) = nodes.first().map(|node| node.group.spec.blocks.len()) else { continue };
            let (effects, untold) = effects(&nodes, blocks);
            if effects.is_empty() {
                passed_over.push(format!(
                    "{} on {}, {}: no two of its {} differ in one hop alone.",
                    family.title(),
                    setting.data.title(),
                    recipe_name(&setting.recipe),
                    plural(nodes.len(), "network")
                ));
                continue;
            }
            let mut notes = Vec::new();
            if !untold.is_empty() {
                let untold = untold.join(", or but ");
                notes.push(format!("No two networks here differ in nothing but {untold}."));
            }
            all.push(HopEffects {
                data: setting.data.clone(),
                recipe: setting.recipe.clone(),
                family: family.title(),
                effects,
                untold,
                ranking: ranking(&nodes)?,
                notes,
            });
        }
    }
    // Said once, below the last.
    if let Some(last) = all.last_mut() {
        last.notes.extend(passed_over);
    }
    Ok(all)
}

/// What every hop adds, and the hops that no pair tells of.
fn effects(nodes: &[Node], blocks: usize) -> (Vec<HopEffect>, Vec<String>) {
    let (mut effects, mut untold) = (Vec::new(), Vec::new());
    for hop in all_hops(blocks) {
        let (with, without) = pairs(nodes, hop);
        if with.is_empty() {
            untold.push(hop.to_string());
            continue;
        }
        let difference = with.iter().zip(&without).map(|(a, b)| a - b).sum::<f64>() / with.len() as f64;
        effects.push(HopEffect {
            hop: hop.to_string(),
            pairs: with.len(),
            difference,
            test: paired(&with, &without),
            corrected_p: None,
            sentence: String::new(),
        });
    }
    let p: Vec<f64> = effects.iter().filter_map(|effect| effect.test.ok().map(|test| test.p)).collect();
    let mut corrected = holm(&p).into_iter();
    for effect in &mut effects {
        effect.corrected_p = effect.test.is_ok().then(|| corrected.next()).flatten();
        effect.sentence = sentence(effect, p.len());
    }
    effects.sort_by(|a, b| b.difference.total_cmp(&a.difference));
    (effects, untold)
}

/// The scores of every two runs of equal seed whose networks differ in `hop` alone: with it,
/// and without.
fn pairs(nodes: &[Node], hop: Hop) -> (Vec<f64>, Vec<f64>) {
    let mut scores = (Vec::new(), Vec::new());
    for without in nodes.iter().filter(|node| !node.hops.contains(hop)) {
        let wanted: HopSet = without.hops.iter().chain([hop]).collect();
        let Some(with) = nodes.iter().find(|node| node.hops == wanted) else { continue };
        for (seed, score) in &with.sample.values {
            if let Some((_, other)) = without.sample.values.iter().find(|(s, _)| s == seed) {
                scores.0.push(*score);
                scores.1.push(*other);
            }
        }
    }
    scores
}

fn sentence(effect: &HopEffect, comparisons: usize) -> String {
    let size = format!("{:.2}", effect.difference.abs());
    let what = match effect.difference {
        _ if size == "0.00" => format!("The hop {} changes nothing on average", effect.hop),
        d if d > 0.0 => format!("The hop {} adds {size} points on average", effect.hop),
        _ => format!("The hop {} costs {size} points on average", effect.hop),
    };
    let over = format!("{} of runs that differ in it alone", plural(effect.pairs, "pair"));
    what + &worth(effect.test, effect.corrected_p, comparisons, 2, &over)
}

fn ranking(nodes: &[Node]) -> Result<Vec<Ranked>, SpecError> {
    let mut ranking = Vec::new();
    for Node { hops, group, sample } in nodes {
        ranking.push(Ranked {
            network: group.network(),
            hops: hops.iter().map(|hop| hop.to_string()).collect(),
            parameters: crate::domain::params::count(&group.spec.architecture()?),
            sample: sample.clone(),
        });
    }
    ranking.sort_by(|a, b| b.sample.mean.total_cmp(&a.sample.mean));
    Ok(ranking)
}
