//! Which runs are listed: words, patterns, and comparisons of keys and results, all of which a
//! run must meet.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::run::{RunStatus, TrackedRun};
use crate::domain::annotation::Annotation;
use crate::domain::error::suggestion;
use crate::domain::event::Outcome;
use crate::domain::keys::{KEYS, KeyValue};

/// Most memory that a pattern may take, bytes.
const MAX_PATTERN: usize = 1 << 20;

/// A value of a run, where it has one.
type RunValue = fn(&TrackedRun) -> Option<KeyValue>;

/// What can be asked of a run that no key of its spec says.
const RESULTS: [(&str, RunValue); 13] = [
    ("best", |run| run.state.best_epoch().map(|best| KeyValue::Int(best.epoch as i64))),
    ("device", |run| run.state.started.as_ref().map(|facts| KeyValue::Text(facts.device.clone()))),
    ("done", |run| Some(KeyValue::Int(run.state.epochs.len() as i64))),
    ("name", |run| said(&run.annotation.name)),
    ("network", |run| Some(KeyValue::Text(run.spec.network_name()))),
    ("note", |run| said(&run.annotation.note)),
    ("params", |run| run.state.started.as_ref().map(|facts| KeyValue::Int(facts.parameters as i64))),
    ("started", |run| run.began().map(|at| KeyValue::Text(at.to_owned()))),
    ("status", |run| Some(KeyValue::Text(run.status().name().to_owned()))),
    ("tag", |run| said(&run.annotation.tags_text())),
    ("test", |run| run.test().map(KeyValue::Float)),
    ("time", |run| Some(KeyValue::Float(run.state.t))),
    ("val", |run| run.validation().map(KeyValue::Float)),
];

fn said(text: &str) -> Option<KeyValue> {
    (!text.is_empty()).then(|| KeyValue::Text(text.to_owned()))
}

/// Statuses, and other words for them.
const STATUSES: [&str; 9] =
    ["completed", "diverged", "done", "failed", "paused", "queued", "running", "stopped", "unfinished"];

/// What a run must meet to be listed.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
enum Term {
    /// Its line, status, name, tags or note have this word, in small letters.
    Word(String),
    /// They match this pattern.
    Pattern(Regex),
    /// A key or a result compares.
    Compare { get: Source, by: Comparison },
}

#[derive(Clone, Copy)]
struct Source {
    name: &'static str,
    get: RunValue,
    key: Option<usize>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[derive(Debug, Clone)]
enum Comparison {
    /// One of these, or none of them.
    OneOf { values: Vec<Wanted>, not: bool },
    /// A number between these; whether the ends count.
    Between { low: (f64, bool), high: (f64, bool) },
    /// A text that this pattern matches.
    Matches(Regex),
}

#[derive(Debug, Clone)]
enum Wanted {
    Range(f64, f64),
    Text(String),
}

impl RunFilter {
    /// The filter that `text` says.
    ///
    /// # Errors
    /// With what is wrong with it, for whoever types it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(term).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Whether a run meets all of it.
    pub fn matches(&self, run: &TrackedRun) -> bool {
        // As it is listed, and as it is written.
        let text = || {
            let name = run.spec.network_name();
            let written = format!("{} {name} s{} {}", run.line, run.spec.seed, run.status().name());
            let Annotation { name, note, tags } = &run.annotation;
            let tags = tags.iter().map(|tag| format!(" #{tag}")).collect::<String>();
            format!("{written} {name}{tags} {note}")
        };
        self.terms.iter().all(|term| match term {
            Term::Word(word) => text().to_lowercase().contains(word),
            Term::Pattern(pattern) => pattern.is_match(&text()),
            Term::Compare { get, by } => by.holds(*get, run),
        })
    }
}

fn term(word: &str) -> Result<Term, String> {
    if let Some(pattern_text) = word.strip_prefix('~') {
        return Ok(Term::Pattern(pattern(pattern_text)?));
    }
    let Some(at) = word.find(['=', '<', '>', '~', '!']) else {
        return Ok(Term::Word(word.to_lowercase()));
    };
    let (name, rest) = word.split_at(at);
    let operator = ["!=", ">=", "<=", "=", ">", "<", "~"].into_iter().find(|sign| rest.starts_with(sign));
    let operator = operator.ok_or_else(|| format!("'{word}': after a key comes one of = != > >= < <= ~"))?;
    let (get, value) = (source(name)?, &rest[operator.len()..]);
    if value.is_empty() {
        return Err(format!("{name}{operator} needs a value"));
    }
    let by = match operator {
        "~" => Comparison::Matches(pattern(value)?),
        "=" | "!=" => Comparison::OneOf { values: wanted(get, value)?, not: operator == "!=" },
        _ => {
            let number = number(get, value)?;
            let (below, above) = ((f64::NEG_INFINITY, true), (f64::INFINITY, true));
            let end = (number, operator.ends_with('='));
            let is_low = operator.starts_with('>');
            let (low, high) = if is_low { (end, above) } else { (below, end) };
            Comparison::Between { low, high }
        }
    };
    Ok(Term::Compare { get, by })
}

fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("~ needs a regular expression".into());
    }
    let built = RegexBuilder::new(text).case_insensitive(true).size_limit(MAX_PATTERN).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("'{text}': this regular expression is too large"),
        // Its last line says what is wrong; those before it point at where.
        error => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim();
            format!("regular expression: {}", reason.trim_start_matches("error: "))
        }
    })
}

