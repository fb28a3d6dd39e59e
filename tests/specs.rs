//! The three ways to write a run: one line, TOML, `--set`.

use hiresnet_tui::domain::architecture::Family;
use hiresnet_tui::domain::dataset::DatasetId;
use hiresnet_tui::domain::hops::{HopSelection, HopSet, all_hops};
use hiresnet_tui::domain::spec::{ExperimentSpec, Version};
use proptest::prelude::*;

fn spec(line: &str) -> ExperimentSpec {
    line.parse().unwrap_or_else(|e| panic!("{line}: {e}"))
}

fn refusal(line: &str) -> String {
    line.parse::<ExperimentSpec>().expect_err(line).to_string()
}

#[test]
fn canonical_lines_print_as_they_were_written() {
    for line in [
        "plain@fashion-embedded",
        "resnext+adjusted@cifar10",
        "resnet+hires@cifar10",
        "resnet+hires[P1,P2]@fashion-embedded seed=3 epochs=20",
        "resnet+hires[In]@fashion",
        "resnet+hires[0-2,1-3]@fashion lr=0.001",
        "resnet+hires@fashion blocks=1,1,1,1,1 widths=8,8,16,16,32",
        "resnet+hires[P5]@fashion blocks=1,1,1,1,1 widths=8,8,16,16,32",
        "plain@tiny-imagenet eps=1e-5 weight_decay=0.0005",
        "resnet@fashion schedule=cosine warmup=0.5",
        "resnet@fashion grad_clip=1.0 label_smoothing=0.1 ema=0.999",
        "resnet@fashion crop_padding=4 flip=true cutout=16 mixup=0.2",
        "resnet@fashion epochs=4 lr=0.1 schedule=onecycle",
        "resnet@fashion optimizer=adamw lr=0.001 weight_decay=0.01",
        "resnet@fashion optimizer=sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=0.0005",
    ] {
        let parsed = spec(line);
        // 0-2,1-3 is P2; everything else is canonical already.
        assert_eq!(parsed.to_string(), line.replace("0-2,1-3", "P2"));
        assert_eq!(spec(&parsed.to_string()), parsed);
    }
}

#[test]
fn different_words_for_one_network_are_one_spec() {
    assert_eq!(spec("resnet+hires[P1,P2,P3]@fashion"), spec("resnet+hires@fashion"));
    assert_eq!(spec("ResNet + hires[ in ]@fashion"), spec("resnet+hires[0-1,0-2,0-3]@fashion"));
    assert_eq!(spec("resnet+hires[None]@fashion"), spec("resnet@fashion"));
    assert_eq!(spec("resnet+original@fashion"), spec("resnet@fashion"));
}

#[test]
fn the_defaults_are_the_papers_recipe() {
    let s = spec("resnet+hires@cifar10");
    assert_eq!((s.epochs, s.batch, s.lr, s.lr_halve_every), (80, 100, 0.01, 20));
    assert_eq!((s.beta1, s.beta2, s.eps, s.weight_decay, s.val_fraction), (0.9, 0.999, 1e-8, 0.0, 0.1));
    assert_eq!((s.grad_clip, s.label_smoothing, s.ema, s.cutout, s.mixup), (0.0, 0.0, 0.0, 0, 0.0));
    assert_eq!([1, 20, 21, 61].map(|epoch| s.schedule(450).at_epoch(epoch)), [0.01, 0.01, 0.005, 0.00125]);
    assert_eq!((spec("plain@cifar100").epochs, spec("plain@tiny-imagenet").epochs), (100, 120));
    assert_eq!(s.architecture().unwrap().layers(), 18);
    assert_eq!(spec("plain@cifar10 lr_halve_every=0").schedule(450).at_epoch(1000), 0.01);
}

