//! Every network against a baseline: differences over seeds, and what they are worth.

use serde::Serialize;

use super::curves::common_level;
use super::groups::{Data, Group, Setting, left_out, settings};
use super::{Options, Sample, recipe_name, test};
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

    fn is(&self, group: &Group) -> bool {
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

    fn of(self, state: &RunState, options: &Options) -> Option<f64> {
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
    pub data: Data,
    /// What differs from the paper's recipe.
    pub recipe: String,
    /// What is compared.
    pub measure: Measure,
    /// One a network.
    pub entries: Vec<Entry>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// One network against its baseline.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// As specs name it.
    pub network: String,
    /// What it is compared with.
    pub baseline: String,
    /// Its numbers.
    pub sample: Sample,
    /// The baseline's.
    pub baseline_sample: Sample,
    /// Seeds that both have.
    pub common_seeds: Vec<u64>,
    /// The mean of the pairs' differences, or where there is no test of pairs the difference
    /// of the means.
    pub difference: f64,
    /// Paired over the common seeds where there are two or more, else Welch's.
    #[serde(serialize_with = "test_or_reason")]
    pub test: Result<TTest, NoTest>,
    /// p after Holm's correction.
    pub corrected_p: Option<f64>,
    /// All of it in plain words.
    pub sentence: String,
}

/// The test as an object, or why there is none as a string.
fn test_or_reason<S: serde::Serializer>(
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
    groups: &[Group],
    baseline: Option<&Baseline>,
    options: &Options,
) -> Result<Vec<Comparison>, SpecError> {
    let known = |b: &Baseline| groups.iter().any(|group| !group.runs.is_empty() && b.is(group));
    if let Some(asked) = baseline.filter(|b| !known(b)) {
        let name = match asked {
            Baseline::Network(name) => name.clone(),
            Baseline::Spec(spec) => spec.without_seed(),
        };
        return Err(SpecError::new("--baseline", format!("no completed run of {name}")));
    }
    let mut all = Vec::new();
    for setting in settings(groups).into_iter().filter(|setting| options.wants(&setting.data)) {
        let here: Vec<&Group> = groups.iter().filter(|group| setting.has(group)).collect();
        let trained: Vec<&Group> = here.iter().copied().filter(|group| !group.runs.is_empty()).collect();
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
fn pairs<'a, 'b>(trained: &[&'a Group<'b>], asked: Option<&Baseline>) -> Vec<(&'a Group<'b>, &'a Group<'b>)> {
    let with = |baseline: &'a Group<'b>| {
        let others = trained.iter().filter(move |group| group.spec != baseline.spec);
        others.map(move |group| (*group, baseline)).collect::<Vec<_>>()
    };
    if let Some(asked) = asked {
        return trained.iter().find(|group| asked.is(group)).map(|group| with(group)).unwrap_or_default();
    }
    let original = |group: &Group| {
        let is = |other: &&&'a Group<'b>| {
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
    pairs: &[(&Group, &Group)],
    here: &[&Group],
    options: &Options,
) -> Option<Comparison> {
    let number = |state: &RunState| measure.of(state, options);
    let mut entries: Vec<Entry> =
        pairs.iter().filter_map(|(group, baseline)| entry(group, baseline, number)).collect();
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
        let never =
            |group: &&Group| group.runs.values().filter(|run| run.state.epochs_to(target).is_none()).count();
        let never: usize = here.iter().map(never).sum();
        if never > 0 {
            notes.push(format!("{} never reached {target}% and cannot be compared.", plural(never, "run")));
        }
    }
    Some(Comparison { data: setting.data.clone(), recipe: setting.recipe.clone(), measure, entries, notes })
}

fn entry(group: &Group, baseline: &Group, number: impl Fn(&RunState) -> Option<f64>) -> Option<Entry> {
    let (sample, other) = (group.sample(&number)?, baseline.sample(&number)?);
    let of =
        |seed: u64, sample: &Sample| sample.values.iter().find(|(s, _)| *s == seed).map(|(_, value)| *value);
    let common: Vec<(u64, f64, f64)> =
        sample.values.iter().filter_map(|(seed, a)| Some((*seed, *a, of(*seed, &other)?))).collect();
    let test = if common.len() >= 2 {
        let (a, b): (Vec<f64>, Vec<f64>) = common.iter().map(|(_, a, b)| (*a, *b)).unzip();
        paired(&a, &b)
    } else {
        let values = |sample: &Sample| sample.values.iter().map(|(_, value)| *value).collect::<Vec<_>>();
        welch(&values(&sample), &values(&other))
    };
    let of_pairs = common.iter().map(|(_, a, b)| a - b).sum::<f64>() / common.len().max(1) as f64;
    let difference = if common.len() >= 2 { of_pairs } else { sample.mean - other.mean };
    Some(Entry {
        network: group.network(),
        baseline: baseline.network(),
        common_seeds: common.iter().map(|(seed, ..)| *seed).collect(),
        difference,
        test,
        corrected_p: None,
        sentence: String::new(),
        sample,
        baseline_sample: other,
    })
}

/// `p = 0.013`, or `p < 0.001`.
pub fn p_text(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

fn sentence(entry: &Entry, measure: Measure, comparisons: usize) -> String {
    let Entry { network, baseline, difference, .. } = entry;
    let digits = measure.decimals();
    let size = format!("{:.digits$}", difference.abs());
    let nothing = size.trim_matches(['0', '.']).is_empty();
    let what = match measure {
        Measure::TestTop1 if nothing => format!("{network} and {baseline} score alike on the test images"),
        Measure::TestTop1 => {
            let way = if *difference > 0.0 { "higher" } else { "lower" };
            format!("{network} scores {size} points {way} than {baseline} on the test images")
        }
        Measure::EpochsTo(target) if nothing => {
            format!("{network} and {baseline} reach {target}% after equally many epochs")
        }
        Measure::EpochsTo(target) => {
            let way = if *difference > 0.0 { "later" } else { "sooner" };
            format!("{network} reaches {target}% {size} epochs {way} than {baseline}")
        }
    };
    let (test, p) = match (entry.test, entry.corrected_p) {
        (Ok(test), Some(p)) => (test, p),
        (test, _) => return format!("{what}; {}.", test.err().unwrap_or(NoTest::TooFew).reason()),
    };
    let (low, high) = test.interval;
    let over = match test.method {
        Method::Paired => format!("{} pairs of equal seeds", test.n.0),
        Method::Welch => format!("Welch, {} against {} seeds", test.n.0, test.n.1),
    };
    let verdict = match p < 1.0 - CONFIDENCE {
        true => "significant at the 5% level",
        false => "not significant at the 5% level",
    };
    let corrected = match comparisons {
        1 => String::new(),
        n => format!(" after Holm's correction for {n} comparisons"),
    };
    format!(
        "{what} ({}% interval {low:+.digits$} to {high:+.digits$}, {over}): {verdict}, {}{corrected}, {} = {:.2}.",
        CONFIDENCE * 100.0,
        p_text(p),
        test.method.effect_name(),
        test.effect
    )
}
