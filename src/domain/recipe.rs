//! How a run is trained: what the recipe's keys can be, and which of them go together.

use super::error::{SpecError, suggestion};
use super::schedule::ScheduleKind;
use super::spec::ExperimentSpec;

/// What turns gradients into steps, each as in `torch.optim`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OptimizerKind {
    /// Adam, whose weight decay is an L2 penalty; the paper's.
    #[default]
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
    /// Stochastic gradient descent, with momentum where it is set.
    Sgd,
}

impl OptimizerKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Adam, Self::AdamW, Self::Sgd];

    /// The name in specs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::AdamW => "adamw",
            Self::Sgd => "sgd",
        }
    }

    /// The optimizer called `name`.
    ///
    /// # Errors
    /// When there is none; the message says the nearest.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        named("optimizer", &Self::ALL.map(|kind| (kind, kind.name())), name)
    }

    /// Whether it has Adam's betas and epsilon.
    pub const fn is_adam(self) -> bool {
        matches!(self, Self::Adam | Self::AdamW)
    }
}

/// PyTorch's weight decay of AdamW. Without any, AdamW is Adam.
pub const ADAMW_WEIGHT_DECAY: f64 = 0.01;

/// The value of `key` called `name`.
pub(super) fn named<T: Copy>(key: &str, all: &[(T, &str)], name: &str) -> Result<T, SpecError> {
    let found = all.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
    found.map(|(value, _)| *value).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|(_, name)| *name).collect();
        SpecError::new(key, format!("unknown {key} '{name}'{}", suggestion(name, &names)))
    })
}

/// Gives every key that `spec`'s optimizer or schedule has no use for the value that it has where
/// nobody sets it.
pub fn reset_unused(spec: &mut ExperimentSpec) {
    let paper = ExperimentSpec::paper(spec.family, spec.version.clone(), spec.dataset);
    if !spec.optimizer.is_adam() {
        (spec.beta1, spec.beta2, spec.eps) = (paper.beta1, paper.beta2, paper.eps);
    }
    if spec.optimizer != OptimizerKind::Sgd {
        (spec.momentum, spec.nesterov) = (paper.momentum, paper.nesterov);
    }
    if spec.schedule != ScheduleKind::Halve {
        spec.lr_halve_every = paper.lr_halve_every;
    }
    if spec.schedule == ScheduleKind::OneCycle {
        spec.warmup = paper.warmup;
    }
}

/// Makes a recipe of `spec`, whose optimizer or schedule was chosen over that of `before`: keys that
/// it has no use for get their defaults, and AdamW its weight decay where there is none.
pub fn follow_choice(spec: &mut ExperimentSpec, before: &ExperimentSpec) {
    reset_unused(spec);
    let is_adamw = |spec: &ExperimentSpec| spec.optimizer == OptimizerKind::AdamW;
    match (is_adamw(before), is_adamw(spec)) {
        (false, true) if spec.weight_decay == 0.0 => spec.weight_decay = ADAMW_WEIGHT_DECAY,
        (true, false) if spec.weight_decay == ADAMW_WEIGHT_DECAY => spec.weight_decay = 0.0,
        _ => {}
    }
}

/// Refuses a recipe whose keys contradict each other, or of which one would do nothing.
///
/// # Errors
/// They name the key and what to do about it.
pub fn check(spec: &ExperimentSpec) -> Result<(), SpecError> {
    let mut usual = spec.clone();
    reset_unused(&mut usual);
    let adam = "optimizer = adam or adamw";
    let unused = [
        ("beta1", spec.beta1 != usual.beta1, adam),
        ("beta2", spec.beta2 != usual.beta2, adam),
        ("eps", spec.eps != usual.eps, adam),
        ("momentum", spec.momentum != usual.momentum, "optimizer = sgd"),
        ("nesterov", spec.nesterov != usual.nesterov, "optimizer = sgd"),
        ("lr_halve_every", spec.lr_halve_every != usual.lr_halve_every, "schedule = halve"),
    ];
    if let Some((key, _, owner)) = unused.into_iter().find(|(_, is_set, _)| *is_set) {
        return Err(SpecError::new(key, format!("only {owner} has it; set that, or leave {key} out")));
    }
    if spec.warmup != usual.warmup {
        return Err(SpecError::new("warmup", "onecycle begins with a warmup of its own; leave warmup out"));
    }
    if spec.warmup >= spec.epochs as f64 {
        let reason = format!("{} of {} epochs; make it shorter than the run", spec.warmup, spec.epochs);
        return Err(SpecError::new("warmup", reason));
    }
    if spec.mixup > 0.0 && spec.batch < 2 {
        return Err(SpecError::new(
            "mixup",
            "a batch of one image has none to mix it with; set batch = 2 or more",
        ));
    }
    if spec.nesterov && spec.momentum == 0.0 {
        return Err(SpecError::new(
            "nesterov",
            "it needs momentum; set momentum = 0.9, say, or nesterov = false",
        ));
    }
    if spec.optimizer == OptimizerKind::AdamW && spec.weight_decay == 0.0 {
        let reason = format!(
            "adamw without weight decay is adam; set weight_decay (PyTorch's default is {ADAMW_WEIGHT_DECAY}), or \
             optimizer = adam"
        );
        return Err(SpecError::new("weight_decay", reason));
    }
    Ok(())
}
