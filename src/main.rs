//! Parses, dispatches, and turns results into exit codes.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use hiresnet_tui::batch::{self, Exit, output};
use hiresnet_tui::cli::{Cli, Command};
use hiresnet_tui::engine::kernels::isa::Isa;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("HIRESNET_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| "off".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    if let Err(reason) = Isa::wanted() {
        output::error(&format!("{}: {reason}", Isa::VARIABLE));
        return Exit::BadInput.into();
    }
    if let Some(threads) = cli.threads() {
        // Only fails when a pool exists already, and nothing has run yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
    }
    let result = match &cli.command {
        Some(Command::Params { specs, json }) => batch::params::run(specs, *json),
        Some(Command::Runs { dir, json }) => batch::runs::run(dir, *json),
        Some(Command::Eval { run, machine, json }) => batch::eval::run(run, machine, *json),
        Some(Command::Parity { dir, spec, data }) => batch::parity::run(dir, spec, data),
        Some(Command::Bench { what }) => batch::bench::run(what),
        None if cli.batch.batch.is_empty() => {
            output::note(&Cli::command().render_help().to_string());
            output::error(&"nothing to do: give --batch SPEC or a command, e.g. --batch quickstart");
            Ok(Exit::BadInput)
        }
        None => batch::train::run(&cli.batch, &cli.machine),
    };
    let exit = result.unwrap_or_else(|error| {
        output::error(&error);
        Exit::BadInput
    });
    match exit {
        Exit::Done if !output::all_printed() => Exit::Failed,
        exit => exit,
    }
    .into()
}
