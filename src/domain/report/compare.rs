//! Every network against a baseline: differences over seeds, and what they are worth.

use serde::Serialize;

use super::curves::common_level;
use super::groups::{DataSignature, RunGroup, Setting, left_out, settings};
use super::{ReportOptions, SeedSample, recipe_name, test};
use crate::domain::error::SpecError;
use crate::domain::run_state::RunState;
use crate::domain::significance::{CONFIDENCE, Method, NoTest, TTest, holm, paired, welch};
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::text::plural;

/// What others are compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Baseline {
    /// A network, on every dataset and with every recipe.
    Network(String),
    /// One spec, whatever its seed.
    Spec(Box<ExperimentSpec>),
}

impl Baseline {
    /// A one-line spec, or the part of it before `@`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let whole = text.contains('@');
        let line = if whole { text.to_owned() } else { format!("{text}@fashion-embedded") };
        let spec = ExperimentSpec { seed: 0, ..line.parse()? };
        Ok(if whole { Self::Spec(Box::new(spec)) } else { Self::Network(spec.network_name()) })
    }

    fn is(&self, group: &RunGroup) -> bool {
        match self {
            Self::Network(name) => group.network() == *name,
            Self::Spec(spec) => group.spec == **spec,
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Test top-1, percent.
    TestTop1,
    /// First epoch whose validation top-1 reached so many percent.
    EpochsTo(f64),
}

impl Measure {
    /// As headings have it.
    pub fn title(self) -> String {
        match self {
            Self::TestTop1 => "test top-1, %".into(),
            Self::EpochsTo(target) => format!("epochs to {target}% validation top-1"),
        }
    }

    /// Digits after the point.
    pub const fn decimals(self) -> usize {
        match self {
            Self::TestTop1 => 2,
            Self::EpochsTo(_) => 1,
        }
    }

    fn of(self, state: &RunState, options: &ReportOptions) -> Option<f64> {
        match self {
            Self::TestTop1 => test(state, options).map(|score| score.top1()),
            Self::EpochsTo(target) => state.epochs_to(target).map(|epoch| epoch as f64),
        }
    }
}

/// Comparisons on one dataset with one recipe; Holm's correction is over these.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The dataset.
    #[serde(rename = "dataset")]
    pub data: DataSignature,
    /// What differs from the paper's recipe.
    pub recipe: String,
    /// What is compared.
    pub measure: Measure,
    /// One a network.
    pub entries: Vec<ComparisonRow>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// One network against its baseline.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonRow {
    /// As specs name it.
    pub network: String,
    /// What it is compared with.
    pub baseline: String,
    /// Its numbers: of the common seeds alone where there are two or more.
    pub sample: Option<SeedSample>,
    /// The baseline's, likewise.
    pub baseline_sample: Option<SeedSample>,
    /// Seeds that both have.
    pub common_seeds: Vec<u64>,
    /// Runs among those, its own and the baseline's, that never got as far as is measured.
    pub never: (usize, usize),
    /// The mean of the pairs' differences, or where there is no test of pairs the difference
    /// of the means; `None` where a run is among [`Self::never`].
    pub difference: Option<f64>,
    /// Paired over the common seeds where there are two or more, else Welch's.
    #[serde(serialize_with = "test_or_reason")]
    pub test: Result<TTest, NoTest>,
    /// p after Holm's correction.
    pub corrected_p: Option<f64>,
    /// All of it in plain words.
    pub sentence: String,
}

/// The test as an object, or why there is none as a string.
pub(super) fn test_or_reason<S: serde::Serializer>(
    test: &Result<TTest, NoTest>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match test {
        Ok(test) => test.serialize(serializer),
        Err(none) => serializer.serialize_str(none.reason()),
    }
}

impl Comparison {
    /// `CIFAR-10, the paper's recipe: test top-1, %`.
    pub fn title(&self) -> String {
        format!("{}, {}: {}", self.data.title(), recipe_name(&self.recipe), self.measure.title())
    }
}

