//! Lesions of trained networks, against what must come out for other reasons.

use std::fs;
use std::path::{Path, PathBuf};

use hiresnet_tui::domain::event::{Checkpoint, Outcome, Score, Split};
use hiresnet_tui::domain::hops::Hop;
use hiresnet_tui::domain::lesion::{Lesioned, lesions};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::term::Term;
use hiresnet_tui::engine::data::Dataset;
use hiresnet_tui::engine::deletion;
use hiresnet_tui::engine::device::Device;
use hiresnet_tui::engine::lesion::{LesionProgress, lesion};
use hiresnet_tui::engine::lesion_file;
use hiresnet_tui::engine::model::Weights;
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::engine::worker::Worker;
use tempfile::TempDir;

const TINY: &str = "batch=10 train_limit=60 val_limit=35 test_limit=20 probe_images=10 epochs=2 lr=0.01";

/// A network trained in a folder of its own.
struct Trained {
    _root: TempDir,
    folder: PathBuf,
    data: Dataset,
}

impl Trained {
    fn of(line: &str) -> Self {
        let root = TempDir::new().unwrap();
        let spec: ExperimentSpec = format!("{line} {TINY}").parse().unwrap();
        let data = Dataset::load(&spec, None).unwrap();
        let worker = Worker::start(spec, data.clone(), Device::CPU, root.path()).unwrap();
        let folder = worker.folder.clone();
        assert_eq!(worker.join().unwrap(), Outcome::Completed);
        Self { _root: root, folder, data }
    }

    fn saved(&self) -> SavedRun {
        SavedRun::open(&self.folder).unwrap()
    }

    fn weights(&self) -> (PathBuf, Weights) {
        self.saved().weights(Checkpoint::Best).unwrap().unwrap()
    }

    /// Scores intact, then without each of `wanted`.
    fn scores(&self, wanted: &[Vec<Term>]) -> Vec<Lesioned> {
        let mut scored = Vec::new();
        let mut tell = |progress: LesionProgress| {
            if let LesionProgress::Scored(lesioned) = progress {
                scored.push(lesioned.clone());
            }
            true
        };
        let checkpoint = lesion(&self.saved(), &self.data, Device::CPU, wanted, &mut tell).unwrap();
        assert_eq!(checkpoint, Checkpoint::Best);
        assert_eq!(scored.len(), wanted.len() + 1);
        scored
    }

    /// The intact network's score with other weights in place of its own.
    fn with(&self, change: impl FnOnce(&mut Weights)) -> Score {
        let (path, mut weights) = self.weights();
        let before = fs::read(&path).unwrap();
        change(&mut weights);
        write(&path, &weights);
        let score = self.scores(&[])[0].score;
        fs::write(&path, before).unwrap();
        score
    }
}

fn write(path: &Path, weights: &Weights) {
    fs::write(path, weights.to_safetensors(Default::default(), path).unwrap()).unwrap();
}

#[test]
fn an_intact_network_scores_what_its_record_says() {
    let trained = Trained::of("resnet+hires@fashion-embedded blocks=1,1,1 widths=4,8,8");
    let spec = trained.saved().spec;
    let all = lesions(&spec.hops().unwrap(), 3, true);
    let scored = trained.scores(&all);
    assert_eq!(scored[0].without, []);
    assert_eq!(scored[0].score, trained.saved().state.best_epoch().unwrap().validation);
    for (lesioned, cuts) in scored[1..].iter().zip(&all) {
        assert_eq!(&lesioned.without, cuts);
        assert_ne!(lesioned.score.loss, scored[0].score.loss, "without {cuts:?} nothing changes");
    }
    // What comes before does not matter.
    assert_eq!(trained.scores(&all[3..4])[1], scored[4]);
}

#[test]
fn a_hop_that_is_cut_is_one_whose_projection_gives_nothing() {
    let trained = Trained::of("plain+hires@fashion-embedded blocks=1,2,1 widths=4,8,8");
    // 0→1 is the tap itself, which other hops read too: it has no weights of its own.
    let hops: Vec<Hop> =
        trained.saved().spec.hops().unwrap().iter().filter(|hop| !hop.is_identity()).collect();
    assert_eq!(hops.len(), 5);
    let zeroed = |cut: &[Hop]| {
        trained.with(|weights| {
            for hop in cut {
                let prefix = format!("projections.{}_{}.", hop.source, hop.target);
                // What its batch norm makes of anything is weight · … + bias.
                let own = weights.0.iter_mut().filter(|(name, _)| {
                    name.starts_with(&prefix) && (name.ends_with("weight") || name.ends_with("bias"))
                });
                let count = own.map(|(_, tensor)| tensor.values.fill(0.0)).count();
                assert!(count >= 3, "{prefix}");
            }
        })
    };
    for hop in &hops {
        assert_eq!(trained.scores(&[vec![Term::Hop(*hop)]])[1].score, zeroed(&[*hop]), "{hop}");
    }
    let two = trained.scores(&[vec![Term::Hop(hops[0]), Term::Hop(hops[4])]]);
    assert_eq!(two[1].score, zeroed(&[hops[0], hops[4]]));
}