#[test]
fn refusals_name_the_field_and_say_what_would_do() {
    for (line, words) in [
        ("resnet", "dataset: 'resnet' names no dataset"),
        ("resnett@fashion", "did you mean 'resnet'?"),
        ("resnet@fashon", "did you mean 'fashion'?"),
        ("resnet+hirse@fashion", "did you mean 'hires'?"),
        ("resnet@fashion epoch=3", "did you mean 'epochs'?"),
        ("resnet@fashion epochs=0", "epochs: '0' is not a number from 1"),
        ("resnet@fashion epochs=1.5", "epochs: '1.5' is not a whole number from 1"),
        ("resnet@fashion epochs=2 epochs=3", "given twice"),
        ("resnet@fashion lr=nan", "lr: 'nan' is not a number"),
        ("resnet@fashion lr=-1", "lr: '-1' is not a number"),
        ("resnet@fashion widths=0,32,64", "widths: '0' is not a number from 1 to 1024"),
        ("resnet@fashion widths=16,32", "widths: 2 widths for 3 blocks"),
        ("resnet@fashion blocks=1,1,1,1,1,1,1,1,1 widths=1,1,1,1,1,1,1,1,1", "9 blocks; there can be 1 to 8"),
        ("resnet@fashion blocks=2,0,3", "blocks: '0' is not a number from 1 to 64"),
        ("resnext@fashion widths=16,30,64", "cardinality: 4 groups do not divide a block of 30"),
        ("resnext@fashion cardinality=0", "cardinality: '0' is not a number from 1"),
        ("resnet+hires[P4]@fashion", "hops: P4 does not exist: with 3 blocks"),
        ("resnet+hires[0-4]@fashion", "hops: hop 0-4 does not exist"),
        ("resnet+hires[2-1]@fashion", "hops: hop 2-1 does not exist"),
        ("resnet+hires[X]@fashion", "'X' is neither a group"),
        ("resnet+hires[In@fashion", "not closed"),
        ("resnet+adjusted[In]@fashion", "has no hops"),
        ("resnet@fashion =3", "there is none before the '='"),
        ("resnet@fashion fast", "not of the form key=value"),
        ("resnet@fashion family=plain", "belongs before the keys"),
        ("resnet@fashion schedule=cosinus", "unknown schedule 'cosinus' (did you mean 'cosine'?)"),
        ("resnet@fashion schedule=cosine lr_halve_every=5", "lr_halve_every: only schedule = halve has it"),
        ("resnet@fashion schedule=onecycle warmup=1", "warmup: onecycle begins with a warmup of its own"),
        ("resnet@fashion epochs=3 warmup=3", "warmup: 3 of 3 epochs; make it shorter than the run"),
        ("resnet@fashion label_smoothing=1", "label_smoothing: '1' is not a number from 0.0 to 0.9999999"),
        ("resnet@fashion ema=1", "ema: '1' is not a number from 0.0 to 0.9999999"),
        ("resnet@fashion grad_clip=-1", "grad_clip: '-1' is not a number from 0.0"),
        ("resnet@fashion cutout=64", "cutout: it would blot out images of 32 pixels"),
        ("resnet@fashion batch=1 mixup=0.2", "mixup: a batch of one image has none to mix it with"),
        ("resnet@fashion warmup=-1", "warmup: '-1' is not a number from 0.0"),
        ("resnet@fashion optimizer=sdg", "unknown optimizer 'sdg' (known: adam, adamw, sgd)"),
        (
            "resnet@fashion momentum=0.9",
            "momentum: only optimizer = sgd has it; set that, or leave momentum out",
        ),
        ("resnet@fashion nesterov=true", "nesterov: only optimizer = sgd has it"),
        ("resnet@fashion optimizer=sgd nesterov=true", "nesterov: it needs momentum; set momentum = 0.9"),
        ("resnet@fashion optimizer=sgd beta1=0.8", "beta1: only optimizer = adam or adamw has it"),
        ("resnet@fashion optimizer=sgd momentum=1", "momentum: '1' is not a number from 0.0 to 0.9999999"),
        (
            "resnet@fashion optimizer=adamw",
            "weight_decay: adamw without weight decay is adam; set weight_decay",
        ),
    ] {
        let message = refusal(line);
        assert!(message.contains(words), "{line}\n  said: {message}\n  want: {words}");
    }
}

