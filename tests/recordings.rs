//! Recordings and presets: what is packed comes out again, and nothing that is not one
//! does any harm.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use hiresnet_tui::domain::annotation::{self, Annotation};
use hiresnet_tui::domain::event::{
    BlockActivity, Checkpoint, EVENT_VERSION, Event, EventKind, HopActivity, Outcome, Phase, RunStarted,
    Score, Split, SplitSizes,
};
use hiresnet_tui::domain::histogram::Histogram;
use hiresnet_tui::domain::params;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::timeline::{RecordedRun, SeekGoal, Timeline};
use hiresnet_tui::engine::error::EngineError;
use hiresnet_tui::engine::{presets, recording};
use hiresnet_tui::tui::action::Message;
use hiresnet_tui::tui::player::{Player, PlayerOrder};
use hiresnet_tui::tui::run::RunStage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[path = "fuzz/inputs.rs"]
mod inputs;

/// A run of `epochs` epochs of `steps` steps, an event every tenth of a second.
fn run(line: &str, epochs: usize, steps: usize) -> RecordedRun {
    let spec: ExperimentSpec = format!("{line} epochs={epochs}").parse().unwrap();
    let mut events = Vec::new();
    let mut tell = |kind| {
        let t = events.len() as f64 / 10.0;
        events.push(Event { v: EVENT_VERSION, t, kind });
    };
    tell(EventKind::RunStarted(Box::new(RunStarted {
        spec: spec.clone(),
        device: "cpu".into(),
        instructions: Some("avx512".into()),
        parameters: params::count(&spec.architecture().unwrap()),
        images: SplitSizes { train: 100 * steps, validation: 100, test: 100 },
        steps_per_epoch: steps,
        program: "test".into(),
        at: "2026-11-24T00:00:00Z".into(),
        extends: None,
    })));
    tell(EventKind::Phase { phase: Phase::Preparing });
    // The first epoch is the best.
    let score =
        |epoch: usize| Score { loss: 1.0 / epoch as f64, images: 100, hits: 100 - epoch, hits5: None };
    for epoch in 1..=epochs {
        tell(EventKind::EpochStarted { epoch, lr: spec.schedule(steps).at_epoch(epoch) });
        tell(EventKind::Phase { phase: Phase::Training });
        let mut total = 0;
        for step in (epoch - 1) * steps + 1..=epoch * steps {
            // As random as real losses: nothing to compress.
            let loss = 2.0 / (1.0 + step as f32).sqrt() * (1.0 + (step as f32 * 12.9898).sin() * 0.3);
            let hits = 50 + step * 7919 % 47;
            total += hits;
            tell(EventKind::Step { epoch, step, loss, images: 100, hits });
        }
        let validation = score(epoch);
        let train = Score { images: 100 * steps, hits: total, ..validation };
        tell(EventKind::EpochEnded { epoch, step: epoch * steps, train, validation, best: epoch == 1 });
        let all = spec.hops().unwrap();
        let blocks = (1..=spec.blocks.len()).map(|block| {
            let hops = all.into_block(block).map(|hop| HopActivity {
                source: hop.source,
                value: 0.4 / hop.order() as f64,
                histogram: spread(epoch * 10 + hop.target + hop.source),
            });
            BlockActivity { block, residual: 0.8, histogram: spread(epoch * 10), hops: hops.collect() }
        });
        tell(EventKind::Probed { epoch, split: Split::Validation, blocks: blocks.collect() });
    }
    tell(EventKind::Tested { checkpoint: Checkpoint::Best, epoch: 1, score: score(1) });
    tell(EventKind::Finished { outcome: Outcome::Completed, message: None });
    RecordedRun { name: line.replace('@', "-"), spec, events, annotation: Annotation::default() }
}

/// Forty filled buckets with counts as random as real ones, of 50,000 values.
fn spread(salt: usize) -> Option<Histogram> {
    let mut made = Histogram::default();
    let mut left = 50_000;
    for i in 0..40 {
        let magnitude = 2f32.powf((i / 2) as f32 / 2.0 - 6.9);
        let value = if i % 2 == 0 { magnitude } else { -magnitude };
        let count = if i == 39 { left } else { 100 + (salt * 7919 + i * 104_729) % 900 };
        left -= count;
        made.add(&vec![value; count]);
    }
    Some(made)
}

