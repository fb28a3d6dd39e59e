//! An event file that `TensorBoard` opens: scalars of all that was recorded, histograms of
//! activations after every epoch and of the weights that were kept (of the best epoch, else of
//! the last), the spec as hyperparameters, and the run's name, tags and note as texts.
//!
//! What has been written of a run stays: a file is only ever added to, so that whoever has it
//! open sees what is new.

mod event_file;
mod histogram;
mod live;
mod proto;
mod record;

use std::path::{Path, PathBuf};

use self::event_file::EventFile;
use self::histogram::{histogram, of_spread};
use self::proto::{
    Content, Experiment, HParamInfo, HParams, HParamsData, Metadata, MetricInfo, MetricName, Plugin,
    SessionEnd, SessionStart, Summary, SummaryValue, TbEvent, TbValue, TbValueKind, TensorDimension,
    TensorShape, TextTensor, What,
};
use super::Run;
use super::points::CurveReader;
use super::spreads::spreads;
use crate::domain::annotation::Annotation;
use crate::domain::event::{Checkpoint, Event, Outcome, RunStarted};
use crate::domain::keys;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::Result;
use crate::engine::store;

pub use live::{BoardSwitch, LiveBoard};
pub use record::{frame, masked_crc};

/// What the table of hyperparameters shows of every run.
const METRICS: [&str; 4] = ["top1/validation", "loss/validation", "top1/test_best", "loss/test_best"];

/// How names of event files begin; readers look for `tfevents`.
const PREFIX: &str = "events.out.tfevents.";
/// How those of this program end.
const SUFFIX: &str = ".hiresnet-tui";

/// Whether a file of this name is an event file of this program.
pub fn is_event_file(name: &str) -> bool {
    let seconds = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    seconds.is_some_and(|seconds| !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit()))
}

/// What a run's event file is to have.
pub(super) struct Board {
    /// Names of its folder and of the file.
    pub place: [String; 2],
    /// Seconds since 1970 at which it began; 0 where its record does not say.
    start: f64,
    reader: CurveReader,
    /// In the order in which it is written.
    events: Vec<TbEvent>,
    /// Which of these says of which run it is.
    identity: usize,
}

impl Board {
    /// Of the run of `spec` called `name`, of which nothing is known but how it began.
    fn new(name: &str, spec: &ExperimentSpec, started: Option<&RunStarted>) -> Self {
        let at = started.and_then(|facts| facts.at.parse::<jiff::Timestamp>().ok());
        let start = at.map_or(0.0, |at| at.as_millisecond() as f64 / 1000.0);
        // The seconds are those at which it began, so that the same run always has the same file.
        let file = format!("{PREFIX}{:010}{SUFFIX}", start.max(0.0) as u64);
        let place = [name.to_owned(), file];
        let mut board =
            Self { place, start, reader: CurveReader::default(), events: Vec::new(), identity: 2 };
        board.add(0.0, 0, What::FileVersion("brain.Event:2".into()));
        let [experiment, session] = hyperparameters(spec, name, start);
        board.add_value(0.0, 0, experiment);
        board.add_value(0.0, 0, session);
        board
    }

    /// Of a run that was read, with all that it has so far.
    pub fn of(run: &Run) -> Result<Self> {
        let state = &run.saved.state;
        let mut board = Self::new(&run.name, &run.saved.spec, state.started.as_ref());
        run.events.iter().for_each(|event| board.read(event));
        board.end(&run.saved.path, state)?;
        let Annotation { name, note, tags } = &run.saved.annotation;
        let tags: Vec<String> = tags.iter().map(|tag| format!("#{tag}")).collect();
        for (tag, text) in [("run/name", name), ("run/tags", &tags.join(" ")), ("run/note", note)] {
            if !text.is_empty() {
                board.add_value(state.t, 0, text_value(tag, text));
            }
        }
        Ok(board)
    }

    /// Writes what is new into the file in `folder`; how many values that were.
    ///
    /// # Errors
    /// When the file is not this run's, or cannot be written.
    pub fn write(self, folder: &Path) -> Result<Option<usize>> {
        let Some(mut file) = EventFile::open(self.path(folder), &self.events[self.identity])? else {
            return Ok(None);
        };
        self.events.into_iter().for_each(|event| file.add(event));
        file.flush().map(Some)
    }