#[test]
fn without_f_of_its_only_block_a_network_says_its_heads_bias() {
    let trained = Trained::of("plain@fashion-embedded blocks=1 widths=4");
    let scored = trained.scores(&[vec![Term::Residual(1)]]);
    let bias: Vec<f64> = trained.weights().1.0["head.bias"].values.iter().copied().map(f64::from).collect();
    let total: f64 = bias.iter().map(|logit| logit.exp()).sum::<f64>().ln();
    let images = trained.data.images(Split::Validation);
    let labels: Vec<usize> = trained
        .data
        .indices(Split::Validation)
        .iter()
        .map(|index| usize::from(images.labels[*index as usize]))
        .collect();
    let loss = labels.iter().map(|label| total - bias[*label]).sum::<f64>() / labels.len() as f64;
    let said = scored[1].score;
    assert!((said.loss - loss).abs() < 1e-6, "{} is not {loss}", said.loss);
    let first = bias.iter().position(|logit| bias.iter().all(|other| other <= logit)).unwrap();
    assert_eq!(said.hits, labels.iter().filter(|label| **label == first).count());
}

#[test]
fn it_ends_when_nobody_wants_more() {
    let trained = Trained::of("plain@fashion-embedded blocks=1,1 widths=4,8");
    for most in 0..6 {
        let mut heard = 0;
        let mut scored = 0;
        let wanted = [vec![Term::Residual(1)], vec![Term::Residual(2)]];
        lesion(&trained.saved(), &trained.data, Device::CPU, &wanted, &mut |progress| {
            assert!(heard <= most, "told that it is enough, and goes on");
            heard += 1;
            scored += usize::from(matches!(progress, LesionProgress::Scored(_)));
            heard <= most
        })
        .unwrap();
        // Four batches and a score each.
        assert_eq!((heard, scored), (most + 1, (most + 1) / 5));
    }
}

#[test]
fn what_a_run_has_not_cannot_be_cut() {
    let trained = Trained::of("plain+hires[P1]@fashion-embedded blocks=1,1 widths=4,8");
    let said = |cuts: Vec<Term>| {
        let error = lesion(&trained.saved(), &trained.data, Device::CPU, &[cuts], &mut |_| true);
        error.unwrap_err().to_string()
    };
    let reason = said(vec![Term::Hop(Hop::new(0, 2))]);
    assert!(reason.contains("the network has no 0-2; it has 0-1, 1-2, F1, F2"), "{reason}");
    assert!(said(vec![Term::Residual(3)]).contains("no F3"));
    for checkpoint in ["best", "last"] {
        fs::remove_file(trained.folder.join(format!("{checkpoint}.safetensors"))).unwrap();
    }
    assert!(said(vec![]).contains("no weights in its folder"));
}

#[test]
fn what_was_scored_is_kept_with_the_run() {
    let trained = Trained::of("plain+hires@fashion-embedded blocks=1,1 widths=4,8");
    let kept = || lesion_file::read(&trained.saved());
    assert!(kept().is_none(), "nothing has been scored");
    let hops: Vec<Vec<Term>> = lesions(&trained.saved().spec.hops().unwrap(), 2, false);
    let first = trained.scores(&hops[..2]);
    let (weights, known) = kept().unwrap();
    assert_eq!(known, first, "in the order of terms, the intact network first");
    let best = trained.saved().state.best_epoch().unwrap().epoch;
    assert_eq!((weights.checkpoint, weights.epoch), (Checkpoint::Best, Some(best)));
    // More of the same weights is added, in whatever order its terms were named.
    let pair = vec![hops[3][0], hops[0][0]];
    trained.scores(std::slice::from_ref(&pair));
    let (_, known) = kept().unwrap();
    assert_eq!(known.len(), 4);
    assert!(known.iter().any(|lesioned| lesioned.without == [pair[1], pair[0]]));
    assert_eq!(known.iter().filter(|lesioned| first.contains(lesioned)).count(), 3);

    // What could not be true is not believed, and does no harm.
    let path = trained.folder.join("lesions.json");
    let text = fs::read_to_string(&path).unwrap();
    let cut_off = &text[..text.len() / 2];
    let wrong = [
        "",
        cut_off,
        "[]",
        &text.replacen("\"version\":1", "\"version\":2", 1),
        &text.replacen("\"images\":35", "\"images\":0", 1),
        &text.replacen("\"hits\":", "\"hits\":9", 1),
        &text.replacen("[\"0-1\"]", "[\"0-3\"]", 1),
        &text.replacen("[\"0-1\"]", "[\"F9\"]", 1),
        &text.replacen("[\"0-1\"]", "[\"x\"]", 1),
        &text.replacen("{\"without\":[],", "{\"without\":[\"F1\"],", 1),
    ];
    for text in wrong {
        fs::write(&path, text).unwrap();
        assert!(kept().is_none(), "{text}");
    }
    fs::write(&path, &text).unwrap();
    assert!(kept().is_some());
    // Nor is it of other weights.
    let (file, mut weights) = trained.weights();
    let before = fs::read(&file).unwrap();
    weights.0.get_mut("head.bias").unwrap().values[0] += 1.0;
    write(&file, &weights);
    assert!(kept().is_none());
    assert_eq!(trained.scores(&hops[..1]), kept().unwrap().1, "which are kept in its place");
    fs::write(&file, before).unwrap();
    assert!(kept().is_none());

    #[cfg(unix)]
    {
        // A link is not written through.
        let victim = trained.folder.parent().unwrap().join("victim");
        fs::write(&victim, "mine").unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        trained.scores(&hops[..1]);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        fs::remove_file(&path).unwrap();
        fs::remove_file(&victim).unwrap();
    }
    // It is one of the run's files, and goes with it.
    trained.scores(&hops[..1]);
    deletion::delete(trained.folder.parent().unwrap(), &trained.folder).unwrap();
    assert!(!trained.folder.exists());
}
