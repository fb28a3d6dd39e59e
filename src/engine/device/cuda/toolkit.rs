//! NVRTC and CUDA's headers: where they are, and whether they fit the driver and the device.
//!
//! They are looked for where burn looks (`CUDA_PATH`, the system's folders, the loader's path),
//! then in the wheels that pip and conda install, then beside the driver. What is found there
//! is loaded by its path, and named to burn by `CUDA_PATH`.

#![allow(unsafe_code, reason = "NVRTC is a C library")]

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::driver;
use super::headers::{self, Headers};
use super::python;
use crate::engine::device::facts::Missing;
use crate::engine::error::shown;

/// A version of CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CudaVersion {
    /// 13 of 13.2.
    pub major: u32,
    /// 2 of 13.2.
    pub minor: u32,
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A compiler and headers that fit each other and the driver.
#[derive(Debug, Clone)]
struct Toolkit {
    /// NVRTC's file; `None` where the system's loader finds it by name.
    nvrtc: Option<PathBuf>,
    version: CudaVersion,
    /// What `CUDA_PATH` has to be; its folder `include` has the headers.
    root: PathBuf,
    /// Whether kernels can use tensor cores.
    mma: bool,
}

/// What was found, once.
fn found() -> &'static Result<Toolkit, Missing> {
    static FOUND: OnceLock<Result<Toolkit, Missing>> = OnceLock::new();
    FOUND.get_or_init(|| choose(driver::version()))
}

/// Sets `CUDA_PATH` where burn would not find the headers. Before any thread starts.
pub fn name_headers() {
    if let Ok(toolkit) = found()
        && headers::where_burn_looks().as_ref() != Some(&toolkit.root)
    {
        // SAFETY: called at the start of `main`, where there is one thread.
        unsafe { std::env::set_var("CUDA_PATH", &toolkit.root) };
    }
}

/// NVRTC's version, as text.
pub fn version() -> Option<String> {
    found().as_ref().ok().map(|toolkit| toolkit.version.to_string())
}

/// Whether kernels of a device of this compute capability multiply in TF32.
pub fn uses_tf32(capability: u32) -> bool {
    capability >= FIRST_TF32 && headers::allows_tf32() && found().as_ref().is_ok_and(|toolkit| toolkit.mma)
}

/// The compute capability that brought TF32.
const FIRST_TF32: u32 = 80;

/// What would make a device of this compute capability faster, where it is usable as it is.
pub fn advice(capability: u32) -> Option<Missing> {
    let toolkit = found().as_ref().ok().filter(|toolkit| !toolkit.mma && capability >= FIRST_TF32)?;
    let [.., crt, _] = WHEELS;
    let reason = "TF32 tensor cores are not used: the header crt/mma.h is missing";
    Some(Missing::new(reason).with_fix(pip(&[crt], Some(toolkit.version))))
}

/// Whether kernels can be compiled for a device of this compute capability.
///
/// # Errors
/// What is missing or does not fit.
pub fn check(capability: u32) -> Result<(), Missing> {
    let toolkit = found().as_ref().map_err(Clone::clone)?;
    let loaded = loaded(toolkit)?;
    if headers::where_burn_looks().as_ref() != Some(&toolkit.root) {
        return Err(Missing::new(format!(
            "CUDA's headers are in {}, and CUDA_PATH does not name them",
            shown(&toolkit.root)
        )));
    }
    if let Some(driver) = driver::version()
        && loaded.version > driver
    {
        return Err(too_new(loaded.version, driver, toolkit.nvrtc.as_deref()));
    }
    match (loaded.architectures.first(), loaded.architectures.contains(&capability)) {
        (_, true) => Ok(()),
        (Some(oldest), false) if capability < *oldest => Err(Missing::new(format!(
            "its compute capability is {}, and NVRTC {} compiles for {} and later",
            dotted(capability),
            loaded.version,
            dotted(*oldest)
        ))
        .with_fix(pip(&WHEELS, older_that_compiles(capability)))),
        _ => Err(Missing::new(format!(
            "NVRTC {} is too old for compute capability {}",
            loaded.version,
            dotted(capability)
        ))
        .with_fix(pip(&WHEELS, driver::version()))),
    }
}

