//! Clicks and the wheel.

use crossterm::event::{MouseButton, MouseEventKind};
use hiresnet_tui::domain::event::Control;
use hiresnet_tui::domain::hops::{Hop, HopGroup};
use hiresnet_tui::tui::action::{Effect, TerminalEffect};
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::command::{AppCommand, EditCommand, GlobalCommand, QuestionAnswer};
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::panels::WiringTarget;
use hiresnet_tui::tui::session::Question;
use hiresnet_tui::tui::theme::Theme;

use crate::screens::training;
use crate::world::{World, field, key, run_mark, run_row, wired};

const MEDIUM: (u16, u16) = (120, 40);
const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

/// A world whose frame has been painted, so that its places are known.
fn painted(mut world: World, size: (u16, u16)) -> World {
    world.screen(size);
    world
}

/// Where a panel is, within its frame.
fn middle(world: &World, panel: PanelId) -> (u16, u16) {
    let area = world.app.area(panel).unwrap();
    (area.x + area.width / 2, area.y + area.height / 2)
}

#[test]
fn a_click_on_a_button_switches_its_group() {
    for (group, network) in [
        (HopGroup::Order(1), "resnet+hires[P1]"),
        (HopGroup::All, "resnet+hires"),
        (HopGroup::In, "resnet+hires[In]"),
        (HopGroup::None, "resnet"),
    ] {
        let mut world = painted(World::of("resnet@fashion-embedded"), MEDIUM);
        world.keys("R").click(wired(WiringTarget::Group(group)));
        assert_eq!(world.app.session.draft.spec().network_name(), network);
        assert_eq!(world.app.focus, PanelId::Wiring);
    }
}

#[test]
fn a_click_on_an_arc_switches_that_hop() {
    for size in [(40, 10), (80, 24), MEDIUM, (200, 60)] {
        for hop in [Hop::new(0, 3), Hop::new(1, 2)] {
            let mut world = painted(World::of("resnet@fashion-embedded"), size);
            world.click(wired(WiringTarget::Hop(hop)));
            assert!(world.app.session.draft.hops().contains(hop), "{hop} at {size:?}");
            assert_eq!(
                (world.app.session.draft.hops().len(), world.app.session.draft.cursor()),
                (1, Some(hop))
            );
            world.screen(size);
            world.click(wired(WiringTarget::Hop(hop)));
            assert!(world.app.session.draft.hops().is_empty());
        }
    }
}

#[test]
fn a_click_on_the_spec_copies_it() {
    let mut world = painted(World::new(), MEDIUM);
    world.click(wired(WiringTarget::Spec));
    assert_eq!(world.effects(), [Effect::Terminal(TerminalEffect::Copy(crate::world::DRAFT.into()))]);
}

#[test]
fn clicks_choose_runs_and_their_marks_draw_them() {
    let mut world = painted(World::with_three(Theme::FULL), MEDIUM);
    let ids = world.listed();
    world.keys("W c").click(run_row(ids[2]));
    // The row's left end is the mark.
    assert_eq!(world.app.focus, PanelId::Runs);
    let place = world.place(run_row(ids[1]));
    let before = world.run(ids[1]).slot;
    world.mouse(DOWN, place.x + 5, place.y);
    assert_eq!((world.current(), world.run(ids[1]).slot), (Some(ids[1]), before));
    world.click(run_mark(ids[1]));
    assert_ne!(world.run(ids[1]).slot.is_some(), before.is_some());
    world.click(run_mark(ids[1]));
    assert_eq!(world.run(ids[1]).slot.is_some(), before.is_some());
}

#[test]
fn clicks_on_tabs_and_panels_give_the_focus() {
    let mut world = painted(World::new(), (80, 24));
    for panel in PanelId::ALL.iter().copied() {
        world.click(HitTarget::Tab(panel));
        assert_eq!(world.app.focus, panel);
        world.screen((80, 24));
        assert!(world.app.area(panel).is_some(), "its page is shown");
    }
    let mut world = painted(World::new(), MEDIUM);
    for panel in [PanelId::Curves, PanelId::Activations, PanelId::Runs, PanelId::Status] {
        let (x, y) = middle(&world, panel);
        world.mouse(DOWN, x, y);
        assert_eq!(world.app.focus, panel);
    }
}

#[test]
fn keys_of_the_footer_and_of_questions_can_be_clicked() {
    let mut world = painted(World::new(), MEDIUM);
    world.click(key(GlobalCommand::Train));
    let (id, _) = world.started();
    world.begin(id);
    // A message covers none of the keys.
    world.screen(MEDIUM);
    world.click(key(GlobalCommand::Pause));
    assert_eq!(world.orders(), [Control::Pause]);
    world.screen(MEDIUM);
    world.click(key(GlobalCommand::Quit));
    assert_eq!(world.app.session.question, Some(Question::Quit));
    world.screen(MEDIUM);
    world.mouse(DOWN, 0, 20);
    assert_eq!(
        (world.app.session.question, world.app.focus),
        (Some(Question::Quit), PanelId::Wiring),
        "a click elsewhere"
    );
    world.click(key(AppCommand::Answer(QuestionAnswer::No)));
    assert_eq!((world.app.session.question, world.effects()), (None, vec![]));
    world.keys("q").screen(MEDIUM);
    world.click(key(AppCommand::Answer(QuestionAnswer::Yes)));
    assert_eq!(world.orders(), [Control::Stop]);
}

