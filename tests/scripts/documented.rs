//! Every command of the documentation: bash splits it into words, and the program takes them.
//!
//! Commands that read runs are carried out on a few small ones, and what the others train is
//! resolved. The rest are parsed only: other tests carry them out. Python scripts are started with
//! the words of the documentation and then with those that make them small.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use clap::Parser;
use clap::error::ErrorKind;
use hiresnet_tui::cli::{Cli, CliCommand as Asked, DataCommand};
use tempfile::TempDir;

use super::{PROGRAM, ROOT, SCRIPTS, ended, has_torch, program, python, said, script, stand_ins};

const PAGES: [&str; 14] = [
    "README.md",
    "CHANGELOG.md",
    "assets/KEYS.md",
    "assets/docs/cli.md",
    "assets/docs/data.md",
    "assets/docs/gpu.md",
    "assets/docs/guide.md",
    "assets/docs/networks.md",
    "assets/docs/reports.md",
    "assets/docs/training.md",
    "assets/kernels/README.md",
    "assets/results/README.md",
    "benches/README.md",
    "tests/parity/README.md",
];

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// What a page would have a shell do: its blocks of `sh`, what follows a prompt, and commands
/// within sentences.
fn of_page(page: &str) -> Vec<String> {
    let (mut blocks, mut prose) = (Vec::new(), String::new());
    for (i, part) in page.split("```").enumerate() {
        if i % 2 == 0 {
            prose += part;
        } else if let Some(block) = part.strip_prefix("sh\n") {
            blocks.push(block.to_owned());
        } else if let Some(block) = part.strip_prefix("console\n") {
            let whole = block.replace("\\\n", " ");
            blocks.extend(whole.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned));
        }
    }
    let spans = prose.split('`').skip(1).step_by(2);
    let one_line = spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "));
    blocks.extend(one_line.filter(|span| span.starts_with("hiresnet-tui ") || span.starts_with("python ")));
    blocks
}

/// What the head of a script would have a shell do: its indented lines.
fn of_head(path: &str, text: &str) -> String {
    let lines: Vec<_> = if path.ends_with(".py") {
        text.split("\"\"\"").nth(1).unwrap_or_default().lines().collect()
    } else {
        text.lines()
            .map_while(|line| line.strip_prefix('#'))
            .map(|l| l.strip_prefix(' ').unwrap_or(l))
            .collect()
    };
    lines.iter().filter_map(|line| line.strip_prefix("    ")).map(|line| format!("{line}\n")).collect()
}

/// The commands in what a shell would do, as words: those of this program and of Python.
fn commands(block: &str, dir: &Path) -> Vec<Vec<String>> {
    // What is only another user's folder.
    let block = block.replace("/shared/", "shared/");
    said(Command::new("bash").args(["-n", "-c", &block]));
    let (bin, _) = stand_ins(&["hiresnet-tui", "cargo", "python", "python3"]);
    let record = bin.path().join("record");
    fs::write(&record, "").unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-c", "PATH=$STAND_INS; eval \"$BLOCK\""]).current_dir(dir);
    shell.env("STAND_INS", bin.path()).env("STAND_IN_RECORD", &record).env("BLOCK", &block);
    // Placeholders are no commands: not everything succeeds.
    shell.output().unwrap();
    let record = fs::read_to_string(&record).unwrap();
    let commands = record.split_terminator("\n\n").map(|words| words.lines().map(unbracketed).collect());
    commands.map(from_cargo).collect()
}

/// `[--eval]` is `--eval`, which may be left out.
fn unbracketed(word: &str) -> String {
    let word = word.strip_prefix('[').unwrap_or(word);
    word.strip_suffix(']').filter(|rest| !rest.contains('[')).unwrap_or(word).to_owned()
}

/// `cargo run --release -- WORDS` is `hiresnet-tui WORDS`.
fn from_cargo(mut words: Vec<String>) -> Vec<String> {
    if words[0] == "cargo" && words.get(1).is_some_and(|word| word == "run") {
        let at = words.iter().position(|word| word == "--").map_or(words.len(), |at| at + 1);
        words.splice(..at, ["hiresnet-tui".to_owned()]);
    }
    words
}

/// All documented commands, each once, as its page or script and its words.
fn documented(dir: &Path) -> Vec<(&'static str, Vec<String>)> {
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    let pages =
        PAGES.iter().flat_map(|page| of_page(&text(page)).into_iter().map(move |block| (*page, block)));
    let heads = SCRIPTS.iter().map(|(path, _)| (*path, of_head(path, &text(path))));
    for (place, block) in pages.chain(heads) {
        for words in commands(&block, dir) {
            if !all.iter().any(|(_, known)| *known == words) {
                all.push((place, words));
            }
        }
    }
    all
}