fn dotted(capability: u32) -> String {
    format!("{}.{}", capability / 10, capability % 10)
}

/// CUDA 13 ended support for devices before 7.5.
fn older_that_compiles(capability: u32) -> Option<CudaVersion> {
    let newest_12 = CudaVersion { major: 12, minor: 9 };
    driver::version().map(|driver| if capability < 75 { driver.min(newest_12) } else { driver })
}

/// NVRTC as it was loaded.
#[derive(Debug, Clone)]
struct Loaded {
    version: CudaVersion,
    /// Compute capabilities that it compiles for, ascending.
    architectures: Vec<u32>,
}

/// Loads NVRTC by its path, so that burn's look for it by name finds it, and asks it.
fn loaded(toolkit: &Toolkit) -> Result<Loaded, Missing> {
    static LOADED: OnceLock<Result<Loaded, Missing>> = OnceLock::new();
    LOADED.get_or_init(|| load(toolkit.nvrtc.as_deref())).clone()
}

fn load(path: Option<&Path>) -> Result<Loaded, Missing> {
    use cudarc::nvrtc::sys;
    if let Some(path) = path {
        // SAFETY: runs the constructors of NVIDIA's library, which is what its user wants.
        let library = unsafe { libloading::Library::new(path) }
            .map_err(|error| Missing::new(format!("{} cannot be loaded: {error}", shown(path))))?;
        // Never unloaded: burn calls it until the end.
        std::mem::forget(library);
    }
    // SAFETY: looks for the library by name, as burn will.
    if !unsafe { sys::is_culib_present() } {
        return Err(Missing::new("NVRTC is there, but the system's loader does not find it by its name"));
    }
    let (mut major, mut minor, mut count) = (0, 0, 0);
    // SAFETY: each writes one integer.
    let answers = unsafe {
        [sys::nvrtcVersion(&raw mut major, &raw mut minor), sys::nvrtcGetNumSupportedArchs(&raw mut count)]
    };
    let mut architectures = vec![0; usize::try_from(count).unwrap_or_default()];
    // SAFETY: as many integers as it said there are.
    let listed = unsafe { sys::nvrtcGetSupportedArchs(architectures.as_mut_ptr()) };
    if answers.iter().chain([&listed]).any(|answer| *answer != sys::nvrtcResult::NVRTC_SUCCESS) {
        return Err(Missing::new("NVRTC does not answer"));
    }
    let mut architectures: Vec<u32> =
        architectures.into_iter().filter_map(|sm| u32::try_from(sm).ok()).collect();
    architectures.sort_unstable();
    let version = CudaVersion { major: major.unsigned_abs(), minor: minor.unsigned_abs() };
    Ok(Loaded { version, architectures })
}

/// What pip calls the compiler, the headers, those for tensor cores, and CCCL's.
const WHEELS: [&str; 4] = ["nvidia-cuda-nvrtc", "nvidia-cuda-runtime", "nvidia-cuda-crt", "nvidia-cuda-cccl"];

/// The command that brings these wheels, of a version that the driver can load.
fn pip(wheels: &[&str], driver: Option<CudaVersion>) -> String {
    let of = |wheel: &&str| match (*wheel, driver) {
        (wheel, None) => wheel.to_owned(),
        // CCCL goes its own way, and its newest release is for older compilers, too.
        ("nvidia-cuda-cccl", Some(CudaVersion { major: 12, .. })) => "nvidia-cuda-cccl-cu12".to_owned(),
        ("nvidia-cuda-cccl", _) => "nvidia-cuda-cccl".to_owned(),
        // Before CUDA 13 wheels had its version in their names, and those headers came with nvcc.
        ("nvidia-cuda-crt", Some(CudaVersion { major: 12, minor })) => {
            format!("nvidia-cuda-nvcc-cu12~=12.{minor}.0")
        }
        (wheel, Some(CudaVersion { major: 12, minor })) => format!("{wheel}-cu12~=12.{minor}.0"),
        (wheel, Some(CudaVersion { major, minor })) => format!("{wheel}~={major}.{minor}.0"),
    };
    format!("pip install {}", wheels.iter().map(of).collect::<Vec<_>>().join(" "))
}

