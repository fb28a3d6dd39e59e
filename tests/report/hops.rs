//! Which hops matter: pairs, effects, ranking.

use hiresnet_tui::batch::report::JsonReport;
use hiresnet_tui::cli::{ReportFormat, ReportKind};
use hiresnet_tui::domain::report::hop_effects::hop_effects;
use hiresnet_tui::domain::significance::NoTest;

use crate::made::{Made, grouped, on, run};

const NETWORK: &str = "@fashion blocks=1,1 widths=4,8";

/// All eight sets of three hops, two seeds each: 0-1 adds two points, 1-2 costs one, 0-2 does
/// nothing, and nothing is quite the same twice.
fn every_set() -> Vec<Made> {
    let names = ["0-1", "0-2", "1-2"];
    let sets = (0..8usize).flat_map(|set| [0, 1].map(|seed| (set, seed)));
    let made = sets.map(|(set, seed)| {
        let hops: Vec<&str> = (0..3).filter(|i| set >> i & 1 == 1).map(|i| names[i]).collect();
        let version = if hops.is_empty() { String::new() } else { format!("+hires[{}]", hops.join(",")) };
        let noise = [0.01, -0.02, 0.03, 0.0, -0.01, 0.02, -0.03, 0.01][(set * 3 + seed) % 8];
        let top1 = 80.0 + 2.0 * (set & 1) as f64 - (set >> 2) as f64 + 0.5 * seed as f64 + noise;
        run(&format!("resnet{version}{NETWORK} seed={seed}"), top1)
    });
    made.collect()
}

#[test]
fn every_two_networks_that_differ_in_one_hop_are_a_pair() {
    let runs = every_set();
    let all = hop_effects(&grouped(&runs), &on("")).unwrap();
    let [effects] = &all[..] else { panic!("{}", all.len()) };
    let order: Vec<&str> = effects.effects.iter().map(|effect| effect.hop.as_str()).collect();
    assert_eq!(order, ["0-1", "0-2", "1-2"]);
    for (effect, expected) in effects.effects.iter().zip([2.0, 0.0, -1.0]) {
        // Four pairs of networks, two seeds.
        assert_eq!(effect.pairs, 8, "{}", effect.hop);
        assert!((effect.difference - expected).abs() < 0.05, "{}: {}", effect.hop, effect.difference);
        let (low, high) = effect.test.unwrap().interval;
        assert!(low < expected && expected < high, "{}: {low} to {high}", effect.hop);
    }
    let said: Vec<&str> = effects.effects.iter().map(|effect| effect.sentence.as_str()).collect();
    assert!(
        said[0].starts_with("The hop 0-1 adds 2.0") && said[0].contains("8 pairs of runs"),
        "{}",
        said[0]
    );
    assert!(said[0].contains("significant at the 5% level, p < 0.001 after Holm's correction for 3"));
    assert!(said[1].contains("not significant"), "{}", said[1]);
    assert!(said[2].starts_with("The hop 1-2 costs"), "{}", said[2]);
    assert!(effects.is_whole() && effects.notes.is_empty());
    assert_eq!(effects.ranking.len(), 8);
    assert!(effects.ranking[0].hops.contains(&"0-1".to_owned()));
    assert!(!effects.ranking[0].hops.contains(&"1-2".to_owned()));
    let ranks: Vec<usize> = effects.ranks().map(|(rank, _)| rank).collect();
    assert!(ranks[0] == 1 && ranks.is_sorted() && ranks[7] <= 8, "{ranks:?}");
    assert!(effects.ranking.is_sorted_by(|a, b| a.sample.mean >= b.sample.mean));
}

#[test]
fn what_no_pair_tells_is_said() {
    let line = |version: &str, seed| format!("resnet{version}{NETWORK} seed={seed}");
    let runs = [
        run(&line("", 0), 80.0),
        run(&line("+hires[0-1]", 0), 81.0),
        // Of another seed, or another width: no partners.
        run(&line("+hires[0-2]", 1), 82.0),
        run(&line("+adjusted", 0), 83.0),
    ];
    let all = hop_effects(&grouped(&runs), &on("")).unwrap();
    let [only] = &all[0].effects[..] else { panic!("{:?}", all[0].effects) };
    assert_eq!((only.hop.as_str(), only.pairs, only.test), ("0-1", 1, Err(NoTest::TooFew)));
    assert_eq!(all[0].notes, ["No two networks here differ in nothing but 0-2, or but 1-2."]);
    assert!(!all[0].is_whole());
    // Another family without a pair is not passed over in silence.
    let plain = ["", "+hires[P1]"].map(|version| run(&format!("plain{version}{NETWORK}"), 70.0));
    let both: Vec<Made> = every_set().into_iter().chain(plain).collect();
    let all = hop_effects(&grouped(&both), &on("")).unwrap();
    assert!(all.len() == 1 && all[0].is_whole());
    assert!(
        all[0].notes[0]
            .starts_with("Plain on Fashion-MNIST, blocks=1,1 widths=4,8: no two of its 2 networks")
    );
    let report = JsonReport::new(ReportKind::All, &grouped(&runs), None, &on("")).unwrap();
    let html = String::from_utf8(report.render(ReportFormat::Html, &on("")).unwrap()).unwrap();
    assert!(!html.contains("What each hop adds"));
    assert!(hop_effects(&grouped(&runs[2..]), &on("")).unwrap().is_empty());
}

#[test]
fn in_every_format() {
    let runs = every_set();
    let report = JsonReport::new(ReportKind::Hops, &grouped(&runs), None, &on("")).unwrap();
    let text = |format| String::from_utf8(report.render(format, &on("")).unwrap()).unwrap();
    insta::assert_snapshot!("hops_md", text(ReportFormat::Md));
    insta::assert_snapshot!("hops_csv", text(ReportFormat::Csv));
    insta::assert_snapshot!("hops_latex", text(ReportFormat::Latex));
    insta::assert_snapshot!("hops_svg", text(ReportFormat::Svg));
    let json: serde_json::Value = serde_json::from_str(&text(ReportFormat::Json)).unwrap();
    assert_eq!(json["hops"][0]["effects"][0]["hop"], "0-1");
    assert_eq!(json["hops"][0]["ranking"][7]["sample"]["values"].as_array().unwrap().len(), 2);
    assert!(text(ReportFormat::Html).contains("Networks by rank"));
}
