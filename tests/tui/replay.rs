//! A recording on the screen: the same panels, fed by a player.

use crossterm::event::{MouseButton, MouseEventKind};
use hiresnet_tui::domain::annotation::Annotation;
use hiresnet_tui::domain::event::Event;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::timeline::SeekGoal;
use hiresnet_tui::domain::timeline::{RecordedRun, Timeline};
use hiresnet_tui::tui::action::Effect;
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::player::{Player, PlayerOrder};
use hiresnet_tui::tui::run::RunStage;

use crate::made::{Course, whole};
use crate::world::{QUIT, World};

const LINES: [&str; 2] = ["resnet@fashion-embedded epochs=3", "resnet+hires[Out]@fashion-embedded epochs=3"];

fn spec_of(line: &str) -> ExperimentSpec {
    line.parse().unwrap()
}

/// Everything that the run told.
fn ended(line: &str) -> Vec<Event> {
    whole(&spec_of(line), "2026-01-01T10:00:00Z", Course { pace: 100.0, salt: 1 })
}

/// A world that shows a recording of two runs, and its player.
fn playing() -> (World, Player) {
    let runs = LINES.map(|line| RecordedRun {
        name: line.into(),
        spec: spec_of(line),
        events: ended(line),
        annotation: Annotation {
            name: format!("my {}", spec_of(line).network_name()),
            ..Annotation::default()
        },
    });
    let mut player = Player::new(Timeline::new(runs.to_vec()), 1.0, false);
    let mut world = World::new();
    world.effects();
    for message in player.introduce() {
        world.tell(message);
    }
    (world, player)
}

#[test]
fn the_seek_bar_is_clicked_and_dragged() {
    let (mut world, mut player) = playing();
    world.screen((80, 24));
    let bar = world.app.screen.hits.iter().find(|(_, what)| *what == HitTarget::SeekBar).unwrap().0;
    assert_eq!(bar.y, 22, "above the footer");
    let at = |world: &World| world.app.session.playback.unwrap().t;
    let seconds = world.app.session.playback.unwrap().seconds;
    world.mouse(MouseEventKind::Down(MouseButton::Left), bar.x + bar.width / 2, bar.y);
    obey(&mut world, &mut player);
    assert!((at(&world) - seconds / 2.0).abs() < seconds / 50.0, "{}", at(&world));
    // Dragged beyond its end, and off its row.
    world.mouse(MouseEventKind::Drag(MouseButton::Left), 79, 3);
    obey(&mut world, &mut player);
    assert_eq!(at(&world), seconds);
    world.mouse(MouseEventKind::Up(MouseButton::Left), 79, 3);
    world.mouse(MouseEventKind::Drag(MouseButton::Left), 20, 3);
    assert!(!world.effects().iter().any(|effect| matches!(effect, Effect::Play(_))), "it was let go");
    // The wheel goes by epochs.
    world.mouse(MouseEventKind::ScrollUp, bar.x, bar.y);
    obey(&mut world, &mut player);
    assert!(at(&world) < seconds);
    let screen = world.screen((80, 24));
    assert!(screen.lines().nth(22).unwrap().contains('┃'), "where the second run begins: {screen}");
    for size in [(40, 10), (200, 60), (39, 9)] {
        world.screen(size);
    }
}

fn tell(world: &mut World, told: Vec<hiresnet_tui::tui::action::Message>) {
    told.into_iter().for_each(|message| _ = world.tell(message));
}

/// Does what the keys ordered of the player.
fn obey(world: &mut World, player: &mut Player) {
    for effect in world.effects() {
        if let Effect::Play(order) = effect {
            let told = player.handle_order(&order);
            tell(world, told);
        }
    }
}

#[test]
fn recorded_names_are_shown() {
    let (mut world, _) = playing();
    let shown = world.keys("R z").screen((120, 40));
    let name = format!("my {}", spec_of(LINES[0]).network_name());
    assert!(shown.contains(&name), "{shown}");
}

