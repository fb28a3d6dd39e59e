//! A dataset that is not here, and the fetching of it.

use super::run::RunId;
use crate::domain::text::{duration, filesize, harmless};
use crate::engine::fetch::{FetchProgress, FetchStage, Offer};

/// A dataset that a run waits for, or somebody wants to look at.
#[derive(Debug, Clone)]
pub struct Fetching {
    /// The run that waits for it.
    pub run: Option<RunId>,
    /// What would be fetched.
    pub offer: Offer,
    /// Why it could not begin.
    pub fault: String,
    /// How far that is.
    pub state: State,
}

/// How far a fetch is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Nobody has said whether to.
    Asked,
    /// It goes on; with bytes a second.
    Going(Option<(FetchProgress, f64)>),
    /// Somebody wants it to end.
    Ending,
}

impl Fetching {
    /// The question whether to.
    pub fn question(&self) -> String {
        let Offer { dataset, folder, .. } = &self.offer;
        let (size, host) = (filesize(self.offer.bytes()), self.offer.host());
        let folder = harmless(&folder.to_string_lossy(), 200);
        format!("{dataset} is not here. Fetch {size} from {host} to {folder}?")
    }

    /// How much of it is here, as a part of 1.
    pub fn part(&self) -> f64 {
        match &self.state {
            State::Going(Some((progress, _))) => progress.done as f64 / progress.total.max(1) as f64,
            _ => 0.0,
        }
    }

    /// What is being done, in a few words.
    pub fn doing(&self) -> String {
        let dataset = self.offer.dataset;
        match &self.state {
            State::Asked => format!("{dataset} is missing"),
            State::Ending => "ending the fetch".into(),
            State::Going(None) => format!("fetching {dataset}"),
            State::Going(Some((progress, _))) => {
                // 100% is the end, and nothing before it.
                let percent = (100.0 * self.part()).floor();
                match &progress.stage {
                    FetchStage::Checking => format!("checking {dataset}"),
                    FetchStage::Waiting { seconds, .. } => format!("fetching {dataset} again in {seconds}s"),
                    _ => format!("fetching {dataset} {percent:.0}%"),
                }
            }
        }
    }

    /// Bytes, speed and time left, or why it waits; empty where there is nothing to tell.
    pub fn details(&self) -> String {
        let State::Going(Some((progress, rate))) = &self.state else { return String::new() };
        if let FetchStage::Waiting { reason, .. } = &progress.stage {
            return reason.clone();
        }
        let size = format!("{} of {}", filesize(progress.done), filesize(progress.total));
        if progress.stage != FetchStage::Fetching || *rate < 1.0 {
            return size;
        }
        let eta = duration((progress.total - progress.done.min(progress.total)) as f64 / rate);
        format!("{size} · {}/s · eta {eta}", filesize(*rate as u64))
    }
}
