//! Feature maps of trained networks: they add up, agree with everything else that is
//! measured, and say why there are none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use burn_flex::{Flex, FlexDevice};
use hiresnet_tui::domain::event::{Checkpoint, Outcome, Split};
use hiresnet_tui::domain::features::{Features, predictions};
use hiresnet_tui::domain::hops::Hop;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::term::Term;
use hiresnet_tui::engine::data::{Dataset, DatasetCache, Feed};
use hiresnet_tui::engine::device::Device;
use hiresnet_tui::engine::error::Result;
use hiresnet_tui::engine::evaluate::{Task, evaluate};
use hiresnet_tui::engine::features::{FeatureRequest, answer, feature_maps};
use hiresnet_tui::engine::model::{Network, Weights};
use hiresnet_tui::engine::store;
use hiresnet_tui::engine::worker::Worker;
use tempfile::TempDir;

const LINE: &str = "resnet+hires@fashion-embedded blocks=1,1,1 widths=4,8,8 batch=10 epochs=1 train_limit=40 \
                    val_limit=20 test_limit=20 probe_images=10";

/// Trains `line` into a folder in `root`.
fn trained(line: &str, root: &Path) -> (PathBuf, ExperimentSpec) {
    let spec: ExperimentSpec = line.parse().unwrap();
    let data = Dataset::load(&spec, None).unwrap();
    let worker = Worker::start(spec.clone(), data, Device::CPU, root).unwrap();
    let path = worker.folder.clone();
    assert_eq!(worker.join().unwrap(), Outcome::Completed);
    (path, spec)
}

fn seen(run: &Path, spec: &ExperimentSpec, image: usize) -> Result<Features> {
    feature_maps(
        &Mutex::new(DatasetCache::new(None)),
        FeatureRequest { run: run.to_owned(), spec: spec.clone(), image },
    )
}

#[test]
fn maps_add_up_and_the_last_sum_is_what_the_head_reads() {
    let root = TempDir::new().unwrap();
    let (run, spec) = trained(LINE, root.path());
    let features = seen(&run, &spec, 3).unwrap();
    let shapes: Vec<_> = features.blocks.iter().map(|b| (b.block, b.channels(), b.size())).collect();
    assert_eq!(shapes, [(1, 4, 32), (2, 8, 16), (3, 8, 8)]);
    for block in &features.blocks {
        let (sum, terms) = block.rows.split_last().unwrap();
        let of: Vec<_> = terms.iter().map(|maps| maps.term).collect();
        let hops = (0..block.block).map(|source| Some(Term::Hop(Hop::new(source, block.block))));
        assert_eq!(
            (sum.term, of),
            (None, std::iter::once(Some(Term::Residual(block.block))).chain(hops).collect())
        );
        for (i, value) in sum.values.iter().enumerate() {
            let added: f64 = terms.iter().map(|maps| f64::from(maps.values[i])).sum();
            assert!((added - f64::from(*value)).abs() < 1e-5 * (1.0 + added.abs()), "{added} {value}");
        }
    }
    // Average pooling and the linear head, from the weights' file.
    let weights = store::read_weights(&run.join("best.safetensors")).unwrap().0;
    let (head, bias) = (&weights["head.weight"], &weights["head.bias"]);
    let sum = features.blocks[2].rows.last().unwrap();
    let pooled: Vec<f32> = (0..8).map(|c| sum.map(c).iter().sum::<f32>() / 64.0).collect();
    assert_eq!(head.shape, [10, 8]);
    let logit = |(row, bias): (&[f32], &f32)| row.iter().zip(&pooled).map(|(w, x)| w * x).sum::<f32>() + bias;
    let logits: Vec<f32> = head.values.chunks_exact(8).zip(&bias.values).map(logit).collect();
    for (own, said) in predictions(&logits, 3).iter().zip(&features.predicted) {
        assert_eq!(own.class, said.class);
        assert!((own.probability - said.probability).abs() < 1e-5, "{own:?} {said:?}");
    }
    assert_eq!((features.predicted.len(), features.checkpoint), (3, Checkpoint::Best));
}