/// Compares in every setting with at least two networks.
///
/// # Errors
/// When no completed run has the baseline that was asked for.
pub fn compare(
    groups: &[RunGroup],
    baseline: Option<&Baseline>,
    options: &ReportOptions,
) -> Result<Vec<Comparison>, SpecError> {
    let known = |b: &Baseline| groups.iter().any(|group| !group.runs.is_empty() && b.is(group));
    if let Some(asked) = baseline.filter(|b| !known(b)) {
        let reason = match asked {
            Baseline::Network(name) => format!("no completed run of {name}"),
            Baseline::Spec(spec) => {
                let (line, name) = (spec.without_seed(), spec.network_name());
                let same = |group: &&RunGroup| !group.runs.is_empty() && group.network() == name;
                match groups.iter().find(same).map(|group| group.spec.without_seed()) {
                    Some(other) => format!(
                        "no completed run of {line}, but one of {other}: give that whole line, or {name} \
                         alone for every recipe"
                    ),
                    None => format!("no completed run of {line}"),
                }
            }
        };
        return Err(SpecError::new("--baseline", reason));
    }
    let mut all = Vec::new();
    for setting in settings(groups).into_iter().filter(|setting| options.wants(&setting.data)) {
        let here: Vec<&RunGroup> = groups.iter().filter(|group| setting.has(group)).collect();
        let trained: Vec<&RunGroup> = here.iter().copied().filter(|group| !group.runs.is_empty()).collect();
        let pairs = pairs(&trained, baseline);
        let level = options.target.unwrap_or_else(|| common_level(trained.iter().copied()));
        for measure in [Measure::TestTop1, Measure::EpochsTo(level)] {
            all.extend(comparison(&setting, measure, &pairs, &here, options));
        }
    }
    Ok(all)
}

/// Each network with its baseline: the one asked for; else the original of its family, else
/// the first of all.
fn pairs<'a, 'b>(
    trained: &[&'a RunGroup<'b>],
    asked: Option<&Baseline>,
) -> Vec<(&'a RunGroup<'b>, &'a RunGroup<'b>)> {
    let with = |baseline: &'a RunGroup<'b>| {
        let others = trained.iter().filter(move |group| group.spec != baseline.spec);
        others.map(move |group| (*group, baseline)).collect::<Vec<_>>()
    };
    if let Some(asked) = asked {
        return trained.iter().find(|group| asked.is(group)).map(|group| with(group)).unwrap_or_default();
    }
    let original = |group: &RunGroup| {
        let is = |other: &&&'a RunGroup<'b>| {
            other.spec.version == Version::Original && other.spec.family == group.spec.family
        };
        trained.iter().find(is).or(trained.first()).copied()
    };
    let natural: Vec<_> = trained
        .iter()
        .filter_map(|group| Some((*group, original(group)?)))
        .filter(|(group, baseline)| group.spec != baseline.spec)
        .collect();
    // Originals of several families and nothing else.
    if natural.is_empty() { trained.first().map(|first| with(first)).unwrap_or_default() } else { natural }
}

fn comparison(
    setting: &Setting,
    measure: Measure,
    pairs: &[(&RunGroup, &RunGroup)],
    here: &[&RunGroup],
    options: &ReportOptions,
) -> Option<Comparison> {
    let mut entries: Vec<ComparisonRow> =
        pairs.iter().filter_map(|(group, baseline)| entry(group, baseline, measure, options)).collect();
    if entries.is_empty() {
        return None;
    }
    let p: Vec<f64> = entries.iter().filter_map(|entry| entry.test.ok().map(|test| test.p)).collect();
    let mut corrected = holm(&p).into_iter();
    for entry in &mut entries {
        entry.corrected_p = entry.test.is_ok().then(|| corrected.next()).flatten();
        entry.sentence = sentence(entry, measure, p.len());
    }
    let mut notes = match measure {
        Measure::TestTop1 => left_out(here.iter().copied()),
        // Said once, of the first.
        Measure::EpochsTo(_) => Vec::new(),
    };
    if let Measure::EpochsTo(target) = measure {
        let never = |group: &&RunGroup| {
            group.runs.values().filter(|run| run.state.epochs_to(target).is_none()).count()
        };
        let never: usize = here.iter().map(never).sum();
        if never > 0 {
            notes.push(format!("{} never reached {target}% and cannot be compared.", plural(never, "run")));
        }
    }
    let alone = |(group, baseline): &(&RunGroup, &RunGroup)| {
        let common = group.runs.keys().filter(|seed| baseline.runs.contains_key(seed)).count();
        if common >= 2 { group.runs.len() + baseline.runs.len() - 2 * common } else { 0 }
    };
    if pairs.iter().any(|pair| alone(pair) > 0) {
        notes.push("Means are of the seeds that both networks have; other runs are left out.".into());
    }
    Some(Comparison { data: setting.data.clone(), recipe: setting.recipe.clone(), measure, entries, notes })
}

