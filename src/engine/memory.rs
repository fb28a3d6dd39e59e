//! Memory of this process, as the system counts it.

/// The most memory that this process has held, bytes; known on Linux only.
pub fn peak() -> Option<u64> {
    field("VmHWM:")
}

/// Memory that this process holds, bytes; known on Linux only.
pub fn resident() -> Option<u64> {
    field("VmRSS:")
}

fn field(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}
