//! Lesions as a table and pairs as a heat map: what is listed, what is read out, and that no
//! score is drawn on another network than its own without a word.

use crossterm::event::MouseEventKind;
use hiresnet_tui::domain::hops::Hop;
use hiresnet_tui::domain::lesion::LesionedWeights;
use hiresnet_tui::domain::term::Term;
use hiresnet_tui::tui::action::Message;
use hiresnet_tui::tui::lesions::Study;
use hiresnet_tui::tui::panels::wiring::{self, WiringTarget};
use hiresnet_tui::tui::text;
use hiresnet_tui::tui::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::lesions::{ASCII, RUN, answer, asked, best, cut, lesioned, picture, told, world_of};
use crate::world::{World, wired};

/// A run with every lesion of one and of two terms scored.
pub fn paired(line: &str) -> World {
    let mut world = world_of(line);
    let (run, wanted) = asked(world.keys("E"));
    answer(&mut world, run, &wanted);
    world
}

fn study(world: &World) -> &Study {
    world.app.session.lesions.listed(&world.app.session.draft, world.current()).unwrap()
}

fn table(world: &World, row: usize, width: u16, height: u16, theme: &Theme) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let draft = &world.app.session.draft;
    wiring::draw_ranking(study(world), draft, row, true, buffer.area, &mut buffer, theme);
    text(&buffer)
}

fn map(world: &World, cell: (usize, usize), width: u16, height: u16, theme: &Theme) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let draft = &world.app.session.draft;
    wiring::draw_pairs(study(world), draft, cell, true, buffer.area, &mut buffer, theme);
    buffer
}

fn diagram(world: &World, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let session = &world.app.session;
    let study = session.lesions.shown(&session.draft, world.current());
    wiring::draw(&session.draft, study, true, buffer.area, &mut buffer, &Theme::FULL);
    text(&buffer)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn one_key_shows_what_there_is_and_says_how_to_get_the_rest() {
    let mut world = world_of(RUN);
    world.keys("W v");
    assert!(world.notice().contains("no lesions to list: e scores"), "{}", world.notice());
    assert!(!world.screen((120, 40)).contains("v view"));

    let mut world = lesioned();
    assert!(world.keys("W").screen((120, 40)).contains("v view"));
    let screen = world.keys("v").screen((120, 40));
    assert!(screen.contains("(intact)") && screen.contains("resnet+hires s0, best weights"), "{screen}");
    // No pairs: back to the diagram.
    let screen = world.keys("v").screen((120, 40));
    assert!(screen.contains("stem") && !screen.contains("(intact)"), "{screen}");
    assert!(world.notice().contains("E scores every pair"), "{}", world.notice());

    let mut world = paired(RUN);
    let screen = world.keys("W v v").screen((120, 40));
    assert!(screen.contains("on the diagonal"), "{screen}");
    assert!(world.keys("v").screen((120, 40)).contains("stem"));
    // What is shown is gone with its run.
    world.keys("v v");
    let run = world.current().unwrap();
    world.tell(Message::Deleted(run, Ok(())));
    assert!(world.screen((120, 40)).contains("stem"));
}

#[test]
fn the_table_has_the_worst_first_and_combinations_after_single_terms() {
    let world = paired(RUN);
    let shown = table(&world, 0, 78, 19, &Theme::FULL);
    picture("table", &shown);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[1].contains("87.30") && lines[1].contains("0.3852"), "{shown}");
    let names: Vec<&str> = lines[2..].iter().map(|line| line[..8].trim()).collect();
    assert_eq!(names[..10], ["F3", "F2", "F1", "0-1", "1-2", "0-2", "2-3", "1-3", "0-3", "F2, F3"]);
    assert!(lines[2].contains("38.70  −48.60") && lines[2].contains("1.6002   +1.2150"), "{shown}");
    assert!(lines[10].contains("87.60   +0.30"), "{shown}");
    // Scores cannot fall below chance: less is lost together than the sum of both.
    assert!(lines[11].contains("10.00  −77.30") && lines[11].contains("+4.70"), "{shown}");
    // The last row comes into view with the cursor.
    assert!(table(&world, usize::MAX, 78, 19, &Theme::FULL).lines().last().unwrap().contains("0-3"));
    let ascii = table(&world, 3, 78, 19, &ASCII);
    assert!(ascii.is_ascii() && ascii.contains("-48.60") && ascii.contains("####"), "{ascii}");
    picture("table_40", &table(&world, 30, 38, 8, &Theme::FULL));
}

