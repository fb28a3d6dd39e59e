//! From the state to cells: who paints where.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::{App, Hits, Spot, inside};
use super::command::Panel;
use super::layout::LEAST;
use super::paint::{frame, put, room_beside};
use super::panels::{header, help, question, runs, setup, status};
use super::wiring;

/// Paints everything, and says what is where and where the text cursor is. `App::prepare`
/// has been called for this size.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> (Hits, Option<Position>) {
    let mut hits = Hits::new();
    let Some(arrangement) = &app.view.arrangement else {
        too_small(app, area, buf, &mut hits);
        return (hits, None);
    };
    let mut cursor = None;
    header::draw(app, arrangement.header, buf, &mut hits);
    for (panel, area) in &arrangement.panels {
        hits.push((*area, Spot::Panel(*panel)));
        cursor = cursor.or(draw_panel(app, *panel, *area, buf, &mut hits));
    }
    header::draw_footer(app, arrangement.footer, buf, &mut hits);
    if let Some(line) = app.view.help {
        help::draw(app, line, area, buf);
    }
    if let Some(editing) = app.editing.as_ref().filter(|editing| editing.is_long()) {
        cursor = setup::draw_box(app, editing, area, buf);
    }
    if let Some(text) = app.question_text() {
        question::draw(app, &text, area, buf, &mut hits);
    }
    (hits, cursor)
}

fn draw_panel(app: &App, panel: Panel, area: Rect, buf: &mut Buffer, hits: &mut Hits) -> Option<Position> {
    let (theme, focused) = (&app.theme, app.focus == panel);
    let current = app.runs.current();
    let about = match panel {
        Panel::Wiring => wiring_about(app),
        Panel::Setup => setup::summary(app, inside(area)),
        Panel::Curves => app.curves.summary(),
        Panel::Activations => current.map_or(String::new(), |run| run.spec.network_name()),
        Panel::Features => current.map_or(String::new(), |run| {
            let weights = app.features.about(run.id).map_or(String::new(), |about| format!(", {about}"));
            format!("{}{weights}", run.spec.network_name())
        }),
        Panel::Data => format!("the draft's, {}", app.draft.spec().dataset.name()),
        Panel::Table => app.table.summary(room_beside(area, panel.title())),
        Panel::Runs => runs::summary(app),
        Panel::Status => match app.log.below() {
            0 => String::new(),
            below => format!("{below} newer below"),
        },
    };
    frame(buf, area, panel.title(), &about, focused, theme);
    let area = inside(area);
    match panel {
        Panel::Wiring => {
            let study = app.lesions.shown(&app.draft, current.map(|run| run.id));
            let spots = wiring::draw(&app.draft, study, focused, area, buf, theme);
            hits.extend(spots.into_iter().map(|(area, spot)| (area, Spot::Wiring(spot))));
        }
        Panel::Setup => return setup::draw(app, area, buf, hits),
        Panel::Curves => app.curves.draw(area, buf, theme),
        Panel::Activations => {
            let named = |run: &'_ super::run::Run| run.spec.network_name();
            let baseline = app.runs.baseline().filter(|b| current.is_none_or(|run| run.id != b.id));
            let (name, its) = (current.map(named), baseline.map(named));
            let run = current.zip(name.as_deref()).map(|(run, name)| (name, &run.state));
            let baseline = baseline.zip(its.as_deref()).map(|(run, name)| (name, &run.state));
            app.activations.draw(run, baseline, area, buf, theme);
        }
        Panel::Features => {
            app.features.draw(current, app.playback.is_some(), &app.gallery, area, buf, theme);
        }
        Panel::Data => {
            app.data.draw(app.draft.spec(), app.playback.is_some(), &app.gallery, area, buf, theme);
        }
        Panel::Table => app.table.draw(area, buf, theme),
        Panel::Runs => return runs::draw(app, area, buf, hits),
        Panel::Status => status::draw(app, area, buf),
    }
    None
}

/// What the network is for, or how far its lesions are.
fn wiring_about(app: &App) -> String {
    match app.lesions.running() {
        None => app.draft.spec().dataset.name().to_owned(),
        Some(running) if running.ending => "ending lesions".into(),
        Some(running) => format!("lesions {}/{}", running.done, running.total),
    }
}

/// A question is asked on any terminal; else how large it would have to be.
fn too_small(app: &App, area: Rect, buf: &mut Buffer, hits: &mut Hits) {
    if let Some(text) = app.question_text() {
        return question::draw_plainly(app, &text, area, buf, hits);
    }
    let text =
        format!("too small: {}×{} needed, this is {}×{}", LEAST.width, LEAST.height, area.width, area.height);
    for (i, line) in crate::domain::text::wrap(&text, area.width.into()).iter().enumerate() {
        put(buf, area, area.x, area.y + i as u16, line, app.theme.text(), &app.theme);
    }
}
