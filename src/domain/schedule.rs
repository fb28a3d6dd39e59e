//! The learning rate of every step: the schedules of `torch.optim.lr_scheduler`, each stepped
//! once a step.

use std::f64::consts::PI;

use super::error::SpecError;
use super::recipe::named;
use super::spec::ExperimentSpec;

/// How the learning rate changes over a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScheduleKind {
    /// Halved every `lr_halve_every` epochs: `StepLR(gamma=0.5)`; the paper's.
    #[default]
    Halve,
    /// Half a cosine down to zero at the run's end: `CosineAnnealingLR`.
    Cosine,
    /// Up from a 25th of `lr` for 30% of the steps, then down to a 250,000th of it:
    /// `OneCycleLR(cycle_momentum=False)`.
    OneCycle,
    /// The same from the first step to the last.
    Constant,
}

impl ScheduleKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Halve, Self::Cosine, Self::OneCycle, Self::Constant];

    /// The name in specs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halve => "halve",
            Self::Cosine => "cosine",
            Self::OneCycle => "onecycle",
            Self::Constant => "constant",
        }
    }

    /// The schedule called `name`.
    ///
    /// # Errors
    /// When there is none; the message says the nearest.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        named("schedule", &Self::ALL.map(|kind| (kind, kind.name())), name)
    }

    /// Whether the first epochs depend on how many follow, so that a run cannot be made longer.
    pub const fn depends_on_epochs(self) -> bool {
        matches!(self, Self::Cosine | Self::OneCycle)
    }
}

/// `LinearLR`'s default: the part of the learning rate that a warmup begins with.
const WARMUP_START: f64 = 1.0 / 3.0;
/// `OneCycleLR`'s defaults: the part of the steps on the way up, and what the highest rate is
/// divided by at the beginning, and then at the end.
const PCT_START: f64 = 0.3;
const DIV_FACTOR: f64 = 25.0;
const FINAL_DIV_FACTOR: f64 = 1e4;

/// The schedule of a run, whose epochs have so many steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    kind: ScheduleKind,
    lr: f64,
    /// Steps between halvings; 0 for never.
    halve_every: usize,
    warmup_steps: usize,
    total_steps: usize,
    steps_per_epoch: usize,
}

impl Schedule {
    /// Of `spec`, with `steps_per_epoch` steps an epoch.
    pub fn new(spec: &ExperimentSpec, steps_per_epoch: usize) -> Self {
        Self {
            kind: spec.schedule,
            lr: spec.lr,
            halve_every: spec.lr_halve_every.saturating_mul(steps_per_epoch),
            warmup_steps: (spec.warmup * steps_per_epoch as f64).round() as usize,
            total_steps: spec.epochs.saturating_mul(steps_per_epoch),
            steps_per_epoch,
        }
    }

    /// Whether the rate changes within epochs.
    pub const fn changes_by_step(&self) -> bool {
        self.warmup_steps > 0 || self.kind.depends_on_epochs()
    }

    /// The learning rate with which a step is taken, the first being step 0.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            let part = step as f64 / self.warmup_steps as f64;
            return self.lr * (WARMUP_START + (1.0 - WARMUP_START) * part);
        }
        // The schedule proper begins when the warmup ends.
        let step = step - self.warmup_steps;
        match self.kind {
            ScheduleKind::Constant => self.lr,
            ScheduleKind::Halve => match step.checked_div(self.halve_every) {
                Some(halvings) => self.lr * 0.5f64.powi(halvings.min(2000) as i32),
                None => self.lr,
            },
            ScheduleKind::Cosine => {
                let steps = self.total_steps.saturating_sub(self.warmup_steps).max(1);
                between(self.lr, 0.0, step as f64 / steps as f64)
            }
            ScheduleKind::OneCycle => {
                let (first, last) = (self.lr / DIV_FACTOR, self.lr / DIV_FACTOR / FINAL_DIV_FACTOR);
                let step = step as f64;
                let (top, end) = (PCT_START * self.total_steps as f64 - 1.0, self.total_steps as f64 - 1.0);
                match step <= top {
                    true => between(first, self.lr, step / top),
                    false => between(self.lr, last, ((step - top) / (end - top)).min(1.0)),
                }
            }
        }
    }

    /// The learning rate of the first step of an epoch, counted from 1.
    pub fn at_epoch(&self, epoch: usize) -> f64 {
        self.at(epoch.saturating_sub(1).saturating_mul(self.steps_per_epoch))
    }
}

