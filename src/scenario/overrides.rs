//! Options of the command line that change a scenario: `--set`, `--seed`, `--until`, `--fault`, `--shuffle-ties`.
//!
//! They are applied to the document before anything is checked, each as a source of its own, so that a wrong value is
//! shown in the option that gave it. The file is never touched.

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Place, SourceText};
use super::document::{Node, Table, Value, parse_value};

/// Changes to a scenario, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `KEY=VALUE`, as in `volume[0].model=3390-9`; applied in this order.
    pub set: Vec<String>,
    pub seed: Option<u64>,
    /// A duration, as in `90s`.
    pub until: Option<String>,
    /// `KIND@ANCHOR` or `KIND(parameter=value,...)@ANCHOR`; added to the faults of the file.
    pub faults: Vec<String>,
    pub shuffle_ties: Option<u64>,
}

/// Applies all changes; the sources that they are grow `sources`.
pub fn apply(
    document: &mut Node,
    overrides: &Overrides,
    sources: &mut Vec<SourceText>,
    problems: &mut Vec<Diagnostic>,
) {
    let Value::Table(table) = &mut document.value else { unreachable!("a document is a table") };
    for text in &overrides.set {
        let option = Typed::new("--set", text, sources);
        if let Err(problem) = set(table, &option) {
            problems.push(*problem);
        }
    }
    if let Some(seed) = overrides.seed {
        let option = Typed::new("--seed", &seed.to_string(), sources);
        table.put("seed", option.bare(0..option.text.len()));
    }
    if let Some(seed) = overrides.shuffle_ties {
        let option = Typed::new("--shuffle-ties", &seed.to_string(), sources);
        table.put("shuffle_ties", option.bare(0..option.text.len()));
    }
    if let Some(until) = &overrides.until {
        let option = Typed::new("--until", until, sources);
        table.put("until", option.bare(0..option.text.len()));
        // A fixed end replaces "that long after the work".
        table.entries.retain(|entry| entry.key != "tail");
    }
    for text in &overrides.faults {
        let option = Typed::new("--fault", text, sources);
        match fault(&option) {
            Ok(node) => add_fault(table, node),
            Err(problem) => problems.push(*problem),
        }
    }
}

/// One option as it was typed.
struct Typed {
    name: &'static str,
    text: String,
    source: usize,
}

impl Typed {
    fn new(name: &'static str, text: &str, sources: &mut Vec<SourceText>) -> Typed {
        sources.push(SourceText { name: name.to_owned(), text: text.to_owned() });
        Typed { name, text: text.to_owned(), source: sources.len() - 1 }
    }

    fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place::new(self.source, span)
    }

    /// The text in `span` as a value without quotes.
    fn bare(&self, span: std::ops::Range<usize>) -> Node {
        Node { value: Value::Bare(self.text[span.clone()].to_owned()), place: self.place(span) }
    }

    /// A value: TOML where it is written as TOML, else bare text.
    fn value(&self, span: std::ops::Range<usize>) -> Node {
        let text = &self.text[span.clone()];
        let toml =
            text.starts_with(['"', '\'', '[', '{']).then(|| parse_value(text, self.source, span.start)).flatten();
        toml.unwrap_or_else(|| self.bare(span))
    }

    fn refuse(&self, span: std::ops::Range<usize>, label: &str, help: &str) -> Box<Diagnostic> {
        let problem = Diagnostic::error(Code::BadOverride, format!("`{} {}` cannot be applied", self.name, self.text));
        Box::new(problem.at(&self.place(span), label).path(self.name).help(help))
    }
}

/// A scenario that lists no controller has one all the same.
const THE_CONTROLLER: &str = "dasd";

const SET_FORM: &str = "the form is `--set KEY=VALUE`, as in `--set volume[0].model=3390-9` or `--set host.mips=300`";