#[test]
fn means_are_those_of_fig_2_and_the_image_is_the_files() {
    let root = TempDir::new().unwrap();
    let (run, spec) = trained(LINE, root.path());
    let features = seen(&run, &spec, 0).unwrap();
    let file = run.join("best.safetensors");
    let network = Network::<Flex>::new(&spec.architecture().unwrap(), spec.seed, &FlexDevice);
    let network = store::read_weights(&file).and_then(|weights| weights.load_into(network, &file)).unwrap();
    let data = Dataset::load(&spec, None).unwrap();
    let task = Task { split: Split::Validation, batch: 1, probe: 1, sync_interval: 1 };
    let feed = Feed::new(&data, &FlexDevice, 0);
    let measured = evaluate(&network, &feed, task, |_, _| Ok::<(), ()>(())).unwrap().blocks;
    let near = |own: f64, said: f64| assert!((own - said).abs() < 1e-5 * said, "{own} {said}");
    for (block, said) in features.blocks.iter().zip(&measured) {
        near(block.rows[0].mean, said.residual);
        assert_eq!(block.rows.len(), said.hops.len() + 2);
        for (maps, hop) in block.rows[1..].iter().zip(&said.hops) {
            assert_eq!(maps.term, Some(Term::Hop(Hop::new(hop.source, block.block))));
            near(maps.mean, hop.value);
        }
    }
    let (images, place) = (data.images(Split::Validation), data.indices(Split::Validation)[0]);
    let image = &features.image;
    assert_eq!((image.index, image.of, image.channels, image.size), (0, 20, 1, 28));
    assert_eq!(image.pixels, images.image(place));
    assert_eq!(image.class, usize::from(images.labels[place as usize]));
}

#[test]
fn a_network_stays_in_memory_and_other_weights_are_read() {
    let root = TempDir::new().unwrap();
    let (run, spec) = trained(LINE, root.path());
    let file = run.join("best.safetensors");
    let library = Mutex::new(DatasetCache::new(None));
    let (asker, looks) = channel();
    let mut answers = Vec::new();
    std::thread::scope(|scope| {
        let (told, heard) = channel();
        scope.spawn(|| {
            let told = told;
            answer(&library, looks, &mut |key: usize, answer| told.send((key, answer)).unwrap());
        });
        let mut ask = |image: usize| {
            asker.send((image, FeatureRequest { run: run.clone(), spec: spec.clone(), image })).unwrap();
            let (key, answer) = heard.recv().unwrap();
            assert_eq!(key, image);
            answers.push(answer.unwrap());
        };
        ask(0);
        ask(99);
        // An untrained network instead.
        let network = Network::<Flex>::new(&spec.architecture().unwrap(), spec.seed, &FlexDevice);
        let bytes = Weights::of(&network).to_safetensors(Default::default(), &file).unwrap();
        fs::write(&file, bytes).unwrap();
        ask(0);
        // Several at once: what is passed over is never answered, the newest always is.
        for image in 1..=9 {
            asker.send((image, FeatureRequest { run: run.clone(), spec: spec.clone(), image })).unwrap();
        }
        while heard.recv().unwrap().0 != 9 {}
        drop(asker);
        assert!(heard.recv().is_err(), "it ends when nobody can ask");
    });
    let [first, last, other] = &answers[..] else { panic!("three answers") };
    assert_eq!((first.image.index, last.image.index), (0, 19), "there are 20 images");
    assert_eq!(first.image, other.image);
    assert_ne!(first.blocks, other.blocks);
}

#[test]
fn what_cannot_be_looked_at_says_why() {
    let root = TempDir::new().unwrap();
    let (run, spec) = trained(LINE, root.path());
    let reason = |spec: &ExperimentSpec| seen(&run, spec, 0).unwrap_err().to_string();
    let of = |line: &str| -> ExperimentSpec { line.parse().unwrap() };
    let other = of(&LINE.replace("widths=4,8,8", "widths=8,8,8"));
    assert!(reason(&other).contains("best.safetensors") && reason(&other).contains("shape"));
    let elsewhere = of(&LINE.replace("fashion-embedded", "cifar10"));
    assert!(reason(&elsewhere).contains("cifar10"), "{}", reason(&elsewhere));
    let file = run.join("best.safetensors");
    for bytes in [&b""[..], b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", b"{\x1b[2J"] {
        fs::write(&file, bytes).unwrap();
        assert!(reason(&spec).contains("not a safetensors file"), "{}", reason(&spec));
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(seen(&run, &spec, 0).unwrap().checkpoint, Checkpoint::Last, "then the last");
    fs::remove_file(run.join("last.safetensors")).unwrap();
    assert!(reason(&spec).contains("no weights in its folder"), "{}", reason(&spec));
}
