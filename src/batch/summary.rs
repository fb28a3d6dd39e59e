//! The tables at the end: results over seeds, and Fig. 2's bars.

use crate::domain::event::{BlockActivity, Checkpoint, Outcome, Split};
use crate::domain::run_state::RunState;
use crate::domain::seeds::group_by_line;
use crate::domain::stats;
use crate::domain::text::{duration, grouped};
use crate::output::{overflows, right, table, wrapped};

/// Runs that differ in nothing but their seed.
struct Group<'a> {
    name: String,
    /// One of each seed.
    runs: Vec<&'a RunState>,
    /// Runs of seeds that another run counts for.
    others: usize,
}

impl<'a> Group<'a> {
    fn all(runs: impl IntoIterator<Item = &'a RunState>) -> Vec<Self> {
        let started = runs.into_iter().filter_map(|run| Some((&run.started.as_ref()?.spec, run)));
        let group = |(name, runs): (String, Vec<(_, &'a RunState)>)| {
            let mut group = Self { name, runs: Vec::new(), others: 0 };
            runs.into_iter().for_each(|(_, run)| group.take_in(run));
            group
        };
        group_by_line(started, |(spec, _)| spec).into_iter().map(group).collect()
    }

    /// A run of a new seed, or one that counts for its seed if it is worth more: a completed one,
    /// else the newest.
    fn take_in(&mut self, run: &'a RunState) {
        let seed = |run: &RunState| run.started.as_ref().map(|s| s.spec.seed);
        let worth = |run: &RunState| {
            let began = run.started.as_ref().map(|s| s.at.clone());
            (run.outcome == Some(Outcome::Completed), began)
        };
        match self.runs.iter_mut().find(|known| seed(known) == seed(run)) {
            None => self.runs.push(run),
            Some(known) => {
                self.others += 1;
                if worth(run) >= worth(known) {
                    *known = run;
                }
            }
        }
    }

    /// The spec's words: network, `@dataset`, then its keys.
    fn words(&self) -> Vec<&str> {
        let at = self.name.find('@').unwrap_or(self.name.len());
        let (network, rest) = self.name.split_at(at);
        std::iter::once(network).chain(rest.split(' ')).collect()
    }

    /// The words after the network that every group has alike.
    fn common(groups: &[Self]) -> Vec<String> {
        let Some((first, rest)) = groups.split_first() else { return Vec::new() };
        let in_all = |word: &&str| rest.iter().all(|g| g.words()[1..].contains(word));
        first.words().into_iter().skip(1).filter(in_all).map(str::to_owned).collect()
    }

    /// The spec without the words that need no saying.
    fn short_name(&self, common: &[String]) -> String {
        let words = self.words().into_iter().filter(|w| !common.iter().any(|c| c == w));
        words.collect::<Vec<_>>().join(" ")
    }

    /// mean(std) of a number that completed runs have.
    fn over_seeds(&self, number: impl Fn(&RunState) -> Option<f64>) -> String {
        let values: Vec<f64> = self.completed().filter_map(number).collect();
        stats::mean_std(&values, 2)
    }

    fn completed(&self) -> impl Iterator<Item = &RunState> {
        self.runs.iter().copied().filter(|r| r.outcome == Some(Outcome::Completed))
    }

    /// First epoch to reach a validation top-1 of `target` percent, and how many never did.
    fn epochs_to(&self, target: f64) -> String {
        let reached: Vec<f64> =
            self.completed().filter_map(|r| r.epochs_to(target)).map(|epoch| epoch as f64).collect();
        match self.completed().count() - reached.len() {
            0 => stats::mean_std(&reached, 1),
            missed => format!("{} ({missed} never)", stats::mean_std(&reached, 1)),
        }
    }

    /// `3`, or `2 of 3: diverged`.
    fn seeds(&self) -> String {
        let (all, done) = (self.runs.len(), self.completed().count());
        if done == all {
            return all.to_string();
        }
        let ended = |run: &&RunState| run.outcome.map_or("unfinished", Outcome::name);
        let mut others: Vec<_> =
            self.runs.iter().map(ended).filter(|name| *name != Outcome::Completed.name()).collect();
        others.sort_unstable();
        others.dedup();
        format!("{done} of {all}: {}", others.join(", "))
    }

    fn parameters(&self) -> usize {
        self.runs.first().and_then(|r| r.started.as_ref()).map_or(0, |s| s.parameters)
    }
}

/// The tables for these runs; `target` adds the first epoch that reached it, percent.
pub fn text<'a>(runs: impl IntoIterator<Item = &'a RunState>, target: Option<f64>) -> String {
    let groups = Group::all(runs);
    let common = Group::common(&groups);
    let mut text = results(&groups, &common, target);
    for group in &groups {
        let blocks: Vec<&[BlockActivity]> = group
            .completed()
            .filter_map(|run| run.probes.iter().rfind(|p| p.split == Split::Test))
            .map(|probe| probe.blocks.as_slice())
            .collect();
        if !blocks.is_empty() {
            text += &format!(
                "\n\nMean |activation| on the test split, {}, by block\n{}",
                group.short_name(&common),
                activations(&blocks)
            );
        }
    }
    text
}