    /// Whether the file in `folder` is this run's, or is not there.
    pub fn fits(&self, folder: &Path) -> Result<bool> {
        EventFile::is_of(&self.path(folder), &self.events[self.identity])
    }

    /// Where its file is, below `folder`.
    pub fn path(&self, folder: &Path) -> PathBuf {
        self.place.iter().fold(folder.to_path_buf(), |path, name| path.join(name))
    }

    /// Takes in the next event of its record.
    fn read(&mut self, event: &Event) {
        let mut points = Vec::new();
        self.reader.read(event, &mut points);
        for point in points {
            let content = Some(Content::Simple(point.value as f32));
            let value = SummaryValue { tag: point.metric, metadata: None, content };
            self.add_value(point.t, point.step, value);
        }
        for spread in spreads(event) {
            if let (Some(made), Some(epoch)) = (of_spread(spread.histogram), event.kind.epoch()) {
                self.add_value(event.t, self.reader.step_of(epoch), histogram_value(spread.tag, made));
            }
        }
    }

    /// Adds the weights that the run in folder `path` has kept, and, where it has ended, how.
    fn end(&mut self, path: &Path, state: &RunState) -> Result<()> {
        if let Some((checkpoint, file)) = store::kept_weights(path) {
            let epoch = match checkpoint {
                Checkpoint::Best => state.best_epoch(),
                Checkpoint::Last => state.epochs.last(),
            };
            let step = epoch.map_or(0, |epoch| epoch.step);
            for (name, tensor) in store::read_weights(&file)?.0 {
                if let Some(made) = histogram(&tensor.values) {
                    let tag = format!("weights_{}/{name}", checkpoint.name());
                    self.add_value(state.t, step, histogram_value(tag, made));
                }
            }
        }
        // Readers take the first that they find.
        let status = match state.outcome {
            Some(Outcome::Completed | Outcome::Stopped) => 1,
            Some(Outcome::Diverged | Outcome::Failed) => 2,
            None => return Ok(()),
        };
        let end = HParamsData::End(SessionEnd { status, seconds: self.start + state.t });
        self.add_value(state.t, 0, hparams_value("session_end_info", end));
        Ok(())
    }

    fn add_value(&mut self, t: f64, step: usize, value: SummaryValue) {
        self.add(t, step, What::Summary(Summary { value: vec![value] }));
    }

    fn add(&mut self, t: f64, step: usize, what: What) {
        self.events.push(TbEvent { wall_time: self.start + t, step: step as i64, what: Some(what) });
    }
}

fn histogram_value(tag: String, made: proto::TbHistogram) -> SummaryValue {
    SummaryValue { tag, metadata: None, content: Some(Content::Histogram(made)) }
}

/// A text as the page of texts shows it.
fn text_value(tag: &str, text: &str) -> SummaryValue {
    /// The kind of a tensor of texts.
    const TEXTS: i32 = 7;
    let plugin = Plugin { name: "text".into(), content: Vec::new() };
    let shape = TensorShape { dimensions: vec![TensorDimension { size: 1 }] };
    let tensor = TextTensor { kind: TEXTS, shape: Some(shape), texts: vec![text.as_bytes().to_vec()] };
    let metadata = Some(Metadata { plugin: Some(plugin) });
    SummaryValue { tag: tag.to_owned(), metadata, content: Some(Content::Text(tensor)) }
}

fn hparams_value(name: &str, data: HParamsData) -> SummaryValue {
    let content = prost::Message::encode_to_vec(&HParams { version: 0, data: Some(data) });
    let plugin = Plugin { name: "hparams".into(), content };
    let tag = format!("_hparams_/{name}");
    SummaryValue { tag, metadata: Some(Metadata { plugin: Some(plugin) }), content: None }
}

/// The table's columns, and the row of the run called `name`.
fn hyperparameters(spec: &ExperimentSpec, name: &str, start: f64) -> [SummaryValue; 2] {
    // The first few are the columns that its table shows unasked, so the spec's order counts.
    let ordered: Vec<(String, TbValue)> = spec
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
    let group = name.to_owned();
    [
        hparams_value("experiment", HParamsData::Experiment(experiment)),
        hparams_value(
            "session_start_info",
            HParamsData::Start(SessionStart { hparams, group, seconds: start }),
        ),
    ]
}
