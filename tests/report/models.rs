//! What reports say, whatever they look like.

use hiresnet_tui::domain::event::{Checkpoint, EventKind, Outcome, SplitSizes};
use hiresnet_tui::domain::report::activations::activations;
use hiresnet_tui::domain::report::compare::{Baseline, Comparison, Measure, compare};
use hiresnet_tui::domain::report::curves::{CurveMetric, curves};
use hiresnet_tui::domain::report::table::{ReportTable, TableCell, TableKind, tables};
use hiresnet_tui::domain::report::{ReportOptions, SeedSample};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::significance::{Method, NoTest};

use crate::made::{Made, ended, grouped, many, on, run, seeds};

fn cell<'a>(table: &'a ReportTable, network: &str, column: &str) -> &'a TableCell {
    let found = table.cells().find(|(row, col, _)| row.network == network && col.title == column);
    found.unwrap_or_else(|| panic!("no cell {network} {column}")).2
}

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

#[test]
fn a_cell_has_mean_deviation_and_the_papers_value() {
    let runs = many();
    let all = tables(TableKind::Table1, &grouped(&runs), &on(""));
    let first = &all[0];
    assert_eq!((first.recipe.as_str(), first.rows.len()), ("", 9));
    let full = cell(first, "resnet+hires", "CIFAR-10");
    let sample = full.measured.as_ref().unwrap();
    assert_eq!((sample.n(), sample.text(2).as_str()), (5, "90.49(0.31)"));
    assert_eq!(full.published.unwrap().printed, "89.46(0.30)");
    near(full.difference.unwrap(), sample.mean - 89.46);
    assert_eq!(full.command, None);
    // Seed 2 was run twice; the newer has 89.60.
    assert_eq!(cell(first, "resnet", "CIFAR-10").measured.as_ref().unwrap().values[2], (2, 89.60));
    // The paper has no Fashion-MNIST.
    assert_eq!(cell(first, "plain", "Fashion-MNIST").published, None);
}

#[test]
fn a_missing_cell_has_the_command_that_fills_it() {
    let runs = many();
    let all = tables(TableKind::Table1, &grouped(&runs), &on(""));
    let plain = cell(&all[0], "plain", "CIFAR-10");
    assert_eq!(plain.measured, None);
    assert_eq!(plain.published.unwrap().mean, 86.50);
    // Seed 0 diverged, and would again.
    let command = "hiresnet-tui --batch \"plain@cifar10\" --seeds 1..4 --out runs --resume";
    assert_eq!(plain.command.as_deref(), Some(command));
    let partly = cell(&all[0], "resnet", "Tiny-ImageNet");
    assert!(partly.command.as_ref().unwrap().contains("\"resnet@tiny-imagenet\" --seeds 2..4 "));
    let folder = cell(&all[0], "resnet+hires", "folder cats.and-dogs").command.as_ref().unwrap();
    assert!(folder.contains("\"resnet+hires@folder folder=cats.and-dogs classes=12\""), "{folder}");
}

#[test]
fn a_part_of_a_dataset_is_not_set_beside_the_paper() {
    let mut part = run("resnet@cifar10", 30.0);
    for event in &mut part.events {
        if let EventKind::RunStarted(facts) = &mut event.kind {
            facts.images = SplitSizes { train: 90, validation: 10, test: 20 };
        }
    }
    part.state = RunState::replay(&part.events);
    let runs = [part, run("resnet+hires@cifar10", 90.0)];
    let all = tables(TableKind::Table2, &grouped(&runs), &on("cifar10"));
    let short = cell(&all[0], "resnet", "CIFAR-10");
    assert_eq!((short.measured.as_ref().unwrap().mean, short.difference), (30.0, None));
    assert!(cell(&all[0], "resnet+hires", "CIFAR-10").difference.is_some());
    let said = "short: 90 of 45,000 training images, 10 of 5,000 validation images, 20 of 10,000 test images";
    assert!(all[0].notes.iter().any(|note| note.contains(said)), "{:?}", all[0].notes);
}

#[test]
fn runs_that_all_diverged_are_drawn_until_they_did() {
    let at = "2026-11-24T10:00:00Z";
    let runs = [
        ended("resnet@cifar10", 60.0, Outcome::Diverged, at),
        ended("resnet@cifar10 seed=1", 50.0, Outcome::Diverged, at),
    ];
    let all = curves(&grouped(&runs), &on("cifar10"));
    let [set] = &all[..] else { panic!("{}", all.len()) };
    let [line] = &set.lines[..] else { panic!("{}", set.lines.len()) };
    assert_eq!((line.network.as_str(), &line.seeds[..]), ("resnet (diverged)", &[0, 1][..]));
    assert_eq!((line.epochs.len(), line.best.as_ref().unwrap().mean), (runs[0].state.epochs.len(), 55.0));
    assert_eq!(set.notes, ["resnet: no run completed; 2 runs diverged and are drawn until they did."]);
    // Where one completed, those that diverged are left out, and it is said.
    let some = [ended("resnet@cifar10", 60.0, Outcome::Diverged, at), run("resnet@cifar10 seed=1", 50.0)];
    let [set] = &curves(&grouped(&some), &on("cifar10"))[..] else { panic!("one recipe") };
    assert_eq!(set.lines[0].network, "resnet");
    assert!(set.notes[0].contains("1 diverged"), "{:?}", set.notes);
}

