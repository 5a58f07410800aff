//! Bindings 128 of the home-area architecture: each volume has places of its own, and no place belongs to two (patent
//! paragraph 22).

use crate::device::raid::Place;
use crate::vocab::{Device, TrackNo};

/// Where a volume's tracks lie. The label track keeps its place for as long as the device exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub tracks: u32,
    label: Place,
    /// The place of track 1; tracks follow each other. `None` after the target's bindings were deleted.
    data: Option<Place>,
}

/// A run of places that belong to no volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeRange {
    pub first: Place,
    pub count: u64,
}

/// Where every volume's home is, and what is free.
#[derive(Clone, Debug)]
pub struct Homes {
    pub bindings: Vec<Binding>,
    pub free: Vec<FreeRange>,
}

impl Homes {
    /// Volumes of these numbers of tracks, one behind the other from place 0 on, of `places` in all.
    pub fn new(tracks: &[u32], places: u64) -> Homes {
        let mut first = 0;
        let mut bindings = Vec::new();
        for &count in tracks {
            bindings.push(Binding { tracks: count, label: Place(first), data: Some(Place(first + 1)) });
            first += u64::from(count);
        }
        assert!(first <= places, "the volumes fit the rank");
        let free =
            if first < places { vec![FreeRange { first: Place(first), count: places - first }] } else { Vec::new() };
        Homes { bindings, free }
    }

    /// The home of a track; `None` when the volume's data tracks are unbound.
    pub fn place(&self, device: Device, track: TrackNo) -> Option<Place> {
        let binding = self.bindings[device.0 as usize];
        assert!(track.0 < binding.tracks, "a track lies on its volume");
        match track.0 {
            0 => Some(binding.label),
            number => binding.data.map(|Place(first)| Place(first + u64::from(number) - 1)),
        }
    }

    pub fn is_bound(&self, device: Device) -> bool {
        self.bindings[device.0 as usize].data.is_some()
    }

    /// The ranges of places that volumes hold, for audits: (device, first place, count).
    pub fn bound_ranges(&self) -> impl Iterator<Item = (Device, Place, u64)> + '_ {
        self.bindings.iter().enumerate().flat_map(|(number, binding)| {
            let device = Device(number as u16);
            let data = binding.data.map(|first| (device, first, u64::from(binding.tracks) - 1));
            [Some((device, binding.label, 1)), data].into_iter().flatten().filter(|&(_, _, count)| count > 0)
        })
    }

    pub fn unbind(&mut self, device: Device) {
        let binding = &mut self.bindings[device.0 as usize];
        if let Some(first) = binding.data.take() {
            self.free.push(FreeRange { first, count: u64::from(binding.tracks) - 1 });
        }
    }

    /// First fit. A volume is only ever bound again after it was unbound, so there is room.
    pub fn bind(&mut self, device: Device) {
        let binding = &mut self.bindings[device.0 as usize];
        let needed = u64::from(binding.tracks) - 1;
        if binding.data.is_some() {
            return;
        }
        let chosen = self
            .free
            .iter()
            .position(|range| range.count == needed)
            .or_else(|| self.free.iter().position(|range| range.count > needed))
            .expect("what a volume gave back is free");
        let range = &mut self.free[chosen];
        binding.data = Some(range.first);
        range.first = Place(range.first.0 + needed);
        range.count -= needed;
        self.free.retain(|range| range.count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_never_overlap_and_come_back() {
        let mut homes = Homes::new(&[10, 5], 20);
        assert_eq!(homes.place(Device(1), TrackNo(0)), Some(Place(10)));
        assert_eq!(homes.place(Device(1), TrackNo(4)), Some(Place(14)));
        homes.unbind(Device(1));
        assert_eq!(homes.place(Device(1), TrackNo(4)), None);
        assert_eq!(homes.place(Device(1), TrackNo(0)), Some(Place(10)), "the label track keeps its place");
        homes.bind(Device(1));
        assert_eq!(homes.place(Device(1), TrackNo(4)), Some(Place(14)));
        assert_eq!(homes.free, [FreeRange { first: Place(15), count: 5 }]);
    }
}
