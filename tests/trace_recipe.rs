//! The trace that the shipped scenario replays, made by a recipe: nobody else's data, the same bytes everywhere.
//!
//! The test compares the file with the recipe; `UPDATE_GOLDEN=1 cargo test --test trace_recipe` writes it anew.

use std::fs;
use std::path::Path;

const FILE: &str = "scenarios/traces/small.vscsi";
const RECORDS: u32 = 300;
/// A volume of 20 cylinders in blocks of 512 bytes, rounded down.
const BLOCKS: u64 = 20 * 15 * 56_664 / 512;

/// The linear congruential generator of Knuth's MMIX; the upper half of its state is used.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 32) * bound) >> 32
    }
}

/// 300 records of vscsi version 1: gaps of 20 to 120 ms, three in ten write, 4, 8 or 64 KiB, four of five of them in the
/// first fifth of the volume.
fn recipe() -> Vec<u8> {
    let mut numbers = Numbers(1);
    let mut bytes = Vec::new();
    let mut microseconds: u64 = 1_000_000;
    for serial in 0..RECORDS {
        microseconds += 20_000 + numbers.below(100_001);
        let operation: u16 = if numbers.below(10) < 3 { 0x2A } else { 0x28 };
        let length: u32 = [4_096, 4_096, 8_192, 65_536][numbers.below(4) as usize];
        let area = if numbers.below(5) < 4 { BLOCKS / 5 } else { BLOCKS };
        let block = numbers.below((area - u64::from(length) / 512) / 8) * 8;
        bytes.extend(serial.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(operation.to_le_bytes());
        bytes.extend(0x0100_u16.to_le_bytes());
        bytes.extend(block.to_le_bytes());
        bytes.extend(microseconds.to_le_bytes());
    }
    bytes
}

#[test]
fn the_shipped_trace_is_what_its_recipe_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let bytes = recipe();
    assert_eq!(bytes.len(), RECORDS as usize * 32);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &bytes).expect("the folder of traces can be written");
    }
    assert!(fs::read(&path).expect("the trace is shipped") == bytes, "{FILE} is not what the recipe makes");
}
