//! How many runs go on at a time.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// Where nobody knows how many processors there are.
const MOST_UNKNOWN: usize = 64;

/// As many threads as were asked for with `--jobs`, and no more than there are processors: results do not depend on their
/// number, and more would only take memory.
pub fn threads(jobs: Option<NonZeroUsize>) -> usize {
    let processors = available_parallelism().ok().map(NonZeroUsize::get);
    let wanted = jobs.map(NonZeroUsize::get).or(processors).unwrap_or(1);
    wanted.min(processors.unwrap_or(MOST_UNKNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_threads_than_processors() {
        let processors = threads(None);
        assert!(processors >= 1);
        assert_eq!([1, 999_999].map(|jobs| threads(NonZeroUsize::new(jobs))), [1, processors]);
    }
}