fn read(bytes: &[u8]) -> Result<Vec<RecordedRun>, EngineError> {
    Ok(recording::read(bytes, Path::new("it"))?.into_runs())
}

fn bytes(runs: &[RecordedRun]) -> Vec<u8> {
    recording::bytes(&Timeline::new(runs.to_vec())).unwrap()
}

fn zipped(text: &str) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn text(bytes: &[u8]) -> String {
    use std::io::Read;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn what_is_packed_comes_out_and_a_long_run_is_small() {
    let runs = vec![run("resnet+hires@fashion", 80, 540), run("resnet@fashion", 2, 3)];
    let bytes = bytes(&runs);
    eprintln!("an 80-epoch run takes {} bytes", bytes.len());
    assert!(bytes.len() < 1 << 20, "an 80-epoch run takes {} bytes", bytes.len());
    assert_eq!(read(&bytes).unwrap(), runs);
}

#[test]
fn names_notes_and_tags_are_recorded_and_checked() {
    let annotation = Annotation {
        name: "wide".into(),
        note: "a \"quoted\" note".into(),
        tags: annotation::tags("b a").unwrap(),
    };
    let runs = vec![RecordedRun { annotation, ..run("resnet@fashion", 1, 3) }, run("plain@fashion", 1, 3)];
    let bytes = bytes(&runs);
    assert_eq!(read(&bytes).unwrap(), runs);
    let lines = text(&bytes);
    assert!(lines.starts_with("{\"hiresnet_recording\":3,"), "older programs say that it is newer");
    let without: Vec<_> =
        runs.iter().map(|run| RecordedRun { annotation: Annotation::default(), ..run.clone() }).collect();
    assert!(text(&self::bytes(&without)).starts_with("{\"hiresnet_recording\":1,"));
    for (from, to) in [("\"wide\"", "\"\\u001b[2J\""), ("[\"a\",\"b\"]", "[\"a b\"]")] {
        assert!(lines.contains(from), "{from}");
        let error = read(&zipped(&lines.replacen(from, to, 1))).unwrap_err().to_string();
        assert!(error.contains("line 2: ") && !error.contains("head of a run"), "{error}");
    }
}

#[test]
fn what_is_no_recording_is_said_so() {
    let whole = bytes(&[run("resnet@fashion", 2, 3)]);
    let lines = text(&whole);
    let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    let changed = |from: &str, to: &str| {
        assert!(lines.contains(from), "{from}");
        said(&zipped(&lines.replacen(from, to, 1)))
    };
    assert!(said(b"").contains("not a recording") || said(b"").contains("cut off"), "{}", said(b""));
    assert!(said(b"PK\x03\x04 something else").contains("not gzipped"));
    assert!(said(&zipped("")).contains("cut off"));
    assert!(said(&zipped("{}\n")).contains("not a recording"));
    assert!(said(&zipped("hello\n")).contains("not a recording"));
    assert!(changed("\"hiresnet_recording\":1", "\"hiresnet_recording\":4").contains("reads up to 3"));
    assert!(changed("\"runs\":1", "\"runs\":0").contains("1 to 1000"));
    assert!(changed("\"runs\":1", "\"runs\":99999999999").contains("1 to 1000"));
    assert!(changed("\"runs\":1", "\"runs\":2").contains("cut off"));
    assert!(
        changed("\"events\":", "\"events\":9").contains("more than the")
            || changed("\"events\":", "\"events\":9").contains("cut off")
    );
    assert!(
        changed("\"events\":", "\"events\":18446744073709551").contains("not the head")
            || changed("\"events\":", "\"events\":99999999").contains("more than the")
    );
    assert!(changed("\"v\":3", "\"v\":7").contains("reads up to 3"));
    assert!(changed("\"t\":0.3", "\"t\":-0.3").contains("line"));
    assert!(changed("\"t\":0.3", "\"t\":1e999").contains("line"));
    assert!(changed("\"t\":0.3", "\"t\":0.05").contains("backwards"));
    assert!(changed("\"loss\":", "\"loss\":NaN,\"x\":").contains("not an event"));
    assert!(changed("run_started", "run_startled").contains("not an event"));
    assert!(said(&zipped(&(lines.clone() + "{}\n"))).contains("something follows"));
    assert!(said(&whole[..whole.len() / 2]).contains("cut off"));
    assert!(said(&zipped(&("x".repeat(2 << 20) + "\n"))).contains("too long"));
}

#[test]
fn a_bomb_is_not_unpacked() {
    // 300 MiB of one event, which a megabyte or less of gzip holds.
    let event = "{\"v\":1,\"t\":9,\"event\":\"paused\"}\n".repeat(10_000);
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    let head = text(&bytes(&[run("resnet@fashion", 1, 1)]));
    let head: Vec<&str> = head.lines().take(3).collect();
    let claimed = "{\"name\":\"x\",\"events\":2999999}";
    writeln!(out, "{}\n{claimed}\n{}", head[0], head[2]).unwrap();
    for _ in 0..1_000 {
        out.write_all(event.as_bytes()).unwrap();
    }
    let error = read(&out.finish().unwrap()).unwrap_err().to_string();
    assert!(error.contains("bytes that a recording may have") || error.contains("follows"), "{error}");
}

#[test]
fn escapes_in_names_are_harmless() {
    let mut bad = run("resnet@fashion", 1, 1);
    bad.name = "\x1b[2J\u{202e}evil".into();
    let name = read(&bytes(&[bad])).unwrap().remove(0).name;
    assert!(!name.contains(['\x1b', '\u{202e}']), "{name:?}");
}

/// Inputs made from good ones by what files suffer: flipped bits, bytes lost, repeated,
/// swapped or replaced by numbers and signs that parsers trip over.
fn mutated(good: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..random.random_range(1..6) {
        let len = bytes.len().max(1);
        let (at, to) = (random.random_range(0..len), random.random_range(0..len));
        let range = at.min(to)..at.max(to).min(at.min(to) + 40);
        match random.random_range(0..6) {
            _ if bytes.is_empty() => bytes.push(random.random()),
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => drop(bytes.drain(range)),
            2 => {
                let again = bytes[range].to_vec();
                bytes.splice(at..at, again);
            }
            3 => bytes.truncate(at),
            4 => {
                let signs: [&[u8]; 8] =
                    [b"-1", b"1e999", b"99999999999999999999", b"NaN", b"\n", b"\"", b"[[[[", b"\x00\xff"];
                let sign = signs[random.random_range(0..signs.len())];
                bytes.splice(at..at, sign.iter().copied());
            }
            _ => bytes[at] = random.random(),
        }
    }
    bytes
}

/// How many mutated inputs; `FUZZ_CASES=1000000` for a long night.
fn cases() -> usize {
    std::env::var("FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000)
}

#[test]
fn mutated_recordings_are_refused_or_played_and_nothing_else() {
    let good = bytes(&[run("resnet+hires@fashion", 2, 3), run("plain@fashion", 1, 2)]);
    let lines = text(&good);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut refused, mut played) = (0, 0);
    for case in 0..cases() {
        // Below the compression, mostly: a damaged gzip is found out at once.
        let bytes = match case % 4 {
            0 => mutated(&good, &mut random),
            _ => zipped(&String::from_utf8_lossy(&mutated(lines.as_bytes(), &mut random))),
        };
        match inputs::recording(&bytes, random.random()) {
            Err(_) => refused += 1,
            Ok(()) => played += 1,
        }
    }
    assert!(refused > cases() / 2 && played > 0, "{refused} refused, {played} played");
}

#[test]
fn mutated_presets_are_refused_or_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.toml");
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut refused = 0;
    for case in 0..cases() {
        let (_, good) = presets::SHIPPED[case % presets::SHIPPED.len()];
        std::fs::write(&path, mutated(good.as_bytes(), &mut random)).unwrap();
        match presets::resolve(path.to_str().unwrap()) {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
            Ok(spec) => {
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(inputs::preset(&text).unwrap(), spec);
            }
        }
    }
    assert!(refused > 0);
}