fn source(name: &str) -> Result<Source, String> {
    if let Some((name, get)) = RESULTS.iter().find(|(result, _)| *result == name) {
        return Ok(Source { name, get: *get, key: None });
    }
    match KEYS.iter().position(|key| key.name == name) {
        Some(key) => Ok(Source { name: KEYS[key].name, get: |_| None, key: Some(key) }),
        None => Err(format!("unknown key '{name}'{}", suggestion(name, &names()))),
    }
}

/// Everything that can be compared, in order.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        KEYS.iter().map(|key| key.name).chain(RESULTS.iter().map(|(name, _)| *name)).collect();
    names.sort_unstable();
    names
}

impl Source {
    fn value(self, run: &TrackedRun) -> Option<KeyValue> {
        match self.key {
            Some(key) => (KEYS[key].get)(&run.spec),
            None => (self.get)(run),
        }
    }
}

fn number(source: Source, text: &str) -> Result<f64, String> {
    let number = match source.name {
        "time" => seconds(text),
        _ => text.trim_end_matches('%').parse().ok().filter(|number: &f64| number.is_finite()),
    };
    let example = if source.name == "time" { ", such as 90, 90s, 5m or 2h" } else { "" };
    number.ok_or_else(|| format!("{}: '{text}' is not a number{example}", source.name))
}

