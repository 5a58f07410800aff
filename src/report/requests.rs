//! `requests.csv` or `requests.parquet`: one row per host request, written while the run goes on.

use std::io::{self, Write};

use super::cells::{Column, Kind, csv_header};
use super::directory::REQUESTS;
#[cfg(feature = "parquet")]
use super::{cells::Cell, columnar::ParquetRows, directory::REQUESTS_PARQUET};
use crate::measure::Sample;
use crate::vocab::{Op, Status};

/// The columns of the table.
pub fn columns() -> Vec<Column> {
    let number = |name| Column::new(name, Kind::Number);
    let text = |name| Column::new(name, Kind::Text);
    let place = [number("id"), number("time_ns"), text("volume"), text("op"), number("track"), number("bytes")];
    let course = [number("latency_ns"), Column::new("hit", Kind::Flag), text("phase"), text("status")];
    place.into_iter().chain(course).collect()
}

/// Writes rows to `W`. The first error ends it and is kept for [`RequestRows::finish`].
pub enum RequestRows<W: Write + Send> {
    Csv {
        sink: W,
        error: Option<io::Error>,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows<W>>),
}

impl<W: Write + Send> RequestRows<W> {
    /// Rows as lines, behind a header line.
    pub fn csv(mut sink: W) -> RequestRows<W> {
        let error = sink.write_all(csv_header(&columns()).as_bytes()).err();
        RequestRows::Csv { sink, error }
    }

    #[cfg(feature = "parquet")]
    pub fn parquet(sink: W) -> RequestRows<W> {
        RequestRows::Parquet(Box::new(ParquetRows::new(sink, "requests", columns())))
    }

    /// False when there is no use in going on.
    pub fn write(&mut self, sample: &Sample) -> bool {
        match self {
            RequestRows::Csv { sink, error } => {
                if error.is_none() {
                    *error = line(sink, sample).err();
                }
                error.is_none()
            }
            #[cfg(feature = "parquet")]
            RequestRows::Parquet(rows) => rows.write(cells(sample)),
        }
    }

    /// The file that they belong to.
    pub fn name(&self) -> &'static str {
        match self {
            RequestRows::Csv { .. } => REQUESTS,
            #[cfg(feature = "parquet")]
            RequestRows::Parquet(_) => REQUESTS_PARQUET,
        }
    }

    /// The sink, and whether it took every row.
    pub fn finish(self) -> (W, io::Result<()>) {
        match self {
            RequestRows::Csv { sink, error } => (sink, error.map_or(Ok(()), Err)),
            #[cfg(feature = "parquet")]
            RequestRows::Parquet(rows) => rows.finish(),
        }
    }
}

/// No field needs quotes: numbers, names of our own, and volume IDs without comma, quote or line end.
fn line(sink: &mut impl Write, sample: &Sample) -> io::Result<()> {
    let Sample { id, time, volume, op, track, bytes, latency, hit, phase, status } = *sample;
    let [time, latency] = [time.ns(), latency.ns()];
    let (op, hit, status) = (op_name(op), u8::from(hit), status_name(status));
    writeln!(sink, "{id},{time},{volume},{op},{},{bytes},{latency},{hit},{phase},{status}", track.0)
}

#[cfg(feature = "parquet")]
fn cells(sample: &Sample) -> [Cell; 10] {
    let Sample { id, time, volume, op, track, bytes, latency, hit, phase, status } = *sample;
    [
        Cell::Number(id),
        Cell::Number(time.ns()),
        Cell::Text(volume.to_string()),
        Cell::text(op_name(op)),
        Cell::Number(u64::from(track.0)),
        Cell::Number(bytes),
        Cell::Number(latency.ns()),
        Cell::flag(hit),
        Cell::Text(phase.to_string()),
        Cell::text(status_name(status)),
    ]
}

fn op_name(op: Op) -> &'static str {
    match op {
        Op::Read => "read",
        Op::Write => "write",
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
pub(super) mod tests {
    use super::*;
    use crate::kernel::{Span, Time};
    use crate::measure::Phase;
    use crate::vocab::{TrackNo, VolumeId};

    /// A disk without room.
    pub struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

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
        let mut rows = RequestRows::csv(Vec::new());
        assert!(rows.write(&sample()));
        let (bytes, taken) = rows.finish();
        taken.expect("memory takes every row");
        let text = String::from_utf8(bytes).expect("rows are text");
        assert_eq!(text, format!("{}7,1500,PROD$1,write,12,4096,900000,1,during,good\n", csv_header(&columns())));
        let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(columns, [10, 10]);
    }

    #[test]
    fn the_first_error_is_kept() {
        let mut rows = RequestRows::csv(Full);
        assert!(!rows.write(&sample()));
        assert_eq!(rows.finish().1.err().map(|error| error.kind()), Some(io::ErrorKind::StorageFull));
    }
}
