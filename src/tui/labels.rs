//! Short names of runs: what tells each from the others that are listed.

use std::collections::BTreeSet;
use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::run::TrackedRun;

/// What all listed runs have alike.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Words after the network that every run's line has; none of a single run's.
    common: Vec<String>,
    /// The longest name of a network, characters.
    pub widest: usize,
    /// Whether network and seed are all that tells them apart.
    pub alike: bool,
}

/// A run's short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Family, version and hops.
    pub network: String,
    /// `s3`.
    pub seed: String,
    /// Dataset and keys, but for those that all have.
    pub rest: String,
}

impl Labels {
    /// Of these runs.
    pub fn of<'a>(runs: impl Iterator<Item = &'a TrackedRun>) -> Self {
        let runs: Vec<&TrackedRun> = runs.collect();
        let Some((first, others)) = runs.split_first() else { return Self::default() };
        let length = |run: &TrackedRun| run.spec.network_name().chars().count();
        let mut common: Vec<String> = words(&first.line).map(str::to_owned).collect();
        let mut widest = length(first);
        for run in others {
            widest = widest.max(length(run));
            common.retain(|word| words(&run.line).any(|own| own == word));
        }
        if others.is_empty() {
            common.clear();
        }
        let labels = Self { common, widest, alike: false };
        Self { alike: runs.iter().all(|run| labels.label(run).rest.is_empty()), ..labels }
    }

    /// One run's.
    pub fn label(&self, run: &TrackedRun) -> Label {
        let rest: Vec<_> = words(&run.line).filter(|word| !self.common.iter().any(|c| c == word)).collect();
        Label { network: run.spec.network_name(), seed: format!("s{}", run.spec.seed), rest: rest.join(" ") }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{} {} {}", self.network, self.seed, self.rest);
        f.write_str(text.trim_end())
    }
}

/// Names of runs beside each other, and once what all of them have alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DistinctNames {
    /// One for each run: what tells it from the others.
    pub names: Vec<String>,
    /// The same of the runs that differ from it only in seed: of its network and keys alone.
    pub groups: Vec<String>,
    /// What none of them says.
    pub shared: String,
}

impl DistinctNames {
    /// Of these runs. A single one has its network and seed for a name; one that a person named
    /// has that name.
    pub fn of(runs: &[&TrackedRun]) -> Self {
        let is_shared = |of: fn(&TrackedRun) -> String| {
            runs.len() > 1 && runs.windows(2).all(|pair| of(pair[0]) == of(pair[1]))
        };
        let network = |run: &TrackedRun| run.spec.network_name();
        let seed = |run: &TrackedRun| format!("s{}", run.spec.seed);
        let (one_network, one_seed) = (is_shared(network), is_shared(seed));
        let has = |run: &TrackedRun, word: &str| words(&run.line).any(|own| own == word);
        let common = |word: &&str| runs.iter().all(|run| has(run, word));
        let told = |run: &TrackedRun, with_seed: bool| {
            let own = [(one_network, network(run)), (one_seed || !with_seed, seed(run))].into_iter();
            let own = own.filter(|(is_left_out, _)| !is_left_out).map(|(_, part)| part);
            let rest = words(&run.line).filter(|word| !common(word)).map(str::to_owned);
            own.chain(rest).collect::<Vec<_>>().join(" ")
        };
        let name = |run: &&TrackedRun| match run.annotation.name.is_empty() {
            true => told(run, true),
            false => run.annotation.name.clone(),
        };
        let group = |run: &&TrackedRun| match told(run, false) {
            name if name.is_empty() => network(run),
            name => name,
        };
        let groups = runs.iter().map(group).collect();
        let names = with_times(runs, runs.iter().map(name).collect());
        let shared = runs.first().map_or_else(Vec::new, |run| {
            let own = [(one_network, network(run)), (one_seed, seed(run))].into_iter();
            let own = own.filter(|(is_shared, _)| *is_shared).map(|(_, part)| part);
            own.chain(words(&run.line).filter(common).map(str::to_owned)).collect()
        });
        Self { names, groups, shared: shared.join(" ") }
    }
}

/// `names` of `runs`, where the same ones, as of one spec that was trained more than once, are
/// followed by when: to the minute, the second, or else by the run's number.
pub fn with_times(runs: &[&TrackedRun], names: Vec<String>) -> Vec<String> {
    let when = |run: &TrackedRun, length: usize| {
        let at = run.began().and_then(|at| at.get(..length)).map(|at| at.replace('T', " "));
        at.unwrap_or_else(|| format!("#{}", run.id + 1))
    };
    let told = |(run, name): (&&TrackedRun, &String)| {
        let of_name = || runs.iter().zip(&names).filter(|(_, other)| *other == name).map(|(run, _)| *run);
        if of_name().nth(1).is_none() {
            return name.clone();
        }
        let tells = |length: &usize| {
            let own = when(run, *length);
            of_name().filter(|other| when(other, *length) == own).count() == 1
        };
        let when = match [16, 19].iter().find(|length| tells(length)) {
            Some(length) => when(run, *length),
            None => format!("{} #{}", when(run, 16), run.id + 1),
        };
        format!("{name} {when}").trim_start().to_owned()
    };
    runs.iter().zip(&names).map(told).collect()
}

