//! Where all runs of a batch print: above their bars on a terminal, plain lines elsewhere.

use console::{Term, measure_text_width, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;

use super::tty::Tty;
use crate::output;

/// Times a second the bars are redrawn, at most.
const REDRAWS: u8 = 10;

/// What all runs share; clones are of the same screen.
#[derive(Debug, Clone)]
pub struct BatchOutput {
    /// On a terminal.
    bars: Option<MultiProgress>,
    /// Text goes to stderr, because stdout holds events.
    to_stderr: bool,
}

impl BatchOutput {
    /// One whose text goes to stderr or stdout.
    pub fn new(to_stderr: bool) -> Self {
        let term = if to_stderr { Term::buffered_stderr() } else { Term::buffered_stdout() };
        // A terminal without cursor movement (TERM=dumb) gets lines as well.
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        let bars = (term.is_term() && !is_dumb).then(|| {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Tty::new(term)), REDRAWS);
            MultiProgress::with_draw_target(target)
        });
        Self { bars, to_stderr }
    }

    /// A bar below the others, with `tag` before it; `None` where there is no terminal.
    pub fn bar(&self, tag: &str) -> Option<ProgressBar> {
        self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(1));
            // Short enough for 80 columns; the bar takes what is left.
            let style = ProgressStyle::with_template("{prefix}{wide_bar} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
            bar.set_prefix(tag.to_owned());
            bar
        })
    }

    /// What a bar says beside itself, cut where it would not fit into a line.
    pub fn set_message(&self, bar: &ProgressBar, text: &str) {
        let term = if self.to_stderr { Term::stderr() } else { Term::stdout() };
        let columns = usize::from(term.size().1);
        // The bar has a column at least, and a space after it.
        let room = columns.saturating_sub(measure_text_width(&bar.prefix()) + 3);
        bar.set_message(truncate_str(text, room, "…").into_owned());
    }

    /// Takes a bar away.
    pub fn remove(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        if let Some(bars) = &self.bars {
            bars.remove(bar);
        }
    }

    /// A line of text.
    pub fn line(&self, text: &str) {
        self.above_bars(|| if self.to_stderr { output::note(text) } else { output::say(text) });
    }

    /// A line for the person at the terminal, never among results.
    pub fn notice(&self, text: &str) {
        match &self.bars {
            Some(_) => self.line(text),
            None => output::note(text),
        }
    }

    /// An error, on stderr.
    pub fn error(&self, error: &impl Display) {
        self.above_bars(|| output::error(error));
    }

    /// Leaves the terminal clean.
    pub fn clear(&self) {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
    }

    fn above_bars(&self, print: impl FnOnce()) {
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }
}
