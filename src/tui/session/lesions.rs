//! Lesions of the current run: started, scored, cancelled.

use super::{NoticeState, Session};
use crate::domain::lesion::LesionedWeights;
use crate::domain::text::plural;
use crate::tui::action::Effect;
use crate::tui::lesions::{RunningLesions, left_out, names};
use crate::tui::log::Level;
use crate::tui::run::{RunId, RunStage, TrackedRun};

/// Pairs that are logged.
const WORST: usize = 10;

/// Why a run has no weights that could be cut; `None` where it has some.
fn lacks_weights(run: &TrackedRun) -> Option<&'static str> {
    match run.stage {
        RunStage::Waiting | RunStage::Starting => {
            Some("lesions need a finished epoch; this run has not started")
        }
        RunStage::Over if run.state.epochs.is_empty() => {
            Some("lesions need a finished epoch; this run has none")
        }
        _ if run.path.is_none() || run.state.epochs.is_empty() => {
            Some("lesions need a finished epoch; this run has none yet")
        }
        _ => None,
    }
}

impl Session {
    /// Scores the current run without what the draft leaves out of it, and without each of
    /// its terms; with `pairs` also each two. While some are being scored, ends that.
    pub fn lesion(&mut self, pairs: bool) {
        if self.playback.is_some() {
            return self.say(Level::Info, "this is a recording: it has no weights");
        }
        if self.lesions.running().is_some() {
            self.end_lesions();
            let text = "cancelling lesions; scores so far are kept";
            return self.say_while(NoticeState::Lesions, Level::Info, text);
        }
        let Some(run) = self.runs.chosen() else {
            let text = "lesions need a trained run; choose one in Runs";
            return self.say_while(NoticeState::NoneChosen, Level::Info, text);
        };
        if let Some(reason) = lacks_weights(run) {
            return self.say_of(run.id, Level::Info, reason);
        }
        let cuts = left_out(&self.draft, &run.spec);
        let wanted = self.lesions.wanted(run, cuts.clone().unwrap_or_default(), pairs);
        let (Some(path), Ok(wanted)) = (run.path.clone(), wanted) else { return };
        if let Err(reason) = self.lesions.begin(run, &wanted, pairs) {
            return self.say(Level::Warn, reason.to_string());
        }
        let (id, spec) = (run.id, run.spec.clone());
        let name = self.lesions.of(id).map_or("", |study| study.name());
        let what = match &wanted[..] {
            [only] => format!("scoring {name} without {}", names(only)),
            all => format!("scoring {} of {name}", plural(all.len(), "lesion")),
        };
        self.say_while(NoticeState::Lesions, Level::Info, format!("{what}; press e again to cancel"));
        if cuts.is_none() {
            // The diagram shows the network that is cut. A run that was trained can be drafted.
            let _ = self.draft.replace(spec);
        }
        self.want(Effect::Lesion { run: id, path, wanted, device: self.setup.device });
    }

    /// Ends lesions that are being scored.
    pub(super) fn end_lesions(&mut self) {
        if self.lesions.running().is_some() {
            self.lesions.ending();
            self.want(Effect::EndLesions);
        }
    }

    /// Whether the current run has weights that could be cut, and nobody plays a recording.
    pub fn can_lesion(&self) -> bool {
        self.playback.is_none() && self.runs.chosen().is_some_and(|run| lacks_weights(run).is_none())
    }

    /// The lesions of a run have ended.
    pub(super) fn lesions_ended(&mut self, run: RunId, result: Result<LesionedWeights, String>) {
        let running = self.lesions.ended(run, result.as_ref().ok().copied());
        let Some(running) = running else { return };
        match result {
            Err(reason) => self.say(Level::Bad, format!("lesions failed: {reason}")),
            Ok(_) if running.ending => self
                .say(Level::Info, format!("lesions cancelled after {} of {}", running.done, running.total)),
            Ok(_) => {
                self.say(Level::Good, format!("{} scored", plural(running.total, "lesion")));
                self.sum_up(&running);
            }
        }
    }

    /// What came out, in the log: the combination that was asked for, and the worst lesions.
    fn sum_up(&mut self, running: &RunningLesions) {
        let Some(study) = self.lesions.of(running.run) else { return };
        let mut said = Vec::new();
        if let Some(loss) =
            study.without(&running.first).filter(|_| running.total == 1 || running.first.len() > 1)
        {
            said.push(format!("{} without {}: {}", study.name(), names(&running.first), loss.short()));
        }
        let worst = study.worst(1).into_iter().next();
        let worst = match worst {
            Some((cuts, loss)) if loss.change < 0.0 => {
                format!("; largest loss without {}: {}", names(cuts), loss.short())
            }
            Some(_) => "; no single projection or F costs any accuracy".into(),
            None => String::new(),
        };
        if running.total > 1 {
            said.push(study.summary().unwrap_or_default() + &worst);
        }
        if running.pairs {
            said.extend(study.worst(2).into_iter().take(WORST).map(|(cuts, loss)| {
                let alone = cuts.iter().filter_map(|cut| Some(study.without(&[*cut])?.label()));
                let alone = alone.collect::<Vec<_>>().join(" and ");
                format!("{} without {}: {} ({alone} alone)", study.name(), names(cuts), loss.short())
            }));
        }
        said.into_iter().for_each(|text| self.note(Level::Good, text));
    }
}
