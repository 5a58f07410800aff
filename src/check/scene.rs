//! What an invariant gets to judge: the window, the scenario, the books, the moment.

use super::books::Books;
use super::setup::Setup;
use super::tally::Moment;
use super::view::View;
use crate::kernel::Time;
use crate::vocab::{Device, DeviceNumber, Image};

pub struct Scene<'a, V> {
    pub view: &'a V,
    pub setup: &'a Setup,
    pub books: &'a Books,
    pub at: Moment,
}

impl<V: View> Scene<'_, V> {
    pub fn now(&self) -> Time {
        self.at.time
    }

    pub fn number(&self, device: Device) -> DeviceNumber {
        self.setup.number(device)
    }

    pub fn images(&self) -> impl Iterator<Item = Image> + use<V> {
        (0..self.view.images()).map(Image)
    }

    /// Which image is meant, when there are several: for the end of a sentence.
    pub fn to_image(&self, image: Image) -> String {
        match &self.setup.images[..] {
            [] | [_] => String::new(),
            names => format!(" to {}", names[usize::from(image.0)]),
        }
    }
}
