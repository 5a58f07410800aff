//! The electronics of a drive, from its file: bus, overheads, cache.
//!
//! Parameters without effect while one command is outstanding are read and left aside: sneaky hits, prebuffering,
//! the depth of the queue, the watermark of writes and what is printed. Others have one modelled value: what a file says
//! otherwise is told with every comparison ([`aside`]).

use super::super::shape::Given;
use super::convert::{Finder, is_on, nanoseconds};
use super::number::{Count, Number, ONE, Switch};
use super::raw::{RawController, RawDrive};
use crate::device::disk::Scheduler;
use crate::device::disk::specification::{
    CacheSpecification, Controller, ExtraDisconnect, FastWrite, Overheads, ReadAhead, ReadAheadLimit, Stop, Watermark,
    WatermarkOf,
};
use crate::kernel::Span;

pub fn controller(raw: &RawDrive, finder: &mut Finder) -> Controller {
    let nothing = RawController::default();
    let it = raw.controller.as_ref().map_or(&nothing, |given| &given.value);
    let bus = raw.bus.as_ref().map(|given| &given.value);
    let bulk = finder.span(it.bulk_sector_transfer_time.as_ref());
    let read = finder.span(bus.and_then(|bus| bus.read_block_transfer_ms.as_ref()));
    let write = finder.span(bus.and_then(|bus| bus.write_block_transfer_ms.as_ref()));
    let arbitration = finder.span(bus.and_then(|bus| bus.arbitration_ms.as_ref()));
    let scale = Scale::of(it, finder);
    Controller {
        bus_read: read.max(bulk),
        bus_write: write.max(bulk),
        overheads: overheads(it, &scale, arbitration, finder),
        cache: cache(it, finder),
        fast_write: fast_write(it.fast_write_level.as_ref(), finder),
        combines_writes: is_on(it.combine_seq_writes.as_ref()),
        never_disconnects: is_on(it.never_disconnect.as_ref()),
        watermark: watermark(it, finder),
        least_write_positioning: finder.span(it.minimum_seek_delay.as_ref()),
        extra_disconnect: extra_disconnect(it, &scale, finder),
        scheduler: scheduler(it),
    }
}

/// Keys of which one value alone is modelled, where the file gives another.
pub fn aside(raw: &RawDrive) -> Vec<String> {
    let Some(it) = raw.controller.as_ref().map(|given| &given.value) else { return Vec::new() };
    let mut aside = Vec::new();
    let mut switch = |key: &str, given: &Option<Given<Switch>>, modelled: bool| {
        if let Some(given) = given.as_ref().filter(|given| given.value.0 != modelled) {
            aside.push(format!("{key} = {} (modelled: {})", u8::from(given.value.0), u8::from(modelled)));
        }
    };
    switch("immed_transfer_partial_hit", &it.immed_transfer_partial_hit, true);
    switch("write_hit_stop_prefetch", &it.write_hit_stop_prefetch, true);
    switch("read_directly_to_buffer", &it.read_directly_to_buffer, true);
    switch("disconnect_write_if_seek", &it.disconnect_write_if_seek, false);
    if it.preseeking_level.as_ref().is_some_and(|given| given.value.0 != 0) {
        aside.push("preseeking_level (modelled: 0)".to_owned());
    }
    aside
}

/// The factor of all overheads of commands.
struct Scale(Number);

impl Scale {
    fn of(raw: &RawController, finder: &mut Finder) -> Scale {
        match &raw.time_scale_for_overheads {
            None => Scale(Number(ONE)),
            Some(given) if (0..=1_000 * ONE).contains(&given.value.0) => Scale(given.value),
            Some(given) => {
                finder.outside(given, "a factor from 0 to 1000");
                Scale(Number(ONE))
            }
        }
    }

    fn span(&self, given: Option<&Given<Number>>, finder: &mut Finder) -> Span {
        let span = finder.span(given);
        if self.0.0 == ONE {
            return span;
        }
        let scaled = given.map_or(0, |given| i128::from(given.value.0) * i128::from(self.0.0) / i128::from(ONE));
        Span::from_ns(i64::try_from(scaled).map_or(span.ns(), |scaled| nanoseconds(Number(scaled)).unsigned_abs()))
    }
}

fn overheads(raw: &RawController, scale: &Scale, arbitration: Span, finder: &mut Finder) -> Overheads {
    let mut of = |given: &Option<Given<Number>>| scale.span(given.as_ref(), finder);
    Overheads {
        request: of(&raw.per_request_overhead_time),
        read_hit: [of(&raw.read_hit_over_after_read), of(&raw.read_hit_over_after_write)],
        read_miss: [of(&raw.read_miss_over_after_read), of(&raw.read_miss_over_after_write)],
        write_hit: [of(&raw.write_hit_over_after_read), of(&raw.write_hit_over_after_write)],
        write_miss: [of(&raw.write_miss_over_after_read), of(&raw.write_miss_over_after_write)],
        read_completion: of(&raw.read_completion_overhead),
        write_completion: of(&raw.write_completion_overhead),
        data_preparation: of(&raw.data_preparation_overhead),
        // The bus is asked for anew at each reselection.
        first_reselect: of(&raw.first_reselect_overhead) + arbitration,
        other_reselect: of(&raw.other_reselect_overhead) + arbitration,
    }
}

