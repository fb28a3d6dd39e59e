//! How the screen is shared out, and panes made larger and smaller by hand.

use crossterm::event::{MouseButton, MouseEventKind};
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::panes::{Border, PaneLine, PaneSizes};
use hiresnet_tui::tui::theme::Theme;
use ratatui::layout::Rect;

use crate::screens::training;
use crate::world::World;

const SMALL: (u16, u16) = (80, 24);
const MEDIUM: (u16, u16) = (120, 40);
const WIDE: (u16, u16) = (200, 60);

fn area(world: &mut World, size: (u16, u16), panel: PanelId) -> Rect {
    world.screen(size);
    world.app.area(panel).unwrap()
}

/// The lines of a screen as far as they are in `area`.
fn part(screen: &str, area: Rect) -> Vec<String> {
    let rows = screen.lines().skip(area.y.into()).take(area.height.into());
    rows.map(|row| row.chars().skip(area.x.into()).take(area.width.into()).collect()).collect()
}

#[test]
fn a_wide_screen_shows_more() {
    let mut world = World::with_three(Theme::FULL);
    let screen = world.keys("R end p home").screen(WIDE);
    let head = screen.lines().find(|line| line.contains("status") && line.contains("epochs")).unwrap();
    for column in ["status", "epochs", "val", "Δ val", "test", "Δ test", "time", "started (UTC)"] {
        assert!(head.contains(column), "{column}: {head}");
    }
    let wiring = part(&screen, world.app.area(PanelId::Wiring).unwrap());
    let is_blank = |row: &&String| row.chars().all(|c| c == '│' || c == ' ');
    assert!(wiring.iter().filter(is_blank).count() <= 8, "{wiring:#?}");
}

#[test]
fn the_first_page_of_a_small_screen_shows_a_curve_and_the_header_the_loss() {
    let mut world = training(Theme::FULL);
    world.app.focus = PanelId::Wiring;
    world.app.screen.page = 0;
    let screen = world.screen(SMALL);
    assert!(world.app.area(PanelId::Curves).is_some());
    let header = screen.lines().next().unwrap();
    assert!(header.contains("3/10") && header.contains("loss 0.751"), "{header}");
    for width in 40..200 {
        let header = world.screen((width, 24)).lines().next().unwrap().to_owned();
        assert!(header.contains("loss") || width < 80, "{width}: {header}");
    }
}

#[test]
fn keys_make_panes_larger_and_smaller_and_one_resets_them() {
    let mut world = training(Theme::FULL);
    for (panel, key) in [("W", PanelId::Wiring), ("C", PanelId::Curves), ("A", PanelId::Activations)] {
        let before = area(world.keys(panel), MEDIUM, key);
        let wider = area(world.keys("ctrl-right"), MEDIUM, key);
        assert_eq!((wider.width, wider.height), (before.width + 2, before.height));
        let taller = area(world.keys("ctrl-up ctrl-up"), MEDIUM, key);
        assert_eq!((taller.width, taller.height), (before.width + 2, before.height + 2));
        let less = area(world.keys("( ( { { {"), MEDIUM, key);
        assert_eq!((less.width, less.height), (before.width - 2, before.height - 1));
        assert_eq!(area(world.keys("Z"), MEDIUM, key), before, "{panel}");
        assert_eq!(world.notice(), "layout reset");
    }
    // As far as it goes, and no further.
    (0..100).for_each(|_| _ = world.keys("W ) }").screen(MEDIUM));
    let most = world.app.area(PanelId::Wiring).unwrap();
    assert_eq!(world.app.area(PanelId::Curves).unwrap().width, 12);
    assert_eq!(world.app.area(PanelId::Setup).unwrap().height, 3);
    assert_eq!(world.notice(), "the panels here can't be made smaller");
    assert_eq!(area(world.keys("z z"), MEDIUM, PanelId::Wiring), most, "zooming changes nothing");
    for (keys, said) in [("F )", "no panel beside"), ("F }", "no panel above"), ("W z )", "whole screen")] {
        world.keys(keys);
        assert!(world.notice().contains(said), "{keys}: {}", world.notice());
    }
}

