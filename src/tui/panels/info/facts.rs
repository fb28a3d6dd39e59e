//! All there is to say of one run.

use crate::domain::event::{Checkpoint, Score};
use crate::domain::keys::{KEYS, SpecKey};
use crate::domain::run_state::EpochRecord;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{duration, grouped, harmless};
use crate::tui::run::TrackedRun;

/// A heading and what stands below it.
#[derive(Debug, PartialEq, Eq)]
pub struct FactBlock {
    /// The heading.
    pub title: &'static str,
    /// Rows.
    pub facts: Vec<Fact>,
}

/// A row: what it is, what it says, and a remark.
#[derive(Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// What it says.
    pub value: String,
    /// What the paper has, where that is something else.
    pub usual: Option<String>,
}

impl Fact {
    fn new(label: &'static str, value: impl Into<String>) -> Self {
        Self { label, value: value.into(), usual: None }
    }
}

/// `76.40% · loss 0.6912`, with the top-5 where there is one.
pub fn score_text(score: &Score) -> String {
    let top5 = score.top5().map_or_else(String::new, |top5| format!(" · top-5 {top5:.2}%"));
    format!("{:.2}%{top5} · loss {:.4}", score.top1(), score.loss)
}

/// Device, and the CPU's instructions.
pub fn device_text(run: &TrackedRun) -> Option<String> {
    let facts = run.state.started.as_ref()?;
    Some(match &facts.instructions {
        Some(instructions) => format!("{} ({instructions})", facts.device),
        None => facts.device.clone(),
    })
}

/// When it started, to the second.
pub fn started_text(run: &TrackedRun) -> Option<String> {
    let at: String = run.began()?.chars().take(19).collect();
    Some(format!("{} UTC", at.replace('T', " ")))
}

/// Who it is, what came of it, and how it is trained.
pub fn facts(run: &TrackedRun) -> [FactBlock; 3] {
    [
        FactBlock { title: "Run", facts: identity(run) },
        FactBlock { title: "Results", facts: results(run) },
        FactBlock { title: "Keys", facts: keys(&run.spec) },
    ]
}

fn identity(run: &TrackedRun) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label, value: Option<String>| facts.extend(value.map(|value| Fact::new(label, value)));
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (state, started) = (&run.state, run.state.started.as_ref());
    add("name", said(&run.annotation.name));
    add("tags", said(&run.annotation.tags_text()));
    add("note", said(&run.annotation.note));
    add("spec", Some(run.line.clone()));
    add("status", Some(run.status().name().to_owned()));
    add("error", run.error.clone().or_else(|| state.message.clone()).map(|text| harmless(&text, 1000)));
    let divergence = state.divergence.as_ref();
    add(
        "diverged",
        divergence
            .map(|(epoch, step, loss)| format!("loss {} at step {step} (epoch {epoch})", harmless(loss, 20))),
    );
    add("started", started_text(run));
    add("time", started.map(|_| duration(state.t)));
    let eta = state.eta().filter(|_| run.is_active() || run.elsewhere);
    add("eta", eta.map(duration));
    add("device", device_text(run).map(|text| harmless(&text, 200)));
    add("program", started.map(|facts| harmless(&facts.program, 200)));
    add("parameters", started.map(|facts| grouped(facts.parameters)));
    add(
        "images",
        started.map(|facts| {
            let [train, val, test] =
                [facts.images.train, facts.images.validation, facts.images.test].map(grouped);
            format!("{train} train, {val} val, {test} test")
        }),
    );
    add("extends", started.and_then(|facts| facts.extends.as_ref()).map(|name| harmless(name, 200)));
    add("directory", run.path.as_ref().map(|path| harmless(&path.to_string_lossy(), 400)));
    facts
}

fn results(run: &TrackedRun) -> Vec<Fact> {
    let state = &run.state;
    let mut facts = vec![Fact::new("epochs", run.epochs().replace('/', " of "))];
    let mut add = |label, value: Option<String>| facts.extend(value.map(|value| Fact::new(label, value)));
    let (best, last) = (state.best_epoch(), state.epochs.last());
    let of = |epoch: Option<&EpochRecord>, of: fn(&EpochRecord) -> &Score| epoch.map(|it| score_text(of(it)));
    add("best epoch", best.map(|epoch| epoch.epoch.to_string()));
    add("val", of(best, |epoch| &epoch.validation));
    add("test", state.test(Checkpoint::Best).map(score_text));
    add("train", of(best, |epoch| &epoch.train));
    if last.map(|epoch| epoch.epoch) != best.map(|epoch| epoch.epoch) {
        add("last epoch", last.map(|epoch| epoch.epoch.to_string()));
        add("val, last", of(last, |epoch| &epoch.validation));
        add("test, last", state.test(Checkpoint::Last).map(score_text));
        add("train, last", of(last, |epoch| &epoch.train));
    }
    add("images/s", last.and_then(|epoch| epoch.images_per_s).map(|rate| format!("{rate:.0}")));
    facts
}

fn keys(spec: &ExperimentSpec) -> Vec<Fact> {
    let fact = |key: &'static SpecKey| {
        let (label, value) = (key.name, (key.get)(spec)?);
        let usual = spec.default_of(key).filter(|usual| *usual != value && label != "seed");
        Some(Fact {
            label,
            usual: usual.map(|usual| usual.to_string()),
            ..Fact::new(label, value.to_string())
        })
    };
    KEYS.iter().filter_map(fact).collect()
}
