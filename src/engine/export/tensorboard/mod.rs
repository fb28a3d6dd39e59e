//! An event file that `TensorBoard` opens: scalars of all that was recorded, histograms of
//! activations after every epoch and of the weights that were kept (of the best epoch, else of
//! the last), and the spec as hyperparameters.

mod histogram;
mod proto;
mod record;

use prost::Message;

use self::histogram::{histogram, of_spread};
use self::proto::{
    Content, Experiment, HParamInfo, HParams, HParamsData, Metadata, MetricInfo, MetricName, Plugin,
    SessionEnd, SessionStart, Summary, SummaryValue, TbEvent, TbValue, TbValueKind, What,
};
use super::points::points;
use super::spreads::spreads;
use super::{Product, Run};
use crate::domain::event::{Checkpoint, Outcome};
use crate::domain::keys;
use crate::engine::error::Result;
use crate::engine::store;

pub use record::{frame, masked_crc};

/// What the table of hyperparameters shows of every run.
const METRICS: [&str; 4] = ["top1/validation", "loss/validation", "top1/test_best", "loss/test_best"];

pub(super) fn product(run: &Run) -> Result<Product> {
    let start = started(run);
    let mut file = Vec::new();
    let mut add = |t: f64, step: usize, what: What| {
        let event = TbEvent { wall_time: start + t, step: step as i64, what: Some(what) };
        frame(&event.encode_to_vec(), &mut file);
    };
    add(0.0, 0, What::FileVersion("brain.Event:2".into()));
    for value in hyperparameters(run, start) {
        add(0.0, 0, What::Summary(Summary { value: vec![value] }));
    }
    for point in points(&run.events) {
        let content = Some(Content::Simple(point.value as f32));
        let value = SummaryValue { tag: point.metric, metadata: None, content };
        add(point.t, point.step, What::Summary(Summary { value: vec![value] }));
    }
    for spread in spreads(&run.events) {
        if let Some(made) = of_spread(spread.histogram) {
            let value = histogram_value(spread.tag, made);
            add(spread.t, spread.step, What::Summary(Summary { value: vec![value] }));
        }
    }
    let state = &run.saved.state;
    if let Some((checkpoint, path)) = store::kept_weights(&run.saved.path) {
        let epoch = match checkpoint {
            Checkpoint::Best => state.best_epoch(),
            Checkpoint::Last => state.epochs.last(),
        };
        let step = epoch.map_or(0, |epoch| epoch.step);
        for (name, tensor) in store::read_weights(&path)?.0 {
            if let Some(made) = histogram(&tensor.values) {
                let value = histogram_value(format!("weights_{}/{name}", checkpoint.name()), made);
                add(state.t, step, What::Summary(Summary { value: vec![value] }));
            }
        }
    }
    // The name must hold `tfevents`; the seconds are those at which it began, so that the same
    // run always has the same file.
    let name = format!("events.out.tfevents.{:010}.hiresnet-tui", start.max(0.0) as u64);
    Ok(Product::new(&[&run.name, &name], file))
}

fn histogram_value(tag: String, made: proto::TbHistogram) -> SummaryValue {
    SummaryValue { tag, metadata: None, content: Some(Content::Histogram(made)) }
}

/// Seconds since 1970 at which it began; 0 where its record does not say.
fn started(run: &Run) -> f64 {
    let at = run.saved.state.started.as_ref().and_then(|facts| facts.at.parse::<jiff::Timestamp>().ok());
    at.map_or(0.0, |at| at.as_millisecond() as f64 / 1000.0)
}

fn hyperparameters(run: &Run, start: f64) -> [SummaryValue; 3] {
    let state = &run.saved.state;
    // The first few are the columns that its table shows unasked, so the spec's order counts.
    let ordered: Vec<(String, TbValue)> = run
        .saved
        .spec
        .pairs()
        .map(|(name, value)| {
            let kind = match value {
                keys::KeyValue::Bool(yes) => TbValueKind::Flag(yes),
                keys::KeyValue::Int(n) => TbValueKind::Number(n as f64),
                keys::KeyValue::Float(v) => TbValueKind::Number(v),
                other => TbValueKind::Text(other.to_string()),
            };
            (name.to_owned(), TbValue { kind: Some(kind) })
        })
        .collect();
    let info = |(name, value): &(String, TbValue)| {
        let kind = match value.kind {
            Some(TbValueKind::Number(_)) => 3,
            Some(TbValueKind::Flag(_)) => 2,
            _ => 1,
        };
        HParamInfo { name: name.clone(), kind }
    };
    let metric = |tag: &str| MetricInfo { name: Some(MetricName { tag: tag.to_owned() }) };
    let experiment =
        Experiment { hparams: ordered.iter().map(info).collect(), metrics: METRICS.map(metric).to_vec() };
    let hparams = ordered.into_iter().collect();
    let status = match state.outcome {
        Some(Outcome::Completed | Outcome::Stopped) => 1,
        Some(Outcome::Diverged | Outcome::Failed) => 2,
        None if run.saved.being_written => 3,
        None => 0,
    };
    let group = run.name.clone();
    [
        ("experiment", HParamsData::Experiment(experiment)),
        ("session_start_info", HParamsData::Start(SessionStart { hparams, group, seconds: start })),
        ("session_end_info", HParamsData::End(SessionEnd { status, seconds: start + state.t })),
    ]
    .map(|(name, data)| {
        let content = HParams { version: 0, data: Some(data) }.encode_to_vec();
        let plugin = Plugin { name: "hparams".into(), content };
        let tag = format!("_hparams_/{name}");
        SummaryValue { tag, metadata: Some(Metadata { plugin: Some(plugin) }), content: None }
    })
}
