//! Runs beside each other: where they differ.

use super::facts::{device_text, started_text};
use crate::domain::event::Checkpoint;
use crate::domain::keys::KEYS;
use crate::domain::text::{duration, grouped, plural, signed};
use crate::tui::run::TrackedRun;

/// What runs differ in, the first being what the others are measured by.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Keys and results.
    pub rows: Vec<DifferenceRow>,
    /// Keys that all runs have alike, and results.
    pub alike: (usize, usize),
    /// In what recipes differ from the first run's, where any do: of those runs no scores are set
    /// against its.
    pub unlike: Option<String>,
}

/// A row.
#[derive(Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    /// What it is.
    pub label: &'static str,
    /// Whether it is a key of the spec.
    pub is_key: bool,
    /// One a run.
    pub cells: Vec<DifferenceCell>,
}

/// What a run has there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DifferenceCell {
    /// Its value; empty where it has none.
    pub text: String,
    /// What it is more than the first run's, with its sign.
    pub delta: String,
}

/// How a difference is written.
type WriteDelta = fn(f64) -> String;

/// A result of a run as a row shows it.
struct Shown {
    text: String,
    /// What differences are taken of, and how they are written.
    number: Option<(f64, WriteDelta)>,
}

type Row = (&'static str, bool, fn(&TrackedRun) -> Option<Shown>);

fn words(text: impl Into<String>) -> Option<Shown> {
    let text = text.into();
    (!text.is_empty()).then_some(Shown { text, number: None })
}

fn percent(value: Option<f64>) -> Option<Shown> {
    value.map(|value| Shown { text: format!("{value:.2}"), number: Some((value, |by| signed(by, 2))) })
}

fn loss(value: Option<f64>) -> Option<Shown> {
    value.map(|value| Shown { text: format!("{value:.4}"), number: Some((value, |by| signed(by, 4))) })
}

/// A whole number with its sign, in groups.
fn signed_count(by: f64) -> String {
    let digits = grouped(by.abs() as usize);
    signed(by, 0)
        .chars()
        .next()
        .filter(|sign| !sign.is_ascii_digit())
        .map_or(digits.clone(), |sign| format!("{sign}{digits}"))
}

/// Results in the order in which they are shown; whether they are scores, which only runs of one
/// recipe are measured by.
const RESULTS: [Row; 16] = [
    ("status", false, |run| words(run.status().name())),
    ("epochs done", false, |run| words(run.epochs())),
    ("best epoch", false, |run| words(run.state.best_epoch()?.epoch.to_string())),
    ("val", true, |run| percent(run.validation())),
    ("test", true, |run| percent(run.test())),
    ("train", true, |run| percent(run.state.best_epoch().map(|epoch| epoch.train.top1()))),
    ("val loss", true, |run| loss(run.state.best_epoch().map(|epoch| epoch.validation.loss))),
    ("val, last", true, |run| percent(run.state.epochs.last().map(|epoch| epoch.validation.top1()))),
    ("test, last", true, |run| percent(run.state.test(Checkpoint::Last).map(|score| score.top1()))),
    ("parameters", false, |run| {
        let count = run.state.started.as_ref()?.parameters;
        Some(Shown { text: grouped(count), number: Some((count as f64, signed_count)) })
    }),
    ("time", false, |run| {
        run.state.started.as_ref()?;
        let seconds = run.state.t;
        let by = |by: f64| signed(by, 0) + "s";
        Some(Shown { text: duration(seconds), number: Some((seconds, by)) })
    }),
    ("device", false, |run| words(device_text(run)?)),
    ("started", false, |run| words(started_text(run)?)),
    ("name", false, |run| words(run.annotation.name.as_str())),
    ("tags", false, |run| words(run.annotation.tags_text())),
    ("note", false, |run| words(run.annotation.note.as_str())),
];

impl Differences {
    /// Of these runs; with `all`, also what they have alike.
    pub fn of(runs: &[&TrackedRun], all: bool) -> Self {
        let Some(first) = runs.first() else { return Self::default() };
        let recipes: Vec<Vec<&str>> =
            runs.iter().map(|run| run.spec.recipe_differences(&first.spec)).collect();
        let differs = |name: &&str| recipes.iter().any(|keys| keys.contains(name));
        let differing = KEYS.iter().map(|key| key.name).filter(differs).collect::<Vec<_>>().join(", ");
        let unlike =
            (!differing.is_empty()).then(|| format!("no Δ of scores where recipes differ: {differing}"));
        let mut made = Self { unlike, ..Self::default() };
        for key in KEYS {
            let cells: Vec<DifferenceCell> = runs
                .iter()
                .map(|run| (key.get)(&run.spec).map_or_else(String::new, |value| value.to_string()))
                .map(|text| DifferenceCell { text, delta: String::new() })
                .collect();
            // Of another optimizer than that of any of them, say.
            if cells.iter().all(|cell| cell.text.is_empty()) {
                continue;
            }
            let is_alike = cells.windows(2).all(|pair| pair[0] == pair[1]);
            made.alike.0 += usize::from(is_alike);
            if all || !is_alike {
                made.rows.push(DifferenceRow { label: key.name, is_key: true, cells });
            }
        }
        for (label, is_score, get) in RESULTS {
            let shown: Vec<Option<Shown>> = runs.iter().map(|run| get(run)).collect();
            let text = |shown: &Option<Shown>| shown.as_ref().map_or_else(String::new, |it| it.text.clone());
            if shown.iter().all(Option::is_none) {
                continue;
            }
            let is_alike = shown.windows(2).all(|pair| text(&pair[0]) == text(&pair[1]));
            made.alike.1 += usize::from(is_alike);
            if is_alike && !all {
                continue;
            }
            let base = shown[0].as_ref().and_then(|it| it.number);
            let cells = shown.iter().enumerate().map(|(i, it)| {
                let is_set_against = i > 0 && (!is_score || recipes[i].is_empty());
                let number = it.as_ref().and_then(|it| it.number).filter(|_| is_set_against);
                let both = base.zip(number).filter(|((base, _), (number, _))| base != number);
                let delta = both.map(|((base, _), (number, write))| write(number - base));
                DifferenceCell { text: text(it), delta: delta.unwrap_or_default() }
            });
            made.rows.push(DifferenceRow { label, is_key: false, cells: cells.collect() });
        }
        made
    }

    /// What they have alike, in words.
    pub fn alike_text(&self) -> String {
        let (keys, results) = self.alike;
        let agree = |n: usize, noun| format!("{} agree{}", plural(n, noun), if n == 1 { "s" } else { "" });
        match results {
            0 => agree(keys, "key"),
            _ => format!("{}, {}", agree(keys, "key"), agree(results, "result")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(lines: &[&str]) -> Vec<TrackedRun> {
        lines.iter().enumerate().map(|(id, line)| TrackedRun::waiting(id, line.parse().unwrap())).collect()
    }

    #[test]
    fn only_what_differs_is_shown_unless_all_is_wanted() {
        let runs = runs(&["resnet@fashion seed=1", "resnet+hires@fashion seed=2"]);
        let runs: Vec<_> = runs.iter().collect();
        let made = Differences::of(&runs, false);
        let labels: Vec<_> = made.rows.iter().map(|row| row.label).collect();
        assert_eq!(labels, ["version", "hops", "seed"]);
        assert_eq!(made.rows[2].cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        // Keys that neither has are no agreement.
        let had = KEYS.iter().filter(|key| (key.get)(&runs[0].spec).is_some() || key.name == "hops").count();
        assert_eq!((made.alike.0, &made.unlike), (had - 3, &None));
        assert!(Differences::of(&runs, true).rows.len() > 15);
        assert_eq!(Differences::of(&[], false), Differences::default());
    }

    #[test]
    fn other_recipes_are_named() {
        let runs = runs(&["resnet@fashion", "resnet@fashion lr=0.1 epochs=3"]);
        let made = Differences::of(&runs.iter().collect::<Vec<_>>(), false);
        assert_eq!(made.unlike.unwrap(), "no Δ of scores where recipes differ: epochs, lr");
    }

    #[test]
    fn counts_have_signs_and_groups() {
        assert_eq!([5664.0, -5664.0, 0.0].map(signed_count), ["+5,664", "−5,664", "0"]);
    }
}
