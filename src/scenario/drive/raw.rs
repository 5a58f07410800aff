//! The file of a drive as it is written: one struct per table, every key optional, every value with its place.
//!
//! The keys are the parameters of DiskSim 4.0 under their own names, in lower case with underscores, so that whoever has
//! a drive in that form finds them again. Times are milliseconds, sizes sectors of 512 bytes.

use super::super::diagnostic::{Diagnostic, Place};
use super::super::document::Node;
use super::super::form::Form;
use super::super::raw::{join, table_of, tables, unknown_key};
use super::super::shape::{Given, Shape};
use super::number::{Count, Number, Pairs, Switch};

tables! {
    /// The whole file.
    RawDrive, "the file of a drive" {
        disk: RawDisk,
        bus: RawBus,
        mechanics: RawMechanics,
        layout: RawLayout,
        controller: RawController,
        zone: Vec<Given<RawZone>>,
    } later &[];

    RawDisk, "`disk`" {
        name: String,
        model_code: String,
        surfaces: Count,
        cylinders: Count,
        blocks: Count,
        sector_bytes: Count,
    } later &[];

    RawBus, "`bus`" {
        read_block_transfer_ms: Number,
        write_block_transfer_ms: Number,
        arbitration_ms: Number,
    } later &[];

    RawMechanics, "`mechanics`" {
        access_time_type: String,
        seek_type: String,
        constant_seek_time: Number,
        single_cylinder_seek_time: Number,
        average_seek_time: Number,
        full_strobe_seek_time: Number,
        seek_curve_csv: String,
        hpl_seek_equation_values: Vec<Given<Number>>,
        first_ten_seek_times: Vec<Given<Number>>,
        add_write_settling_delay: Number,
        head_switch_time: Number,
        rotation_speed_in_rpms: Number,
        percent_error_in_rpms: Number,
    } later &[];

    RawLayout, "`layout`" {
        lbn_to_pbn_mapping_scheme: Count,
        sparing_scheme_used: Count,
        rangesize_for_sparing: Count,
        zones_csv: String,
    } later &[];

    RawController, "`controller`" {
        per_request_overhead_time: Number,
        time_scale_for_overheads: Number,
        bulk_sector_transfer_time: Number,
        hold_bus_entire_read_xfer: Switch,
        hold_bus_entire_write_xfer: Switch,
        allow_almost_read_hits: Switch,
        allow_sneaky_full_read_hits: Switch,
        allow_sneaky_partial_read_hits: Switch,
        allow_sneaky_intermediate_read_hits: Switch,
        allow_read_hits_on_write_data: Switch,
        allow_write_prebuffering: Switch,
        preseeking_level: Count,
        never_disconnect: Switch,
        print_stats: Switch,
        avg_sectors_per_cylinder: Number,
        max_queue_length: Count,
        number_of_buffer_segments: Count,
        maximum_number_of_write_segments: Count,
        segment_size_in_blks: Count,
        use_separate_write_segment: Switch,
        low_write_water_mark: Number,
        high_read_water_mark: Number,
        set_watermark_by_reqsize: Switch,
        calc_sector_by_sector: Switch,
        enable_caching_in_buffer: Switch,
        buffer_continuous_read: Count,
        minimum_read_ahead_blks: Count,
        maximum_read_ahead_blks: Count,
        read_ahead_over_requested: Number,
        read_ahead_on_idle_hit: Switch,
        read_any_free_blocks: Switch,
        fast_write_level: Count,
        immediate_buffer_read: Switch,
        immediate_buffer_write: Switch,
        combine_seq_writes: Switch,
        stop_prefetch_in_sector: Switch,
        disconnect_write_if_seek: Switch,
        write_hit_stop_prefetch: Switch,
        read_directly_to_buffer: Switch,
        immed_transfer_partial_hit: Switch,
        read_hit_over_after_read: Number,
        read_hit_over_after_write: Number,
        read_miss_over_after_read: Number,
        read_miss_over_after_write: Number,
        write_hit_over_after_read: Number,
        write_hit_over_after_write: Number,
        write_miss_over_after_read: Number,
        write_miss_over_after_write: Number,
        read_completion_overhead: Number,
        write_completion_overhead: Number,
        data_preparation_overhead: Number,
        first_reselect_overhead: Number,
        other_reselect_overhead: Number,
        read_disconnect_afterread: Number,
        read_disconnect_afterwrite: Number,
        write_disconnect_overhead: Number,
        extra_write_disconnect: Switch,
        extradisc_command_overhead: Number,
        extradisc_disconnect_overhead: Number,
        extradisc_inter_disconnect_delay: Number,
        extradisc_2nd_disconnect_overhead: Number,
        extradisc_seek_delta: Number,
        minimum_seek_delay: Number,
        scheduler: RawScheduler,
    } later &[];

    RawScheduler, "`controller.scheduler`" {
        scheduling_policy: Count,
        cylinder_mapping_strategy: Count,
        write_initiation_delay: Number,
        read_initiation_delay: Number,
        sequential_stream_scheme: Count,
        maximum_concat_size: Count,
        overlapping_request_scheme: Count,
        sequential_stream_diff_maximum: Count,
        scheduling_timeout_scheme: Count,
        timeout_time_weight: Number,
        timeout_scheduling: Count,
        scheduling_priority_scheme: Count,
        priority_scheduling: Count,
    } later &[];

    RawZone, "a zone" {
        first_cylinder_number: Count,
        last_cylinder_number: Count,
        blocks_per_track: Count,
        offset_of_first_block: Number,
        empty_space_at_zone_front: Count,
        skew_for_track_switch: Number,
        skew_for_cylinder_switch: Number,
        number_of_spares: Count,
        slips: Vec<Given<Count>>,
        defects: Pairs,
    } later &[];
}
