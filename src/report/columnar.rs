//! Tables as Parquet files, without compression: whatever reads CSV as a data frame reads these with their types.
//!
//! The schema of a file is that of its table: a column of numbers is `INT64`, one of 64 bits `INT64 (UINT_64)`, a flag
//! `INT32 (INT_8)` and a text `BYTE_ARRAY (UTF8)`, all of them optional. Bytes depend on the rows alone.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::cells::{Cell, Column, Kind};

/// Rows that are held until they are written as a group.
const GROUP: usize = 8_192;

/// Writes rows to `W`. The first error ends it and is kept for [`ParquetRows::finish`].
pub struct ParquetRows<W: Write + Send> {
    writer: SerializedFileWriter<Patient<W>>,
    columns: Vec<Column>,
    held: Vec<Held>,
    rows: usize,
    error: Option<io::Error>,
}

/// What is held of a column.
struct Held {
    /// 1 for a row with a value.
    there: Vec<i16>,
    values: Values,
}

enum Values {
    Long(Vec<i64>),
    Short(Vec<i32>),
    Bytes(Vec<ByteArray>),
}

/// Takes everything and keeps the first error, so that it comes back whatever happens.
struct Patient<W> {
    inner: W,
    error: Option<io::Error>,
}

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            self.error = self.inner.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.error.is_none() {
            self.error = self.inner.flush().err();
        }
        Ok(())
    }
}

impl<W: Write + Send> ParquetRows<W> {
    /// `name` is that of the table.
    pub fn new(sink: W, name: &str, columns: Vec<Column>) -> ParquetRows<W> {
        const SOUND: &str = "columns with names make a schema, and the sink takes everything";
        let fields = columns.iter().map(field).collect();
        let schema = Type::group_type_builder(name).with_fields(fields).build().expect(SOUND);
        let properties = WriterProperties::builder().set_created_by("tiersim".to_owned()).build();
        let sink = Patient { inner: sink, error: None };
        let writer = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties)).expect(SOUND);
        let held = columns.iter().map(|column| Held::of(column.kind)).collect();
        ParquetRows { writer, columns, held, rows: 0, error: None }
    }

    /// One cell for each column. False when there is no use in going on.
    pub fn write(&mut self, cells: impl IntoIterator<Item = Cell>) -> bool {
        if self.error.is_none() {
            self.error = self.hold(cells).and_then(|()| self.pass_on(GROUP)).err();
        }
        self.error.is_none() && self.writer.inner().error.is_none()
    }

    /// The sink, and whether it took every row.
    pub fn finish(mut self) -> (W, io::Result<()>) {
        let passed = self.error.take().map_or_else(|| self.pass_on(1), Err);
        let sink = self.writer.into_inner().expect("every group was ended, and the sink takes everything");
        (sink.inner, passed.and(sink.error.map_or(Ok(()), Err)))
    }

    fn hold(&mut self, cells: impl IntoIterator<Item = Cell>) -> io::Result<()> {
        for ((held, column), cell) in self.held.iter_mut().zip(&self.columns).zip(cells) {
            let taken = held.take(column.kind, cell);
            taken.map_err(|reason| io::Error::other(format!("{reason} in column `{}`", column.name)))?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes what is held as a group, when there are so many rows.
    fn pass_on(&mut self, at_least: usize) -> io::Result<()> {
        if self.rows < at_least {
            return Ok(());
        }
        self.rows = 0;
        self.group().map_err(io::Error::other)
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for held in &mut self.held {
            let mut column = group.next_column()?.expect("the group has the columns of the table");
            let there = Some(&held.there[..]);
            match &held.values {
                Values::Long(values) => column.typed::<Int64Type>().write_batch(values, there, None)?,
                Values::Short(values) => column.typed::<Int32Type>().write_batch(values, there, None)?,
                Values::Bytes(values) => column.typed::<ByteArrayType>().write_batch(values, there, None)?,
            };
            column.close()?;
            held.clear();
        }
        group.close()?;
        Ok(())
    }
}

impl Held {
    fn of(kind: Kind) -> Held {
        let values = match kind {
            Kind::Number | Kind::Bits => Values::Long(Vec::new()),
            Kind::Flag => Values::Short(Vec::new()),
            Kind::Text => Values::Bytes(Vec::new()),
        };
        Held { there: Vec::new(), values }
    }

    /// Says what is wrong with a cell that does not fit.
    fn take(&mut self, kind: Kind, cell: Cell) -> Result<(), &'static str> {
        match (&mut self.values, cell) {
            (_, Cell::Nothing) => {
                self.there.push(0);
                return Ok(());
            }
            (Values::Long(values), Cell::Number(number)) => match kind {
                Kind::Bits => values.push(number.cast_signed()),
                _ => values.push(i64::try_from(number).map_err(|_| "a number is too large")?),
            },
            (Values::Short(values), Cell::Number(number)) => values.push(i32::from(number != 0)),
            (Values::Bytes(values), Cell::Text(text)) => values.push(ByteArray::from(text.into_bytes())),
            (Values::Bytes(_), Cell::Number(_)) => return Err("a number stands for a text"),
            (Values::Long(_) | Values::Short(_), Cell::Text(_)) => return Err("a text stands for a number"),
        }
        self.there.push(1);
        Ok(())
    }

    fn clear(&mut self) {
        self.there.clear();
        match &mut self.values {
            Values::Long(values) => values.clear(),
            Values::Short(values) => values.clear(),
            Values::Bytes(values) => values.clear(),
        }
    }
}

