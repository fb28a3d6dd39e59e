//! `note` on the command line.

use std::path::PathBuf;

use clap::Args;

/// What is said of which runs.
#[derive(Debug, Args)]
pub struct NoteArgs {
    /// Run directories; when there are several, anything else among them is skipped
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Name of the run, shown in place of its network and seed; '' removes it
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub name: Option<String>,
    /// Note, up to 2,000 characters; '' removes it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Add these tags; repeatable, or separated by commas
    #[arg(long, value_name = "TAGS")]
    pub tag: Vec<String>,
    /// Remove these tags
    #[arg(long, value_name = "TAGS")]
    pub untag: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
