//! Memory of this process, as the system counts it.

/// The most memory that this process has held, bytes; known on Linux only.
pub fn peak() -> Option<u64> {
    field("VmHWM:")
}

/// Memory that this process holds, bytes; known on Linux only.
pub fn resident() -> Option<u64> {
    field("VmRSS:")
}

/// Memory of the machine, bytes; known on Linux only.
pub fn total() -> Option<u64> {
    kilobytes("/proc/meminfo", "MemTotal:")
}

/// What the processor calls itself; known on Linux only, and not on every processor.
pub fn cpu_model() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches(['\t', ' ', ':']).trim().to_owned())
}

fn field(name: &str) -> Option<u64> {
    kilobytes("/proc/self/status", name)
}

fn kilobytes(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}