fn results(groups: &[Group], common: &[String], target: Option<f64>) -> String {
    let names: Vec<_> = groups.iter().map(|group| group.short_name(common)).collect();
    let mut text = results_table(groups, &names, target);
    if overflows(&text) {
        // Numbers in the table's place of names, and the names above it.
        let numbers: Vec<_> = (1..=names.len()).map(|n| format!("#{n}")).collect();
        let key: Vec<_> =
            numbers.iter().zip(&names).map(|(n, name)| wrapped(&format!("{n} {name}"))).collect();
        text = format!("{}\n\n{}", key.join("\n"), results_table(groups, &numbers, target));
    }
    let several = groups.iter().any(|g| g.completed().count() > 1);
    let over = if several { "mean(std) over seeds, " } else { "" };
    let with = if common.is_empty() { String::new() } else { format!("all {}; ", common.join(" ")) };
    let once = match groups.iter().any(|group| group.others > 0) {
        true => "; of several runs with the same spec and seed the newest counts",
        false => "",
    };
    let caption = format!(
        "{with}{over}top-1 in percent: val and test of the epoch with the best validation top-1, and test of the \
         last epoch{once}"
    );
    format!("\n{text}\n{}", wrapped(&caption))
}

fn results_table(groups: &[Group], names: &[String], target: Option<f64>) -> String {
    let with_top5 = groups
        .iter()
        .flat_map(Group::completed)
        .any(|r| r.test(Checkpoint::Best).is_some_and(|s| s.hits5.is_some()));
    let mut header: Vec<String> =
        ["run", "params", "seeds", "val", "test", "test, last"].map(String::from).to_vec();
    if with_top5 {
        header.push("test, top-5".into());
    }
    if let Some(target) = target {
        header.push(format!("epochs to {target}%"));
    }
    header.push("time".into());
    let columns = header.len();
    let mut table = table(header);
    for (group, name) in groups.iter().zip(names) {
        let mut row = vec![
            name.clone(),
            grouped(group.parameters()),
            group.seeds(),
            group.over_seeds(|r| r.best_epoch().map(|e| e.validation.top1())),
            group.over_seeds(|r| r.test(Checkpoint::Best).map(|s| s.top1())),
            group.over_seeds(|r| r.test(Checkpoint::Last).map(|s| s.top1())),
        ];
        if with_top5 {
            row.push(group.over_seeds(|r| r.test(Checkpoint::Best).and_then(|s| s.top5())));
        }
        if let Some(target) = target {
            row.push(group.epochs_to(target));
        }
        row.push(duration(group.runs.iter().map(|r| r.t).sum()));
        table.add_row(row);
    }
    right(&mut table, 1..columns);
    table.to_string()
}

/// Fig. 2 as a table: a row a block, F, then each hop's term with its ratio to F.
fn activations(runs: &[&[BlockActivity]]) -> String {
    let blocks = runs.iter().map(|run| run.len()).min().unwrap_or(0);
    let value = |block: usize, source: Option<usize>| -> Option<f64> {
        let of = |run: &&[BlockActivity]| match source {
            None => Some(run[block].residual),
            Some(source) => run[block].hops.iter().find(|h| h.source == source).map(|h| h.value),
        };
        stats::mean(&runs.iter().filter_map(of).collect::<Vec<_>>())
    };
    let mut header = vec!["block".to_owned(), "F".to_owned()];
    let sources: Vec<usize> =
        (0..blocks).filter(|source| (0..blocks).any(|b| value(b, Some(*source)).is_some())).collect();
    header.extend(sources.iter().map(|source| format!("from {source} (of F)")));
    let columns = header.len();
    let mut table = table(header);
    for block in 0..blocks {
        let residual = value(block, None).unwrap_or(0.0);
        let mut row = vec![(block + 1).to_string(), format!("{residual:.3}")];
        row.extend(sources.iter().map(|source| match value(block, Some(*source)) {
            Some(v) => format!("{v:.3} ({:.0}%)", 100.0 * v / residual),
            None => "–".into(),
        }));
        table.add_row(row);
    }
    right(&mut table, 0..columns);
    table.to_string()
}
