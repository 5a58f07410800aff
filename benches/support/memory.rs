//! How much memory did this process need at most?

use std::fs;

/// The largest resident set so far, in KiB (`VmHWM`); `None` where the system does not say.
pub fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
