//! A trace that can be read is written as `tiersim-csv` and read again to the same records.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tiersim::host::trace::{Item, ReadOptions, TraceFormat, TraceStream, Writer, read_stream};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let format = TraceFormat::ALL[usize::from(choice) % TraceFormat::ALL.len()];
    let options = ReadOptions { most_bytes: 1 << 22, ..ReadOptions::of(format) };
    let Ok(original) = read_stream("fuzz", content, options) else { return };
    let mut stream = TraceStream::new(vec![("fuzz".to_owned(), content)], options).expect("it was read before");
    let mut writer = Writer::new(Vec::new(), stream.header()).expect("memory takes it");
    while let Some(item) = stream.next().expect("it was read before") {
        if let Item::Record(record) = item {
            writer.write(&record, stream.devices()).expect("memory takes it");
        }
    }
    let text = writer.into_inner();
    let again = read_stream("again", &text[..], ReadOptions::default()).expect("our own text can be read");
    assert_eq!(again.records, original.records);
    assert_eq!(again.rejects.total(), 0);
});
