//! Changes to a document by the paths of its parts, and the document as text again.

use super::diagnostic::Place;
use super::document::{Node, Table, Value, parse};
use super::resolved::quoted;

/// One step from a table or a list to a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Key(String),
    Entry(usize),
}

/// The way to a part of a document; empty for the whole.
pub type Path = Vec<Step>;

/// The path of a key or an entry below `path`.
pub fn below(path: &[Step], step: Step) -> Path {
    let mut path = path.to_vec();
    path.push(step);
    path
}

/// The path of one key at the top of the file.
pub fn top(key: &str) -> Path {
    vec![Step::Key(key.to_owned())]
}

impl Node {
    pub fn new(value: Value) -> Node {
        Node { value, place: Place::default() }
    }

    pub fn text(text: &str) -> Node {
        Node::new(Value::Text(text.to_owned()))
    }

    pub fn whole(number: u64) -> Node {
        Node::new(Value::Whole(i128::from(number)))
    }

    /// The part at the end of `path`, if there is one.
    pub fn at(&self, path: &[Step]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| match (step, &node.value) {
            (Step::Key(key), Value::Table(table)) => table.get(key).map(|entry| &entry.node),
            (Step::Entry(place), Value::List(items)) => items.get(*place),
            _ => None,
        })
    }

    pub fn at_mut(&mut self, path: &[Step]) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, step| match (step, &mut node.value) {
            (Step::Key(key), Value::Table(table)) => {
                table.entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node)
            }
            (Step::Entry(place), Value::List(items)) => items.get_mut(*place),
            _ => None,
        })
    }

    /// The entries of a list, as paths; none when there is no list there.
    pub fn entries(&self, path: &[Step]) -> Vec<Path> {
        match self.at(path).map(|node| &node.value) {
            Some(Value::List(items)) => (0..items.len()).map(|place| below(path, Step::Entry(place))).collect(),
            _ => Vec::new(),
        }
    }

    /// The keys of a table, as paths; none when there is no table there.
    pub fn keys(&self, path: &[Step]) -> Vec<Path> {
        match self.at(path).map(|node| &node.value) {
            Some(Value::Table(table)) => {
                table.entries.iter().map(|entry| below(path, Step::Key(entry.key.clone()))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Gives a key of the table at `path` a new value, in the place of the old one if there was one.
    pub fn put(&mut self, path: &[Step], key: &str, value: Node) {
        let Some(Value::Table(table)) = self.at_mut(path).map(|node| &mut node.value) else { return };
        match table.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.node = value,
            None => table.put(key, value),
        }
    }

    /// Takes parts out; a list that becomes empty goes too. Paths that lead nowhere are passed over.
    pub fn remove(&mut self, paths: &[Path]) {
        let mut paths = paths.to_vec();
        // From behind: what is taken out moves nothing that is still to be found.
        paths.sort_unstable_by(|one, other| other.cmp(one));
        for path in &paths {
            let Some((last, way)) = path.split_last() else { continue };
            let Some(parent) = self.at_mut(way) else { continue };
            match (last, &mut parent.value) {
                (Step::Key(key), Value::Table(table)) => table.entries.retain(|entry| entry.key != *key),
                (Step::Entry(place), Value::List(items)) if *place < items.len() => {
                    items.remove(*place);
                    if items.is_empty() {
                        self.remove(&[way.to_vec()]);
                    }
                }
                _ => {}
            }
        }
    }

    /// The document as the text of a scenario.
    pub fn written(&self) -> String {
        let Value::Table(table) = &self.value else { return value(self) };
        let mut text = String::new();
        for entry in table.entries.iter().filter(|entry| !is_section(&entry.node)) {
            text += &line(&entry.key, &entry.node);
        }
        for entry in table.entries.iter().filter(|entry| is_section(&entry.node)) {
            match &entry.node.value {
                Value::Table(table) => text += &section(&format!("[{}]", entry.key), table),
                Value::List(items) => {
                    let heading = format!("[[{}]]", entry.key);
                    let tables = items.iter().filter_map(|item| match &item.value {
                        Value::Table(table) => Some(table),
                        _ => None,
                    });
                    text.extend(tables.map(|table| section(&heading, table)));
                }
                _ => {}
            }
        }
        text
    }
}

/// The tables that a text of our own describes, or nothing when it is no TOML.
pub fn read(text: &str) -> Option<Node> {
    parse(text, 0).ok()
}

/// A table or a list of tables, which has a heading of its own at the top of the file.
fn is_section(node: &Node) -> bool {
    match &node.value {
        Value::Table(_) => true,
        Value::List(items) => items.iter().any(|item| matches!(item.value, Value::Table(_))),
        _ => false,
    }
}

fn section(heading: &str, table: &Table) -> String {
    let lines: Vec<String> = table.entries.iter().map(|entry| line(&entry.key, &entry.node)).collect();
    format!("\n{heading}\n{}", lines.concat())
}

fn line(key: &str, node: &Node) -> String {
    match &node.value {
        Value::List(items) if is_section(node) => {
            let items: Vec<String> = items.iter().map(|item| format!("  {},\n", value(item))).collect();
            format!("{key} = [\n{}]\n", items.concat())
        }
        _ => format!("{key} = {}\n", value(node)),
    }
}

fn value(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Bare(text) => quoted(text),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let entries: Vec<String> =
                table.entries.iter().map(|entry| format!("{} = {}", entry.key, value(&entry.node))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Other(noun) => unreachable!("no key of a scenario has {noun}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title = \"a \\\"b\\\"\"\nhazards = [\"H1\", \"H2\"]\n\n[[volume]]\nid = \"A\"\ncylinders = 2\n\n[[workload]]\n\
                        volume = \"A\"\nrequests = [\n  { at = \"0 s\", track = 1 },\n  { at = \"1 s\", track = 2 },\n]\n\n\
                        [host]\nmips = 150\n";

    fn node() -> Node {
        read(TEXT).expect("it is TOML")
    }

    #[test]
    fn a_document_is_written_as_it_was() {
        assert_eq!(node().written(), TEXT);
    }

    #[test]
    fn parts_are_taken_out_by_their_paths() {
        let mut node = node();
        let requests = below(&node.entries(&top("workload"))[0], Step::Key("requests".into()));
        let entries = node.entries(&requests);
        assert_eq!(entries.len(), 2);
        node.remove(&[entries[0].clone(), top("hazards"), top("nothing")]);
        assert_eq!(node.entries(&requests).len(), 1);
        assert!(node.at(&top("hazards")).is_none() && node.written().contains("track = 2"));
        node.remove(&node.entries(&requests));
        assert!(node.at(&requests).is_none(), "an empty list goes");
        node.put(&top("host"), "mips", Node::whole(300));
        assert!(node.written().ends_with("[host]\nmips = 300\n"));
    }
}
