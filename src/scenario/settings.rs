//! Every value of a scenario by its whole key, as two scenarios are compared by.

use std::collections::BTreeMap;

/// As in `volume[0].cylinders` and `60`, the values as TOML writes them. Nothing of what is no TOML.
pub fn settings(text: &str) -> Option<BTreeMap<String, String>> {
    let mut settings = BTreeMap::new();
    flatten("", &toml::Value::Table(toml::from_str(text).ok()?), &mut settings);
    Some(settings)
}

fn flatten(key: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, value, into);
            }
        }
        toml::Value::Array(values) if values.iter().any(toml::Value::is_table) => {
            values.iter().enumerate().for_each(|(place, value)| flatten(&format!("{key}[{place}]"), value, into));
        }
        plain => drop(into.insert(key.to_owned(), plain.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_whole_key() {
        let text =
            "until = \"5 min\"\n[[volume]]\nid = \"A\"\n[[volume]]\nid = \"B\"\ntracks = [1, 2]\n[host]\nmips = 9\n";
        let found = settings(text).expect("it is TOML");
        let pairs: Vec<String> = found.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            pairs,
            ["host.mips=9", "until=\"5 min\"", "volume[0].id=\"A\"", "volume[1].id=\"B\"", "volume[1].tracks=[1, 2]"]
        );
        assert_eq!(settings("[[["), None);
    }
}