/// A folder with what the commands name: runs on Fashion-MNIST, as far as it is embedded.
fn with_runs() -> TempDir {
    let dir = TempDir::new().unwrap();
    // A baseline, and two networks that differ in one hop.
    let networks = [
        ("RUN", "resnet+hires"),
        ("OTHER", "resnet"),
        ("BASELINE", "resnet+adjusted"),
        ("FEWER", "resnet+hires[P1,P2]"),
    ];
    for (name, network) in networks {
        let small =
            ["epochs=2", "batch=20", "train_limit=40", "val_limit=20", "test_limit=20", "probe_images=5"];
        let spec = format!("{network}@fashion {}", small.join(" "));
        said(here(&dir).args(["--device", "cpu", "--out", name, "--batch", &spec]));
        let run = fs::read_dir(dir.path().join(name)).unwrap().next().unwrap().unwrap().path();
        // Under its own name, and as the documentation calls it.
        for to in [Path::new("ablations").join(run.file_name().unwrap()), Path::new("runs").join(name)] {
            fs::create_dir_all(dir.path().join(&to)).unwrap();
            for file in fs::read_dir(&run).unwrap().map(|entry| entry.unwrap()) {
                fs::copy(file.path(), dir.path().join(&to).join(file.file_name())).unwrap();
            }
        }
    }
    for sweep in ["table2-mini", "hop-sets", "depth"] {
        symlink("ablations", dir.path().join(sweep)).unwrap();
    }
    symlink("runs", dir.path().join("first")).unwrap();
    fs::create_dir_all(dir.path().join("assets/pictures")).unwrap();
    dir
}

/// The program with nothing of its user's.
fn here(dir: &TempDir) -> Command {
    let mut command = program(dir.path());
    command.env("HIRESNET_DATA", Path::new(ROOT).join("assets/fashion-mnist")).env("HIRESNET_CACHE", "");
    command.env("XDG_CONFIG_HOME", dir.path()).env("XDG_STATE_HOME", dir.path());
    command
}

#[test]
fn the_program_takes_every_documented_command() {
    let dir = with_runs();
    let (mut taken, mut refused) = (0, String::new());
    for (place, words) in documented(dir.path()) {
        if words[0] != "hiresnet-tui" {
            continue;
        }
        taken += 1;
        let cli = match Cli::try_parse_from(&words) {
            Ok(cli) => cli,
            // Named in a sentence, not written out.
            Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => continue,
            // `--help` and `--version` end the parsing.
            Err(error) if error.exit_code() == 0 => continue,
            Err(error) => panic!("{place}: {}: {error}", words.join(" ")),
        };
        let mut command = here(&dir);
        match &cli.command {
            // What is slow, writes elsewhere, or asks the network.
            Some(Asked::Bench { .. } | Asked::Parity { .. }) => continue,
            Some(Asked::Data { what: DataCommand::Fetch { .. } | DataCommand::Verify { .. } }) => continue,
            Some(Asked::Eval { .. } | Asked::Lesion { .. }) => {
                command.args(&words[1..]).args(["--device", "cpu"]);
            }
            Some(_) => {
                command.args(&words[1..]);
            }
            None if cli.print_config => {
                command.arg("--print-config");
            }
            None => match (&cli.replay, &cli.batch.batch) {
                (Some(recording), _) => {
                    command.args(["--replay", recording, "--batch"]);
                }
                (None, Some(specs)) => {
                    command.args(["sweep", "list"]).args(specs);
                    command.args(cli.batch.set.iter().flat_map(|set| ["--set", set]));
                    command.args(cli.batch.seeds.iter().flat_map(|seeds| ["--seeds", seeds]));
                }
                // The workbench, which needs a terminal.
                (None, None) => continue,
            },
        }
        let (_, stderr, code) = ended(&mut command);
        if code != Some(0) {
            refused += &format!("{place}: {}: {stderr}\n", words.join(" "));
        }
    }
    assert!(refused.is_empty(), "{refused}");
    assert!(taken > 60, "only {taken} commands were found");
}

/// Runs scripts in turn: importing torch takes longer than what they do here.
const IN_TURN: &str = "
import json, os, runpy, sys
for words in json.loads(sys.argv[1]):
    print('$', *words, flush=True)
    sys.argv, sys.path[0] = words, os.path.dirname(words[0])
    runpy.run_path(words[0], run_name='__main__')
";

