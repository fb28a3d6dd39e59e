//! `sweep`: a sweep's runs, and the script for a cluster that trains them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Exit;
use super::slurm::{self, Job};
use super::specs;
use crate::cli::{SlurmArgs, SweepCommand, SweepRuns};
use crate::domain::error::SpecError;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{harmless, plural, shell_word};
use crate::engine::device::BACKENDS;
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::files;
use crate::engine::presets;
use crate::engine::resume::{RunIndex, RunProgress};
use crate::engine::store;
use crate::output::{note, overflows, right, say, say_json, table};

/// Lists a sweep's runs, or writes a script.
///
/// # Errors
/// When the words mean no runs, or the folder or the script cannot be read or written.
pub fn run(what: &SweepCommand) -> Result<Exit> {
    match what {
        SweepCommand::List { runs, out, json } => list(&specs_of(runs)?, out.as_deref(), *json),
        SweepCommand::Slurm(args) => slurm(args),
    }
}

fn specs_of(runs: &SweepRuns) -> Result<Vec<ExperimentSpec>> {
    let runs = specs::expand(&runs.specs, &runs.set, runs.seeds.as_deref())?;
    runs.repeated().iter().chain(&runs.hint).for_each(|text| note(text));
    if let Some(folder) = runs.runs.iter().find_map(|run| run.folder.as_ref()) {
        return Err(EngineError::run(folder, "a run's directory, not a sweep; --batch resumes it"));
    }
    Ok(runs.runs.into_iter().map(|run| run.spec).collect())
}

#[derive(Serialize)]
struct Row {
    number: usize,
    line: String,
    spec: ExperimentSpec,
    /// With `--out`: `finished`, `diverged`, `training`, `unfinished`, `damaged` or `missing`.
    state: Option<&'static str>,
    /// With `--out`: epochs that it has.
    epochs: Option<usize>,
    folder: Option<String>,
}

fn list(specs: &[ExperimentSpec], out: Option<&Path>, json: bool) -> Result<Exit> {
    // A folder that is not there yet has no runs.
    let known_runs =
        out.map(|out| if out.exists() { RunIndex::of(out).map(Some) } else { Ok(None) }).transpose()?;
    let mut errors = Vec::new();
    let mut row = |(index, spec): (usize, &ExperimentSpec)| {
        let found = known_runs
            .as_ref()
            .map(|known_runs| known_runs.as_ref().map_or(RunProgress::Missing, |s| s.progress(spec)));
        let run = found.as_ref().and_then(RunProgress::run);
        let mut folder = run.map(|run| run.path.clone());
        if let Some(RunProgress::Damaged(damage)) = &found {
            let out = out.map(shown).unwrap_or_default();
            errors.push(format!(
                "damaged: {}; move the folder out of {out} to train the run again",
                damage.error
            ));
            folder = Some(damage.folder.clone());
        }
        Row {
            number: index + 1,
            line: spec.to_string(),
            spec: spec.clone(),
            state: found.as_ref().map(RunProgress::name),
            epochs: found.as_ref().map(|_| run.map_or(0, |run| run.state.epochs.len())),
            folder: folder.map(|folder| folder.to_string_lossy().into_owned()),
        }
    };
    let rows: Vec<Row> = specs.iter().enumerate().map(&mut row).collect();
    let all: Vec<&ExperimentSpec> = specs.iter().collect();
    let nameless = known_runs.iter().flatten().flat_map(|known_runs| known_runs.nameless(&all));
    errors.extend(nameless.map(|damage| format!("passed over: {}", damage.error)));
    errors.iter().for_each(|error| note(&harmless(error, 4000)));
    if json {
        say_json(&rows);
        return Ok(Exit::Done);
    }
    let state = |row: &Row| match (row.state, row.epochs) {
        (Some(state @ ("training" | "unfinished")), Some(epochs)) => {
            format!("{state}, {epochs} of {} epochs", row.spec.epochs)
        }
        (state, _) => state.unwrap_or("").to_owned(),
    };
    let mut listed = match out {
        Some(_) => table(["run", "state", "spec"]),
        None => table(["run", "spec"]),
    };
    right(&mut listed, 0..1);
    for row in &rows {
        let number = row.number.to_string();
        match out {
            Some(_) => listed.add_row([number, state(row), row.line.clone()]),
            None => listed.add_row([number, row.line.clone()]),
        };
    }
    let text = listed.to_string();
    match overflows(&text) {
        false => say(&text),
        true => rows.iter().for_each(|row| say(&format!("{} {}\n  {}", row.number, state(row), row.line))),
    }
    if out.is_some() {
        let count = |name| rows.iter().filter(|row| row.state == Some(name)).count();
        let names = ["finished", "diverged", "training", "unfinished", "damaged", "missing"];
        let counts = names.map(|name| (count(name), name));
        let counts = counts.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}"));
        say(&format!("\n{}: {}", plural(rows.len(), "run"), counts.collect::<Vec<_>>().join(", ")));
    }
    Ok(Exit::Done)
}