#[test]
fn borders_are_dragged() {
    let left = MouseButton::Left;
    let mut world = training(Theme::FULL);
    let (wiring, curves) =
        (area(&mut world, MEDIUM, PanelId::Wiring), world.app.area(PanelId::Curves).unwrap());
    // Either frame can be grabbed, and the panel that it is of gets the focus.
    for (x, focus) in [(wiring.right() - 1, PanelId::Wiring), (curves.x, PanelId::Curves)] {
        world.screen(MEDIUM);
        world.mouse(MouseEventKind::Down(left), x, 5).mouse(MouseEventKind::Drag(left), x + 4, 9);
        world.mouse(MouseEventKind::Drag(left), x + 6, 9).mouse(MouseEventKind::Up(left), x + 6, 9);
        assert_eq!(world.app.focus, focus);
        assert_eq!(area(&mut world, MEDIUM, PanelId::Wiring).width, wiring.width + 6);
        world.mouse(MouseEventKind::Drag(left), 20, 9);
        assert_eq!(area(&mut world, MEDIUM, PanelId::Wiring).width, wiring.width + 6, "the button is up");
        world.keys("Z");
    }
    let y = area(&mut world, MEDIUM, PanelId::Runs).y;
    world.mouse(MouseEventKind::Down(left), curves.x + 9, y).mouse(MouseEventKind::Drag(left), 0, y - 3);
    assert_eq!(area(&mut world, MEDIUM, PanelId::Runs).y, y - 3);
    // Beyond the end it waits until the pointer is back.
    world.mouse(MouseEventKind::Drag(left), 0, 0).mouse(MouseEventKind::Drag(left), 0, y - 1);
    assert_eq!(area(&mut world, MEDIUM, PanelId::Runs).y, y - 1);
}

#[test]
fn sizes_are_kept_by_page_and_given_back() {
    let mut world = training(Theme::FULL);
    world.screen(SMALL);
    let before = area(world.keys("W"), SMALL, PanelId::Wiring);
    let wider = area(world.keys(")"), SMALL, PanelId::Wiring);
    assert_eq!(wider.width, before.width + 2);
    let kept = serde_json::to_string(world.app.pane_sizes()).unwrap();

    let mut other = training(Theme::FULL);
    other.screen(SMALL);
    other.app.set_pane_sizes(serde_json::from_str(&kept).unwrap());
    assert_eq!(area(other.keys("W"), SMALL, PanelId::Wiring), wider);
    let mut strange = PaneSizes::default();
    let border = Border { line: PaneLine::Columns, before: 0 };
    assert!(strange.drag("wiring | nothing", border, 3, &[40, 40]));
    other.app.set_pane_sizes(strange);
    assert_eq!(area(&mut other, SMALL, PanelId::Wiring), before);
}

#[test]
fn every_zoomed_panel_has_its_way_back_in_the_footer() {
    for size in [(40, 10), SMALL, MEDIUM] {
        for panel in PanelId::ALL.iter().copied() {
            let mut world = training(Theme::FULL);
            world.app.focus = panel;
            let screen = world.keys("z").screen(size);
            let footer = screen.lines().last().unwrap();
            assert!(footer.contains("z back"), "{panel:?} at {size:?}: {footer}");
            assert!(!world.keys("z").screen(size).lines().last().unwrap().contains("z back"));
        }
    }
}

#[test]
fn zoomed_activations_are_tall_side_by_side_and_over_all_epochs() {
    let mut world = World::with_three(Theme::FULL);
    let screen = world.keys("R end p home A z").screen(WIDE);
    let names = screen.lines().nth(2).unwrap();
    for name in ["resnet+hires[P1,P2]", "resnet (baseline)"] {
        assert!(names.contains(name), "{names}");
    }
    let blocks = |screen: &str| screen.matches("block 1").count();
    assert_eq!(blocks(&screen), 3, "{screen}");
    assert_eq!(blocks(&world.keys("s").screen(WIDE)), 1);
    assert_eq!(blocks(&world.keys("s").screen(SMALL)), 1, "no room");
    // Over all epochs a term has several rows.
    let full = |screen: &str| screen.lines().filter(|line| line.contains('█')).count();
    let means = full(&world.screen(WIDE));
    let course = world.keys("v v").screen(WIDE);
    assert!(course.contains("epochs 1–10") && full(&course) > 2 * means, "{course}");
    assert_eq!(full(&world.keys("v").screen(WIDE)), means);
}

#[test]
fn activations_follow_the_newest_epoch_of_another_run() {
    let mut world = World::with_three(Theme::FULL);
    world.keys("R home A").screen(MEDIUM);
    assert!(world.keys("home").screen(MEDIUM).contains("pinned at epoch 1"));
    assert!(!world.keys("R down A").screen(MEDIUM).contains("pinned at"));
}
