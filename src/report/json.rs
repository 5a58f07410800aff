//! JSON documents as bytes: two spaces of indent, a line feed at the end, the same bytes for the same value.

use serde::Serialize;

pub fn document(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("a document of ours has text keys and finite numbers");
    bytes.push(b'\n');
    bytes
}

/// What a document begins with whose first key is its schema.
pub fn beginning(schema: &str) -> String {
    format!("{{\n  \"schema\": \"{schema}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_begins_with_its_schema() {
        #[derive(Serialize)]
        struct Nothing {
            schema: &'static str,
        }
        let text = String::from_utf8(document(&Nothing { schema: "tiersim/nothing/1" })).expect("JSON is text");
        assert!(text.starts_with(&beginning("tiersim/nothing/1")), "{text}");
    }

    #[test]
    fn numbers_are_printed_in_the_shortest_form_that_reads_back() {
        let text = String::from_utf8(document(&(0.1_f64 + 0.2, 1.0_f64, u64::MAX))).expect("JSON is text");
        assert_eq!(text, "[\n  0.30000000000000004,\n  1.0,\n  18446744073709551615\n]\n");
    }
}
