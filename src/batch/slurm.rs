//! A job array for Slurm: each task takes runs of a sweep by number.

use crate::cli::{SlurmArgs, SweepRuns};
use crate::domain::error::SpecError;
use crate::domain::text::{plural, shell_word};

/// Most tasks of an array where a cluster says nothing else (`MaxArraySize` is 1001, and
/// numbers are below it).
pub const MAX_TASKS: usize = 1000;

/// Seconds before its time limit at which a task is told; Slurm may tell it up to a minute
/// earlier.
const GRACE: u32 = 120;

/// Shortest time limit, minutes: what is left of it before a task is told is for starting and
/// for some training.
pub const LEAST_MINUTES: u64 = 5;

/// What a script is made from; every path absolute.
#[derive(Debug)]
pub struct Job<'a> {
    /// What was asked for.
    pub args: &'a SlurmArgs,
    /// The words of the specs.
    pub words: Vec<String>,
    /// The program.
    pub program: String,
    /// The folder with the runs.
    pub out: String,
    /// The folder with the data.
    pub data_dir: Option<String>,
    /// The folder for event files.
    pub tensorboard: Option<String>,
    /// How many runs there are.
    pub runs: usize,
    /// How many of them a task takes.
    pub runs_per_task: usize,
}

/// Runs a task takes, of `runs` in all: as many as were asked for, or as an array's length
/// needs.
pub const fn runs_per_task(runs: usize, asked: usize) -> usize {
    let least = runs.div_ceil(MAX_TASKS);
    if asked > least { asked } else { least }
}

/// Whether a task of this time limit, as Slurm takes it, would be told to stop as soon as it
/// starts. None, written 0, is long enough.
pub fn is_too_short(time: &str) -> bool {
    let (days, clock) = time.split_once('-').map_or((None, time), |(days, clock)| (Some(days), clock));
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    let parts: Vec<u64> = clock.split(':').map(number).collect();
    let seconds = match (days, parts.as_slice()) {
        (None, [minutes]) => minutes * 60,
        (None, [minutes, seconds]) => minutes * 60 + seconds,
        (None, [hours, minutes, seconds]) => hours * 3600 + minutes * 60 + seconds,
        (Some(days), clock) => {
            let units = clock.iter().zip([3600, 60, 1]);
            number(days) * 86_400 + units.map(|(n, unit)| n * unit).sum::<u64>()
        }
        (None, _) => 0,
    };
    (1..LEAST_MINUTES * 60).contains(&seconds)
}

/// Refuses what cannot be a word of a script.
///
/// # Errors
/// When a word has a newline, which would end the comment that names the command, or another
/// control character.
pub fn check_words(runs: &SweepRuns) -> Result<(), SpecError> {
    let mut words = runs.specs.iter().chain(&runs.set).chain(&runs.seeds);
    match words.find(|word| word.contains(char::is_control)) {
        None => Ok(()),
        Some(word) => {
            let reason = format!("{word:?} has a control character, which a script cannot have in a word");
            Err(SpecError::new("sweep slurm", reason))
        }
    }
}