#[test]
fn the_switches_and_the_cursor_move_with_the_recorded_runs() {
    let (mut world, mut player) = playing();
    assert_eq!(world.queue(), [0, 1], "both wait to be played");
    let told = player.advance(1.0);
    tell(&mut world, told);
    assert_eq!((world.line(), world.current(), world.queue()), (LINES[0], Some(0), vec![1]));
    let seconds = ended(LINES[0]).last().unwrap().t;
    let told = player.advance(seconds);
    tell(&mut world, told);
    assert_eq!((world.line(), world.current(), world.queue()), (LINES[1], Some(1), vec![]));
    assert_eq!(world.run(0).stage, RunStage::Over);
    assert_eq!(world.drawn(), [0, 1], "the first run stays drawn beside the second");
}

#[test]
fn played_to_its_end_the_screen_is_in_the_state_of_the_live_runs() {
    let (mut world, mut player) = playing();
    for _ in 0..2_000 {
        let told = player.advance(1.0);
        tell(&mut world, told);
    }
    for (id, line) in LINES.iter().enumerate() {
        assert_eq!(world.run(id).state, RunState::replay(&ended(line)));
        assert_eq!(world.run(id).stage, RunStage::Over);
    }
}

#[test]
fn it_is_stopped_stepped_sped_up_and_sought_in_by_keys() {
    let (mut world, mut player) = playing();
    let orders = |world: &mut World, keys: &str| -> Vec<PlayerOrder> {
        world.keys(keys);
        let play = |effect| match effect {
            Effect::Play(order) => Some(order),
            _ => None,
        };
        world.effects().into_iter().filter_map(play).collect()
    };
    assert_eq!(orders(&mut world, "space"), [PlayerOrder::PlayOrPause]);
    assert_eq!(
        orders(&mut world, ". , > < r"),
        [
            PlayerOrder::Step(true),
            PlayerOrder::Step(false),
            PlayerOrder::Faster(true),
            PlayerOrder::Faster(false),
            PlayerOrder::Loop
        ]
    );
    world.keys("g");
    world.type_text("nowhere");
    assert!(world.error().is_some_and(|fault| fault.contains("can't parse")));
    world.keys("enter");
    assert!(world.effects().is_empty() && world.error().is_some(), "the text stays, to be mended");
    world.keys("ctrl-u");
    world.type_text("37%");
    assert_eq!(world.error(), None);
    assert_eq!(orders(&mut world, "enter"), [PlayerOrder::Seek(SeekGoal::Part(0.37))]);
    world.keys("g");
    world.type_text("100%");
    world.keys("enter");
    obey(&mut world, &mut player);
    assert_eq!((world.run(0).stage, world.run(1).stage), (RunStage::Over, RunStage::Over));
    world.keys("g");
    world.type_text("0");
    world.keys("enter");
    obey(&mut world, &mut player);
    assert_eq!((world.run(0).stage, world.run(1).stage), (RunStage::Live, RunStage::Waiting));
    assert_eq!(world.line(), LINES[0]);
}

#[test]
fn nothing_is_trained_and_quitting_asks_nothing() {
    let (mut world, mut player) = playing();
    let told = player.advance(2.0);
    tell(&mut world, told);
    for key in ["t", "x", "b"] {
        world.keys(key);
        assert!(world.effects().is_empty(), "{key}");
        assert!(world.notice().contains("recording"), "{key}: {}", world.notice());
        assert_eq!(world.level(), Some(Level::Info));
    }
    world.keys("q");
    assert_eq!(world.effects(), [QUIT]);
}

#[test]
fn the_screen_says_where_the_recording_is() {
    let (mut world, mut player) = playing();
    let told = player.handle_order(&PlayerOrder::Seek(SeekGoal::Part(0.25)));
    tell(&mut world, told);
    let screen = world.screen((120, 40));
    let head = screen.lines().next().unwrap();
    assert!(head.contains("▶ 1×") && head.contains("25%"), "{head}");
    let foot = screen.lines().last().unwrap();
    assert!(foot.contains("play/pause") && !foot.contains("train"), "{foot}");
    let help = world.keys("?").screen((80, 120));
    assert!(help.contains("In a replay") && help.contains("go to a percentage"), "{help}");
}

#[test]
fn a_recorded_run_cannot_be_deleted() {
    let (mut world, mut player) = playing();
    tell(&mut world, player.handle_order(&PlayerOrder::Seek(SeekGoal::Part(1.0))));
    world.keys("R");
    for key in ["home d", "end d"] {
        world.keys(key);
        assert!(world.effects().is_empty() && world.notice().contains("recording"), "{}", world.notice());
    }
    assert_eq!(world.listed().len(), 2);
}
