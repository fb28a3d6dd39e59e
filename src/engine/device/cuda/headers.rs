//! The headers that CUDA's kernels include.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::toolkit::ToolkitDir;
use crate::engine::data::places;

/// Headers of one CUDA.
#[derive(Debug, Clone)]
pub struct Headers {
    /// Has `cuda_runtime.h` and `cuda_fp16.h`.
    include: PathBuf,
    /// The folder that has CCCL's `nv/target`, which `cuda_fp16.h` includes: one that burn finds
    /// within `include`, or another. `None` where there is none.
    cccl: Option<PathBuf>,
    /// The folder that has `crt/mma.h`, without which no kernel uses tensor cores: `include`, or
    /// another. `None` where there is none.
    crt: Option<PathBuf>,
    /// CUDA's major version.
    pub major: u32,
}

/// The folder of CUDA that burn would choose by itself.
pub fn where_burn_looks() -> Option<PathBuf> {
    cubecl::cuda::install::cuda_path()
}

/// Whether the user allows products in TF32; the variable is NVIDIA's own.
pub fn allows_tf32() -> bool {
    std::env::var_os("NVIDIA_TF32_OVERRIDE").is_none_or(|value| value != "0")
}

impl Headers {
    /// Those in a place.
    pub fn in_place(place: &ToolkitDir) -> Vec<Self> {
        let has = |folder: &&PathBuf, name: &str| folder.join(name).is_file();
        let whole = |include: &&PathBuf| has(include, "cuda_runtime.h") && has(include, "cuda_fp16.h");
        let of = |include: &PathBuf| {
            let within = [include.clone(), include.join("cccl")];
            let cccl = within.iter().chain(&place.cccl).find(|folder| has(folder, "nv/target")).cloned();
            let crt =
                within.iter().take(1).chain(&place.crt).find(|folder| has(folder, "crt/mma.h")).cloned();
            Some(Self { include: include.clone(), cccl, crt, major: major(include)? })
        };
        place.headers.iter().filter(whole).filter_map(of).collect()
    }

    /// Whether nothing is missing.
    pub const fn is_whole(&self) -> bool {
        self.cccl.is_some()
    }

    /// Whether kernels can use tensor cores.
    pub const fn has_mma(&self) -> bool {
        self.crt.is_some()
    }

    /// What `CUDA_PATH` has to be for burn to find them: the folder above, or one made of links
    /// where they are in several places, or tensor cores are not to be used.
    pub fn root(&self) -> Option<PathBuf> {
        let cccl = self.cccl.as_ref()?;
        let crt = self.crt.as_ref().filter(|_| allows_tf32());
        let are_together = cccl.starts_with(&self.include)
            && crt.is_none_or(|crt| *crt == self.include)
            && crt.is_some() == self.crt.is_some();
        match (are_together && self.include.ends_with("include"), self.include.parent()) {
            (true, Some(root)) => Some(root.to_path_buf()),
            _ => linked(&self.include, cccl, crt.map(PathBuf::as_path)),
        }
    }
}

/// The major version of the CUDA that these headers are of.
fn major(include: &Path) -> Option<u32> {
    /// The definition is near the beginning of a file of some hundred kilobytes.
    const MOST: u64 = 4 << 20;
    let mut text = String::new();
    let file = fs::File::open(include.join("cuda_runtime_api.h")).ok()?;
    file.take(MOST).read_to_string(&mut text).ok()?;
    let rest = text.lines().find_map(|line| line.trim().strip_prefix("#define CUDART_VERSION"))?;
    let version: u32 = rest.trim().parse().ok()?;
    Some(version / 1000)
}

/// A folder in the user's cache whose `include` has links to all of `include`, to `crt` from
/// where it is, and to `cccl`. Without `crt` there is no `mma.h` either.
#[cfg(unix)]
fn linked(include: &Path, cccl: &Path, crt: Option<&Path>) -> Option<PathBuf> {
    use std::os::unix::fs::symlink;

    let cache = places::cache().unwrap_or_else(std::env::temp_dir).join("cuda-headers");
    let sources =
        format!("{}\n{}\n{}", include.display(), cccl.display(), crt.unwrap_or(Path::new("")).display());
    let root = cache.join(format!("{:08x}", crc32fast::hash(sources.as_bytes())));
    let is_whole = |root: &Path| {
        let include = root.join("include");
        let needed = ["cuda_runtime.h", "cuda_fp16.h", "cccl/nv/target"];
        needed.iter().all(|name| include.join(name).is_file())
            && include.join("mma.h").is_file() == crt.is_some()
    };
    if is_whole(&root) {
        return Some(root);
    }
    fs::create_dir_all(&cache).ok()?;
    // As others may use the cache whom the umask lets.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    let half = tempfile::Builder::new().permissions(mode).tempdir_in(&cache).ok()?;
    let links = half.path().join("include");
    fs::create_dir(&links).ok()?;
    let left_out = |name: &OsStr| name == "cccl" || name == "crt" || name == "mma.h" && crt.is_none();
    for entry in fs::read_dir(include).ok()?.flatten().filter(|entry| !left_out(&entry.file_name())) {
        symlink(entry.path(), links.join(entry.file_name())).ok()?;
    }
    symlink(cccl, links.join("cccl")).ok()?;
    let crt =
        crt.map(|folder| folder.join("crt")).or_else(|| Some(include.join("crt")).filter(|crt| crt.is_dir()));
    if let Some(crt) = crt {
        symlink(crt, links.join("crt")).ok()?;
    }
    // Another process may have made the same one meanwhile.
    if fs::rename(half.path(), &root).is_err() {
        let _ = fs::remove_dir_all(&root);
        let _ = fs::rename(half.path(), &root);
    }
    is_whole(&root).then_some(root)
}

/// Elsewhere links take rights that few users have.
#[cfg(not(unix))]
fn linked(_: &Path, _: &Path, _: Option<&Path>) -> Option<PathBuf> {
    None
}