fn set(table: &mut Table, option: &Typed) -> Result<(), Box<Diagnostic>> {
    let Some(equals) = option.text.find('=') else {
        return Err(option.refuse(0..option.text.len(), "no `=`", SET_FORM));
    };
    let value = option.value(equals + 1..option.text.len());
    let segments = segments(option, equals)?;
    let (last, way) = segments.split_last().expect("a split has at least one part");
    let mut place = table;
    for segment in way {
        place = descend(place, segment, option)?;
    }
    match last.index {
        None => {
            let node = match value.value {
                // A whole table would lose keys that the user does not see: only values are set.
                Value::Table(_) => {
                    return Err(option.refuse(equals + 1..option.text.len(), "a table", "set one key at a time"));
                }
                _ => value,
            };
            let key_place = option.place(last.span.clone());
            place.put(&last.key, node);
            place.entries.last_mut().expect("just put").key_place = key_place;
        }
        Some(index) => {
            let items = items_of(place, last, option)?;
            let length = items.len();
            let Some(item) = items.get_mut(index) else { return Err(beyond(option, last, length)) };
            if matches!(item.value, Value::Table(_)) {
                let help = format!("name one of its keys, as in `{}[{index}].KEY=VALUE`", last.key);
                return Err(option.refuse(last.span.clone(), "this is a table", &help));
            }
            *item = value;
        }
    }
    Ok(())
}

struct Segment {
    key: String,
    index: Option<usize>,
    span: std::ops::Range<usize>,
}

/// `volume[0].model` as its parts.
fn segments(option: &Typed, end: usize) -> Result<Vec<Segment>, Box<Diagnostic>> {
    let mut segments = Vec::new();
    let mut from = 0;
    for part in option.text[..end].split('.') {
        let span = from..from + part.len();
        from = span.end + 1;
        let trimmed = part.trim();
        let (key, index) = match trimmed.split_once('[') {
            None => (trimmed, None),
            Some((key, rest)) => {
                let index = rest.strip_suffix(']').and_then(|digits| digits.parse::<usize>().ok());
                if index.is_none() {
                    return Err(option.refuse(span, "not a number in brackets", SET_FORM));
                }
                (key, index)
            }
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if key.is_empty() || !key.chars().all(legal) {
            return Err(option.refuse(span, "not a key", SET_FORM));
        }
        segments.push(Segment { key: key.to_owned(), index, span });
    }
    Ok(segments)
}

/// The table that `segment` names inside `table`; a plain one that is missing is made, one of a list is not.
fn descend<'t>(table: &'t mut Table, segment: &Segment, option: &Typed) -> Result<&'t mut Table, Box<Diagnostic>> {
    if let Some(index) = segment.index {
        if segment.key == THE_CONTROLLER && index == 0 && table.get(THE_CONTROLLER).is_none() {
            let place = option.place(segment.span.clone());
            let item = Node { value: Value::Table(Table::default()), place: place.clone() };
            table.put(THE_CONTROLLER, Node { value: Value::List(vec![item]), place });
        }
        let items = items_of(table, segment, option)?;
        let length = items.len();
        let Some(item) = items.get_mut(index) else { return Err(beyond(option, segment, length)) };
        return match &mut item.value {
            Value::Table(inner) => Ok(inner),
            _ => Err(option.refuse(segment.span.clone(), "not a table", SET_FORM)),
        };
    }
    if table.get(&segment.key).is_none() {
        let place = option.place(segment.span.clone());
        table.put(&segment.key, Node { value: Value::Table(Table::default()), place });
    }
    let entry = table.entries.iter_mut().find(|entry| entry.key == segment.key).expect("there or just put");
    match &mut entry.node.value {
        Value::Table(inner) => Ok(inner),
        Value::List(items) => {
            let help = format!("name one of its {} entries, as in `{}[0]`", items.len(), segment.key);
            Err(option.refuse(segment.span.clone(), "this is a list", &help))
        }
        _ => Err(option.refuse(segment.span.clone(), "this is a value and has no keys", SET_FORM)),
    }
}

fn items_of<'t>(table: &'t mut Table, segment: &Segment, option: &Typed) -> Result<&'t mut Vec<Node>, Box<Diagnostic>> {
    let entry = table.entries.iter_mut().find(|entry| entry.key == segment.key);
    match entry.map(|entry| &mut entry.node.value) {
        Some(Value::List(items)) => Ok(items),
        Some(_) => Err(option.refuse(segment.span.clone(), "this is not a list", "leave the brackets away")),
        None => {
            let help = format!("the scenario has no `{}`; a list is made in the file", segment.key);
            Err(option.refuse(segment.span.clone(), "no such list", &help))
        }
    }
}

