//! The cache of a drive: segments, each one contiguous range of sectors.
//!
//! A segment that grows beyond its size loses its front. A miss takes an empty segment, else the one used least
//! recently. A write empties the segments that it overlaps and takes one for itself, unless all writes have a segment of
//! their own, which serves no reads and needs no place here.

use super::specification::CacheSpecification;

/// The segments of a drive that serve reads.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    segments: Vec<Segment>,
    /// Counts uses.
    uses: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Sectors `start..end`.
    pub start: u64,
    pub end: u64,
    used: u64,
    content: Content,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Content {
    #[default]
    Empty,
    Read,
    Written,
}

/// What of a request lies in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    Whole(usize),
    /// Its first sector and perhaps more, but not all.
    Partial(usize),
    None,
}

impl Buffer {
    pub fn new(cache: &CacheSpecification) -> Buffer {
        let readable = cache.segments - usize::from(cache.separate_write_segment);
        Buffer { segments: vec![Segment::default(); readable], uses: 0 }
    }

    pub fn segment(&self, index: usize) -> Segment {
        self.segments[index]
    }

    /// The segment that serves a read of `count` sectors from `first` on.
    pub fn find(&self, cache: &CacheSpecification, first: u64, count: u64) -> Hit {
        let mut partial = Hit::None;
        for (index, segment) in self.segments.iter().enumerate() {
            let readable = match segment.content {
                Content::Empty => false,
                Content::Read => true,
                Content::Written => cache.hits_on_written,
            };
            if readable && segment.start <= first && first < segment.end {
                if first + count <= segment.end {
                    return Hit::Whole(index);
                }
                partial = Hit::Partial(index);
            }
        }
        partial
    }

    /// Makes `index` the segment used last.
    pub fn touch(&mut self, index: usize) {
        self.uses += 1;
        self.segments[index].used = self.uses;
    }

    /// A segment for a read that begins at sector `first`; nothing where all are kept for writes.
    pub fn take_for_read(&mut self, first: u64) -> Option<usize> {
        let index = self.replaceable()?;
        self.fill(index, Segment { start: first, end: first, used: 0, content: Content::Read });
        Some(index)
    }

    /// Empties what a write overlaps, and gives it a segment.
    pub fn write(&mut self, cache: &CacheSpecification, first: u64, count: u64) {
        let mut overlapping = None;
        for (index, segment) in self.segments.iter_mut().enumerate() {
            if !segment.is_empty() && first < segment.end && segment.start < first + count {
                segment.content = Content::Empty;
                overlapping.get_or_insert(index);
            }
        }
        if cache.separate_write_segment {
            return;
        }
        if let Some(index) = overlapping.or_else(|| self.replaceable()) {
            let start = first.max((first + count).saturating_sub(cache.segment_sectors));
            self.fill(index, Segment { start, end: first + count, used: 0, content: Content::Written });
        }
    }

    /// A write that joins the one before it, which used the segment used last.
    pub fn append(&mut self, cache: &CacheSpecification, end: u64) {
        let latest = self.segments.iter().enumerate().max_by_key(|(_, segment)| segment.used);
        if let Some((index, _)) = latest.filter(|(_, segment)| segment.content == Content::Written) {
            self.grow(cache, index, end);
        }
    }

    /// A segment that is being read into reaches to sector `end`.
    pub fn grow(&mut self, cache: &CacheSpecification, index: usize, end: u64) {
        let segment = &mut self.segments[index];
        segment.end = end;
        segment.start = segment.start.max(end.saturating_sub(cache.segment_sectors));
    }

    /// Sectors before the first of a segment have been read as well.
    pub fn prepend(&mut self, index: usize, sectors: u64) {
        self.segments[index].start -= sectors;
    }

    fn replaceable(&self) -> Option<usize> {
        let order = |(_, segment): &(usize, &Segment)| (!segment.is_empty(), segment.used);
        self.segments.iter().enumerate().min_by_key(order).map(|(index, _)| index)
    }

    fn fill(&mut self, index: usize, segment: Segment) {
        self.segments[index] = segment;
        self.touch(index);
    }
}

impl Segment {
    fn is_empty(&self) -> bool {
        self.content == Content::Empty
    }
}