/// What messages add up to, run by run.
fn states(told: Vec<Message>, runs: usize) -> Vec<RunState> {
    let mut states = vec![RunState::default(); runs];
    for message in told {
        match message {
            Message::Event(id, event) => states[id].apply(&event),
            Message::Scene(scene) => scene.into_iter().for_each(|(id, _, state)| states[id] = state),
            _ => {}
        }
    }
    states
}

#[test]
fn played_in_any_way_a_recording_ends_as_its_runs_did() {
    let runs = vec![run("resnet@fashion", 3, 5), run("resnet+hires@fashion", 4, 5)];
    let ended: Vec<RunState> = runs.iter().map(|run| RunState::replay(&run.events)).collect();
    let player = || Player::new(Timeline::new(runs.clone()), 1.0, false);
    let seconds = Timeline::new(runs.clone()).seconds();
    let mut slowly = player();
    let mut told = Vec::new();
    for _ in 0..(seconds / 0.37) as usize + 2 {
        told.extend(slowly.advance(0.37));
    }
    assert!(!slowly.is_playing(), "it stops at the end");
    assert_eq!(states(told, 2), ended);
    let mut at_once = player();
    assert_eq!(states(at_once.handle_order(&PlayerOrder::Seek(SeekGoal::Part(1.0))), 2), ended);
    let mut back_and_forth = player();
    let mut told = back_and_forth.handle_order(&PlayerOrder::Seek(SeekGoal::Part(0.7)));
    told.extend(back_and_forth.handle_order(&PlayerOrder::Seek(SeekGoal::Epoch(2))));
    told.extend(back_and_forth.handle_order(&PlayerOrder::PlayOrPause));
    told.extend(back_and_forth.handle_order(&PlayerOrder::PlayOrPause));
    told.extend(back_and_forth.advance(seconds));
    assert_eq!(states(told, 2), ended);
}

