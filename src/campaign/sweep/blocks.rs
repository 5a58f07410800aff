//! How the runs of a campaign are divided: into blocks, the unit of files, and into shards, ranges of blocks.

use std::ops::Range;
use std::str::FromStr;

/// Fixed groups of consecutive runs. Their size is chosen once; more replications make more blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    pub runs: u64,
    pub block_runs: u64,
}

/// Runs of a part file, about (A): each file costs a flush, and a whole one is held in memory.
const PART_RUNS: u64 = 1_024;

impl Blocks {
    /// Blocks for a campaign of `runs` runs: 4,096 of them where that is possible, of at most 1,024 runs.
    pub fn of(runs: u64) -> Blocks {
        Blocks { runs, block_runs: (runs / 4_096).clamp(1, 1_024) }
    }

    pub fn count(self) -> u64 {
        self.runs.div_ceil(self.block_runs)
    }

    /// The runs of blocks `blocks`.
    pub fn runs_of(self, blocks: &Range<u64>) -> Range<u64> {
        let end = |block: u64| (block * self.block_runs).min(self.runs);
        end(blocks.start)..end(blocks.end)
    }

    /// `blocks` cut at the places where part files end.
    pub fn parts(self, blocks: Range<u64>) -> Vec<Range<u64>> {
        let size = (PART_RUNS / self.block_runs).max(1);
        let mut parts = Vec::new();
        let mut start = blocks.start;
        while start < blocks.end {
            let end = ((start / size + 1) * size).min(blocks.end);
            parts.push(start..end);
            start = end;
        }
        parts
    }
}

/// One of `of` equal parts of the work. Only a way to divide it: no result depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub number: u64,
    pub of: u64,
}

impl Shard {
    pub const WHOLE: Shard = Shard { number: 0, of: 1 };

    /// Its share of `blocks` blocks.
    pub fn blocks(self, blocks: u64) -> Range<u64> {
        let end = |number: u64| {
            let end = u128::from(blocks) * u128::from(number) / u128::from(self.of);
            u64::try_from(end).expect("a share is no more than the whole")
        };
        end(self.number)..end(self.number + 1)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let wrong = || "a shard is written I/N, with I from 0 to N - 1, as in 0/8".to_owned();
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let (number, of) = (number.trim().parse().map_err(|_| wrong())?, of.trim().parse().map_err(|_| wrong())?);
        if number < of { Ok(Shard { number, of }) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_tile_the_blocks_for_any_number_of_them() {
        for (runs, shards) in [(1, 1), (2_700, 1), (2_700, 7), (2_700, 1_001), (10, 32), (5_000_000, 3)] {
            let blocks = Blocks::of(runs);
            let mut next = 0;
            for number in 0..shards {
                let share = Shard { number, of: shards }.blocks(blocks.count());
                assert_eq!(share.start, next);
                next = share.end;
                let parts = blocks.parts(share.clone());
                assert_eq!(parts.iter().map(|part| part.end - part.start).sum::<u64>(), share.end - share.start);
            }
            assert_eq!(next, blocks.count());
            assert_eq!(blocks.runs_of(&(0..blocks.count())), 0..runs);
        }
    }

    #[test]
    fn blocks_have_the_size_of_the_contract() {
        for (runs, size, count) in [(1, 1, 1), (4_096, 1, 4_096), (10_000, 2, 5_000), (8_000_001, 1_024, 7_813)] {
            let blocks = Blocks::of(runs);
            assert_eq!((blocks.block_runs, blocks.count()), (size, count), "{runs} runs");
        }
        assert_eq!(Blocks { runs: 10, block_runs: 4 }.runs_of(&(2..3)), 8..10, "the last block may be a partial one");
        assert_eq!(Blocks::of(3_000).parts(1_000..2_100), [1_000..1_024, 1_024..2_048, 2_048..2_100]);
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!("3/8".parse(), Ok(Shard { number: 3, of: 8 }));
        for wrong in ["8/8", "0/0", "1", "a/b", "-1/2", "1/2/3", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
