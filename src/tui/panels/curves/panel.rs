//! The keys of Curves, and where it is on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{CurvesPanel, ShownRun};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::session::Session;

impl PanelKind for CurvesPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Curves",
        short: "Curves",
        name: "curves",
        focus: ("curves", &["C"], "focus Curves"),
        mouse: "click: put the cursor there; drag: move it; wheel: zoom about the pointer",
        share: (21, 17),
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("metric", &["m"], "loss, top-1, or both", |panel, _| panel.cycle_metric())
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
        PanelKey::<Self>::new("rougher", &["["], "smooth them less", |panel, _| panel.view.smooth(false)),
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
    fn summary(&self, _session: &Session, _room: usize) -> String {
        self.view_summary()
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        self.view.limits = session.y_limits;
        let (runs, baseline) = (&session.runs, session.runs.baseline().map(|run| run.id));
        let (current, shown) = (runs.current().map(|run| run.id), runs.shown());
        let names: Vec<_> = shown.iter().map(|run| runs.labels().label(run).to_string()).collect();
        let shown: Vec<_> = shown
            .iter()
            .zip(&names)
            .map(|(run, name)| ShownRun {
                key: run.id,
                name,
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
    fn wheel(&mut self, by: isize, at: Position, _session: &mut Session) {
        if let Some(fraction) = self.fraction_at(at) {
            self.view.zoom(by < 0, Some(self.view.at(fraction)));
        }
    }
}
