//! Whatever the bytes of a trace are, in whatever format they are said to be, a reader ends with a trace or an error.
//!
//! The first byte chooses the format; the rest is the file, compressed or not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tiersim::host::trace::{Action, Bound, ReadOptions, TraceFormat, read_stream};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let choice = usize::from(choice);
    let options = ReadOptions {
        format: TraceFormat::ALL.get(choice % (TraceFormat::ALL.len() + 1)).copied(),
        action: if choice & 0x40 == 0 { Action::Issued } else { Action::Queued },
        bound: if choice & 0x80 == 0 { Bound::None } else { Bound::Wrap(1 << 20) },
        most_bytes: 1 << 22,
        ..ReadOptions::default()
    };
    if let Ok(trace) = read_stream("fuzz", content, options) {
        assert!(trace.records.is_sorted_by_key(|record| record.at));
        assert!(trace.records.iter().all(|record| record.offset.checked_add(record.bytes).is_some()));
        let _ = trace.statistics();
    }
});