#[test]
fn python_starts_with_every_documented_command() {
    let dir = TempDir::new().unwrap();
    let (mut alone, mut in_turn) = (Vec::new(), Vec::new());
    for (place, words) in documented(dir.path()) {
        if !words[0].starts_with("python") {
            continue;
        }
        // A name without a folder is beside the page or script that says it.
        let beside = Path::new(place).parent().unwrap().join(&words[1]);
        let path = if Path::new(ROOT).join(&words[1]).exists() { Path::new(&words[1]) } else { &beside };
        let path = path.to_str().unwrap();
        assert!(
            SCRIPTS.iter().any(|(known, _)| *known == path),
            "{place}: no {path} for {}",
            words.join(" ")
        );
        // What makes it small; the last of two options counts.
        let step = "--threads 1 --batch 2 --steps 1 --warmup 0";
        let options = match path {
            "benches/compare.py" => format!("--rounds 1 {step} --binary"),
            "benches/torch_bench.py" => format!("--device cpu {step}"),
            "benches/train_torch.py" => "--epochs 1 --seeds 0 --threads 1 --train-limit 20 --val-limit 10 \
                                         --test-limit 10 --dataset"
                .to_owned(),
            // Their words are folders and files; their own tests name some.
            _ => continue,
        };
        let mut words = words[1..].to_vec();
        words[0] = Path::new(ROOT).join(path).to_str().unwrap().to_owned();
        words.extend(options.split_whitespace().map(str::to_owned));
        if path == "benches/compare.py" {
            words.push(PROGRAM.to_owned());
            if !words.contains(&"--only".to_owned()) {
                words.extend(["--only".to_owned(), "plain train".to_owned()]);
            }
            alone.push(words);
        } else {
            if path == "benches/train_torch.py" {
                words.push(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fashion-mnist").to_owned());
            }
            in_turn.push(words);
        }
    }
    let found = |name: &str| in_turn.iter().filter(|words| words[0].ends_with(name)).count();
    assert!(!alone.is_empty() && found("/torch_bench.py") > 0 && found("/train_torch.py") > 0);
    if has_torch() {
        for words in alone {
            said(script("benches/compare.py", dir.path()).args(&words[1..]));
        }
        let mut command = Command::new(python());
        command.args(["-c", IN_TURN, &serde_json::to_string(&in_turn).unwrap()]).current_dir(dir.path());
        said(command.env("TORCHDYNAMO_DISABLE", "1"));
    }
}

/// A page without its blocks of code.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// The anchors that GitHub gives to a page's headings.
fn anchors(page: &str) -> Vec<String> {
    let headings = prose(page);
    let headings = headings.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let kept = line.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    for place in PAGES {
        let page = prose(&text(place));
        let dir = Path::new(ROOT).join(place).parent().unwrap().to_owned();
        for target in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if target.starts_with("https://") {
                continue;
            }
            links += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { Path::new(ROOT).join(place) } else { dir.join(path) };
            assert!(file.exists(), "{place} links to {target}");
            if !anchor.is_empty() {
                let anchors = anchors(&fs::read_to_string(&file).unwrap());
                assert!(
                    anchors.iter().any(|found| found == anchor),
                    "{place}: {target} is none of {anchors:?}"
                );
            }
        }
    }
    assert!(links > 30, "only {links} links were found");
    // Every page is reached from the first one.
    let readme = text("README.md");
    for place in PAGES.into_iter().filter(|place| !["README.md", "assets/kernels/README.md"].contains(place))
    {
        assert!(readme.contains(&format!("]({place})")), "README.md does not link to {place}");
    }
}

#[test]
fn pages_are_wrapped_and_the_first_is_short() {
    for place in PAGES.into_iter().filter(|place| !["assets/KEYS.md", "assets/docs/cli.md"].contains(place)) {
        let page = prose(&text(place));
        let long = page.lines().find(|line| {
            // Tables, pictures and links cannot be broken.
            line.chars().count() > 100 && !line.starts_with(['|', '!']) && !line.contains("](")
        });
        assert_eq!(long, None, "{place}");
    }
    assert!(text("README.md").lines().count() < 220);
    // What a first build needs is said on the first screen.
    let first: Vec<_> = text("README.md").lines().take(40).map(str::to_owned).collect();
    let first = first.join("\n");
    assert!(first.contains("--features gpu") && first.contains("pip install nvidia-cuda-nvrtc"), "{first}");
}

/// What pages and scripts say is in the repository is there.
#[test]
fn every_path_that_is_named_exists() {
    for place in PAGES.into_iter().chain(SCRIPTS.iter().map(|(path, _)| *path)) {
        let text = text(place);
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_./-*".contains(c);
        for word in text.split(|c| !is_part(c)) {
            let word = word.trim_end_matches(['.', '/']);
            let inside = [".ci/", "assets/", "benches/", "presets/", "src/", "tests/"];
            if inside.iter().any(|dir| word.starts_with(dir)) && !word.contains('*') {
                let exists =
                    ["", ".rs"].iter().any(|end| Path::new(ROOT).join(word.to_owned() + end).exists());
                assert!(exists, "{place} names {word}, which is not there");
            }
        }
    }
}