fn beyond(option: &Typed, segment: &Segment, length: usize) -> Box<Diagnostic> {
    let help = match length {
        0 => format!("`{}` is empty", segment.key),
        1 => format!("`{}` has 1 entry, number 0", segment.key),
        _ => format!("`{}` has {length} entries, numbered 0 to {}", segment.key, length - 1),
    };
    option.refuse(segment.span.clone(), "no such entry", &help)
}

const FAULT_FORM: &str = "the form is `--fault 'KIND@ANCHOR'`, as in `power-loss@after:tape-block-hardened#7`, \
     `source-update(track=label)@12.5s` or `host-crash@event:100`";

/// `KIND(parameter=value,...)@ANCHOR` as a table of the list of faults.
fn fault(option: &Typed) -> Result<Node, Box<Diagnostic>> {
    let text = option.text.as_str();
    let whole = 0..text.len();
    let Some(at) = text.rfind('@') else { return Err(option.refuse(whole, "no `@`", FAULT_FORM)) };
    let mut table = Table::default();
    let kind_end = text[..at].find('(').unwrap_or(at);
    table.put("kind", option.bare(0..kind_end));
    if kind_end < at {
        let Some(inner) = text[kind_end + 1..at].strip_suffix(')') else {
            return Err(option.refuse(kind_end..at, "no closing parenthesis", FAULT_FORM));
        };
        let mut from = kind_end + 1;
        for part in inner.split(',') {
            let Some(equals) = part.find('=') else {
                return Err(option.refuse(from..from + part.len(), "not `parameter=value`", FAULT_FORM));
            };
            let key = part[..equals].trim();
            let mut node = option.value(from + equals + 1..from + part.len());
            if let Value::Bare(bare) = &mut node.value {
                *bare = bare.trim().to_owned();
            }
            table.put(key, node);
            table.entries.last_mut().expect("just put").key_place = option.place(from..from + equals);
            from += part.len() + 1;
        }
    }
    let when = anchor(option, at + 1)?;
    table.put("when", Node { value: Value::Table(when), place: option.place(at + 1..text.len()) });
    Ok(Node { value: Value::Table(table), place: option.place(whole) })
}

/// `after:NAME#n`, `before:NAME#n`, `event:k`, or an instant.
fn anchor(option: &Typed, from: usize) -> Result<Table, Box<Diagnostic>> {
    let text = &option.text[from..];
    let mut when = Table::default();
    let Some(colon) = text.find(':') else {
        if text.trim().is_empty() {
            return Err(option.refuse(from.saturating_sub(1)..option.text.len(), "nothing after it", FAULT_FORM));
        }
        when.put("at", option.bare(from..option.text.len()));
        return Ok(when);
    };
    let key = &text[..colon];
    if !["after", "before", "event"].contains(&key) {
        return Err(option.refuse(from..from + colon, "expected `after`, `before` or `event`", FAULT_FORM));
    }
    let start = from + colon + 1;
    let number = option.text[start..].find('#').map(|hash| start + hash);
    when.put(key, option.bare(start..number.unwrap_or(option.text.len())));
    if let Some(hash) = number {
        when.put("nth", option.bare(hash + 1..option.text.len()));
    }
    Ok(when)
}