/// `90`, `90s`, `5m`, `2h`.
fn seconds(text: &str) -> Option<f64> {
    let units = [("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let unit = units.into_iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)));
    let (number, size) = unit.unwrap_or((text, 1.0));
    number.parse().ok().map(|number: f64| number * size).filter(|seconds| seconds.is_finite())
}

/// `3`, `0..2`, `resnet`, and several of these with commas.
fn wanted(source: Source, text: &str) -> Result<Vec<Wanted>, String> {
    let mut values = Vec::new();
    // A list's own value has commas.
    values.push(Wanted::Text(text.to_lowercase()));
    for part in text.split(',').filter(|part| !part.is_empty()) {
        if let Some((low, high)) = part.split_once("..") {
            values.push(Wanted::Range(number(source, low)?, number(source, high)?));
        } else if let Ok(number) = number(source, part) {
            values.push(Wanted::Range(number, number));
        }
        values.push(Wanted::Text(part.to_lowercase()));
    }
    if source.name == "status"
        && let Some(unknown) =
            text.to_lowercase().split(',').find(|part| !STATUSES.iter().any(|s| s.starts_with(part)))
    {
        return Err(format!("no status '{unknown}'{}", suggestion(unknown, &STATUSES)));
    }
    Ok(values)
}

impl Comparison {
    fn holds(&self, source: Source, run: &TrackedRun) -> bool {
        let value = source.value(run);
        match self {
            Self::OneOf { values, not } => {
                let is_one =
                    value.is_some_and(|value| values.iter().any(|wanted| wanted.is(source, &value, run)));
                is_one != *not
            }
            Self::Between { low, high } => as_number(value.as_ref()).is_some_and(|number| {
                let above = number > low.0 || (low.1 && number == low.0);
                above && (number < high.0 || (high.1 && number == high.0))
            }),
            Self::Matches(pattern) => value.is_some_and(|value| pattern.is_match(&value.to_string())),
        }
    }
}

impl Wanted {
    fn is(&self, source: Source, value: &KeyValue, run: &TrackedRun) -> bool {
        match self {
            Self::Range(low, high) => as_number(Some(value)).is_some_and(|n| (*low..=*high).contains(&n)),
            Self::Text(text) if source.name == "status" => has_status(run.status(), text),
            Self::Text(text) if source.name == "tag" => {
                run.annotation.tags.iter().any(|tag| tag.to_lowercase() == *text)
            }
            Self::Text(text) => value.to_string().to_lowercase() == *text,
        }
    }
}

/// Whether a status is called so, or begins like that.
fn has_status(status: RunStatus, text: &str) -> bool {
    let other = match status {
        RunStatus::Ended(Outcome::Completed) => "done",
        RunStatus::Starting | RunStatus::Training | RunStatus::Elsewhere => "running",
        _ => status.name(),
    };
    !text.is_empty() && [status.name(), other].iter().any(|name| name.starts_with(text))
}

const fn as_number(value: Option<&KeyValue>) -> Option<f64> {
    match value {
        Some(KeyValue::Int(n)) => Some(*n as f64),
        Some(KeyValue::Float(x)) => Some(*x),
        _ => None,
    }
}

/// How the word before the cursor could go on: what it becomes, and the choices where there are
/// several. `None` where nothing begins like it.
pub fn complete<'a>(word: &str, runs: impl Iterator<Item = &'a TrackedRun>) -> Option<(String, Vec<String>)> {
    let (before, begun, choices) = match word.find(['=', '<', '>', '~', '!']) {
        None => ("", word, names().into_iter().map(str::to_owned).collect::<Vec<_>>()),
        Some(at) => {
            let source = source(&word[..at]).ok()?;
            let rest = word[at..].trim_start_matches(['=', '<', '>', '~', '!']);
            // After the last comma.
            let begun = rest.rsplit(',').next().unwrap_or_default();
            let choices = if source.name == "status" {
                STATUSES.map(str::to_owned).into()
            } else {
                let mut values: Vec<String> = match source.name {
                    "tag" => runs.flat_map(|run| run.annotation.tags.iter().cloned()).collect(),
                    _ => runs.filter_map(|run| source.value(run)).map(|value| value.to_string()).collect(),
                };
                // A filter's words have no spaces.
                values.retain(|value| !value.contains(char::is_whitespace));
                values.sort();
                values.dedup();
                values
            };
            (&word[..word.len() - begun.len()], begun, choices)
        }
    };
    let (mut common, fits) = complete_among(begun, choices)?;
    if before.is_empty() && fits.is_empty() {
        let is_result = ["val", "test", "time"].contains(&common.as_str());
        common.push(if is_result { '>' } else { '=' });
    }
    Some((format!("{before}{common}"), fits))
}

/// How `begun` could go on among these choices, as [`complete`] says it.
pub fn complete_among(
    begun: &str,
    choices: impl IntoIterator<Item = String>,
) -> Option<(String, Vec<String>)> {
    let fits: Vec<String> = choices.into_iter().filter(|choice| choice.starts_with(begun)).collect();
    let mut common = fits.first()?.clone();
    for other in &fits {
        let same = common.char_indices().zip(other.chars()).take_while(|((_, a), b)| a == b);
        let length = same.last().map_or(0, |((at, c), _)| at + c.len_utf8());
        common.truncate(length);
    }
    Some((common, if fits.len() == 1 { Vec::new() } else { fits }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> TrackedRun {
        TrackedRun::waiting(0, line.parse().unwrap())
    }

    fn matches(filter: &str, line: &str) -> bool {
        RunFilter::parse(filter).unwrap().matches(&run(line))
    }

    #[test]
    fn keys_are_compared_as_numbers_and_as_text() {
        let line = "resnet+hires[P1]@fashion seed=2 lr=0.05 epochs=12 blocks=3,3 widths=16,32";
        for holds in [
            "",
            "HIRES s2",
            "seed=2",
            "seed=0..2",
            "seed=1,2",
            "seed!=3",
            "lr=0.05",
            "lr<0.1",
            "epochs>=12",
            "epochs<=12",
            "family=ResNet",
            "dataset=fashion",
            "blocks=3,3",
            "network~hires.*P1",
            "~s[12]",
            "status=queued",
            "status=q",
            "status!=done",
            "done=0",
            "time<5m",
            "seed=2 lr>0.01",
        ] {
            assert!(matches(holds, line), "{holds}");
        }
        for fails in [
            "seed=1",
            "seed=3..9",
            "lr>0.05",
            "epochs<12",
            "epochs>12",
            "family=plain",
            "blocks=3",
            "~^hires",
            "status=done",
            "val>0",
            "val<100",
            "test=0..100",
            "seed=2 lr>1",
            "device=cpu",
        ] {
            assert!(!matches(fails, line), "{fails}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| RunFilter::parse(text).unwrap_err();
        assert_eq!(error("famly=resnet"), "unknown key 'famly' (did you mean 'family'?)");
        assert_eq!(error("val>"), "val> needs a value");
        assert_eq!(error("val>x"), "val: 'x' is not a number");
        assert_eq!(error("val>nan"), "val: 'nan' is not a number");
        assert_eq!(error("time>x"), "time: 'x' is not a number, such as 90, 90s, 5m or 2h");
        assert_eq!(error("seed=0..x"), "seed: 'x' is not a number");
        assert!(error("status=complet,nope").starts_with("no status 'nope'"));
        assert!(error("val!60").contains("= != > >= < <= ~"));
        assert_eq!(error("~"), "~ needs a regular expression");
        assert_eq!(error("~(a"), "regular expression: unclosed group");
        assert!(error("~(a{1000}){1000}").contains("too large"));
    }

    #[test]
    fn words_go_on_as_keys_and_values_do() {
        let runs = ["resnet@fashion seed=1", "plain@cifar10 seed=12"].map(run);
        let complete = |word: &str| complete(word, runs.iter());
        assert_eq!(complete("fam"), Some(("family=".into(), vec![])));
        assert_eq!(complete("tes").unwrap(), ("test".into(), vec!["test".into(), "test_limit".into()]));
        assert_eq!(complete("family=r"), Some(("family=resnet".into(), vec![])));
        assert_eq!(complete("dataset=fashion,c"), Some(("dataset=fashion,cifar10".into(), vec![])));
        assert_eq!(complete("seed=").unwrap(), ("seed=1".into(), vec!["1".into(), "12".into()]));
        assert_eq!(complete("status=com"), Some(("status=completed".into(), vec![])));
        assert_eq!((complete("zzz"), complete("zzz=1")), (None, None));
    }
}