fn fast_write(level: Option<&Given<Count>>, finder: &mut Finder) -> FastWrite {
    let Some(level) = level else { return FastWrite::Never };
    match level.value.0 {
        0 => FastWrite::Never,
        1 => FastWrite::Streams,
        2 => FastWrite::Always,
        _ => {
            finder.outside(level, "0, 1 or 2");
            FastWrite::Never
        }
    }
}

fn watermark(raw: &RawController, finder: &mut Finder) -> Watermark {
    let share = raw.high_read_water_mark.as_ref().map_or(0, |given| {
        if !(0..=ONE).contains(&given.value.0) {
            finder.outside(given, "a share from 0 to 1");
        }
        given.value.0.clamp(0, ONE)
    });
    let of = match is_on(raw.set_watermark_by_reqsize.as_ref()) {
        true => WatermarkOf::Request,
        false => WatermarkOf::Segment,
    };
    Watermark { ppm: (share / 1_000).unsigned_abs(), of }
}

fn extra_disconnect(raw: &RawController, scale: &Scale, finder: &mut Finder) -> Option<ExtraDisconnect> {
    is_on(raw.extra_write_disconnect.as_ref()).then(|| {
        let mut of = |given: &Option<Given<Number>>| scale.span(given.as_ref(), finder);
        ExtraDisconnect {
            command: of(&raw.extradisc_command_overhead),
            disconnect: of(&raw.extradisc_disconnect_overhead),
            between: of(&raw.extradisc_inter_disconnect_delay),
            seek_delta: of(&raw.extradisc_seek_delta),
        }
    })
}

/// DiskSim's numbers of policies; those by cylinder and those by sector number are alike here.
fn scheduler(raw: &RawController) -> Option<Scheduler> {
    let policy = raw.scheduler.as_ref().and_then(|given| given.value.scheduling_policy.as_ref());
    match policy.map_or(1, |given| given.value.0) {
        1 => Some(Scheduler::Fcfs),
        3 | 6 => Some(Scheduler::CLook),
        4 | 7 => Some(Scheduler::Sstf),
        8 => Some(Scheduler::Sptf),
        _ => None,
    }
}

fn cache(raw: &RawController, finder: &mut Finder) -> Option<CacheSpecification> {
    let segments = raw.number_of_buffer_segments.as_ref().filter(|given| given.value.0 > 0)?;
    let at = (&raw.place, "controller");
    let size = finder.required(raw.segment_size_in_blks.as_ref(), at, "segment_size_in_blks")?.value.0;
    let count = |given: &Option<Given<Count>>| given.as_ref().map_or(0, |given| given.value.0);
    let least = count(&raw.minimum_read_ahead_blks);
    let most = count(&raw.maximum_read_ahead_blks);
    let over_requested = raw.read_ahead_over_requested.as_ref().is_some_and(|given| given.value.0 != 0);
    let limit = match most {
        0 if over_requested => ReadAheadLimit::Beyond(size),
        0 => ReadAheadLimit::SegmentWithRequest,
        most => ReadAheadLimit::Beyond(most),
    };
    for given in [&raw.minimum_read_ahead_blks, &raw.maximum_read_ahead_blks].into_iter().flatten() {
        if given.value.0 > 1 << 31 {
            finder.outside(given, "at most 2147483648 sectors");
        }
    }
    let read_ahead = match raw.buffer_continuous_read.as_ref() {
        None => ReadAhead::None,
        Some(given) => match given.value.0 {
            0 => ReadAhead::None,
            1 => ReadAhead::ToTrackEnd(limit),
            2 => ReadAhead::ToCylinderEnd(limit),
            3 => ReadAhead::Sectors(limit),
            4 => ReadAhead::Tracks,
            _ => {
                finder.outside(given, "0 to 4");
                ReadAhead::None
            }
        },
    };
    Some(CacheSpecification {
        segments: usize::try_from(segments.value.0).unwrap_or(usize::MAX),
        segment_sectors: size,
        separate_write_segment: is_on(raw.use_separate_write_segment.as_ref()),
        hits_on_written: is_on(raw.allow_read_hits_on_write_data.as_ref()),
        enabled: raw.enable_caching_in_buffer.as_ref().is_none_or(|given| given.value.0),
        read_ahead,
        least_read_ahead: least,
        read_ahead_after_hit: is_on(raw.read_ahead_on_idle_hit.as_ref()),
        free_blocks: is_on(raw.read_any_free_blocks.as_ref()),
        almost_hits: is_on(raw.allow_almost_read_hits.as_ref()),
        stops: if is_on(raw.stop_prefetch_in_sector.as_ref()) { Stop::AtOnce } else { Stop::AfterSector },
    })
}
