//! Parses, dispatches, and turns results into exit codes.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use hiresnet_tui::batch;
use hiresnet_tui::cli;
use hiresnet_tui::cli::{BenchCommand, Cli, CliCommand, PictureArgs, ReplayBench, UiBench};
use hiresnet_tui::engine::detach;
use hiresnet_tui::engine::device::{self, DeviceChoice};
use hiresnet_tui::engine::error::EngineError;
use hiresnet_tui::engine::files;
use hiresnet_tui::engine::kernels::isa::Isa;
use hiresnet_tui::engine::recording::{self, RecordedPart};
use hiresnet_tui::exit::Exit;
use hiresnet_tui::output;
use hiresnet_tui::signals;
use hiresnet_tui::tui;
use hiresnet_tui::tui::theme::Ground;

fn main() -> ExitCode {
    signals::outlive_full_files();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => return usage(&said),
    };
    if cli.detached
        && let Err(error) = detach::leave_terminal()
    {
        output::note(&format!("cannot leave the terminal: {error}"));
    }
    if cli.may_use_a_gpu() {
        // The environment is only safe to change while there is one thread.
        device::prepare_environment();
        device::install_panic_hook();
        device::count_kernels();
    }
    trace(&cli);
    if let Err(reason) = Isa::wanted() {
        output::error(&format!("{}: {reason}", Isa::VARIABLE));
        return Exit::BadInput.into();
    }
    if let Some(threads) = cli.threads() {
        // Only fails when a pool exists already, and nothing has run yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
    }
    let result = match &cli.command {
        Some(CliCommand::Params { specs, json }) => batch::params::run(specs, *json),
        Some(CliCommand::Runs { dir, json }) => batch::runs::run(dir, *json),
        Some(CliCommand::Note(args)) => batch::notes::run(args),
        Some(CliCommand::Devices { check, json }) => batch::devices::run(*check, *json),
        Some(CliCommand::Eval { run, machine, json }) => batch::eval::run(run, machine, *json),
        Some(CliCommand::Parity { dir, spec, data }) => batch::parity::run(dir, spec, data),
        Some(CliCommand::Bench { what }) => match what {
            BenchCommand::Train(args) => batch::bench::train(args),
            BenchCommand::Ops(args) => batch::bench_ops::run(args),
            BenchCommand::Data(args) => batch::bench::data(args),
            BenchCommand::Parity(args) => batch::bench::parity(args),
            BenchCommand::Ui(args) => bench_ui(args),
            BenchCommand::Replay(args) => bench_replay(args),
        },
        Some(CliCommand::Data { what }) => batch::data::run(what),
        Some(CliCommand::Keys) => {
            output::say(tui::keys_page().trim_end());
            Ok(Exit::Done)
        }
        Some(CliCommand::Completions { shell }) => {
            output::say(cli::completions(*shell).trim_end());
            Ok(Exit::Done)
        }
        Some(CliCommand::Man { dir, markdown }) => man(dir.as_deref(), *markdown),
        Some(CliCommand::Picture(args)) => picture(args),
        None if cli.print_config => tui::config::Config::load().map(|config| {
            output::say(config.to_toml().trim_end());
            Exit::Done
        }),
        Some(CliCommand::Lesion { run, pairs, without, machine, json }) => {
            batch::lesion::run(run, *pairs, without.as_deref(), machine, *json)
        }
        Some(CliCommand::Report(args)) => batch::report::run(args),
        Some(CliCommand::Record { runs, from, to, output, force }) => {
            batch::replay::record(runs, RecordedPart { from: *from, to: *to }, output, *force)
        }
        Some(CliCommand::Export(args)) => batch::export::run(args),
        Some(CliCommand::Presets { what }) => batch::presets::run(what),
        Some(CliCommand::Sweep { what }) => batch::sweep::run(what),
        None if let (Some(name), Some(_)) = (&cli.replay, &cli.batch.batch) => {
            batch::replay::run(name, &cli.batch)
        }
        None if cli.batch.batch.is_some() => batch::train::run(&cli.batch, &cli.out, &cli.machine),
        None if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => screen(&cli),
        // That there is none such is said first: a terminal would not help.
        None if let Some(name) = &cli.replay
            && let Err(error) = recording::open(name) =>
        {
            Err(error)
        }
        None => {
            output::note(&Cli::command().render_help().to_string());
            output::error(
                &"the interactive screen needs a terminal; without one, give --batch SPEC or a command",
            );
            Ok(Exit::BadInput)
        }
    };
    let exit = result.unwrap_or_else(|error| {
        output::error(&error);
        match error {
            // What was asked for was right.
            EngineError::Failed(_) => Exit::Failed,
            _ => Exit::BadInput,
        }
    });
    match exit {
        Exit::Done if !output::all_printed() => Exit::Failed,
        exit => exit,
    }
    .into()
}

