//! `requests.csv`: one row per host request, written while the run goes on.

use std::io::{self, Write};

use crate::measure::Sample;
use crate::vocab::{Op, Status};

pub const HEADER: &str = "id,time_ns,volume,op,track,bytes,latency_ns,hit,phase,status";

/// Writes rows to `W`, after the header line. The first error ends it and is kept for [`RequestRows::finish`].
#[derive(Debug)]
pub struct RequestRows<W> {
    sink: W,
    error: Option<io::Error>,
}

impl<W: Write> RequestRows<W> {
    pub fn new(mut sink: W) -> RequestRows<W> {
        let error = writeln!(sink, "{HEADER}").err();
        RequestRows { sink, error }
    }

    /// False when there is no use in going on.
    pub fn write(&mut self, sample: &Sample) -> bool {
        if self.error.is_none() {
            self.error = self.row(sample).err();
        }
        self.error.is_none()
    }

    /// The sink, and whether it took every row.
    pub fn finish(self) -> (W, io::Result<()>) {
        (self.sink, self.error.map_or(Ok(()), Err))
    }

    /// No field needs quotes: numbers, names of our own, and volume IDs without comma, quote or line end.
    fn row(&mut self, sample: &Sample) -> io::Result<()> {
        let Sample { id, time, volume, op, track, bytes, latency, hit, phase, status } = *sample;
        let op = match op {
            Op::Read => "read",
            Op::Write => "write",
        };
        let [time, latency] = [time.ns(), latency.ns()];
        let (hit, status) = (u8::from(hit), status_name(status));
        writeln!(self.sink, "{id},{time},{volume},{op},{},{bytes},{latency},{hit},{phase},{status}", track.0)
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Good => "good",
        Status::WriteInhibited => "write-inhibited",
        Status::MediaError => "media-error",
        Status::Rejected => "rejected",
        Status::NotOperational => "not-operational",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Span, Time};
    use crate::measure::Phase;
    use crate::vocab::{TrackNo, VolumeId};

    fn sample() -> Sample {
        Sample {
            id: 7,
            time: Time::from_ns(1_500),
            volume: VolumeId::parse("PROD$1").expect("a legal ID"),
            op: Op::Write,
            track: TrackNo(12),
            bytes: 4_096,
            latency: Span::from_us(900),
            hit: true,
            phase: Phase::During,
            status: Status::Good,
        }
    }

    #[test]
    fn a_row_has_the_columns_of_the_header() {
        let mut rows = RequestRows::new(Vec::new());
        assert!(rows.write(&sample()));
        let (bytes, taken) = rows.finish();
        taken.expect("memory takes every row");
        let text = String::from_utf8(bytes).expect("rows are text");
        assert_eq!(text, format!("{HEADER}\n7,1500,PROD$1,write,12,4096,900000,1,during,good\n"));
        let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(columns, [10, 10]);
    }

    #[test]
    fn the_first_error_is_kept() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut rows = RequestRows::new(Full);
        assert!(!rows.write(&sample()));
        assert_eq!(rows.finish().1.err().map(|error| error.kind()), Some(io::ErrorKind::StorageFull));
    }
}
