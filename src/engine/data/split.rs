//! Stratified splits: the same share of every class, drawn by the run's seed.

use crate::domain::error::SpecError;
use crate::domain::spec::{ExperimentSpec, ValidationSource};
use crate::engine::error::{EngineError, Result};
use crate::engine::random;

/// Indices of the train and the validation split, each ascending; both among the training
/// images, except where validation images come from the test images, whose labels are
/// `test`.
///
/// # Errors
/// When either would be empty.
pub fn train_and_validation(
    labels: &[u16],
    test: &[u16],
    classes: usize,
    spec: &ExperimentSpec,
) -> Result<(Vec<u32>, Vec<u32>)> {
    if spec.val_from == ValidationSource::Test {
        let train = balanced(by_class(labels, classes), spec.train_limit);
        return Ok((train, balanced(by_class(test, classes), spec.val_limit)));
    }
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for (class, mut members) in by_class(labels, classes).into_iter().enumerate() {
        random::shuffle(spec.seed, &format!("split/{class}"), &mut members);
        let held_out = (members.len() as f64 * spec.val_fraction).round() as usize;
        train.push(members.split_off(held_out));
        validation.push(members);
    }
    let (train, validation) = (balanced(train, spec.train_limit), balanced(validation, spec.val_limit));
    if train.is_empty() || validation.is_empty() {
        let (t, v) = (train.len(), validation.len());
        return Err(EngineError::Spec(SpecError::new(
            "val_fraction",
            format!("leaves {t} images to train on and {v} to validate on; both need some"),
        )));
    }
    Ok((train, validation))
}

/// Indices of each class's members, ascending.
pub fn by_class(labels: &[u16], classes: usize) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); classes];
    for (i, label) in labels.iter().enumerate() {
        members[usize::from(*label)].push(i as u32);
    }
    members
}

/// At most `limit` members (0 for all), the first of every class in turn; ascending.
pub fn balanced(members: Vec<Vec<u32>>, limit: usize) -> Vec<u32> {
    let longest = members.iter().map(Vec::len).max().unwrap_or(0);
    let in_turn = (0..longest).flat_map(|i| members.iter().filter_map(move |m| m.get(i).copied()));
    let mut kept: Vec<u32> = in_turn.take(if limit == 0 { usize::MAX } else { limit }).collect();
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(keys: &str) -> ExperimentSpec {
        format!("plain@fashion {keys}").parse().unwrap()
    }

    fn labels() -> Vec<u16> {
        (0..1000).map(|i| (i * 7 % 10) as u16).collect()
    }

    #[test]
    fn splits_are_stratified_disjoint_and_seeded() {
        let labels = labels();
        let (train, validation) = train_and_validation(&labels, &[], 10, &spec("")).unwrap();
        assert_eq!((train.len(), validation.len()), (900, 100));
        assert!(validation.iter().all(|i| train.binary_search(i).is_err()));
        for class in 0..10 {
            assert_eq!(validation.iter().filter(|i| labels[**i as usize] == class).count(), 10);
        }
        assert_eq!(train_and_validation(&labels, &[], 10, &spec("")).unwrap().1, validation);
        assert_ne!(train_and_validation(&labels, &[], 10, &spec("seed=1")).unwrap().1, validation);
    }

    #[test]
    fn limits_keep_classes_balanced_and_shrink_the_same_split() {
        let labels = labels();
        let full = train_and_validation(&labels, &[], 10, &spec("")).unwrap().0;
        let (train, validation) =
            train_and_validation(&labels, &[], 10, &spec("train_limit=55 val_limit=20")).unwrap();
        assert_eq!((train.len(), validation.len()), (55, 20));
        assert!(train.iter().all(|i| full.binary_search(i).is_ok()));
        for class in 0..10 {
            let count = train.iter().filter(|i| labels[**i as usize] == class).count();
            assert!((5..=6).contains(&count));
        }
    }

    #[test]
    fn validation_images_may_be_the_test_images() {
        let (train, validation) =
            train_and_validation(&labels(), &[3, 1, 1], 10, &spec("val_from=test")).unwrap();
        assert_eq!((train.len(), validation), (1000, vec![0, 1, 2]));
    }

    #[test]
    fn an_empty_split_is_refused() {
        assert!(train_and_validation(&[0, 1, 2], &[], 10, &spec("")).is_err());
    }
}