/// Prints the help that was asked for, or what is wrong with the command line.
fn usage(said: &clap::Error) -> ExitCode {
    let printed = said.print().and_then(|()| std::io::stdout().flush());
    if said.use_stderr() {
        // Words with an '=' are a spec's, and after an option they are taken for a command.
        let is_spec = said
            .to_string()
            .lines()
            .next()
            .is_some_and(|line| line.contains("subcommand '") && line.contains('='));
        if is_spec {
            output::note("tip: the words of a spec directly follow --batch, before other options");
        }
        return Exit::BadInput.into();
    }
    output::printed(printed);
    if output::all_printed() { Exit::Done } else { Exit::Failed }.into()
}

/// Prints the man page or the reference, or writes every page into `dir`.
fn man(dir: Option<&Path>, markdown: bool) -> Result<Exit, EngineError> {
    if markdown {
        output::say(cli::markdown().trim_end());
        return Ok(Exit::Done);
    }
    let pages = cli::man_pages().map_err(|e| EngineError::Failed(e.to_string()))?;
    let Some(dir) = dir else {
        for (_, page) in pages.iter().take(1) {
            output::say(page.trim_end());
        }
        return Ok(Exit::Done);
    };
    let io_error = |source| EngineError::Io { action: "create the directory", path: dir.into(), source };
    std::fs::create_dir_all(dir).map_err(io_error)?;
    for (name, page) in &pages {
        files::write_own(&dir.join(name), page.as_bytes())?;
    }
    output::note(&format!("{} pages written to {}", pages.len(), dir.display()));
    Ok(Exit::Done)
}

/// Paints a frame of the interactive screen into a file.
fn picture(args: &PictureArgs) -> Result<Exit, EngineError> {
    let ground = if args.light { Ground::Light } else { Ground::Dark };
    let options = tui::WorkbenchOptions {
        root: args.out.clone(),
        data: args.place.data_dir.clone(),
        device: DeviceChoice::Auto,
        threads: None,
        tensorboard: None,
    };
    tui::picture_of(&options, args.size, &args.keys, ground, &args.file)?;
    Ok(Exit::Done)
}

/// Measures the screen, and prints what it costs.
fn bench_ui(args: &UiBench) -> Result<Exit, EngineError> {
    let bench = tui::bench::Bench {
        spec: batch::specs::one(&args.spec)?,
        steps: args.steps as usize,
        rounds: args.rounds as usize,
        size: args.size,
        device: args.device,
    };
    let cost = bench.run(&mut |round| output::note(round))?;
    match args.json {
        true => output::say_json(&cost),
        false => output::say(&cost.to_string()),
    }
    Ok(Exit::Done)
}

/// Logs what `HIRESNET_LOG` asks for, else warnings, to stderr, or into a file while the
/// screen is taken.
fn trace(cli: &Cli) {
    let asked = tracing_subscriber::EnvFilter::try_from_env("HIRESNET_LOG").ok();
    let takes_the_screen = cli.command.is_none() && cli.batch.batch.is_none() && !cli.print_config;
    if takes_the_screen && asked.is_none() {
        return;
    }
    let filter = asked.unwrap_or_else(|| tracing_subscriber::EnvFilter::new("hiresnet_tui=warn"));
    // What cannot be logged is lost: saying so on stderr would panic where that is gone, too.
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    if !takes_the_screen && std::env::var_os("HIRESNET_LOG").is_none() {
        subscriber.with_writer(std::io::stderr).with_ansi(false).without_time().with_target(false).init();
    } else if !takes_the_screen {
        subscriber.with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
    } else if let Some(file) = tui::log_file().and_then(|path| std::fs::File::create(path).ok()) {
        subscriber.with_writer(std::sync::Mutex::new(file)).with_ansi(false).init();
    }
}

/// The interactive screen, training or showing a recording.
fn screen(cli: &Cli) -> Result<Exit, EngineError> {
    let options = tui::WorkbenchOptions {
        root: cli.out.clone(),
        data: cli.machine.data.data_dir.clone(),
        device: cli.machine.device,
        threads: cli.machine.data.threads,
        tensorboard: cli.batch.tensorboard.clone(),
    };
    match &cli.replay {
        None => tui::run(&options),
        Some(name) => {
            let (name, speed, fit, looping) = (name.clone(), cli.speed, cli.fit, cli.looping);
            tui::replay(&options, &tui::Replay { name, speed, fit, looping })
        }
    }
}

/// Measures how soon a recording is anywhere.
fn bench_replay(args: &ReplayBench) -> Result<Exit, EngineError> {
    let tape = match &args.recording {
        Some(name) => recording::open(name)?,
        None => tui::bench_replay::long_tape()?,
    };
    let seeking = tui::bench_replay::seeking(tape, args.size, args.rounds as usize)?;
    match args.json {
        true => output::say_json(&seeking),
        false => output::say(&seeking.to_string()),
    }
    Ok(Exit::Done)
}