#[test]
fn no_command_repeats_what_diverged() {
    let runs = [
        run("resnet@cifar10", 80.0),
        ended("resnet@cifar10 seed=1", 10.0, Outcome::Diverged, "2026-11-24T10:00:00Z"),
    ];
    let all = tables(TableKind::Table2, &grouped(&runs), &on("cifar10"));
    let command = cell(&all[0], "resnet", "CIFAR-10").command.as_ref().unwrap();
    assert!(command.contains("--seeds 2..4 "), "{command}");
}

#[test]
fn every_command_names_the_run_that_its_cell_lacks() {
    let runs = many();
    for which in [TableKind::Table1, TableKind::Table2] {
        for table in tables(which, &grouped(&runs), &on("")) {
            for (row, column, cell) in table.cells() {
                let Some(command) = &cell.command else { continue };
                let line = command.split('"').nth(1).unwrap();
                let spec: hiresnet_tui::domain::spec::ExperimentSpec = line.parse().unwrap();
                assert_eq!(spec.network_name(), row.network);
                assert_eq!(spec.dataset, column.data.id);
                assert_eq!(hiresnet_tui::domain::report::groups::recipe(&spec), table.recipe);
            }
        }
    }
}

#[test]
fn recipes_are_not_mixed_and_the_most_complete_comes_first() {
    let runs = many();
    let all = tables(TableKind::Table2, &grouped(&runs), &on(""));
    let recipes: Vec<&str> = all.iter().map(|table| table.recipe.as_str()).collect();
    assert_eq!(recipes, ["", "epochs=3"]);
    let short = cell(&all[1], "resnet+hires[P1]", "CIFAR-10");
    assert_eq!(short.measured.as_ref().map(SeedSample::n), Some(2));
    assert_eq!(cell(&all[0], "resnet+hires[P1]", "CIFAR-10").measured, None);
    assert!(all[1].notes.iter().any(|note| note.contains("these runs have epochs=3")), "{:?}", all[1].notes);
    assert!(all[1].commands()[0].contains("\"resnet@cifar10 epochs=3\""));
}

#[test]
fn runs_that_did_not_complete_are_said_and_not_averaged() {
    let runs = many();
    let table = &tables(TableKind::Table1, &grouped(&runs), &on(""))[0];
    let notes = table.notes.join("\n");
    for note in ["plain@cifar10: 1 diverged", "resnet+hires@cifar10: 1 stopped", "resnet@cifar10: 1 older"] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    let note = table.without_row_note(10).unwrap();
    assert_eq!(note, "Not in Table 1: resnet+hires[Out]@cifar10.");
    assert!(notes.contains("#P is for CIFAR-10; Tiny-ImageNet has 12,350 more"), "{notes}");
}

#[test]
fn a_dataset_can_be_asked_for() {
    let runs = many();
    let table = &tables(TableKind::Table1, &grouped(&runs), &on("fashion"))[0];
    let titles: Vec<&str> = table.columns.iter().map(|column| column.title.as_str()).collect();
    assert_eq!(titles, ["Fashion-MNIST"]);
    assert_eq!(table.commands().len(), 9);
    // Also one that no run has.
    let table = &tables(TableKind::Table2, &grouped(&runs), &on("mnist"))[0];
    assert_eq!((table.measured(), table.commands().len()), (0, 8));
}

#[test]
fn the_last_epoch_can_be_asked_for() {
    let runs = many();
    let options = ReportOptions { checkpoint: Checkpoint::Last, ..on("") };
    let last = tables(TableKind::Table1, &grouped(&runs), &options);
    let best = tables(TableKind::Table1, &grouped(&runs), &on(""));
    let mean =
        |tables: &[ReportTable]| cell(&tables[0], "resnet", "CIFAR-10").measured.as_ref().unwrap().mean;
    near(mean(&best) - mean(&last), 0.5);
}

