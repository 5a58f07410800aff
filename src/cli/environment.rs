//! Where and when a run took place: the only facts about the machine that are recorded, outside every digest.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the manifest tells when the program ran; nothing of it reaches the model or a digest"
)]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::report::manifest::Environment;
use crate::report::program;

/// The start of a command.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    wall: SystemTime,
    steady: Instant,
}

impl Start {
    pub fn now() -> Start {
        Start { wall: SystemTime::now(), steady: Instant::now() }
    }

    pub fn elapsed_ms(self) -> u64 {
        u64::try_from(self.steady.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The environment of a command that ends now.
    pub fn environment(self) -> Environment {
        Environment {
            target: program::THIS.target.to_owned(),
            rustc: program::THIS.rustc.to_owned(),
            features: program::THIS.features.iter().map(|&feature| feature.to_owned()).collect(),
            build_profile: program::THIS.build_profile.to_owned(),
            command_line: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
            cwd: std::env::current_dir().ok().map(|path| path.display().to_string()),
            host: host(),
            os: std::env::consts::OS.to_owned(),
            cpus: std::thread::available_parallelism().ok().map(|cpus| cpus.get() as u64),
            jobs: 1,
            started_utc: utc(self.wall),
            ended_utc: utc(SystemTime::now()),
            elapsed_ms: self.elapsed_ms(),
            peak_rss_bytes: peak_rss(),
        }
    }
}

fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The most memory this process ever had, where the system tells.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim();
    Some(kibibytes.parse::<u64>().ok()? * 1_024)
}

/// As in `2026-03-21T09:05:00Z`; years before 1970 do not occur.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let (mut year, mut rest) = (1970, days);
    while rest >= 365 + u64::from(leap(year)) {
        rest -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
