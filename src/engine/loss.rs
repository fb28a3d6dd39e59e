//! The loss that is trained on: cross-entropy of classes, of smoothed ones and of mixtures, as
//! `torch.nn.functional.cross_entropy`.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, backend::Backend};

use super::ops::NetworkOps;

/// What a batch of images should be taken for.
#[derive(Debug, Clone)]
pub struct Targets<B: Backend> {
    /// One class an image, `[batch]`.
    pub classes: Tensor<B, 1, Int>,
    /// Of mixed images, what was mixed in.
    pub mixed: Option<MixedIn<B>>,
    /// The part of every target that all classes share evenly.
    pub smoothing: f64,
}

/// The classes of the images that were mixed into others.
#[derive(Debug, Clone)]
pub struct MixedIn<B: Backend> {
    /// One class an image, `[batch]`.
    pub classes: Tensor<B, 1, Int>,
    /// Their share; the rest is the image's own.
    pub share: f64,
}

impl<B: Backend> From<Tensor<B, 1, Int>> for Targets<B> {
    /// The classes as they are.
    fn from(classes: Tensor<B, 1, Int>) -> Self {
        Self { classes, mixed: None, smoothing: 0.0 }
    }
}

/// Mean cross-entropy `[1]`, nats, of `logits` `[batch, classes]`.
pub fn cross_entropy<B: NetworkOps>(logits: Tensor<B, 2>, targets: Targets<B>) -> Tensor<B, 1> {
    let Targets { classes, mixed, smoothing } = targets;
    if mixed.is_none() && smoothing == 0.0 {
        return B::cross_entropy(logits, classes);
    }
    let log = log_softmax(logits, 1);
    let of = |classes: Tensor<B, 1, Int>| -log.clone().gather(1, classes.unsqueeze_dim(1)).mean();
    let loss = match mixed {
        None => of(classes),
        Some(MixedIn { classes: others, share }) => of(classes) * (1.0 - share) + of(others) * share,
    };
    match smoothing {
        0.0 => loss,
        part => loss * (1.0 - part) - log.mean() * part,
    }
}

#[cfg(test)]
mod tests {
    use burn_flex::{Flex, FlexDevice};

    use super::*;

    /// `F.cross_entropy(logits, targets, label_smoothing=…)` in double precision.
    #[test]
    fn losses_are_pytorchs() {
        let logits = Tensor::<Flex, 2>::from_data([[0.5, -1.0, 2.0], [0.0, 3.0, -0.5]], &FlexDevice);
        let classes = |data: [i32; 2]| Tensor::<Flex, 1, Int>::from_data(data, &FlexDevice);
        for (share, smoothing, torch) in TORCH {
            let mixed = (share > 0.0).then(|| MixedIn { classes: classes([1, 2]), share });
            let targets = Targets { classes: classes([2, 0]), mixed, smoothing };
            let ours = f64::from(cross_entropy(logits.clone(), targets).into_scalar());
            assert!((ours - torch).abs() < 1e-6, "{share} {smoothing}: {ours} {torch}");
        }
    }

    /// Share of the mixed classes, smoothing, loss.
    const TORCH: [(f64, f64, f64); 4] = [
        (0.0, 0.0, 1.659128970600),
        (0.0, 0.1, 1.692462303933),
        (0.3, 0.0, 2.184128970600),
        (0.3, 0.1, 2.164962303933),
    ];
}
