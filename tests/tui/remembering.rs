//! What a later session begins with.

use std::fs;
use std::path::Path;

use hiresnet_tui::tui::action::{Effect, Message, TerminalEffect};
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::remembered::Remembered;
use hiresnet_tui::tui::sort::SortBy;

use crate::made::three;
use crate::world::World;

/// A session that remembers, begun with what an earlier one left.
fn session(earlier: Option<Remembered>) -> World {
    let mut world = World::new();
    world.app.recall(earlier);
    world.find_all(three());
    world.effects();
    world
}

/// What it has written after a second, where anything has changed.
fn kept(world: &mut World) -> Option<Remembered> {
    world.tell(Message::Second { clock: "20:01:08".into(), memory: None });
    world.effects().into_iter().find_map(|effect| match effect {
        Effect::Remember(remembered, _) => Some(*remembered),
        _ => None,
    })
}

/// Through the file.
fn read_back(remembered: &Remembered) -> Remembered {
    let root = tempfile::tempdir().unwrap();
    remembered.write(root.path()).unwrap();
    Remembered::read(root.path()).unwrap().unwrap()
}

#[test]
fn a_session_begins_where_the_last_one_ended() {
    let mut world = session(None);
    assert_eq!(kept(&mut world), None, "nothing has changed");
    world.keys("R home v down v end p s s S n 1");
    world.keys("C m u l k g s f ] a text:0.1..2 enter");
    world.keys("R / text:resnet enter");
    let size = (160, 50);
    world.screen(size);
    world.keys("W ctrl-right ctrl-right").screen(size);
    let wiring = world.app.area(PanelId::Wiring);
    let remembered = kept(&mut world).unwrap();
    assert_eq!(kept(&mut world), None, "once");
    assert_eq!(remembered.filter, "resnet");
    assert_eq!(remembered.drawn.len(), 3);

    let mut later = session(Some(read_back(&remembered)));
    let (was, is) = (&world.app.session, &later.app.session);
    assert_eq!(is.draft.spec(), was.draft.spec());
    assert_eq!((is.runs.sorted_by(), is.runs.filter()), (was.runs.sorted_by(), was.runs.filter()));
    assert_ne!(is.runs.sorted_by().0, SortBy::Began);
    let named = |world: &World| {
        let path = |id| world.run(id).path.clone().unwrap();
        let drawn: Vec<_> = world.drawn().into_iter().map(path).collect();
        (drawn, world.baseline().map(path))
    };
    assert_eq!(named(&later), named(&world));
    assert_eq!(later.app.session.y_limits, world.app.session.y_limits);
    assert_eq!(later.app.panels.curves.settings(), world.app.panels.curves.settings());
    later.screen(size);
    assert_eq!(later.app.area(PanelId::Wiring), wiring);
    assert_eq!(kept(&mut later), None, "and nothing has changed");
}

#[test]
fn of_two_programs_each_part_is_kept_from_the_one_that_changed_it_last() {
    let root = tempfile::tempdir().unwrap();
    let read = || Remembered::read(root.path()).unwrap().unwrap();
    let of = |filter: &str, draft: &str| Remembered {
        filter: filter.into(),
        draft: draft.into(),
        ..Remembered::new()
    };
    let start = of("", "resnet@fashion");
    start.write(root.path()).unwrap();
    // One filters, the other has another draft, and does not know of the filter.
    of("hires", "resnet@fashion").write_over(&start, root.path()).unwrap();
    of("", "plain@fashion").write_over(&start, root.path()).unwrap();
    assert_eq!(read(), of("hires", "plain@fashion"));
    // What both change is the later one's.
    of("seed=1", "resnet@fashion").write_over(&start, root.path()).unwrap();
    assert_eq!(read(), of("seed=1", "plain@fashion"));
}

#[test]
fn what_changed_last_is_kept_when_it_ends() {
    let mut world = session(None);
    world.keys("n q");
    let effects = world.effects();
    assert!(
        matches!(&effects[..], [Effect::Remember(kept, _), Effect::Terminal(TerminalEffect::Quit)]
            if kept.draft == "resnet@fashion-embedded"),
        "{effects:?}"
    );
    // Runs that are gone are not missed, and what has not been found yet is not forgotten.
    let mut world = World::new();
    let mut earlier = Remembered { drawn: vec!["all".into(), "gone".into()], ..Remembered::new() };
    earlier.draft = "no spec".into();
    earlier.baseline = Some("../../etc".into());
    world.app.recall(Some(earlier));
    assert_eq!(kept(&mut world), None, "before runs have been found");
    world.find_all(three());
    let drawn = world.app.session.runs.all().filter(|run| run.slot.is_some()).count();
    assert_eq!((drawn, world.baseline()), (1, None));
    assert_eq!(world.line(), crate::world::DRAFT);

    // A folder that takes nothing is asked once.
    let mut world = session(None);
    world.keys("n");
    assert!(kept(&mut world).is_some());
    world.tell(Message::NotKept("cannot write runs/workbench.json: read-only".into()));
    assert!(world.log().contains("read-only"), "{}", world.log());
    world.keys("a");
    assert_eq!(kept(&mut world), None);
}

#[test]
fn what_nobody_wrote_is_not_believed() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join(".workbench.json");
    let read = |root: &Path| Remembered::read(root);
    assert_eq!(read(root.path()).unwrap(), None);
    Remembered::new().write(root.path()).unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    assert_eq!(read(root.path()).unwrap(), Some(Remembered::new()));
    for wrong in [
        String::new(),
        whole[..whole.len() / 2].to_owned(),
        "[]".into(),
        whole.replace("\"version\": 1", "\"version\": 2"),
        whole.replace("\"filter\"", "\"filters\""),
        whole.replace("\"step\"", "\"year\""),
        format!("{whole}{}", " ".repeat(300 << 10)),
    ] {
        assert_ne!(wrong, whole);
        fs::write(&file, &wrong).unwrap();
        assert!(read(root.path()).is_err(), "{wrong:.80}");
    }
    // A newer version has fields of its own, and is named as what it is.
    let newer = whole.replace("\"version\": 1", "\"version\": 2").replace("\"filter\"", "\"filters\"");
    fs::write(&file, newer).unwrap();
    let said = read(root.path()).unwrap_err().to_string();
    assert!(said.contains("written by a newer version of this program"), "{said}");
    // Numbers that are out of bounds are brought into them.
    fs::write(&file, whole.replace("\"smoothing\": 2", "\"smoothing\": 99")).unwrap();
    let mut world = session(read(root.path()).unwrap());
    world.keys("C").screen((120, 40));
    let mut odd = read(root.path()).unwrap().unwrap();
    odd.filter = "a\u{1b}[2J\u{202e}b".into();
    let screen = session(Some(odd)).keys("R").screen((120, 40));
    assert!(!screen.contains(['\u{1b}', '\u{202e}']));

    // Nothing is made for it, and no link is followed.
    let none = root.path().join("none");
    Remembered::new().write(&none).unwrap();
    assert!(!none.exists());
    #[cfg(unix)]
    {
        fs::remove_file(&file).unwrap();
        let victim = root.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, &file).unwrap();
        assert!(read(root.path()).is_err() && Remembered::new().write(root.path()).is_err());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}
