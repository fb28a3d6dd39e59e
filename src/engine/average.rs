//! The exponential moving average of weights, as `torch.optim.swa_utils.AveragedModel` with
//! `get_ema_multi_avg_fn(decay)` and `use_buffers=True`: running statistics are averaged, too.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

use super::model::Network;

/// The average of a network's weights over its steps.
#[derive(Debug, Clone)]
pub struct WeightAverage<B: Backend> {
    decay: f64,
    /// `None` before the first step, whose weights it begins with.
    network: Option<Network<B>>,
}

impl<B: Backend> WeightAverage<B> {
    /// Of no step yet, or of those that led to `network`.
    pub const fn new(decay: f64, network: Option<Network<B>>) -> Self {
        Self { decay, network }
    }

    /// The averaged weights; `None` before the first step.
    pub const fn network(&self) -> Option<&Network<B>> {
        self.network.as_ref()
    }

    /// Takes in the weights after another step, as `valid()` gives them: burn's running statistics
    /// are shared by clones and changed in place, so the average moves into a network of its own,
    /// and what was cloned from it before stays as it was.
    pub fn update(&mut self, now: Network<B>) {
        self.network = Some(match self.network.take() {
            None => now,
            Some(before) => {
                // burn's container of tensors by parameter, whatever their dimensions.
                let mut average = Collected(GradientsParams::new());
                before.visit(&mut average);
                now.map(&mut Averaged { average: average.0, part: 1.0 - self.decay })
            }
        });
    }
}

struct Collected(GradientsParams);

impl<B: Backend> ModuleVisitor<B> for Collected {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        self.0.register::<B, D>(param.id, param.val());
    }
}

/// Puts in place of every tensor its average, which moves a part of the way towards it.
struct Averaged {
    average: GradientsParams,
    part: f64,
}

impl<B: Backend> ModuleMapper<B> for Averaged {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let (id, latest, mapper) = param.consume();
        let averaged = match self.average.remove::<B, D>(id) {
            Some(average) => average.clone() + (latest - average) * self.part,
            None => latest,
        };
        Param::from_mapped_value(id, averaged, mapper)
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;
    use burn::module::AutodiffModule;
    use burn_flex::{Flex, FlexDevice};

    use super::*;
    use crate::domain::spec::ExperimentSpec;
    use crate::engine::model::{Mode, Weights};

    #[test]
    fn every_tensor_is_averaged_and_what_was_kept_stays() {
        let spec: ExperimentSpec = "resnet+hires@fashion-embedded blocks=1 widths=4".parse().unwrap();
        let network = Network::<Autodiff<Flex>>::new(&spec.architecture().unwrap(), 0, &FlexDevice);
        let mut average = WeightAverage::new(0.75, None);
        assert!(average.network().is_none());
        average.update(network.valid());
        let kept = average.network().unwrap().clone();
        let before = Weights::of(&kept);
        // A forward pass in training moves the running statistics.
        network.forward(Tensor::ones([2, 3, 32, 32], &FlexDevice), Mode::Train);
        let now = Weights::of(&network.valid());
        average.update(network.valid());
        let after = Weights::of(average.network().unwrap());
        assert_eq!(Weights::of(&kept), before, "what was cloned from the average is shared with it");
        assert_ne!(after, before);
        for (name, tensor) in &after.0 {
            let values = before.0[name].values.iter().zip(&now.0[name].values);
            for (value, (before, now)) in tensor.values.iter().zip(values) {
                assert!((value - (before * 0.75 + now * 0.25)).abs() < 1e-6, "{name}");
            }
        }
    }
}