#[test]
fn a_network_that_does_not_exist_is_not_asked_for() {
    let runs = seeds("resnet@cifar10 blocks=1,1 widths=8,16", &[70.0]);
    let table = &tables(TableKind::Table2, &grouped(&runs), &on(""))[0];
    let cells: Vec<&TableCell> = table.rows.iter().map(|row| &row.cells[0]).collect();
    assert_eq!(cells[7], &TableCell { measured: None, published: None, difference: None, command: None });
    assert!(cells[6].command.is_some());
    // Another network than the paper's has no published value.
    assert!(cells.iter().all(|cell| cell.published.is_none()));
}

#[test]
fn figure_2_is_over_seeds() {
    let runs = many();
    let (figures, notes) = activations(&grouped(&runs), &on("cifar10"));
    let names: Vec<&str> = figures.iter().map(|figure| figure.network.as_str()).collect();
    assert_eq!(names, ["resnet+hires", "resnet+hires[Out]", "resnet+hires[P1]"]);
    let third = &figures[0].blocks[2];
    let orders: Vec<usize> = third.bars.iter().map(|bar| bar.order(3)).collect();
    assert_eq!(orders, [0, 1, 2, 3]);
    near(third.bars[0].value.mean, 3.2);
    near(third.bars[1].value.mean, 1.7);
    near(third.bars[1].percent_of_f.unwrap(), 170.0 / 3.2);
    assert_eq!(figures[1].blocks[0].bars.len(), 1);
    assert_eq!((figures[2].orders(), figures[1].orders()), (vec![1], vec![1, 2, 3]));
    assert!(notes.last().unwrap().contains("are left out"), "{notes:?}");
}

#[test]
fn curves_have_bands_and_a_level_that_all_reached() {
    let runs = many();
    let all = curves(&grouped(&runs), &on("cifar10"));
    assert_eq!(all[0].recipe, "");
    let names: Vec<&str> = all[0].lines.iter().map(|line| line.network.as_str()).collect();
    assert_eq!(names, ["resnet", "resnet+adjusted", "resnet+hires", "resnet+hires[Out]"]);
    // The lowest best validation top-1 is 88.70.
    assert_eq!((all[0].target, all[0].target_asked), (88.0, false));
    let line = &all[0].lines[2];
    assert_eq!((line.epochs.len(), line.epochs[0].n, line.never), (6, 5, 0));
    let (mean, std) = line.epochs[4].of(CurveMetric::ValTop1);
    near(mean, 90.492);
    assert!((std.unwrap() - 0.3139).abs() < 1e-3);
    // 0.97 of 90.72 and of 90.88 are 88% in the fourth epoch already.
    near(line.epochs_to.as_ref().unwrap().mean, 4.6);
}

#[test]
fn what_never_reached_the_level_is_said() {
    let runs = many();
    let options = ReportOptions { target: Some(90.0), ..on("cifar10") };
    let all = curves(&grouped(&runs), &options);
    assert_eq!((all[0].lines[0].never, &all[0].lines[0].epochs_to), (5, &None));
    assert_eq!(all[0].lines[2].never, 0);
    assert!(all[0].notes.last().unwrap().contains("13 runs never reached 90%"), "{:?}", all[0].notes);
}

fn compared(runs: &[Made], baseline: Option<&str>) -> Vec<Comparison> {
    let baseline = baseline.map(|text| Baseline::parse(text).unwrap());
    compare(&grouped(runs), baseline.as_ref(), &on("cifar10")).unwrap()
}

#[test]
fn equal_seeds_are_compared_in_pairs() {
    let all = compared(&many(), None);
    let top1 = &all[0];
    assert_eq!((top1.measure, top1.entries.len()), (Measure::TestTop1, 3));
    let full = &top1.entries[1];
    assert_eq!((full.network.as_str(), full.baseline.as_str()), ("resnet+hires", "resnet"));
    let test = full.test.unwrap();
    assert_eq!((test.method, test.n), (Method::Paired, (5, 5)));
    near(test.difference, 1.31);
    near(full.corrected_p.unwrap(), 3.0 * test.p);
    assert_eq!(
        full.sentence,
        "resnet+hires scores 1.31 points higher than resnet on the test images (95% interval +0.96 to +1.66, \
         5 pairs of equal seeds): significant at the 5% level, p = 0.001 after Holm's correction for 3 \
         comparisons, d_z = 4.67."
    );
    // Out has three of the five seeds.
    let out = &top1.entries[2];
    assert_eq!(out.common_seeds, [0, 1, 2]);
    // The means beside a difference are of the same seeds.
    let (own, other) = (out.sample.as_ref().unwrap(), out.baseline_sample.as_ref().unwrap());
    assert_eq!((own.n(), other.n()), (3, 3));
    near(out.difference.unwrap(), own.mean - other.mean);
    near(out.difference.unwrap(), out.test.unwrap().difference);
    assert!(top1.notes.iter().any(|note| note.contains("seeds that both networks have")), "{:?}", top1.notes);
    assert!(top1.entries[2].sentence.contains("not significant at the 5% level"));
    assert!(matches!(all[1].measure, Measure::EpochsTo(88.0)));
}

