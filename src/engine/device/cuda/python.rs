//! NVIDIA's wheels in the Pythons that a user has.
//!
//! PyTorch's users have NVRTC already, in the folder `nvidia` of some `site-packages`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::toolkit::ToolkitDir;

/// How long an interpreter may take to say where its packages are.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a Python may be.
enum Source {
    /// The folder of an environment.
    Prefix(PathBuf),
    Interpreter(PathBuf),
}

impl Source {
    fn places(self) -> Vec<ToolkitDir> {
        match self {
            Self::Interpreter(interpreter) => of_interpreter(&interpreter),
            // Conda's own packages of CUDA are in the environment itself.
            Self::Prefix(prefix) => {
                in_prefix(&prefix).into_iter().chain([ToolkitDir::toolkit(&prefix)]).collect()
            }
        }
    }
}

/// Folders with NVIDIA's wheels, of the Python that is named first, then of those that are
/// active, then of the one on the path. Each is only looked at when the ones before it have not
/// been enough: an interpreter may have to be asked.
pub fn places() -> impl Iterator<Item = ToolkitDir> {
    let named = variable("HIRESNET_PYTHON").map(|python| Source::Interpreter(python.into()));
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(variable);
    let active = active.map(|prefix| Source::Prefix(prefix.into()));
    let on_path = on_path().into_iter().map(Source::Interpreter);
    named.into_iter().chain(active).chain(on_path).flat_map(Source::places)
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// `python3` and `python` as a shell would find them.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let find =
        |name: &str| env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    ["python3", "python"].into_iter().filter_map(find).collect()
}

/// The wheels of an interpreter. Where the folders around it do not tell, as with the shims of
/// version managers, it is asked.
fn of_interpreter(interpreter: &Path) -> Vec<ToolkitDir> {
    // A virtual environment's interpreter is a link: its own folder counts, not the link's aim.
    let prefix = |file: &Path| file.parent()?.parent().map(Path::to_path_buf);
    let around = [prefix(interpreter), fs::canonicalize(interpreter).ok().as_deref().and_then(prefix)];
    let found: Vec<ToolkitDir> = around.into_iter().flatten().flat_map(|prefix| in_prefix(&prefix)).collect();
    if !found.is_empty() {
        return found;
    }
    asked(interpreter).iter().flat_map(|folder| in_packages(folder)).collect()
}

/// The wheels of the Pythons in an installation's folder.
fn in_prefix(prefix: &Path) -> Vec<ToolkitDir> {
    let mut packages = vec![prefix.join("Lib/site-packages"), prefix.join("lib/python3/dist-packages")];
    for lib in [prefix.join("lib"), prefix.join("lib64"), prefix.join("local/lib")] {
        let entries = fs::read_dir(lib).into_iter().flatten().flatten();
        let pythons = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"));
        for python in pythons {
            packages.extend(["site-packages", "dist-packages"].map(|name| python.path().join(name)));
        }
    }
    packages.iter().flat_map(|folder| in_packages(folder)).collect()
}

/// The wheels in one `site-packages`: CUDA 13's have one folder, CUDA 12's one each.
fn in_packages(packages: &Path) -> Vec<ToolkitDir> {
    let nvidia = packages.join("nvidia");
    if !nvidia.is_dir() {
        return Vec::new();
    }
    let entries = fs::read_dir(&nvidia).into_iter().flatten().flatten();
    let mut whole: Vec<PathBuf> = entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .strip_prefix("cu")
                .is_some_and(|rest| rest.parse::<u32>().is_ok())
        })
        .map(|entry| entry.path())
        .collect();
    whole.sort();
    let parts = ToolkitDir {
        libraries: vec![nvidia.join("cuda_nvrtc/lib")],
        headers: vec![nvidia.join("cuda_runtime/include")],
        cccl: vec![nvidia.join("cuda_cccl/include")],
        crt: vec![nvidia.join("cuda_nvcc/include")],
    };
    whole.iter().rev().map(|root| ToolkitDir::toolkit(root)).chain([parts]).collect()
}

/// Where an interpreter says that its packages are, the user's own among them.
fn asked(interpreter: &Path) -> Vec<PathBuf> {
    const QUESTION: &str = "import site, sysconfig\n\
        print('\\n'.join([sysconfig.get_path('purelib'), site.getusersitepackages(), *site.getsitepackages()]))";
    let child = Command::new(interpreter)
        .args(["-c", QUESTION])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return Vec::new() };
    let since = Instant::now();
    loop {
        match child.try_wait() {
            Ok(None) if since.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            Ok(Some(_)) => break,
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Vec::new();
            }
        }
    }
    // A few short lines: they fit the pipe, which nobody read meanwhile.
    let output = child.wait_with_output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().map(PathBuf::from).collect()
}