fn too_new(nvrtc: CudaVersion, driver: CudaVersion, path: Option<&Path>) -> Missing {
    let place = path.map_or(String::new(), |path| format!(" in {}", shown(path)));
    Missing::new(format!(
        "NVIDIA driver too old for this NVRTC: the driver supports CUDA up to {driver}, and NVRTC{place} is {nvrtc}"
    ))
    .with_fix(format!("update the driver, or: {}", pip(&WHEELS, Some(driver))))
}

/// The first compiler that the driver is new enough for, and headers of the same CUDA.
fn choose(driver: Option<CudaVersion>) -> Result<Toolkit, Missing> {
    let mut compilers = Vec::new();
    let mut headers = Vec::new();
    for place in system_places().into_iter().chain(python::places()).chain(places_beside_driver()) {
        compilers.extend(place.libraries.iter().flat_map(|folder| compilers_in(folder)));
        headers.extend(Headers::in_place(&place));
        if let Some(toolkit) = fit(&compilers, &headers, driver) {
            return Ok(toolkit);
        }
    }
    Err(lacking(&compilers, &headers, driver))
}

fn fit(compilers: &[Compiler], headers: &[Headers], driver: Option<CudaVersion>) -> Option<Toolkit> {
    let loadable = |compiler: &&Compiler| driver.is_none_or(|driver| compiler.version <= driver);
    compilers.iter().filter(loadable).find_map(|Compiler { path, version }| {
        let fitting = headers.iter().find(|headers| headers.major == version.major && headers.is_whole())?;
        let (root, mma) = (fitting.root()?, fitting.has_mma());
        Some(Toolkit { nvrtc: Some(path.clone()), version: *version, root, mma })
    })
}

/// What is missing where nothing fits.
fn lacking(compilers: &[Compiler], headers: &[Headers], driver: Option<CudaVersion>) -> Missing {
    let loadable: Vec<&Compiler> =
        compilers.iter().filter(|compiler| driver.is_none_or(|driver| compiler.version <= driver)).collect();
    let [nvrtc, runtime, crt, cccl] = WHEELS;
    match (loadable.first(), compilers.first(), driver) {
        (None, Some(Compiler { path, version }), Some(driver)) => too_new(*version, driver, Some(path)),
        (Some(Compiler { path, version }), ..) => {
            let of_its_version = headers.iter().find(|headers| headers.major == version.major);
            let what = match of_its_version {
                Some(_) => (&[cccl][..], "the headers of CCCL"),
                None => (&[runtime, crt, cccl][..], "CUDA's headers"),
            };
            Missing::new(format!("{} of CUDA {version} are missing (NVRTC is {})", what.1, shown(path)))
                .with_fix(pip(what.0, Some(*version)))
        }
        _ if headers.iter().any(Headers::is_whole) => {
            Missing::new("NVRTC, CUDA's run-time compiler, is missing").with_fix(pip(&[nvrtc], driver))
        }
        _ => Missing::new("NVRTC, CUDA's run-time compiler, and its headers are missing")
            .with_fix(pip(&WHEELS, driver)),
    }
}

/// A file that is NVRTC.
#[derive(Debug, Clone)]
struct Compiler {
    path: PathBuf,
    version: CudaVersion,
}

/// NVRTC's files in a folder, newest first. `libnvrtc.so.13` does not say its minor version;
/// the file that it needs beside it does.
fn compilers_in(folder: &Path) -> Vec<Compiler> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let of = |prefix: &str| -> Vec<(&str, Vec<u32>)> {
        let rest = |name: &'_ str| name.strip_prefix(prefix).map(numbers);
        names.iter().filter_map(|name| Some((name.as_str(), rest(name)?))).collect()
    };
    let builtins = of("libnvrtc-builtins.so.");
    let mut found: Vec<Compiler> = of("libnvrtc.so.")
        .into_iter()
        .filter_map(|(name, numbers)| {
            let major = *numbers.first()?;
            let minor = numbers.get(1).copied().or_else(|| {
                builtins
                    .iter()
                    .filter(|(_, of)| of.first() == Some(&major))
                    .find_map(|(_, of)| of.get(1).copied())
            });
            Some(Compiler { path: folder.join(name), version: CudaVersion { major, minor: minor? } })
        })
        .collect();
    found.sort_by_key(|compiler| (std::cmp::Reverse(compiler.version), compiler.path.as_os_str().len()));
    found
}