fn field(column: &Column) -> TypePtr {
    let (physical, converted) = match column.kind {
        Kind::Number => (Physical::INT64, ConvertedType::NONE),
        Kind::Bits => (Physical::INT64, ConvertedType::UINT_64),
        Kind::Flag => (Physical::INT32, ConvertedType::INT_8),
        Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
    };
    let builder = Type::primitive_type_builder(&column.name, physical).with_repetition(Repetition::OPTIONAL);
    Arc::new(builder.with_converted_type(converted).build().expect("a kind has one converted type that fits it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::requests::tests::Full;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    fn columns() -> Vec<Column> {
        [("time_ns", Kind::Number), ("seed", Kind::Bits), ("violated", Kind::Flag), ("method", Kind::Text)]
            .map(|(name, kind)| Column::new(name, kind))
            .to_vec()
    }

    fn file(rows: u64) -> Vec<u8> {
        let mut file = ParquetRows::new(Vec::new(), "runs", columns());
        for row in 0..rows {
            let time = if row % 3 == 0 { Cell::Nothing } else { Cell::Number(row) };
            assert!(file.write([time, Cell::Number(u64::MAX - row), Cell::flag(row % 2 == 1), Cell::text("a,b")]));
        }
        let (bytes, taken) = file.finish();
        taken.expect("memory takes it");
        bytes
    }

    #[test]
    fn every_row_comes_back_with_its_types() {
        let rows = GROUP as u64 + 10;
        let read = SerializedFileReader::new(bytes::Bytes::from(file(rows))).expect("it is a file of Parquet");
        assert_eq!((read.num_row_groups(), read.metadata().file_metadata().num_rows()), (2, rows as i64));
        for (number, row) in read.get_row_iter(None).expect("it has rows").enumerate() {
            let row = row.expect("it can be read");
            assert_eq!(row.get_long(0).ok(), (number % 3 != 0).then_some(number as i64));
            assert_eq!(row.get_ulong(1).ok(), Some(u64::MAX - number as u64));
            assert_eq!(row.get_byte(2).ok(), Some((number % 2) as i8));
            assert_eq!(row.get_string(3).ok().map(String::as_str), Some("a,b"));
        }
    }

    #[test]
    fn bytes_depend_on_the_rows_alone() {
        assert_eq!(file(100), file(100));
        assert_eq!(&file(0)[..4], b"PAR1");
    }

    #[test]
    fn what_does_not_fit_a_column_is_an_error_that_names_it() {
        for (cell, reason) in [(Cell::Number(u64::MAX), "too large"), (Cell::text("x"), "a text")] {
            let mut rows = ParquetRows::new(Vec::new(), "runs", columns());
            rows.write([cell, Cell::Nothing, Cell::Nothing, Cell::Nothing]);
            let error = rows.finish().1.expect_err("it is refused").to_string();
            assert!(error.contains(reason) && error.contains("time_ns"), "{error}");
        }
    }

    #[test]
    fn an_error_of_the_sink_comes_back_as_it_was() {
        let mut rows = ParquetRows::new(Full, "runs", columns());
        // The file is written in large pieces: this row is taken.
        assert!(rows.write([Cell::Nothing, Cell::Nothing, Cell::Nothing, Cell::Nothing]));
        assert_eq!(rows.finish().1.err().map(|error| error.kind()), Some(io::ErrorKind::StorageFull));
    }
}
