//! Built-in sets of parameters, as data: each value with its origin and a word about what it is.
//!
//! A profile is a table of texts. Keys and texts are those of a scenario file, so one reader serves both, and another
//! profile is one more table.

mod ess_f20_3590;
mod rva_lsa_3590;

/// One parameter of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The path of the value in a scenario file, as in `tape.native_rate`.
    pub key: &'static str,
    /// The value as a scenario writes it, without the quotes of TOML.
    pub value: &'static str,
    /// Where the number comes from, in the tags of the model's description: a source, an assumption (A), general
    /// knowledge (G, G? with low confidence), or a computation (C).
    pub origin: &'static str,
    pub about: &'static str,
}

/// A set of parameters that describes one generation of hardware with its host and its operators.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    pub name: &'static str,
    pub about: &'static str,
    /// Its own parameters, and the profile that has all others.
    pub own: &'static [Entry],
    pub base: Option<&'static Profile>,
}

/// The profile of a scenario that names none.
pub const DEFAULT: &Profile = &ess_f20_3590::PROFILE;

/// All profiles, in the order in which they are listed.
pub const ALL: &[&Profile] = &[&ess_f20_3590::PROFILE, &rva_lsa_3590::PROFILE];

impl Profile {
    pub fn find(name: &str) -> Option<&'static Profile> {
        ALL.iter().copied().find(|profile| profile.name == name)
    }

    pub fn entry(&self, key: &str) -> Option<&'static Entry> {
        let own = self.own.iter().find(|entry| entry.key == key);
        own.or_else(|| self.base.and_then(|base| base.entry(key)))
    }

    /// All parameters, in the order of the profile at the bottom.
    pub fn entries(&'static self) -> impl Iterator<Item = &'static Entry> {
        let order = self.base.map_or(self.own, |base| base.own);
        order.iter().map(|entry| self.entry(entry.key).expect("the profile at the bottom has every parameter"))
    }
}

/// Shortens the tables: one line per parameter.
const fn entry(key: &'static str, value: &'static str, origin: &'static str, about: &'static str) -> Entry {
    Entry { key, value, origin, about }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_names_each_parameter_once_and_says_where_it_is_from() {
        for profile in ALL {
            let mut keys: Vec<&str> = profile.entries().map(|entry| entry.key).collect();
            keys.sort_unstable();
            for pair in keys.windows(2) {
                assert_ne!(pair[0], pair[1], "{} has it twice", profile.name);
            }
            let strange = |entry: &&Entry| profile.base.is_some_and(|base| base.entry(entry.key).is_none());
            assert!(!profile.own.iter().any(|entry| strange(&entry)), "{} replaces what its base has", profile.name);
            for entry in profile.entries() {
                let tag = entry.origin.split([' ', ',', ';']).next().unwrap_or("");
                let known = ["A", "C", "G", "G?"].contains(&tag) || tag.starts_with("S-");
                assert!(known, "{}: `{}` has the origin `{}`", profile.name, entry.key, entry.origin);
                assert!(!entry.about.is_empty(), "{}: `{}` says nothing about itself", profile.name, entry.key);
            }
        }
    }
}