fn entry(
    group: &RunGroup,
    baseline: &RunGroup,
    measure: Measure,
    options: &ReportOptions,
) -> Option<ComparisonRow> {
    type Numbers = Vec<(u64, Option<f64>)>;
    let numbers = |group: &RunGroup| -> Numbers {
        let of = |(seed, run): (&u64, &super::ReportRun)| (*seed, measure.of(run.state, options));
        let all = group.runs.iter().map(of);
        // Only an epoch can be one that never came; a score that is missing is no score.
        all.filter(|(_, value)| value.is_some() || measure != Measure::TestTop1).collect()
    };
    let (mut own, mut others) = (numbers(group), numbers(baseline));
    if own.is_empty() || others.is_empty() {
        return None;
    }
    let has = |all: &Numbers, seed: u64| all.iter().any(|(other, _)| *other == seed);
    let common: Vec<u64> = own.iter().map(|(seed, _)| *seed).filter(|seed| has(&others, *seed)).collect();
    let is_paired = common.len() >= 2;
    if is_paired {
        // What stands beside a difference of pairs is of these pairs.
        for all in [&mut own, &mut others] {
            all.retain(|(seed, _)| common.contains(seed));
        }
    }
    let reached = |all: &Numbers| -> Vec<(u64, f64)> {
        all.iter().filter_map(|(seed, value)| Some((*seed, (*value)?))).collect()
    };
    let never = (own.len() - reached(&own).len(), others.len() - reached(&others).len());
    let values = |all: &Numbers| reached(all).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    let test = match never {
        (0, 0) if is_paired => paired(&values(&own), &values(&others)),
        (0, 0) => welch(&values(&own), &values(&others)),
        _ => Err(NoTest::NotReached),
    };
    let (sample, baseline_sample) = (SeedSample::new(reached(&own)), SeedSample::new(reached(&others)));
    let difference = match (&sample, &baseline_sample, never) {
        (Some(own), Some(other), (0, 0)) => Some(own.mean - other.mean),
        (_, _, (0, 0)) => return None,
        _ => None,
    };
    Some(ComparisonRow {
        network: group.network(),
        baseline: baseline.network(),
        common_seeds: common,
        never,
        difference,
        test,
        corrected_p: None,
        sentence: String::new(),
        sample,
        baseline_sample,
    })
}

/// `p = 0.013`, or `p < 0.001`.
pub fn p_text(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

fn sentence(entry: &ComparisonRow, measure: Measure, comparisons: usize) -> String {
    let ComparisonRow { network, baseline, .. } = entry;
    let digits = measure.decimals();
    let Some(difference) = entry.difference else {
        let Measure::EpochsTo(target) = measure else { return String::new() };
        let reached = |never: usize, sample: &Option<SeedSample>| {
            let got_there = sample.as_ref().map_or(0, SeedSample::n);
            format!("{got_there} of {}", plural(got_there + never, "run"))
        };
        let (own, other) =
            (reached(entry.never.0, &entry.sample), reached(entry.never.1, &entry.baseline_sample));
        return format!(
            "{target}% is reached by {own} of {network} and by {other} of {baseline}; epochs are compared \
             only where every run gets there."
        );
    };
    let size = format!("{:.digits$}", difference.abs());
    let nothing = size.trim_matches(['0', '.']).is_empty();
    let what = match measure {
        Measure::TestTop1 if nothing => format!("{network} and {baseline} score alike on the test images"),
        Measure::TestTop1 => {
            let way = if difference > 0.0 { "higher" } else { "lower" };
            format!("{network} scores {size} points {way} than {baseline} on the test images")
        }
        Measure::EpochsTo(target) if nothing => {
            format!("{network} and {baseline} reach {target}% after equally many epochs")
        }
        Measure::EpochsTo(target) => {
            let way = if difference > 0.0 { "later" } else { "sooner" };
            format!("{network} reaches {target}% {size} epochs {way} than {baseline}")
        }
    };
    let over = match entry.test.map(|test| (test.method, test.n)) {
        Ok((Method::Welch, n)) => format!("Welch, {} against {} seeds", n.0, n.1),
        Ok((Method::Paired, n)) => format!("{} pairs of equal seeds", n.0),
        Err(_) => String::new(),
    };
    what + &worth(entry.test, entry.corrected_p, comparisons, digits, &over)
}

/// The end of a sentence that says what a difference is worth, or why nobody can tell: its
/// interval, `over` what it was tested, and whether it is significant.
pub(super) fn worth(
    test: Result<TTest, NoTest>,
    corrected_p: Option<f64>,
    comparisons: usize,
    digits: usize,
    over: &str,
) -> String {
    let (test, p) = match (test, corrected_p) {
        (Ok(test), Some(p)) => (test, p),
        (test, _) => return format!("; {}.", test.err().unwrap_or(NoTest::TooFew).reason()),
    };
    let (low, high) = test.interval;
    let verdict = match p < 1.0 - CONFIDENCE {
        true => "significant at the 5% level",
        false => "not significant at the 5% level",
    };
    let corrected = match comparisons {
        1 => String::new(),
        n => format!(" after Holm's correction for {n} comparisons"),
    };
    format!(
        " ({}% interval {low:+.digits$} to {high:+.digits$}, {over}): {verdict}, {}{corrected}, {} = {:.2}.",
        CONFIDENCE * 100.0,
        p_text(p),
        test.method.effect_name(),
        test.effect
    )
}
