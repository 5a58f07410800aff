//! How a text is read line by line, with a bounded part of each line in memory.

use std::io::{self, BufRead};

/// Bytes of a line that are kept; the longest legal line, of a fio log with a path, is shorter.
pub(super) const LONGEST_LINE: usize = 8_192;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    Newline,
    /// The input ended within the line.
    Input,
    /// The line is longer than what is kept of it.
    TooLong,
}

#[derive(Debug)]
pub(super) struct Lines<R> {
    pub input: R,
    pub number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R) -> Lines<R> {
        Lines { input, number: 0, line: Vec::with_capacity(128) }
    }

    /// Goes to the next line; `None` at the end of the input.
    pub fn advance(&mut self) -> io::Result<Option<LineEnd>> {
        self.line.clear();
        self.number += 1;
        let mut too_long = false;
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                let ended = if too_long { LineEnd::TooLong } else { LineEnd::Input };
                return Ok((!self.line.is_empty()).then_some(ended));
            }
            let newline = available.iter().position(|&byte| byte == b'\n');
            let part = &available[..newline.unwrap_or(available.len())];
            let room = LONGEST_LINE - self.line.len();
            too_long |= part.len() > room;
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(newline.is_some());
            self.input.consume(used);
            if newline.is_some() {
                return Ok(Some(if too_long { LineEnd::TooLong } else { LineEnd::Newline }));
            }
        }
    }

    /// The present line without its end.
    pub fn text(&self) -> &[u8] {
        self.line.strip_suffix(b"\r").unwrap_or(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_a_newline_the_input_or_too_late() {
        let text = [&b"a\r\n\nb"[..], &[b'x'; LONGEST_LINE], b"\nlast"].concat();
        let mut lines = Lines::new(&text[..]);
        let mut found = Vec::new();
        while let Some(end) = lines.advance().expect("memory can be read") {
            found.push((lines.number, lines.text().len(), end));
        }
        let expected = [
            (1, 1, LineEnd::Newline),
            (2, 0, LineEnd::Newline),
            (3, LONGEST_LINE, LineEnd::TooLong),
            (4, 4, LineEnd::Input),
        ];
        assert_eq!(found, expected);
    }
}