#[test]
fn steps_go_from_epoch_to_epoch_and_seeking_is_exact() {
    let mut player = Player::new(Timeline::new(vec![run("resnet@fashion", 3, 5)]), 1.0, false);
    let epochs = |told: &[Message]| {
        told.iter()
            .filter(|m| matches!(m, Message::Event(_, e) if matches!(e.kind, EventKind::EpochEnded { .. })))
            .count()
    };
    for _ in 0..3 {
        assert_eq!(epochs(&player.handle_order(&PlayerOrder::Step(true))), 1);
    }
    let at = |told: Vec<Message>| states(told, 1).remove(0);
    assert_eq!(at(player.handle_order(&PlayerOrder::Step(false))).epochs.len(), 2);
    assert_eq!(at(player.handle_order(&PlayerOrder::Seek(SeekGoal::Epoch(1)))).epochs.len(), 1);
    assert_eq!(at(player.handle_order(&PlayerOrder::Seek(SeekGoal::Seconds(0.0)))).epochs.len(), 0);
    assert_eq!(
        at(player.handle_order(&PlayerOrder::Seek(SeekGoal::Epoch(99)))).outcome,
        Some(Outcome::Completed)
    );
}

#[test]
fn a_part_starts_with_all_that_was_before_and_begins_again_there() {
    let runs = vec![run("resnet@fashion", 2, 5), run("resnet+hires@fashion", 4, 5)];
    let whole = Timeline::new(runs);
    let from = whole.seek(SeekGoal::Epoch(2), 1);
    let tape = whole.starting_at(from);
    let packed = recording::bytes(&tape).unwrap();
    let read = |bytes: &[u8]| recording::read(bytes, Path::new("it"));
    assert_eq!(read(&packed).unwrap(), tape);
    let changed = |to: &str| {
        let text = text(&packed);
        let (head, rest) = text.split_once('\n').unwrap();
        let start = head.find("\"from\"").unwrap();
        read(&zipped(&format!("{}\"from\":{to}}}\n{rest}", &head[..start])))
    };
    assert_eq!(changed(&from.to_string()).unwrap(), tape);
    for wrong in ["-1", "1e9", "1e999", "null", "\"x\""] {
        assert!(changed(wrong).is_err(), "{wrong}");
    }
    let mut player = Player::new(tape.clone(), 1.0, true);
    let first = states(player.introduce(), 2);
    assert_eq!((first[0].outcome, first[1].epochs.len()), (Some(Outcome::Completed), 2));
    player.advance(tape.seconds());
    let again = states(player.advance(0.1), 2);
    assert_eq!(again, first, "it loops to where it starts");
    assert_eq!(Player::speed_to_fit(&tape, 10.0), (tape.seconds() - from) / 10.0);
}