fn add_fault(table: &mut Table, node: Node) {
    match table.entries.iter_mut().find(|entry| entry.key == "fault").map(|entry| &mut entry.node.value) {
        Some(Value::List(items)) => items.push(node),
        // Something else under this name is wrong, and its own message says so.
        Some(_) => {}
        None => {
            let place = node.place.clone();
            table.put("fault", Node { value: Value::List(vec![node]), place });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::parse;
    use super::*;

    const FILE: &str = "seed = 1\ntail = \"5 s\"\n[[volume]]\nid = \"A\"\n[[volume]]\nid = \"B\"\n[host]\nmips = 150\n";

    fn changed(overrides: &Overrides) -> (Table, Vec<Diagnostic>) {
        let mut document = parse(FILE, 0).expect("valid");
        let mut sources = vec![SourceText { name: "x.toml".into(), text: FILE.into() }];
        let mut problems = Vec::new();
        apply(&mut document, overrides, &mut sources, &mut problems);
        let Value::Table(table) = document.value else { panic!("a table") };
        (table, problems)
    }

    fn set(texts: &[&str]) -> (Table, Vec<Diagnostic>) {
        changed(&Overrides { set: texts.iter().map(|text| (*text).to_owned()).collect(), ..Overrides::default() })
    }

    #[track_caller]
    fn refused(text: &str, label: &str, at: &str) {
        let (_, problems) = set(&[text]);
        assert_eq!(problems.len(), 1, "{text}");
        let place = problems[0].place.clone().expect("it points into the option");
        assert_eq!((problems[0].label.as_str(), &text[place.from..place.to]), (label, at));
    }

    #[test]
    fn values_are_changed_where_they_are_and_made_where_they_are_missing() {
        let (table, problems) = set(&["volume[1].model=3390-9", "host.duplicate_volser_policy=admit-both", "seed=5"]);
        assert_eq!(problems, []);
        let Value::List(volumes) = &table.get("volume").expect("there").node.value else { panic!("a list") };
        let Value::Table(second) = &volumes[1].value else { panic!("a table") };
        assert!(matches!(&second.get("model").expect("new").node.value, Value::Bare(text) if text == "3390-9"));
        assert!(matches!(&table.get("seed").expect("there").node.value, Value::Bare(text) if text == "5"));
        let (table, problems) = set(&["operator.step_median=1 s"]);
        assert_eq!((problems.len(), table.get("operator").is_some()), (0, true));
    }

    #[test]
    fn bad_paths_are_told_where_they_go_wrong() {
        refused("seed", "no `=`", "seed");
        refused("volume[2].id=C", "no such entry", "volume[2]");
        refused("volume.id=C", "this is a list", "volume");
        refused("volume[x].id=C", "not a number in brackets", "volume[x]");
        refused("backup[0].method=safe-backup", "no such list", "backup[0]");
        refused("seed.x=1", "this is a value and has no keys", "seed");
        refused("host[0].mips=1", "this is not a list", "host[0]");
        refused("volume[0]=1", "this is a table", "volume[0]");
        refused("=1", "not a key", "");
    }

    #[test]
    fn the_controller_that_nobody_lists_can_be_named() {
        let (table, problems) = set(&["dasd[0].architecture=home-area"]);
        assert_eq!(problems, []);
        let Value::List(items) = &table.get("dasd").expect("made").node.value else { panic!("a list") };
        assert_eq!(items.len(), 1);
        refused("dasd[1].architecture=home-area", "no such list", "dasd[1]");
    }

    #[test]
    fn a_fault_of_the_command_line_is_one_of_the_file() {
        let faults = ["source-update(track=label, device=0A00)@after:tape-block-hardened#7", "power-loss@12.5s"];
        let overrides =
            Overrides { faults: faults.map(str::to_owned).to_vec(), until: Some("9s".into()), ..Overrides::default() };
        let (table, problems) = changed(&overrides);
        assert_eq!(problems, []);
        assert!(table.get("tail").is_none(), "a fixed end replaces the tail");
        let Value::List(items) = &table.get("fault").expect("made").node.value else { panic!("a list") };
        let Value::Table(first) = &items[0].value else { panic!("a table") };
        let keys: Vec<&str> = first.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["kind", "track", "device", "when"]);
        let Value::Table(when) = &first.get("when").expect("there").node.value else { panic!("a table") };
        assert!(matches!(&when.get("nth").expect("there").node.value, Value::Bare(text) if text == "7"));
        for bad in ["power-loss", "power-loss@", "power-loss@during:x", "power-loss(@5s", "power-loss(x)@5s"] {
            let overrides = Overrides { faults: vec![bad.to_owned()], ..Overrides::default() };
            assert_eq!(changed(&overrides).1[0].code, Code::BadOverride, "{bad}");
        }
    }
}