#[test]
fn toml_has_the_same_keys_defaults_and_checks() {
    let read = |text: &str| toml::from_str::<ExperimentSpec>(text);
    let s = read("family = 'resnet'\nversion = 'hires'\ndataset = 'fashion'\nwidths = [8, 16, 32]").unwrap();
    assert_eq!(s, spec("resnet+hires@fashion widths=8,16,32"));
    let s = read("family = 'resnet'\nhops = ['P1', '0-3']\ndataset = 'fashion'").unwrap();
    assert_eq!(s, spec("resnet+hires[P1,0-3]@fashion"));
    for (text, words) in [
        ("famly = 'resnet'", "did you mean 'family'?"),
        ("epochs = -1", "epochs: '-1'"),
        ("version = 'original'\nhops = ['In']", "has no hops"),
        ("widths = [0, 0, 0]", "widths: '0' is not a number"),
        ("epochs = true", "epochs: 'true' is not a number"),
        ("blocks = [[1, 1]]", "blocks: a list within a list"),
        ("epochs = 3", "family: missing"),
        ("family = 'resnet'", "dataset: missing"),
    ] {
        let message = read(text).expect_err(text).to_string();
        assert!(message.contains(words), "{text}: {message}");
    }
}

#[test]
fn setting_hops_makes_a_hiresnet_and_keeps_the_rest() {
    let mut s = spec("plain@fashion seed=7");
    s.set("hops", "In").unwrap();
    assert_eq!(s.to_string(), "plain+hires[In]@fashion seed=7");
    s.set("version", "hires").unwrap();
    assert_eq!(s.to_string(), "plain+hires[In]@fashion seed=7");
    s.set("version", "original").unwrap();
    assert_eq!(s.to_string(), "plain@fashion seed=7");
}

fn any_spec() -> impl Strategy<Value = ExperimentSpec> {
    let network = (1usize..=8).prop_flat_map(|n| {
        let hops: Vec<_> = all_hops(n).collect();
        let count = hops.len();
        (
            proptest::collection::vec(1usize..=3, n),
            proptest::collection::vec((1usize..=8).prop_map(|w| 4 * w), n),
            proptest::collection::vec(any::<bool>(), count).prop_map(move |on| {
                hops.iter().zip(on).filter(|(_, on)| *on).map(|(h, _)| *h).collect::<HopSet>()
            }),
        )
    });
    (
        network,
        prop::sample::select(Family::ALL.to_vec()),
        prop::sample::select(DatasetId::ALL.to_vec()),
        0u8..3,
        0u64..1 << 62,
        1usize..500,
        1e-6f64..1.0,
        0usize..4,
    )
        .prop_map(|((blocks, widths, hops), family, dataset, version, seed, epochs, lr, limit)| {
            let version = match version {
                0 => Version::Original,
                1 => Version::Adjusted,
                _ => Version::HiRes(HopSelection::shortest(&hops, blocks.len())),
            };
            let mut s = ExperimentSpec::paper(family, version, dataset);
            (s.blocks, s.widths, s.seed, s.epochs, s.lr) = (blocks, widths, seed, epochs, lr);
            (s.train_limit, s.probe_images) = (limit * 100, limit);
            s.checked().unwrap()
        })
}

proptest! {
    #[test]
    fn every_form_reads_back_to_the_same_spec(s in any_spec()) {
        prop_assert_eq!(&spec(&s.to_string()), &s);
        prop_assert_eq!(&toml::from_str::<ExperimentSpec>(&toml::to_string(&s).unwrap()).unwrap(), &s);
        prop_assert_eq!(&serde_json::from_str::<ExperimentSpec>(&serde_json::to_string(&s).unwrap()).unwrap(), &s);
    }

    #[test]
    fn hostile_lines_never_panic(line in "[a-z+@=0-9.,\\[\\]PIn -]{0,60}") {
        let _ = line.parse::<ExperimentSpec>();
    }
}