#[test]
fn it_loops_where_it_is_told_to_and_speeds_have_bounds() {
    let mut player = Player::new(Timeline::new(vec![run("resnet@fashion", 1, 2)]), 1000.0, true);
    let playing = |told: &[Message]| match told.last() {
        Some(Message::Playing(playback)) => *playback,
        other => panic!("{other:?}"),
    };
    assert_eq!(playing(&player.introduce()).speed, 1000.0);
    let told = player.advance(1.0);
    assert_eq!(playing(&told).t, playing(&told).seconds, "the end is seen");
    let told = player.advance(1.0);
    assert!(
        matches!(&told[0], Message::Scene(scene) if scene[0].1 != RunStage::Over),
        "then it begins again"
    );
    assert!(player.is_playing());
    let mut speeds = Vec::new();
    for _ in 0..14 {
        speeds.push(playing(&player.handle_order(&PlayerOrder::Faster(false))).speed);
    }
    assert_eq!(
        speeds[..10],
        [512.0, 256.0, 128.0, 64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0],
        "real time is among them"
    );
    assert_eq!(speeds[13], 0.25);
    let fit = Player::speed_to_fit(&Timeline::new(vec![run("resnet@fashion", 1, 89)]), 5.0);
    assert!((fit - Timeline::new(vec![run("resnet@fashion", 1, 89)]).seconds() / 5.0).abs() < 1e-9);
}

#[test]
fn places_are_written_in_several_ways() {
    let goal = |text: &str| text.parse::<SeekGoal>();
    assert_eq!(goal("37%"), Ok(SeekGoal::Part(0.37)));
    assert_eq!([goal("e12"), goal("epoch 12")], [Ok(SeekGoal::Epoch(12)), Ok(SeekGoal::Epoch(12))]);
    assert_eq!(
        [goal("90"), goal("1:30"), goal("1:02:03")].map(Result::unwrap),
        [SeekGoal::Seconds(90.0), SeekGoal::Seconds(90.0), SeekGoal::Seconds(3723.0)]
    );
    for bad in ["", "x", "101%", "-1%", "e", "e-1", "-5", "1:2:3:4", "NaN", "inf", "1e999"] {
        assert!(goal(bad).is_err(), "{bad}");
    }
}

#[test]
fn recordings_that_ship_are_of_one_seed_and_whole() {
    let open = |name: &str| recording::open(name).unwrap().into_runs();
    let demo = open("demo");
    assert_eq!(demo, [open("resnet"), open("hiresnet")].concat());
    let lines: Vec<_> = demo.iter().map(|run| run.spec.to_string()).collect();
    assert_eq!(
        lines,
        ["resnet@fashion epochs=8 lr_halve_every=2", "resnet+hires@fashion epochs=8 lr_halve_every=2"]
    );
    assert_eq!(
        presets::resolve("demo").unwrap(),
        demo[1].spec,
        "the preset makes the recording's second run"
    );
    for run in &demo {
        let state = run.state(run.events.len());
        assert_eq!((state.epochs.len(), state.outcome), (8, Some(Outcome::Completed)));
        // Eight epochs of all 54,000 training images.
        assert_eq!(state.steps.len(), 8 * 540);
    }
    assert!(recording::open("nosuch").unwrap_err().to_string().contains("demo, resnet, hiresnet"));
}