/// Each of `names` in at most the columns that come with it, `mark` in the place of what is
/// left out: what tells them apart stays, be it at their beginnings, their ends or between.
pub fn cut_apart(names: &[(&str, usize)], mark: &str) -> Vec<String> {
    let forms =
        [|room: usize| (room, 0), |room: usize| (room.div_ceil(2), room / 2), |room: usize| (0, room)];
    let cut = |kept: &fn(usize) -> (usize, usize)| -> Vec<String> {
        let one = |(name, width): &(&str, usize)| {
            if name.width() <= *width {
                return (*name).to_owned();
            }
            let Some(room) = width.checked_sub(mark.width()) else { return String::new() };
            let (head, tail) = kept(room);
            format!("{}{mark}{}", first_columns(name.chars(), head), {
                let back = first_columns(name.chars().rev(), tail);
                back.chars().rev().collect::<String>()
            })
        };
        names.iter().map(one).collect()
    };
    let different = |cut: &[String]| cut.iter().collect::<BTreeSet<_>>().len();
    let forms: [fn(usize) -> (usize, usize); 3] = forms;
    let cuts = forms.map(|kept| cut(&kept));
    // The first of those that leave most names different.
    let most = cuts.iter().map(|cut| different(cut)).max().unwrap_or(0);
    cuts.into_iter().find(|cut| different(cut) == most).unwrap_or_default()
}

/// As many of the characters as fit into `width` columns.
fn first_columns(characters: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    characters
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// Dataset and keys of a one-line spec, without its seed.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let rest = line.split_once('@').map_or("", |(_, rest)| rest);
    rest.split(' ').filter(|word| !word.starts_with("seed="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lines: &[&str]) -> Vec<String> {
        let runs: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(id, line)| TrackedRun::waiting(id, line.parse().unwrap()))
            .collect();
        let labels = Labels::of(runs.iter());
        runs.iter().map(|run| labels.label(run).to_string()).collect()
    }

    fn distinct(lines: &[&str]) -> DistinctNames {
        let run = |(id, line): (usize, &&str)| TrackedRun::waiting(id, line.parse().unwrap());
        let runs: Vec<_> = lines.iter().enumerate().map(run).collect();
        DistinctNames::of(&runs.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_drawn_runs_share_is_said_once() {
        for (lines, names, shared) in [
            (&["resnet@fashion epochs=3"][..], &["resnet s0"][..], "fashion epochs=3"),
            (
                &["resnet@fashion epochs=3", "resnet+hires@fashion epochs=3"],
                &["resnet", "resnet+hires"],
                "s0 fashion epochs=3",
            ),
            (
                &["resnet@fashion epochs=3 lr=0.1", "resnet@fashion epochs=3 lr=0.2"],
                &["lr=0.1", "lr=0.2"],
                "resnet s0 fashion epochs=3",
            ),
            (&["resnet@mnist seed=1", "resnet@fashion seed=2"], &["s1 mnist", "s2 fashion"], "resnet"),
            (&["resnet@mnist", "resnet@mnist"], &["#1", "#2"], "resnet s0 mnist"),
            (&[], &[], ""),
        ] {
            let made = distinct(lines);
            assert_eq!(made.names, names, "{lines:?}");
            assert_eq!(made.shared, shared, "{lines:?}");
        }
    }

    #[test]
    fn cut_names_are_still_different() {
        let cut = |names: &[&str], width| {
            let all: Vec<_> = names.iter().map(|name| (*name, width)).collect();
            cut_apart(&all, "…")
        };
        assert_eq!(cut(&["resnet", "plain"], 9), ["resnet", "plain"]);
        assert_eq!(cut(&["resnet+hires[P1]", "plain+hires[P1]"], 6), ["resne…", "plain…"]);
        let ends = ["resnet+hires[P1,P2] s0", "resnet+hires[P1,P2] s1"];
        assert_eq!(cut(&ends, 8), ["resn… s0", "resn… s1"]);
        assert_eq!(
            cut(&["a very long name 0 z", "a very long name 1 z"], 5),
            ["…e 0 z", "…e 1 z"].map(|n| n.replacen("…e", "…", 1))
        );
        assert_eq!(cut(&["日本語一", "日本語二"], 5), ["日…一", "日…二"]);
        assert_eq!(cut(&["abc", "abd"], 0), ["", ""]);
        assert!(cut(&[], 5).is_empty());
    }

    #[test]
    fn what_all_runs_have_is_left_out() {
        let lines = [
            "resnet@fashion epochs=3",
            "resnet+hires@fashion seed=2 epochs=3",
            "plain@fashion epochs=3 lr=0.1",
        ];
        assert_eq!(labels(&lines), ["resnet s0", "resnet+hires s2", "plain s0 lr=0.1"]);
        assert_eq!(labels(&lines[1..2]), ["resnet+hires s2 fashion epochs=3"]);
        assert_eq!(labels(&[]), [""; 0]);
    }
}