impl Job<'_> {
    /// Tasks of the array.
    pub const fn tasks(&self) -> usize {
        self.runs.div_ceil(self.runs_per_task)
    }

    /// The script.
    ///
    /// # Errors
    /// When the folder's name cannot be written so that Slurm reads it.
    pub fn script(&self) -> Result<String, String> {
        let Self { args, runs, runs_per_task, .. } = self;
        let mut text = String::from("#!/bin/bash\n");
        for option in self.options()? {
            text += &format!("#SBATCH --{option}\n");
        }
        text += &format!(
            "\n# {}, {runs_per_task} a task. To see how far they are:\n# {}\n",
            plural(*runs, "run"),
            self.list_command()
        );
        text += BEFORE;
        text += &format!(
            "if ! [ \"${{SLURM_ARRAY_TASK_ID:-}}\" -ge 1 ] 2>/dev/null || [ \"$SLURM_ARRAY_TASK_ID\" -gt {tasks} ]; then\n  \
               echo \"error: no such task: submit this script with sbatch, which starts tasks 1 to {tasks}; \
               without Slurm, set SLURM_ARRAY_TASK_ID to one of them\" >&2\n  \
               exit 2\n\
             fi\n\
             first=$(( (SLURM_ARRAY_TASK_ID - 1) * {runs_per_task} + 1 ))\n\
             last=$(( first + {runs_per_task} - 1 ))\n\
             if [ \"$last\" -gt {runs} ]; then last={runs}; fi\n\n",
            tasks = self.tasks()
        );
        let mut words = vec![shell_word(&self.program)];
        words.push(format!("--batch {}", self.sweep_words()));
        words.push("--only \"$first..$last\" --resume".into());
        words.push(format!("--checkpoint-every {}", args.checkpoint_every));
        words.push(format!("--out {}", shell_word(&self.out)));
        words.push(format!("--device {}", shell_word(&args.device.to_string())));
        words.push(format!("--threads \"${{SLURM_CPUS_PER_TASK:-{}}}\"", args.threads));
        words.extend(self.data_dir.iter().map(|dir| format!("--data-dir {}", shell_word(dir))));
        words.extend(self.tensorboard.iter().map(|dir| format!("--tensorboard {}", shell_word(dir))));
        text += &words.join(" \\\n  ");
        text += AFTER;
        Ok(text)
    }

    fn options(&self) -> Result<Vec<String>, String> {
        let args = self.args;
        // Inside double quotes Slurm takes only these as more than themselves, and a backslash
        // would switch off the numbers in the file's name.
        if self.out.contains(['"', '\\', '\'']) {
            return Err(
                "Slurm cannot write its output into a folder with a quote or a backslash in its name".into(),
            );
        }
        let at_once = args.tasks_at_once.map(|n| format!("%{n}")).unwrap_or_default();
        let mut options = vec![
            format!("job-name={}", self.name()),
            format!("array=1-{}{at_once}", self.tasks()),
            format!("output=\"{}/slurm-%A_%a.out\"", self.out.replace('%', "%%")),
            "open-mode=append".into(),
            "requeue".into(),
            format!("signal=B:USR1@{GRACE}"),
            "nodes=1".into(),
            "ntasks=1".into(),
            format!("cpus-per-task={}", args.threads),
        ];
        options.extend(args.gpus.map(|n| format!("gpus={n}")));
        options.extend(args.mem.iter().map(|size| format!("mem={size}")));
        options.extend(args.time.iter().map(|time| format!("time={time}")));
        options.extend(args.partition.iter().map(|name| format!("partition={name}")));
        Ok(options)
    }

    /// A job's name says which sweep it is.
    fn name(&self) -> String {
        let word = self.words.first().map_or("", String::as_str);
        let word = word.rsplit('/').next().unwrap_or(word).trim_end_matches(".toml");
        let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        format!("hiresnet-{}", word.chars().map(fits).take(60).collect::<String>())
    }

    /// The words that mean the sweep, quoted.
    fn sweep_words(&self) -> String {
        let mut words: Vec<String> = self.words.iter().map(|word| shell_word(word)).collect();
        words.extend(self.args.runs.set.iter().map(|pair| format!("--set {}", shell_word(pair))));
        words.extend(self.args.runs.seeds.iter().map(|seeds| format!("--seeds {}", shell_word(seeds))));
        words.join(" ")
    }

    /// The command that says how far the runs are.
    pub fn list_command(&self) -> String {
        format!(
            "{} sweep list {} --out {}",
            shell_word(&self.program),
            self.sweep_words(),
            shell_word(&self.out)
        )
    }
}

/// What a task does before it trains.
const BEFORE: &str = r#"
# How a task ends before its runs do, and how it resumes. SIGTERM makes the program stop after
# its current step, write a checkpoint and exit with 143; --resume continues from there.
#
# - At the time limit Slurm sends SIGUSR1 to this shell alone (--signal=B:), some minutes ahead.
#   It passes on a SIGTERM, and queues the task again: at a time limit Slurm does not.
# - At a preemption, at `scontrol requeue`, or when a node is drained, Slurm sends SIGTERM and, by
#   --requeue, queues the task again itself: doing so here as well would be once too often.
#   Some configurations send it to every process of the task and some to this shell alone, so
#   it is always passed on: the program takes two within two seconds for one. The partition's
#   GraceTime, or KillWait, says how long a step and a checkpoint may take.
# - `scancel` sends SIGTERM too, and must not lead to another attempt.
#
# Runs that are finished are not repeated, and one that another task has is left to it, so
# submitting the script again does only what is missing.

program=
requeue=
told=
pass_on() {
  told=yes
  if [ -n "$program" ]; then kill -TERM "$program" 2>/dev/null; fi
}
trap 'requeue=yes; pass_on' USR1
trap 'pass_on' TERM

"#;

/// What it does afterwards.
const AFTER: &str = r#" &
program=$!
# A signal that came before its process had a number.
if [ -n "$told" ]; then kill -TERM "$program" 2>/dev/null; fi

# A signal ends `wait` before the program ends; then it has to be waited for again.
while :; do
  told=
  wait "$program"
  ended=$?
  if [ "$ended" -ne 127 ]; then status=$ended; fi
  if [ -z "$told" ]; then break; fi
done

if [ -n "$requeue" ] && [ "$status" -eq 143 ]; then
  echo "time limit: requeued, to resume from the checkpoint"
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_never_too_long() {
        assert_eq!([1, 1000, 1001, 20_000].map(|runs| runs_per_task(runs, 1)), [1, 1, 2, 20]);
        assert_eq!((runs_per_task(40, 7), runs_per_task(5000, 3)), (7, 5));
    }

    #[test]
    fn a_time_limit_leaves_time_to_train() {
        for short in ["2", "4", "4:59", "0:4:59", "0-0:2", "0-0:4:59", "00:00:01"] {
            assert!(is_too_short(short), "{short}");
        }
        for long in ["0", "5", "5:00", "0:5:00", "4:00:00", "1-12", "0-1", "0-0:5", "0-0:4:60", "999999"] {
            assert!(!is_too_short(long), "{long}");
        }
    }
}