/// The numbers of `13.5.37`.
fn numbers(text: &str) -> Vec<u32> {
    text.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Folders that may have NVRTC or headers.
#[derive(Debug, Default)]
pub struct ToolkitDir {
    /// Of NVRTC.
    pub libraries: Vec<PathBuf>,
    /// Of `cuda_runtime.h`.
    pub headers: Vec<PathBuf>,
    /// Of `nv/target`, where that is elsewhere.
    pub cccl: Vec<PathBuf>,
    /// Of `crt/mma.h`, where that is elsewhere.
    pub crt: Vec<PathBuf>,
}

impl ToolkitDir {
    /// A toolkit's own folder.
    pub fn toolkit(root: &Path) -> Self {
        let triple = format!("targets/{}-linux", std::env::consts::ARCH);
        let multiarch = format!("lib/{}-linux-gnu", std::env::consts::ARCH);
        Self {
            libraries: ["lib64", "lib", &multiarch, &format!("{triple}/lib")]
                .map(|lib| root.join(lib))
                .to_vec(),
            headers: vec![root.join("include"), root.join(triple).join("include")],
            ..Self::default()
        }
    }
}

/// Where burn looks: its folder of CUDA, and the loader's path.
fn system_places() -> Vec<ToolkitDir> {
    let mut places: Vec<ToolkitDir> =
        std::env::var_os("CUDA_PATH").iter().map(|root| ToolkitDir::toolkit(root.as_ref())).collect();
    let path = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    places.push(ToolkitDir { libraries: std::env::split_paths(&path).collect(), ..ToolkitDir::default() });
    places.extend(["/usr/local/cuda", "/opt/cuda", "/usr"].map(|root| ToolkitDir::toolkit(Path::new(root))));
    places
}

/// The folder of the driver's library, and toolkits that no link `cuda` points to.
fn places_beside_driver() -> Vec<ToolkitDir> {
    let beside =
        driver_folder().map(|folder| ToolkitDir { libraries: vec![folder], ..ToolkitDir::default() });
    let versioned = ["/usr/local", "/opt"].into_iter().flat_map(|parent| {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let mut roots: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("cuda-"))
            .map(|entry| entry.path())
            .collect();
        roots.sort();
        roots.reverse();
        roots
    });
    beside.into_iter().chain(versioned.map(|root| ToolkitDir::toolkit(&root))).collect()
}

/// The folder that the driver's library was loaded from.
fn driver_folder() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]))
        .find(|path| path.contains("/libcuda.so"))?;
    Some(Path::new(path).parent()?.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_brings_what_the_driver_can_load() {
        let version = |major, minor| Some(CudaVersion { major, minor });
        assert_eq!(pip(&WHEELS[..1], None), "pip install nvidia-cuda-nvrtc");
        assert_eq!(pip(&WHEELS[..1], version(13, 0)), "pip install nvidia-cuda-nvrtc~=13.0.0");
        assert_eq!(
            pip(&WHEELS, version(12, 4)),
            "pip install nvidia-cuda-nvrtc-cu12~=12.4.0 nvidia-cuda-runtime-cu12~=12.4.0 \
             nvidia-cuda-nvcc-cu12~=12.4.0 nvidia-cuda-cccl-cu12"
        );
    }

    #[test]
    fn versions_come_from_the_names_of_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libnvrtc.so.12",
            "libnvrtc.alt.so.12",
            "libnvrtc-builtins.so.12.9",
            "libnvrtc.so.13.1.80",
            "libnvrtc.so",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found: Vec<(u32, u32)> = compilers_in(folder.path())
            .iter()
            .map(|found| (found.version.major, found.version.minor))
            .collect();
        assert_eq!(found, [(13, 1), (12, 9)]);
    }
}
