//! The host images of a scenario: who they are, and which devices each has online.

use crate::manager::plan::ImagePlan;
use crate::vocab::{DeviceNumber, Image, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, suggestion};
use super::super::raw::RawImage;
use super::super::shape::Given;
use super::{Context, Volume, list};

/// The name of the only image of a scenario that names none.
pub const DEFAULT_IMAGE: &str = "host";

/// Letters of the name of a system (G).
const LONGEST_NAME: usize = 8;

impl Context<'_> {
    /// Without a list of its own an image sees each device as its `[[volume]]` says.
    pub(super) fn images(&mut self) {
        if self.bound(&self.raw.image, Image::MOST, "host images") {
            for entry in list(&self.raw.image) {
                let image = self.host_image(entry);
                self.images.extend(image);
            }
        }
        if self.images.is_empty() {
            let image = self.image_as_volumes_say(DEFAULT_IMAGE.to_owned());
            self.images.push(image);
        }
        self.names_differ();
        (0..self.images.len()).for_each(|image| self.ids_online_differ(image));
    }

    fn image_as_volumes_say(&self, name: String) -> ImagePlan {
        let of_volumes = |flag: fn(&Volume) -> bool| self.volumes.iter().map(flag).collect();
        ImagePlan {
            name,
            online: of_volumes(|volume| volume.online),
            online_at_ipl: of_volumes(|volume| volume.online_at_ipl),
        }
    }

    fn host_image(&mut self, entry: &Given<RawImage>) -> Option<ImagePlan> {
        let raw = &entry.value;
        self.need(&raw.name, "name", "a host image", entry, "\"SYSA\"");
        let online = raw.online.as_ref().map(|given| self.listed_devices(&given.value));
        let online_at_ipl = raw.online_at_ipl.as_ref().map(|given| self.listed_devices(&given.value));
        let name = raw.name.as_ref()?;
        let legal = |c: char| c.is_ascii_alphanumeric() || "$#@_-".contains(c);
        if !(1..=LONGEST_NAME).contains(&name.value.len()) || !name.value.chars().all(legal) {
            let problem = Diagnostic::error(Code::BadName, format!("`{}` cannot name a host image", name.value))
                .at(&name.place, format!("expected 1 to {LONGEST_NAME} letters, digits, `$`, `#`, `@`, `_` or `-`"))
                .path(name.path.clone())
                .help("give a name like \"SYSA\"");
            self.problems.push(problem);
        }
        let default = self.image_as_volumes_say(name.value.clone());
        Some(ImagePlan {
            online: online.unwrap_or(default.online),
            online_at_ipl: online_at_ipl.unwrap_or(default.online_at_ipl),
            name: default.name,
        })
    }

    /// True for the devices of the list.
    fn listed_devices(&mut self, devices: &[Given<DeviceNumber>]) -> Vec<bool> {
        let mut listed = vec![false; self.volumes.len()];
        for given in devices {
            if let Some((device, _)) = self.volume_on(given) {
                listed[usize::from(device.0)] = true;
            }
        }
        listed
    }

    fn names_differ(&mut self) {
        let names = list(&self.raw.image).iter().filter_map(|entry| entry.value.name.as_ref());
        let names: Vec<&Given<String>> = names.collect();
        for (at, name) in names.iter().enumerate() {
            let Some(first) = names[..at].iter().find(|first| first.value == name.value) else { continue };
            let problem = Diagnostic::error(Code::SameImage, format!("two host images are called `{}`", name.value))
                .at(&name.place, "used again")
                .related(&first.place, "first used here")
                .path(name.path.clone())
                .help("give one of them another name");
            self.problems.push(problem);
        }
    }

    fn ids_online_differ(&mut self, image: usize) {
        let online = self.images[image].online.clone();
        let at_image = match &self.images[..] {
            [_] => String::new(),
            images => format!(" to {}", images[image].name),
        };
        for at in (0..self.volumes.len()).filter(|&at| online[at]) {
            let id: VolumeId = self.volumes[at].id;
            let Some(first) = (0..at).find(|&first| online[first] && self.volumes[first].id == id) else { continue };
            let message = format!("two volumes are online{at_image} with one ID at the start");
            let problem = Diagnostic::error(Code::SameIdOnline, message)
                .at(&self.volumes[at].id_place, "used again")
                .related(&self.volumes[first].id_place, "first used here")
                .path(format!("volume[{at}].id"))
                .help("give one of them another ID, or set `online = false` on it");
            // Images that see the same devices have the same problem once.
            if !self.has_problem_at(&format!("volume[{at}].id")) {
                self.problems.push(problem);
            }
        }
    }

    /// Whether any image has the volume online at the start.
    pub(super) fn is_online_anywhere(&self, at: usize) -> bool {
        self.images.iter().any(|image| image.online[at])
    }

    /// The image that a workload or a fault names; without a name the first.
    pub(super) fn image_named(&mut self, given: &Option<Given<String>>) -> Option<Image> {
        let Some(given) = given else { return Some(Image::FIRST) };
        let found = self.images.iter().position(|image| image.name == given.value);
        if found.is_none() {
            let names: Vec<&str> = self.images.iter().map(|image| image.name.as_str()).collect();
            let problem = Diagnostic::error(Code::UnknownName, format!("no host image is called `{}`", given.value))
                .at(&given.place, "unknown image")
                .path(given.path.clone())
                .help(suggestion(&given.value, &names, "images"));
            self.problems.push(problem);
        }
        found.map(|at| Image(u8::try_from(at).expect("images are few")))
    }
}
