//! Training finds its memory once. Alone in its file: buffers are counted over the whole
//! process.

use burn::backend::Autodiff;
use burn::optim::Optimizer;
use burn_flex::{Flex, FlexDevice};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::bench::steps::synthetic_batch;
use hiresnet_tui::engine::kernels::memory;
use hiresnet_tui::engine::model::Network;
use hiresnet_tui::engine::optimizer;
use hiresnet_tui::engine::trainer::forward_backward;

type Cpu = Autodiff<Flex>;

#[test]
fn steps_after_the_first_few_ask_the_system_for_nothing() {
    let line = "resnet+hires@fashion-embedded blocks=1,1,1 widths=4,8,8 batch=10";
    let spec: ExperimentSpec = line.parse().unwrap();
    let mut network = Network::<Cpu>::new(&spec.architecture().unwrap(), 0, &FlexDevice);
    let mut optimizer = optimizer::of_spec::<Cpu>(&spec);
    let batch = synthetic_batch(&spec);
    let mut step = || {
        let images = batch.images::<Cpu>(&FlexDevice);
        let gradients = forward_backward(&network, images, batch.targets(&FlexDevice)).gradients;
        network = optimizer.step(spec.lr, network.clone(), gradients);
        memory::made()
    };
    let after: Vec<u64> = (0..10).map(|_| step()).collect();
    assert!(after[0] > 0, "{after:?}");
    assert_eq!(after[4], after[9], "{after:?}");
    memory::clear();
    assert!(step() > after[9], "cleared buffers are made again");
}
