//! From the state to cells: who paints where.

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{App, HitTarget, Hits, inside};
use crate::domain::text::wrap;
use crate::tui::chrome::{footer, header, help, input, palette, question, seek_bar};
use crate::tui::images::Paint;
use crate::tui::layout::LEAST;
use crate::tui::overlay::Overlay;
use crate::tui::paint::{frame, put, room_beside};
use crate::tui::panel::{PanelCanvas, PanelTarget};
use crate::tui::panels::PanelId;

impl App {
    /// Paints everything, and says what is where and where the text cursor is.
    /// [`prepare`](Self::prepare) has been called for this size.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) -> (Hits, Option<Position>) {
        let mut hits = Hits::new();
        let Some(arrangement) = &self.screen.arrangement else {
            self.draw_too_small(area, buf, &mut hits);
            return (hits, None);
        };
        let mut cursor = None;
        header::draw(self, arrangement.header, buf, &mut hits);
        for (id, area) in &arrangement.panels {
            cursor = cursor.or(self.draw_panel(*id, *area, buf, &mut hits));
        }
        hits.extend(
            arrangement.borders().into_iter().map(|(area, border)| (area, HitTarget::Border(border))),
        );
        if let (Some(bar), Some(playback)) = (arrangement.seek_bar, &self.session.playback) {
            let (marks, theme) = (&self.session.tape_marks, &self.session.theme);
            seek_bar::draw(playback, marks, bar, buf, &mut hits, theme);
        }
        footer::draw_notice(self, Rect { y: arrangement.below_panels(), ..arrangement.footer }, buf);
        footer::draw(self, arrangement.footer, buf, &mut hits);
        match &self.screen.overlay {
            Some(Overlay::Help(view)) => cursor = help::draw(self, view, area, buf),
            Some(Overlay::Palette(open)) => cursor = palette::draw(self, open, area, buf, &mut hits),
            None => {}
        }
        if let Some(editing) = self.session.editing.as_ref().filter(|editing| editing.is_long()) {
            cursor = input::draw_box(editing, area, buf, &self.session.theme);
        }
        if let Some(question) = self.session.question
            && let Some(text) = self.session.question_text()
        {
            question::draw(self, question, &text, area, buf, &mut hits);
        }
        (hits, cursor)
    }

    fn draw_panel(&self, id: PanelId, area: Rect, buf: &mut Buffer, hits: &mut Hits) -> Option<Position> {
        let (panel, title, session) = (self.panels.get(id), id.facts().title, &self.session);
        let is_focused = self.focus == id;
        let summary = panel.summary(session, room_beside(area, title));
        frame(buf, area, title, &summary, is_focused, &session.theme);
        hits.push((area, HitTarget::In(id, PanelTarget::Background)));
        let paint = Paint::Shown(&self.gallery);
        let drawn = panel.draw(&PanelCanvas { session, area: inside(area), is_focused, paint }, buf);
        hits.extend(drawn.hits.into_iter().map(|(area, target)| (area, HitTarget::In(id, target))));
        drawn.cursor
    }

    /// A question is asked on any terminal; else how large it would have to be.
    fn draw_too_small(&self, area: Rect, buf: &mut Buffer, hits: &mut Hits) {
        let theme = &self.session.theme;
        if let Some(question) = self.session.question
            && let Some(text) = self.session.question_text()
        {
            return question::draw_plainly(self, question, &text, area, buf, hits);
        }
        let (width, height) = (LEAST.width, LEAST.height);
        let text = format!("too small: need {width}×{height}, have {}×{}", area.width, area.height);
        for (i, line) in wrap(&text, area.width.into()).iter().enumerate() {
            put(buf, area, area.x, area.y + i as u16, line, theme.text(), theme);
        }
    }

    /// Makes the pictures that the next frame paints, where they are not made already. With
    /// something over them half-blocks are painted instead: of a picture no part can be
    /// covered and come back.
    pub(super) fn prepare_pictures(&mut self) {
        let Some(font) = self.gallery.font() else { return };
        let covered = self.is_covered();
        self.gallery.veil(covered);
        let session = &self.session;
        let visible = PanelId::ALL.iter().filter_map(|id| Some((*id, inside(self.area(*id)?))));
        let wanted: Vec<_> = visible
            .filter_map(|(id, area)| Some((id, area, self.panels.get(id).picture_key(session, area, font)?)))
            .collect();
        if wanted.iter().map(|(.., key)| key).eq(&self.pictured) {
            return;
        }
        let list = RefCell::default();
        for (id, area, _) in &wanted {
            let (area, paint) = (*area, Paint::Listed(&list, font));
            let canvas = PanelCanvas { session, area, is_focused: false, paint };
            self.panels.get(*id).draw(&canvas, &mut Buffer::empty(area));
        }
        self.gallery.show(&list.into_inner());
        self.pictured = wanted.into_iter().map(|(.., key)| key).collect();
    }
}
