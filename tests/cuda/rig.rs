//! A machine with an NVIDIA driver, as far as the program can tell.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// The paper's network, whose kernels are chosen rather than tuned, with a step an epoch.
pub const TINY: &str =
    "resnet+hires@fashion-embedded train_limit=100 val_limit=100 test_limit=100 probe_images=100";
/// One epoch, or two.
pub const EPOCH: &str = "epochs=1";
pub const EPOCHS: &str = "epochs=2";

/// Where kernels are kept between the tests of one process, so that each is compiled once.
static CACHE: OnceLock<TempDir> = OnceLock::new();

/// The driver that computes nothing, compiled once; `None`, said on stderr, where there is no
/// C compiler.
pub fn driver() -> Option<&'static Path> {
    static DRIVER: OnceLock<Option<TempDir>> = OnceLock::new();
    let built = DRIVER.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cuda/driver.c");
        let library = folder.path().join("libcuda.so");
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(&library).arg(&source).status();
        match compiled {
            Ok(status) => {
                assert!(status.success(), "the driver does not compile");
                Some(folder)
            }
            Err(_) => None,
        }
    });
    if built.is_none() {
        skipped("a C compiler");
    }
    built.as_ref().map(TempDir::path)
}

/// The virtual environment that has NVRTC and its headers; `None`, said on stderr, where there
/// is none.
pub fn wheels() -> Option<PathBuf> {
    let python = std::env::var_os("HIRESNET_PYTHON").map(PathBuf::from)?;
    let found = python.parent().and_then(Path::parent).filter(|folder| {
        let packages = fs::read_dir(folder.join("lib")).into_iter().flatten().flatten();
        packages.map(|python| python.path().join("site-packages/nvidia")).any(|nvidia| nvidia.is_dir())
    });
    if found.is_none() {
        skipped("a virtual environment with nvidia-cuda-nvrtc, named by HIRESNET_PYTHON");
    }
    found.map(Path::to_path_buf)
}

/// Both, or none.
pub fn machine() -> Option<Machine> {
    let driver = driver()?;
    let wheels = wheels()?;
    Some(Machine::new(driver).with("VIRTUAL_ENV", &wheels.display().to_string()))
}

fn skipped(what: &str) {
    assert!(std::env::var_os("HIRESNET_REQUIRE_CUDA").is_none(), "missing: {what}");
    eprintln!("skipped: there is no {what}");
}

/// A machine, its user's home and its environment.
pub struct Machine {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a command did.
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Machine {
    /// One that has this driver, and nothing of CUDA beside it.
    pub fn new(driver: &Path) -> Self {
        Self::bare().with("LD_LIBRARY_PATH", &driver.display().to_string())
    }

    /// One without a driver.
    pub fn bare() -> Self {
        Self { home: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// The same with a variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The environment of a command: nothing is inherited but where the system's tools are.
    pub fn environment(&self) -> Vec<(String, String)> {
        let home = self.home().display().to_string();
        let cache = CACHE.get_or_init(|| TempDir::new().unwrap()).path().display().to_string();
        let all = [
            ("HOME", home.as_str()),
            ("HIRESNET_CACHE", &cache),
            ("PATH", "/nonexistent"),
            ("LANG", "C.UTF-8"),
        ];
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
        all.into_iter().chain(self.variables.iter().cloned()).collect()
    }

    /// Runs the program there.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = assert_cmd::Command::new(cargo_bin("hiresnet-tui"));
        command.env_clear().envs(self.environment()).current_dir(self.home()).args(arguments);
        let output = command.timeout(Duration::from_secs(600)).output().unwrap();
        Ended {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The folders of the runs that were trained there.
    pub fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.home().join("runs")).into_iter().flatten().flatten();
        let mut runs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        runs.sort();
        runs
    }
}

impl Ended {
    /// Asserts how it ended, and that no panic was told.
    #[track_caller]
    pub fn assert(self, status: i32) -> Self {
        self.assert_one_of(&[status])
    }

    /// As [`assert`](Self::assert), where chance decides which.
    #[track_caller]
    pub fn assert_one_of(self, statuses: &[i32]) -> Self {
        let status = self.status.unwrap_or(-1);
        assert!(statuses.contains(&status), "{status}\n{}\n{}", self.stdout, self.stderr);
        for words in ["panicked", "RUST_BACKTRACE", "stack backtrace", "unwrap()"] {
            assert!(
                !self.stderr.contains(words) && !self.stdout.contains(words),
                "{}\n{}",
                self.stdout,
                self.stderr
            );
        }
        self
    }

    /// Asserts that stderr is this one line.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.stderr.contains(part), "no '{part}' in: {}", self.stderr);
        }
        assert_eq!(self.stderr.trim_end().lines().count(), 1, "{}", self.stderr);
    }
}
