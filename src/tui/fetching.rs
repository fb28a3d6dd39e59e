//! A missing dataset, and its download.

use super::run::RunId;
use crate::domain::text::{duration, filesize, harmless};
use crate::engine::fetch::{FetchProgress, FetchStage, Offer};

/// A dataset that a run waits for, or somebody wants to look at.
#[derive(Debug, Clone)]
pub struct Fetching {
    /// The run that waits for it.
    pub run: Option<RunId>,
    /// What would be downloaded.
    pub offer: Offer,
    /// Why it could not begin.
    pub error: String,
    /// How far that is.
    pub state: FetchState,
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchState {
    /// The user has not answered.
    Asked,
    /// In progress; with bytes a second.
    Going(Option<(FetchProgress, f64)>),
    /// Being cancelled.
    Ending,
}

impl Fetching {
    /// The question whether to download it.
    pub fn question(&self) -> String {
        let Offer { dataset, folder, .. } = &self.offer;
        let (size, host) = (filesize(self.offer.bytes()), self.offer.host());
        let folder = harmless(&folder.to_string_lossy(), 200);
        let found =
            self.offer.found.iter().map(|found| format!(" ({})", harmless(found, 400))).collect::<String>();
        format!("{dataset} not found locally{found}. Download {size} from {host} to {folder}?")
    }

    /// How much of it has come, as a part of 1.
    pub fn part(&self) -> f64 {
        match &self.state {
            FetchState::Going(Some((progress, _))) => progress.done as f64 / progress.total.max(1) as f64,
            _ => 0.0,
        }
    }

    /// What is being done, in a few words.
    pub fn doing(&self) -> String {
        let dataset = self.offer.dataset;
        match &self.state {
            FetchState::Asked => format!("{dataset} is missing"),
            FetchState::Ending => "cancelling the download".into(),
            FetchState::Going(None) => format!("downloading {dataset}"),
            FetchState::Going(Some((progress, _))) => {
                // 100% is the end, and nothing before it.
                let percent = (100.0 * self.part()).floor();
                match &progress.stage {
                    FetchStage::Checking => format!("checking {dataset}"),
                    FetchStage::Waiting { seconds, .. } => {
                        format!("downloading {dataset}: retry in {seconds}s")
                    }
                    _ => format!("downloading {dataset} {percent:.0}%"),
                }
            }
        }
    }

    /// Bytes, speed and time left, or why it waits; empty where there is nothing to tell.
    pub fn details(&self) -> String {
        let FetchState::Going(Some((progress, rate))) = &self.state else { return String::new() };
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