/// From `start` to `end` along half a cosine.
fn between(start: f64, end: f64, part: f64) -> f64 {
    end + (start - end) * (1.0 + (PI * part).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The learning rates of 5 epochs of 2 steps.
    fn rates(keys: &str) -> Vec<f64> {
        let spec: ExperimentSpec = format!("plain@cifar10 epochs=5 lr=0.1 {keys}").parse().unwrap();
        (0..10).map(|step| spec.schedule(2).at(step)).collect()
    }

    /// As PyTorch's schedulers have them, stepped once a step; with a warmup,
    /// `SequentialLR([LinearLR(total_iters=W), …], milestones=[W])`.
    #[test]
    fn rates_are_pytorchs() {
        for (keys, torch) in TORCH {
            for (step, (ours, torch)) in rates(keys).iter().zip(torch).enumerate() {
                assert!((ours - torch).abs() <= 1e-14, "{keys}, step {step}: {ours} {torch}");
            }
        }
    }

    const TORCH: [(&str, [f64; 10]); 5] = [
        (
            "schedule=cosine",
            [
                0.1,
                0.09755282581475769,
                0.09045084971874738,
                0.07938926261462367,
                0.06545084971874739,
                0.05,
                0.03454915028125264,
                0.020610737385376353,
                0.009549150281252635,
                0.002447174185242324,
            ],
        ),
        (
            "schedule=onecycle",
            [
                0.004,
                0.052,
                0.1,
                0.09504846320134738,
                0.0811745653949763,
                0.06112620219362893,
                0.03887419780637107,
                0.0188258346050237,
                0.004951936798652629,
                4e-07,
            ],
        ),
        (
            "schedule=cosine warmup=1.5",
            [
                0.03333333333333333,
                0.05555555555555556,
                0.07777777777777778,
                0.1,
                0.09504844339512096,
                0.08117449009293669,
                0.061126046697815725,
                0.03887395330218429,
                0.018825509907063328,
                0.004951556604879048,
            ],
        ),
        (
            "lr_halve_every=2 warmup=1.5",
            [
                0.03333333333333333,
                0.05555555555555556,
                0.07777777777777778,
                0.1,
                0.1,
                0.1,
                0.1,
                0.05,
                0.05,
                0.05,
            ],
        ),
        (
            "schedule=constant warmup=2",
            [
                0.03333333333333333,
                0.05,
                0.06666666666666667,
                0.08333333333333334,
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
            ],
        ),
    ];

    #[test]
    fn halving_is_by_epochs_and_constant_is_constant() {
        assert_eq!(rates("lr_halve_every=2"), [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025]);
        assert_eq!(rates("lr_halve_every=0"), [0.1; 10]);
        assert_eq!(rates("schedule=constant"), [0.1; 10]);
    }

    #[test]
    fn the_shortest_runs_have_rates_too() {
        for keys in ["schedule=cosine", "schedule=onecycle", "warmup=0.9 schedule=cosine"] {
            let spec: ExperimentSpec = format!("plain@cifar10 epochs=1 {keys}").parse().unwrap();
            for steps in 1..5 {
                let schedule = spec.schedule(steps);
                assert!((0..steps).all(|step| (0.0..=spec.lr).contains(&schedule.at(step))), "{keys}");
            }
        }
    }
}
