//! The bytes of a trace: counted and digested as they are stored, decompressed as a stream, and never more than a limit.
//!
//! A compression is recognised by its first bytes, not by a name. The decoders keep a window whose size the file names, so
//! that size is limited too: 128 MiB for xz (what `xz -9` needs is 65 MiB) and the 128 MiB that the decoder for zstd sets
//! itself (`zstd --ultra -22` uses 128 MiB; more needs `--long`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use sha2::{Digest, Sha256};

use super::Grouped;

/// Memory of the xz decoder, in KiB.
const XZ_MEMORY: u32 = 128 << 10;
/// Window of the zstd decoder, in bytes.
const ZSTD_WINDOW: u64 = 128 << 20;
/// How UTF-8 text may begin.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// Bytes of the longest mark of a compression.
const MARK: u64 = 6;

crate::names! {
    /// How the bytes of a trace are stored.
    pub enum Compression {
        None = "none",
        Gzip = "gzip",
        Zstd = "zstd",
        Bzip2 = "bzip2",
        Xz = "xz",
    }
}

impl Compression {
    fn of(mark: &[u8]) -> Compression {
        const MARKS: [(&[u8], Compression); 5] = [
            (&[0x1f, 0x8b], Compression::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
            // A frame that is to be skipped, as some compressors begin with.
            (&[0x50, 0x2a, 0x4d, 0x18], Compression::Zstd),
            (b"BZh", Compression::Bzip2),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0x00], Compression::Xz),
        ];
        let found = MARKS.iter().find(|(known, _)| mark.starts_with(known));
        found.map_or(Compression::None, |(_, compression)| *compression)
    }
}

/// Counts and digests everything that is read through it.
#[derive(Debug)]
struct Digesting<R> {
    input: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.input.read(target) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.hash.update(&target[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

/// As stored; the first bytes were read to recognise the compression.
type Stored<R> = BufReader<Chain<Cursor<Vec<u8>>, Digesting<R>>>;

enum Decoder<R: Read> {
    None(Stored<R>),
    Gzip(Box<MultiGzDecoder<Stored<R>>>),
    Zstd(Box<Zstd<R>>),
    Bzip2(Box<MultiBzDecoder<Stored<R>>>),
    Xz(Box<XzReader<Stored<R>>>),
}

impl<R: Read> Decoder<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoder::None(input) => input.read(target),
            Decoder::Gzip(input) => input.read(target),
            Decoder::Zstd(input) => input.read(target),
            Decoder::Bzip2(input) => input.read(target),
            Decoder::Xz(input) => input.read(target),
        }
    }

    fn stored(&mut self) -> &mut Stored<R> {
        match self {
            Decoder::None(input) => input,
            Decoder::Gzip(input) => input.get_mut(),
            Decoder::Zstd(input) => &mut input.input,
            Decoder::Bzip2(input) => input.get_mut(),
            Decoder::Xz(input) => input.inner_mut(),
        }
    }
}

/// Frames of zstd, one after the other.
struct Zstd<R: Read> {
    input: Stored<R>,
    frame: FrameDecoder,
    within: bool,
}

impl<R: Read> Zstd<R> {
    fn new(input: Stored<R>) -> Zstd<R> {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(ZSTD_WINDOW);
        Zstd { input, frame, within: false }
    }

    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if target.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if self.input.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.within = self.begin_frame()?;
                continue;
            }
            while self.frame.can_collect() == 0 && !self.frame.is_finished() {
                self.frame
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let count = self.frame.read(target)?;
            if count > 0 {
                return Ok(count);
            }
            let (stored, computed) = (self.frame.get_checksum_from_data(), self.frame.get_calculated_checksum());
            if stored.is_some() && stored != computed {
                return Err(io::Error::other("the checksum of its zstd frame is wrong"));
            }
            self.within = false;
        }
    }

    /// Whether a frame with content begins; one without is skipped.
    fn begin_frame(&mut self) -> io::Result<bool> {
        let length = match self.frame.init(&mut self.input) {
            Ok(()) => return Ok(true),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => length,
            Err(error) => return Err(io::Error::other(error)),
        };
        let skipped = io::copy(&mut self.input.by_ref().take(u64::from(length)), &mut io::sink())?;
        if skipped == u64::from(length) { Ok(false) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// The whole content of a text file that may be compressed, of at most so many bytes, and the digest of the file in
/// hexadecimal.
///
/// # Errors
/// The file cannot be read, is damaged, longer, or no text.
pub fn text_of(path: &Path, most: u64) -> io::Result<(String, String)> {
    let mut content = Content::new(File::open(path)?, most)?;
    let mut text = String::new();
    content.read_to_string(&mut text)?;
    let (_, digest) = content.digest()?;
    Ok((text, digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// The content of a trace.
pub(super) struct Content<R: Read> {
    decoder: Decoder<R>,
    pub compression: Compression,
    left: u64,
    most: u64,
}

impl<R: Read> Content<R> {
    /// At most `most` bytes of content may come out.
    pub fn new(input: R, most: u64) -> io::Result<Content<R>> {
        let mut input = Digesting { input, hash: Sha256::new(), bytes: 0 };
        let mut mark = Vec::new();
        input.by_ref().take(MARK).read_to_end(&mut mark)?;
        let compression = Compression::of(&mark);
        // Text may begin with a mark of its byte order, which is no part of it.
        if compression == Compression::None && mark.starts_with(&BYTE_ORDER_MARK) {
            mark.drain(..BYTE_ORDER_MARK.len());
        }
        let stored = BufReader::with_capacity(1 << 16, Cursor::new(mark).chain(input));
        let decoder = match compression {
            Compression::None => Decoder::None(stored),
            Compression::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(stored))),
            Compression::Zstd => Decoder::Zstd(Box::new(Zstd::new(stored))),
            Compression::Bzip2 => Decoder::Bzip2(Box::new(MultiBzDecoder::new(stored))),
            Compression::Xz => Decoder::Xz(Box::new(XzReader::new_mem_limit(stored, true, XZ_MEMORY))),
        };
        Ok(Content { decoder, compression, left: most, most })
    }

    /// Bytes as stored, and their digest; reads what a decoder had no need of.
    pub fn digest(&mut self) -> io::Result<(u64, [u8; 32])> {
        let stored = self.decoder.stored();
        io::copy(stored, &mut io::sink())?;
        let digesting = stored.get_ref().get_ref().1;
        Ok((digesting.bytes, digesting.hash.clone().finalize().into()))
    }
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        // One byte more than the limit tells whether the content ends there.
        let room = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX).min(target.len());
        let count = self.decoder.read(&mut target[..room])?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(format!("its content is longer than the limit of {} bytes", Grouped(self.most)))
        })?;
        Ok(count)
    }
}