#[test]
fn the_heat_map_reads_out_the_cell_under_the_cursor() {
    let world = paired(RUN);
    let shown = text(&map(&world, (7, 8), 78, 20, &Theme::FULL));
    picture("pairs", &shown);
    let words = one_line(&shown);
    for said in [
        "without F2, F3: 10.00% (−77.30), loss",
        "F2 alone −33.40, F3 alone −48.60",
        "interaction +4.70",
        "intact 87.30%",
    ] {
        assert!(words.contains(said), "{said}: {shown}");
    }
    // The order of the two does not matter, and one alone is on the diagonal.
    let other = one_line(&text(&map(&world, (8, 7), 78, 20, &Theme::FULL)));
    assert!(other.contains("without F2, F3: 10.00%"), "{other}");
    let alone = one_line(&text(&map(&world, (7, 7), 78, 20, &Theme::FULL)));
    assert!(alone.contains("without F2: 53.90% (−33.40), loss"), "{alone}");
    picture("pairs_ascii", &text(&map(&world, (0, 8), 78, 20, &ASCII)));
    picture("pairs_40", &text(&map(&world, (4, 8), 38, 8, &Theme::FULL)));
}

#[test]
fn colours_say_how_much_is_lost_and_characters_where_there_are_none() {
    let world = paired(RUN);
    for depth in [Depth::Truecolor, Depth::Ansi256] {
        let buffer = map(&world, (0, 0), 78, 20, &Theme { depth, ..Theme::FULL });
        let of = |number: &str| {
            let at = buffer.area.positions().find(|at| {
                number.chars().enumerate().all(|(i, c)| {
                    buffer.cell((at.x + i as u16, at.y)).is_some_and(|cell| cell.symbol() == c.to_string())
                })
            });
            buffer[at.unwrap_or_else(|| panic!("{number}: {}", text(&buffer)))].bg
        };
        let colours = ["−77.3", "−48.6", "−18.2", "+0.3"].map(of);
        assert!((1..4).all(|i| colours[i] != colours[i - 1]), "{colours:?}");
    }
    // Twice two columns of every term: only characters are left.
    let tight = Theme { depth: Depth::None, ..Theme::FULL };
    let shown = text(&map(&world, (0, 0), 22, 30, &tight));
    assert!(shown.contains('@') && shown.contains('#'), "{shown}");
    let buffer = map(&world, (0, 0), 78, 20, &tight);
    assert!(buffer.content().iter().all(|cell| cell.bg == buffer.content()[77].bg));
}

#[test]
fn what_is_not_scored_is_no_zero() {
    let mut world = lesioned();
    let run = world.current().unwrap();
    told(&mut world, run, &cut("0-1,0-2"), 70.0, 0.9);
    let shown = one_line(&text(&map(&world, (0, 8), 78, 20, &Theme::FULL)));
    assert!(shown.contains("without 0-1, F3: not scored") && shown.contains('·'), "{shown}");
    assert!(!shown.contains("interaction"), "{shown}");
}

/// Whether any score is painted: each has a sign and a decimal.
fn has_scores(shown: &str) -> bool {
    let chars: Vec<char> = shown.chars().collect();
    let is_change = |part: &[char]| matches!(part[0], '−') && part[1].is_ascii_digit();
    chars.windows(2).any(is_change) || shown.contains("intact") || shown.contains("+0.3")
}

#[test]
fn no_score_is_drawn_on_a_draft_with_other_hops_without_a_word() {
    for line in [RUN, "resnet+hires@fashion-embedded epochs=12 blocks=1,1,1,1,1,1 widths=8,8,8,8,8,8"] {
        let mut world = paired(line);
        for draft_hops in ["All", "In,1-2"] {
            world.app.session.draft.set("hops", draft_hops).unwrap();
            world.app.session.draft.point_at(Some(Hop::new(0, 2)));
            let others = draft_hops != "All";
            let mut drawn = [0; 3];
            for (width, height) in (11..131).step_by(4).flat_map(|w| (1..40).map(move |h| (w, h))) {
                let views = [
                    diagram(&world, width, height),
                    table(&world, 2, width, height, &Theme::FULL),
                    text(&map(&world, (1, 2), width, height, &Theme::FULL)),
                ];
                for (i, shown) in views.iter().enumerate() {
                    let words = one_line(shown);
                    let is_said = words.contains("other hops");
                    drawn[i] += usize::from(has_scores(shown));
                    assert!(is_said == others || !has_scores(shown), "{width}×{height}\n{shown}");
                }
            }
            assert!(drawn.iter().all(|count| *count > 500), "{drawn:?}");
        }
    }
    // As long as there is room, with the name of the run.
    let mut world = lesioned();
    world.app.session.draft.press_hop(Hop::new(0, 2)).unwrap();
    let whole = "lesions of resnet+hires s0; the draft has other hops";
    assert!(diagram(&world, 78, 24).contains(whole), "{}", diagram(&world, 78, 24));
    assert!(table(&world, 0, 78, 24, &Theme::FULL).contains(whole));
    // Another network has no scores in its diagram; the table says whose it lists.
    world.app.session.draft.set("widths", "8,16,32").unwrap();
    assert!(!has_scores(&diagram(&world, 78, 24)));
    let shown = table(&world, 0, 78, 24, &Theme::FULL);
    assert!(shown.contains("lesions of resnet+hires s0; the draft is another network"), "{shown}");
}