#[test]
fn epochs_are_compared_only_where_every_run_gets_there() {
    let runs = many();
    let to = |target| {
        let options = ReportOptions { target: Some(target), ..on("cifar10") };
        let all = compare(&grouped(&runs), None, &options).unwrap();
        all.into_iter().find(|c| c.measure == Measure::EpochsTo(target)).unwrap()
    };
    let all = to(90.0);
    assert_eq!(all.entries.len(), 3);
    for entry in &all.entries {
        assert_eq!((entry.difference, entry.test), (None, Err(NoTest::NotReached)), "{}", entry.sentence);
        assert!(entry.never.1 > 0 && entry.corrected_p.is_none());
    }
    assert_eq!(
        all.entries[1].sentence,
        "90% is reached by 5 of 5 runs of resnet+hires and by 0 of 5 runs of resnet; epochs are compared only \
         where every run gets there."
    );
    // Nobody does: it is said all the same.
    assert_eq!(to(99.0).entries[0].never, (5, 5));
    assert!(to(50.0).entries.iter().all(|entry| entry.difference.is_some()));
}

#[test]
fn other_seeds_are_compared_by_welch() {
    let mut runs = seeds("resnet@cifar10", &[89.46, 89.10, 89.88]);
    runs.extend(
        [5, 6, 7].map(|seed| run(&format!("resnet+hires@cifar10 seed={seed}"), 90.0 + seed as f64 / 10.0)),
    );
    let entry = &compared(&runs, None)[0].entries[0];
    assert_eq!((entry.test.unwrap().method, entry.common_seeds.len()), (Method::Welch, 0));
    assert!(entry.sentence.contains("Welch, 3 against 3 seeds"), "{}", entry.sentence);
    assert!(!entry.sentence.contains("Holm"), "one comparison needs no correction: {}", entry.sentence);
}

#[test]
fn one_seed_is_not_tested() {
    let runs = [run("resnet@cifar10", 89.0), run("resnet+hires@cifar10", 89.0)];
    let entry = &compared(&runs, None)[0].entries[0];
    assert_eq!(entry.test, Err(NoTest::TooFew));
    let said = "resnet+hires and resnet score alike on the test images; fewer than two seeds or pairs: no test is possible.";
    assert_eq!(entry.sentence, said);
}

#[test]
fn baselines() {
    let baselines = |runs: &[Made], asked| -> Vec<String> {
        let all = compared(runs, asked);
        all[0].entries.iter().map(|entry| format!("{}-{}", entry.network, entry.baseline)).collect()
    };
    let mut runs = many();
    let asked = ["resnet", "resnet+hires", "resnet+hires[Out]"].map(|n| format!("{n}-resnet+adjusted"));
    assert_eq!(baselines(&runs, Some("resnet+adjusted")), asked);
    assert_eq!(baselines(&runs, Some("resnet+adjusted@cifar10 seed=3")), asked);
    // Each family has its own original; one without is compared with the first of all.
    runs.push(run("plain@cifar10", 86.0));
    runs.push(run("plain+hires@cifar10", 88.0));
    runs.push(run("resnext+hires@cifar10", 87.0));
    let natural = baselines(&runs, None);
    assert_eq!((natural[0].as_str(), natural[4].as_str()), ("plain+hires-plain", "resnext+hires-plain"));
    assert_eq!(baselines(&[run("plain@cifar10", 86.0), run("resnet@cifar10", 88.0)], None), ["resnet-plain"]);
    let missing = compare(&grouped(&runs), Some(&Baseline::parse("resnext").unwrap()), &on(""));
    assert_eq!(missing.unwrap_err().to_string(), "--baseline: no completed run of resnext");
    let other = compare(&grouped(&runs), Some(&Baseline::parse("plain@cifar10 epochs=3").unwrap()), &on(""));
    let said = other.unwrap_err().to_string();
    assert!(said.contains("but one of plain@cifar10: give that whole line, or plain alone"), "{said}");
    assert!(Baseline::parse("resnet+fires").is_err());
}

#[test]
fn runs_that_never_completed_are_no_report() {
    let runs = [ended("resnet+hires@cifar10", 10.0, Outcome::Failed, "2026-11-24T10:00:00Z")];
    let groups = grouped(&runs);
    assert!(curves(&groups, &on("")).is_empty());
    assert!(activations(&groups, &on("")).0.is_empty());
    assert!(compare(&groups, None, &on("")).unwrap().is_empty());
    assert!(
        tables(TableKind::Table1, &groups, &on(""))[0].notes.iter().any(|note| note.contains("1 failed"))
    );
}