#[test]
fn the_second_click_on_a_field_edits_it() {
    let mut world = painted(World::new(), (80, 24));
    world.keys("S").screen((80, 24));
    world.keys("W").screen((80, 24));
    world.click(field(2));
    assert_eq!((world.app.focus, world.app.session.setup.row()), (PanelId::Setup, 2));
    assert!(world.app.session.editing.is_none());
    world.screen((80, 24));
    world.click(field(2));
    assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), "10", "the epochs");
    world.screen((80, 24));
    world.click(field(5));
    assert_eq!(world.app.session.setup.row(), 2, "what is typed has the mouse's attention");
    world.click(key(AppCommand::Edit(EditCommand::Cancel)));
    assert!(world.app.session.editing.is_none());
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut world = painted(World::with_three(Theme::FULL), MEDIUM);
    let ids = world.listed();
    let wheel = |world: &mut World, panel: PanelId, down: bool| {
        let (x, y) = middle(world, panel);
        let kind = if down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
        world.mouse(kind, x, y);
    };
    assert_eq!(world.current(), Some(ids[0]));
    wheel(&mut world, PanelId::Runs, true);
    assert_eq!(world.current(), Some(ids[1]));
    wheel(&mut world, PanelId::Runs, false);
    assert_eq!(world.current(), Some(ids[0]));
    wheel(&mut world, PanelId::Setup, true);
    assert_eq!(world.app.session.setup.row(), 1);
    wheel(&mut world, PanelId::Setup, false);
    assert_eq!(world.app.session.setup.row(), 0);
    assert!(!world.app.panels.curves.view_summary().contains("zoomed"));
    wheel(&mut world, PanelId::Curves, false);
    assert!(world.app.panels.curves.view_summary().contains("zoomed"));
    wheel(&mut world, PanelId::Curves, true);
    assert!(!world.app.panels.curves.view_summary().contains("zoomed"));
    let line = world.line().to_owned();
    wheel(&mut world, PanelId::Wiring, true);
    assert_eq!((world.line(), world.app.focus), (line.as_str(), PanelId::Runs), "the focus stays");

    let mut world = painted(training(Theme::FULL), (80, 16));
    world.keys("A").screen((80, 16));
    wheel(&mut world, PanelId::Status, false);
    world.screen((80, 16));
    assert!(world.app.panels.status.below() > 0);
    (0..3).for_each(|_| wheel(&mut world, PanelId::Status, true));
    world.screen((80, 16));
    assert_eq!(world.app.panels.status.below(), 0);

    let mut world = painted(training(Theme::FULL), (40, 10));
    let before = world.keys("A").screen((40, 10));
    wheel(&mut world, PanelId::Activations, true);
    assert_ne!(world.screen((40, 10)), before);
}

#[test]
fn the_curves_are_read_where_they_are_clicked_and_dragged() {
    let mut world = painted(World::with_three(Theme::FULL), MEDIUM);
    let (x, y) = middle(&world, PanelId::Curves);
    world.mouse(DOWN, x, y);
    assert!(world.app.panels.curves.is_inspecting() && world.app.focus == PanelId::Curves);
    let before = world.screen(MEDIUM);
    world.mouse(MouseEventKind::Drag(MouseButton::Left), x + 9, y);
    assert_ne!(world.screen(MEDIUM), before);
}

#[test]
fn the_wheel_scrolls_the_help() {
    let mut world = painted(World::new(), (80, 24));
    world.keys("?").screen((80, 24));
    world.mouse(MouseEventKind::ScrollDown, 40, 12).mouse(MouseEventKind::ScrollDown, 0, 0);
    assert_eq!(world.help_line(), Some(2));
    world.mouse(MouseEventKind::ScrollUp, 40, 12);
    assert_eq!(world.help_line(), Some(1));
    world.mouse(DOWN, 40, 12);
    assert_eq!((world.help_line(), world.app.focus), (Some(1), PanelId::Wiring));
}

#[test]
fn places_of_an_older_and_larger_frame_do_no_harm() {
    let mut world = painted(training(Theme::FULL), (200, 60));
    let spots: Vec<_> = world.app.screen.hits.clone();
    world.screen((40, 10));
    for (place, _) in spots {
        for kind in
            [MouseEventKind::Moved, DOWN, MouseEventKind::Up(MouseButton::Left), MouseEventKind::ScrollLeft]
        {
            world.mouse(kind, place.x, place.y);
        }
    }
    world.keys("esc esc esc");
    assert!(world.keys_are_commands());
}