#[test]
fn keys_mouse_and_wheel_move_in_what_is_shown() {
    let mut world = paired(RUN);
    let before = world.app.session.draft.term();
    // The second row is F2, and Enter finds it in the diagram.
    let said = |world: &mut World| one_line(&world.screen((120, 40)));
    world.keys("W z v down");
    assert_eq!(world.app.session.draft.term(), before);
    assert!(said(&mut world).contains("F2"));
    world.keys("enter");
    assert_eq!(world.app.session.draft.term(), Some(Term::Residual(2)));
    assert!(said(&mut world).contains("without F2: 53.90%"));
    assert!(!world.app.session.draft.is_without(2), "nothing is toggled");

    world.keys("v v home right right");
    assert!(said(&mut world).contains("without 0-1, 1-2:"), "{}", said(&mut world));
    world.keys("down");
    assert!(said(&mut world).contains("without 0-2, 1-2:"));
    world.keys("end left left left");
    assert!(said(&mut world).contains("without 0-1, F3:"));
    world.click(wired(WiringTarget::Pair(6, 7)));
    assert!(said(&mut world).contains("without F1, F2:"));
    let at = world.place(wired(WiringTarget::Pair(6, 7)));
    world.mouse(MouseEventKind::ScrollDown, at.x, at.y);
    assert!(said(&mut world).contains("without F2:"), "{}", said(&mut world));
    // In the table.
    world.keys("v v");
    said(&mut world);
    world.click(wired(WiringTarget::Lesion(3)));
    world.keys("enter");
    assert_eq!(world.app.session.draft.cursor(), Some(Hop::new(0, 1)));
}

#[test]
fn no_size_is_too_small_and_nothing_but_ascii_is_in_ascii() {
    for blocks in [1, 3, 8] {
        let (each, widths) = (vec!["1"; blocks].join(","), vec!["8"; blocks].join(","));
        let line = format!("resnet+hires@fashion-embedded epochs=12 blocks={each} widths={widths}");
        let mut world = paired(&line);
        for hops in ["All", "P1"] {
            world.app.session.draft.set("hops", hops).unwrap();
            for theme in [Theme::FULL, ASCII, Theme { depth: Depth::None, ..Theme::FULL }] {
                let last = blocks * (blocks + 3) / 2;
                for (width, height) in
                    (0..200).step_by(7).flat_map(|w| (0..60).step_by(3).map(move |h| (w, h)))
                {
                    let shown = [
                        table(&world, last, width, height, &theme),
                        text(&map(&world, (last, last / 2), width, height, &theme)),
                    ]
                    .concat();
                    assert!(!theme.is_ascii() || shown.is_ascii(), "{shown}");
                }
            }
        }
        for size in [(40, 10), (80, 24), (120, 40), (200, 60)] {
            for keys in ["W v", "z", "v", "z", "v"] {
                world.keys(keys).screen(size);
            }
        }
    }
}

#[test]
fn the_title_says_of_which_weights_lesions_are() {
    let mut world = world_of(RUN);
    let (run, wanted) = asked(world.keys("e"));
    told(&mut world, run, &[], 87.3, 0.3852);
    told(&mut world, run, &wanted[0], 80.0, 0.5);
    assert!(world.keys("W v").screen((120, 40)).contains("lesions 1/9"));
    let last = LesionedWeights { epoch: Some(11), ..best(None) };
    world.tell(Message::LesionsDone(run, Ok(last)));
    let title = |world: &mut World| world.screen((120, 40)).lines().nth(1).unwrap().to_owned();
    assert!(title(&mut world).contains("resnet+hires s0, best weights"), "{}", title(&mut world));
}
