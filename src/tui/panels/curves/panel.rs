//! The keys of Curves, and where it is on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use unicode_width::UnicodeWidthStr;

use super::legend::Legend;
use super::{CurvesPanel, ShownRun};
use crate::tui::labels::DistinctNames;
use crate::tui::paint::cut_words;
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::panes::Wish;
use crate::tui::session::Session;

/// The least columns that are worth a part of what all runs have alike.
const SHARED: usize = 8;

impl PanelKind for CurvesPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Curves",
        short: "Curves",
        name: "curves",
        focus: ("curves", &["C"], "focus Curves"),
        mouse: "click: put the cursor there; drag: move it; wheel: zoom about the pointer, or scroll the legend",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("metric", &["m"], "loss, top-1, both, or the learning rate", |panel, _| {
            panel.cycle_metric();
        })
        .hint("metric"),
        PanelKey::<Self>::new("lines", &["v"], "train and validation, or one of them", |panel, _| {
            panel.cycle_lines();
        })
        .hint("lines"),
        PanelKey::<Self>::new("log-y", &["l"], "linear or logarithmic y axis", |panel, _| {
            panel.toggle_log_y();
        })
        .hint("log y"),
        PanelKey::<Self>::new("log-x", &["k"], "linear or logarithmic x axis", |panel, _| {
            panel.view.toggle_log_x();
        }),
        PanelKey::<Self>::new("limits", &["a"], "type the ends of the y axis", |panel, session| {
            panel.edit_limits(session);
        }),
        PanelKey::<Self>::new("guides", &["g"], "lines across at the labels of y", |panel, _| {
            panel.view.guides = !panel.view.guides;
        }),
        PanelKey::<Self>::new("x-axis", &["u"], "x axis: step, epoch or time", |panel, _| panel.cycle_x())
            .hint("x axis"),
        PanelKey::<Self>::new(
            "smoother",
            &["]"],
            "smooth the train curves more (bias-corrected EMA)",
            |panel, _| {
                panel.view.smooth(true);
            },
        ),
        PanelKey::<Self>::new("rougher", &["["], "smooth the train curves less", |panel, _| {
            panel.view.smooth(false);
        }),
        PanelKey::<Self>::new(
            "inspect",
            &["i", "enter"],
            "cursor on or off: reads every run at one x",
            |panel, _| {
                panel.view.toggle_cursor();
            },
        )
        .hint("inspect"),
        PanelKey::<Self>::new(
            "curve-left",
            &["left", "h"],
            "move the cursor left, or the view",
            |panel, _| panel.move_or_pan(-1),
        ),
        PanelKey::<Self>::new("curve-right", &["right"], "move the cursor right, or the view", |panel, _| {
            panel.move_or_pan(1);
        }),
        PanelKey::<Self>::new("zoom-in", &["+", "=", "up"], "zoom in on x", |panel, _| {
            panel.view.zoom(true, None);
        }),
        PanelKey::<Self>::new("zoom-out", &["-", "down"], "zoom out", |panel, _| {
            panel.view.zoom(false, None);
        }),
        PanelKey::<Self>::new(
            "whole",
            &["0", "home"],
            "the whole x axis, following the run in progress",
            |panel, _| {
                panel.view.reset();
            },
        ),
        PanelKey::<Self>::new("legend-up", &["pageup"], "page up in the legend", |panel, _| {
            panel.page_legend(-1);
        }),
        PanelKey::<Self>::new("legend-down", &["pagedown"], "page down in the legend", |panel, _| {
            panel.page_legend(1);
        })
        .hint("legend")
        .enabled(|panel, _| panel.scene.legend.as_ref().is_some_and(Legend::is_scrolled)),
        PanelKey::<Self>::new(
            "bands",
            &["s"],
            "mean ± standard deviation over runs that differ only in seed",
            |panel, _| {
                panel.view.bands = !panel.view.bands;
            },
        )
        .hint("seeds"),
        PanelKey::<Self>::new(
            "outliers",
            &["f"],
            "fit the y axis to all points, or ignore outliers",
            |panel, _| {
                panel.view.ignore_outliers = !panel.view.ignore_outliers;
            },
        ),
    ];
}

impl Panel for CurvesPanel {
    /// What all runs have alike, as much of it as there is room for, and how they are shown.
    fn summary(&self, _session: &Session, room: usize) -> String {
        let view = self.view_summary();
        let rest = room.saturating_sub(view.width() + 3);
        let shared = cut_words(&self.shared, rest);
        if shared.is_empty() || rest < SHARED { view } else { format!("{shared} · {view}") }
    }

    fn columns_wanted(&self, _session: &Session) -> Wish {
        Wish::new(30, 90).or_more()
    }

    fn rows_wanted(&self, _session: &Session, _width: u16) -> Wish {
        Wish::new(8, 22).or_more()
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        self.view.limits = session.y_limits;
        let (runs, baseline) = (&session.runs, session.runs.baseline().map(|run| run.id));
        let (current, shown) = (runs.current().map(|run| run.id), runs.shown());
        let DistinctNames { names, groups, shared } = DistinctNames::of(&shown);
        self.shared = shared;
        let shown: Vec<_> = shown
            .iter()
            .zip(names.iter().zip(&groups))
            .map(|(run, (name, group))| ShownRun {
                key: run.id,
                name,
                group,
                slot: runs.slot(run),
                spec: &run.spec,
                state: &run.state,
                baseline: Some(run.id) == baseline,
                current: Some(run.id) == current,
            })
            .collect();
        self.prepare(&shown, area);
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        self.paint(canvas.area, buf, canvas.theme());
        Drawn::default()
    }

    fn close(&mut self, _session: &mut Session) -> bool {
        let is_inspecting = self.is_inspecting();
        if is_inspecting {
            self.view.toggle_cursor();
        }
        is_inspecting
    }

    /// Reads all runs there.
    fn click(&mut self, click: Click, _session: &mut Session) {
        if let Some(fraction) = self.fraction_at(click.at) {
            self.view.put_cursor(fraction);
        }
    }

    /// Zooms about the pointer.
    /// Over the legend, scrolls that.
    fn wheel(&mut self, by: isize, at: Position, _session: &mut Session) {
        if self.scene.legend.as_ref().is_some_and(|legend| legend.contains(at)) {
            self.scroll_legend(by);
            return;
        }
        if let Some(fraction) = self.fraction_at(at) {
            self.view.zoom(by < 0, Some(self.view.at(fraction)));
        }
    }
}
