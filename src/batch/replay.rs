//! `record`, and `--replay FILE --batch`: runs in one file, and their table without a screen.

use std::path::{Path, PathBuf};

use super::{export, summary};
use crate::cli::BatchArgs;
use crate::domain::error::SpecError;
use crate::domain::event::Event;
use crate::domain::run_state::RunState;
use crate::domain::text::{duration, grouped, plural};
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::recording::{self, RecordedPart};
use crate::exit::Exit;
use crate::output::say;

/// Packs `part` of the runs in `folders` into `file`, which is replaced where it is a recording; with
/// `force` whatever file it is.
///
/// # Errors
/// When there is no run, or the file cannot be written.
pub fn record(folders: &[PathBuf], part: RecordedPart, file: &Path, force: bool) -> Result<Exit> {
    let (tape, left) = recording::pack(folders, part, file, force)?;
    let runs = tape.runs();
    export::say_left(&left);
    let bytes = std::fs::metadata(file).map_err(EngineError::io("read", file))?.len();
    for run in runs {
        let events = grouped(run.events.len());
        say(&format!("{}: {}, {events} events, {}", run.name, run.spec, duration(run.seconds())));
    }
    if tape.from() > 0.0 {
        say(&format!("starts at {} of {}", duration(tape.from()), duration(tape.seconds())));
    }
    say(&format!("{} in {}, {} bytes", plural(runs.len(), "run"), shown(file), grouped(bytes as usize)));
    Ok(Exit::Done)
}

/// Prints the table that the runs of the recording `name` ended with.
///
/// # Errors
/// When it is no recording, or specs were given as well.
pub fn run(name: &str, args: &BatchArgs) -> Result<Exit> {
    if args.batch.as_ref().is_some_and(|specs| !specs.is_empty())
        || args.seeds.is_some()
        || !args.set.is_empty()
    {
        return Err(
            SpecError::new("--replay", "a recording is what it is; --batch takes no specs with it").into()
        );
    }
    let runs = recording::open(name)?.into_runs();
    if args.json {
        for run in &runs {
            run.events.iter().filter(|event| event.is_recorded()).for_each(|event| print(&run.name, event));
        }
        return Ok(Exit::Done);
    }
    let states: Vec<RunState> = runs.iter().map(|run| run.state(run.events.len())).collect();
    say(&summary::text(&states, args.target));
    Ok(Exit::Done)
}

fn print(run: &str, event: &Event) {
    if let Ok(line) = super::active_run::line(run, event) {
        say(&line);
    }
}
