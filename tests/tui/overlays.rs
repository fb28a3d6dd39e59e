//! The command palette, and the search in the help.

use crossterm::event::{MouseButton, MouseEventKind};
use hiresnet_tui::tui::action::Action;
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::overlay::Overlay;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::theme::Theme;

use crate::screens::ASCII;
use crate::world::World;

const SIZE: (u16, u16) = (80, 24);

fn is_open(world: &World) -> bool {
    world.app.screen.overlay.is_some()
}

#[test]
fn a_command_of_another_panel_is_found_and_run_there() {
    let mut world = World::with_three(Theme::FULL);
    world.keys("W :");
    world.type_text("log y");
    let screen = world.screen(SIZE);
    assert!(screen.contains("Commands") && screen.contains("▸Curves      log-y"), "{screen}");
    world.keys("enter");
    assert!(!is_open(&world));
    assert_eq!(world.app.focus, PanelId::Curves);
    let screen = world.screen(SIZE);
    assert!(screen.contains("log"), "{screen}");
}

#[test]
fn every_command_is_listed_with_its_key_and_those_of_the_focused_panel_first() {
    let mut world = World::new();
    let screen = world.keys("S :").screen((100, 30));
    let first = screen.lines().find(|line| line.contains('▸')).unwrap();
    assert!(first.contains("Setup") && first.contains("field-up") && first.contains("Up"), "{screen}");
    // What has its meaning while something else is open is left out, and the palette itself.
    let Some(Overlay::Palette(open)) = &world.app.screen.overlay else { panic!() };
    let rows = world.app.palette_rows(open);
    let names: Vec<_> = rows.iter().map(|row| row.binding.name).collect();
    assert!(names.contains(&"train") && names.contains(&"outliers") && names.contains(&"quit"));
    for other in ["accept", "yes", "help-up", "palette-up", "commands", "play"] {
        assert!(!names.contains(&other), "{other}");
    }
}

#[test]
fn in_a_replay_its_commands_are_listed() {
    let mut world = World::with_three(Theme::FULL);
    world.replaying().keys(":");
    world.type_text("half as fast");
    let screen = world.screen(SIZE);
    assert!(screen.contains("▸Replay      slower"), "{screen}");
}

#[test]
fn the_cursor_stays_on_the_list_and_esc_closes_it() {
    let mut world = World::new();
    world.keys(": pagedown down up").screen(SIZE);
    let row = |world: &World| match &world.app.screen.overlay {
        Some(Overlay::Palette(open)) => open.row,
        _ => panic!("closed"),
    };
    assert_eq!(row(&world), 10);
    (0..50).for_each(|_| _ = world.keys("pagedown").screen(SIZE));
    let last = row(&world);
    world.keys("down").screen(SIZE);
    assert_eq!(row(&world), last);
    world.type_text("quit");
    assert_eq!(row(&world), 0, "what is found is another list");
    let screen = world.keys("text:zzzz").screen(SIZE);
    assert!(screen.contains("no such command"), "{screen}");
    world.keys("enter").screen(SIZE);
    assert!(is_open(&world), "there is nothing to run");
    world.keys("esc");
    assert!(!is_open(&world) && world.effects().is_empty());
}

#[test]
fn a_command_can_be_clicked_and_text_pasted() {
    let mut world = World::new();
    world.keys(":");
    world.app.update(Action::Paste("focus Log\n".into()));
    world.screen(SIZE);
    world.click(HitTarget::PaletteRow(0));
    assert!(!is_open(&world));
    assert_eq!(world.app.focus, PanelId::Status);
    // Into the help, which takes no text, nothing can be pasted: it is the draft.
    world.keys("?");
    world.app.update(Action::Paste("plain@fashion seed=3".into()));
    assert_eq!(world.line(), "plain@fashion seed=3");
    world.keys("esc");
    let line = world.line().to_owned();
    world.keys(":").screen(SIZE);
    world.mouse(MouseEventKind::ScrollDown, 5, 5).mouse(MouseEventKind::Down(MouseButton::Left), 0, 0);
    assert!(is_open(&world) && world.line() == line);
}

#[test]
fn a_command_that_makes_no_sense_now_says_why() {
    let mut world = World::new();
    world.keys(": text:stop enter");
    assert!(world.notice().contains("no run in progress"), "{}", world.notice());
}

#[test]
fn words_in_the_help_are_found_in_every_panel() {
    let mut world = World::new();
    world.keys("W ? /");
    world.type_text("Ema");
    let screen = world.screen(SIZE);
    assert!(screen.contains("/ Ema") && screen.contains("bias-corrected EMA"), "{screen}");
    assert!(screen.contains("Curves") && screen.contains("1 line"), "{screen}");
    // Words of the title count, and all have to be there.
    world.keys("ctrl-u");
    world.type_text("runs delete");
    let screen = world.screen(SIZE);
    assert!(screen.contains("from disk (asks first)"), "{screen}");
    world.keys("enter down");
    assert!(is_open(&world));
    world.keys("esc");
    assert_eq!(world.help_line(), Some(0), "first the search ends");
    assert!(world.screen(SIZE).contains("move to the hop, or the cell, on the left"));
    world.keys("/ text:nosuchword");
    assert!(world.screen(SIZE).contains("nothing found"));
    world.keys("esc esc");
    assert!(!is_open(&world));
}

#[test]
fn in_the_help_and_the_palette_letters_are_no_commands() {
    for open in ["? /", ":"] {
        let mut world = World::new();
        let before = world.line().to_owned();
        world.keys(open).type_text("tqx1234abn ");
        assert!(is_open(&world) && world.effects().is_empty());
        assert_eq!(world.line(), before);
        assert!(world.app.session.question.is_none());
    }
}

#[test]
fn they_are_legible_where_there_is_little_room_and_no_colour() {
    for (theme, size) in [(ASCII, (40, 10)), (Theme::FULL, (40, 10)), (Theme::FULL, (200, 60))] {
        let mut world = World::with("resnet@fashion-embedded", &Default::default(), theme);
        let screen = world.keys(": text:zoom").screen(size);
        assert!(screen.contains("zoom"), "{screen}");
        let screen = world.keys("esc ? / text:zoom").screen(size);
        assert!(screen.contains("/ zoom"), "{screen}");
        // Too small for anything: nothing is painted, and nothing breaks.
        world.screen((39, 5));
        world.keys("enter esc esc").screen(size);
    }
}