fn slurm(args: &SlurmArgs) -> Result<Exit> {
    if let Some(time) = args.time.as_deref().filter(|time| slurm::is_too_short(time)) {
        let least = slurm::LEAST_MINUTES;
        return Err(SpecError::new(
            "--time",
            format!(
                "{time} is too short: a task is told two to three minutes before its limit, so that it would be \
                 queued again and again and train little; give at least {least} minutes (a number alone is minutes)"
            ),
        )
        .into());
    }
    slurm::check_words(&args.runs)?;
    let runs = specs_of(&args.runs)?.len();
    store::check_writable(&args.out)?;
    let program = std::env::current_exe().map_err(EngineError::io("find", "the program"))?;
    let words = args.runs.specs.iter().map(|word| absolute_word(word)).collect::<Result<Vec<_>>>()?;
    let data_dir = args.data_dir.as_deref().map(absolute).transpose()?;
    let tensorboard = args.tensorboard.as_deref().map(absolute).transpose()?;
    let runs_per_task = slurm::runs_per_task(runs, args.runs_per_task.get() as usize);
    let job = Job {
        args,
        words,
        program: text(&program)?,
        out: absolute(&args.out)?,
        data_dir,
        tensorboard,
        runs,
        runs_per_task,
    };
    let script = job.script().map_err(|reason| EngineError::run(&args.out, reason))?;
    // Only what is named may be a link.
    let path = args.output.as_deref().map_or_else(|| args.out.join("sweep.sbatch"), files::followed);
    files::write_script(&path, script.as_bytes())?;
    let path = absolute(&path)?;
    say(&format!("{}: {} in {}", shown(Path::new(&path)), plural(runs, "run"), plural(job.tasks(), "task")));
    if runs_per_task > args.runs_per_task.get() as usize {
        say(&format!(
            "{runs_per_task} runs a task: an array has at most {} tasks unless the cluster says otherwise",
            slurm::MAX_TASKS
        ));
    }
    unused_gpus(args).iter().for_each(|text| note(&format!("warning: {text}")));
    say(&format!("submit it:      sbatch {}", shell_word(&path)));
    say(&format!("how far it is:  {}", job.list_command()));
    Ok(Exit::Done)
}

/// Why tasks would not compute on the GPUs that they are to ask for, or that `--device` names.
fn unused_gpus(args: &SlurmArgs) -> Option<String> {
    let on_cpu = "tasks would hold GPUs and compute on the CPU";
    match (args.device.backend(), args.gpus) {
        (Some(backend), Some(_)) if !backend.is_gpu() => {
            Some(format!("--gpus with --device {}: {on_cpu}", backend.name))
        }
        (None, Some(_)) if !BACKENDS.iter().any(|backend| backend.is_gpu() && backend.built) => {
            Some(format!(
                "--gpus, but this program is built without any backend for GPUs: {on_cpu}; build it without \
             --no-default-features"
            ))
        }
        (Some(backend), _) if !backend.built => Some(format!(
            "--device {}, but this program is built without it: tasks would fail; build it without \
             --no-default-features",
            backend.name
        )),
        _ => None,
    }
}

/// A word of a spec that means the same in every folder: a file's is made absolute.
fn absolute_word(word: &str) -> Result<String> {
    let own = || presets::user_folder().is_some_and(|folder| folder.join(format!("{word}.toml")).exists());
    let is_name = presets::check_name(word).is_ok() && (presets::is_shipped(word) || own());
    match !presets::is_line(word) && !is_name && Path::new(word).is_file() {
        true => absolute(Path::new(word)),
        false => Ok(word.to_owned()),
    }
}

fn absolute(path: &Path) -> Result<String> {
    let whole: PathBuf = std::path::absolute(path).map_err(EngineError::io("find", path))?;
    text(&whole)
}

/// A path as a script has it.
fn text(path: &Path) -> Result<String> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.map(str::to_owned)
        .ok_or_else(|| EngineError::run(path, "a script cannot have a name with such characters"))
}
