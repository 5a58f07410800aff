//! What `tiersim explain` says of a diagnostic: its meaning, and what to write instead.

use super::page::Page;
use crate::scenario::Code;

pub fn page(code: Code) -> Page {
    let meaning = code.meaning();
    let summary = meaning.chars().next().map(|first| first.to_uppercase().to_string() + &meaning[first.len_utf8()..]);
    let (wrong, right) = remedy(code);
    let wrong = if wrong.is_empty() { String::new() } else { format!("{wrong}    # wrong") };
    Page::new(code.name(), "a diagnostic", format!("{}.", summary.unwrap_or_default()))
        .say("For example", wrong)
        .say("Remedy", right)
}

/// What shows it, and what to do.
fn remedy(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::CampaignUnreadable => (
            "",
            "Name a file that exists and is UTF-8 text; without a file `tiersim campaign run` runs the built-in campaign.",
        ),
        Code::BadAxis => (
            "key = \"volume[0].cylinders\", values = []",
            "List at least one value, and for an axis with `keys` a list with a value for each: values = [[4, \"2 /s\"], [8, \"4 /s\"]].",
        ),
        Code::BadLevel => (
            "key = \"backup[0].method\", values = [\"save-backup\"]",
            "Write a value as the key wants it; the message says what is wrong with the scenario that it makes.",
        ),
        Code::SameAxis => (
            "name = \"load\" twice, or values = [\"10 /s\", \"10/s\"]",
            "Give every axis a name and keys of its own, and list every value once: points that mean the same are run for nothing.",
        ),
        Code::AxisName => ("name = \"\"", "Take a short word: it heads tables and a column of `runs.csv`."),
        Code::UnknownAxis => {
            ("[compare] axis = \"methods\"", "Write the name as the message lists it: axis = \"method\".")
        }
        Code::BaseInvalid => (
            "scenario = \"nigthly.toml\"",
            "Name a scenario beside the campaign file, or a shipped one, that `tiersim check` finds valid.",
        ),
        Code::TooManyRuns => {
            ("replications = 1000000000", "Ask for fewer replications, or for fewer values of the axes.")
        }
        Code::BadStop => {
            ("at_least = 500 beside at_most = 100", "Let `at_least` be 30 or more, and `at_most` no less.")
        }
        Code::Unreadable => {
            ("", "Name a file that exists and is UTF-8 text; `tiersim examples --list` names the shipped ones.")
        }
        Code::Syntax => ("title = Power loss", "Put text into quotes: title = \"Power loss\"."),
        Code::WrongType => ("cylinders = \"20\"", "Write the value as the key wants it: cylinders = 20."),
        Code::MissingKey => ("[[backup]] without `method`", "Add the key that the message names."),
        Code::KeyOfOtherKind => (
            "kind = \"host-crash\", nvs = \"lost\"",
            "Take the key away, or choose the kind that has it; `tiersim explain host-crash` lists the keys of a fault.",
        ),
        Code::Exclusive => ("until = \"1 h\" beside tail = \"2 min\"", "Keep one of the two."),
        Code::UnknownKey => ("modle = \"3390-3\"", "Write the key as the message suggests: model = \"3390-3\"."),
        Code::UnknownName => ("method = \"save-backup\"", "Choose one of the names that the message lists."),
        Code::NotYet => ("", "The design knows it, this version does not: leave it out."),
        Code::MissingUnit => ("at = 30", "Say the unit: at = \"30 s\"."),
        Code::UnknownUnit => ("at = \"30 MB\"", "Use a unit of the right kind: at = \"30 s\"."),
        Code::NotWhole => ("at = \"0.3 ns\"", "Times are whole nanoseconds, sizes whole bytes."),
        Code::Malformed => ("at = \"soon\"", "Write a number and a unit: at = \"30 s\"."),
        Code::OutOfRange => ("cylinders = 0", "Stay within the limits that the message names."),
        Code::BadVolumeId => {
            ("id = \"prod-01\"", "A volume ID has one to six characters out of A to Z, 0 to 9, $, # and @.")
        }
        Code::BadDevice => ("device = \"disk1\"", "A device number has four hexadecimal digits: device = \"0A00\"."),
        Code::BadName => ("name = \"a/b\"", "Names become parts of file names; put free text into `title`."),
        Code::NoVolume => ("", "Add a [[volume]] with `id` and `device`."),
        Code::SameDevice => ("device = \"0A00\" twice", "Give every volume a device number of its own."),
        Code::SameIdOnline => ("id = \"PROD01\" twice", "Give one of them another ID, or set online = false on it."),
        Code::RankTooSmall => ("", "Choose smaller volumes, or larger disks in [disk]."),
        Code::TooMuch => ("", "Make the scenario smaller in what the message counts."),
        Code::UnknownVolume => ("source = \"PROD99\"", "Name a volume of the scenario by its ID."),
        Code::UnknownDevice => ("target = \"0B00\"", "Name the device of a volume of the scenario."),
        Code::SourceIsTarget => ("", "Name the device of another volume of the same size."),
        Code::SizesDiffer => ("", "Give source and target the same number of cylinders."),
        Code::AmbiguousVolume => ("", "Set online = false on all but one volume of that ID."),
        Code::SameCartridge => ("", "Give every [[cartridge]] a name of its own."),
        Code::SameImage => ("", "Give every [[image]] a name of its own."),
        Code::BadExtent => (
            "extents = [\"0-29\", \"15-44\"]",
            "Name each track once, within the volume: extents = [\"0-29\", \"60-89\"].",
        ),
        Code::UnknownDataset => {
            ("datasets = [\"PAYROLL.MASTR\"]", "Name a [[dataset]] of the volume, or add one with its extents.")
        }
        Code::SameDataset => ("", "Give every [[dataset]] a name of its own."),
        Code::Contradiction => ("", "Change one of the two values that the message names."),
        Code::Endless => ("every = \"1 d\" without an end", "Say when the run ends: until = \"3 d\"."),
        Code::GroupDiffers => ("", "Let all backups of one `group` agree in what the message names."),
        Code::NeverAsks => ("limit = 0", "Give the workload a rate, clients or a trace with requests."),
        Code::UnknownAnchor => {
            ("when = { after = \"dump-begun\" }", "`tiersim explain anchors` lists all events and steps.")
        }
        Code::NoAnchor => (
            "[[fault]] with an empty `when`",
            "Say once when: when = { after = \"point-in-time-set\" }, or { at = \"12.5 s\" }.",
        ),
        Code::NothingToRestore => ("", "Add a [[backup]] of that volume, or restore another."),
        Code::BadCommand => (
            "line = \"FLASHCPY PROD01 0A10\"",
            "Write a command that there is: line = \"FLASHCOPY PROD01 0A10 WITH SAFE BACKUP\".",
        ),
        Code::BadOverride => ("--set volume.model=3390-9", "Name one value: --set volume[0].model=3390-9."),
        Code::Expectation => (
            "verdict = \"PASS\" beside violates = [\"progress\"]",
            "A run fails exactly when an invariant is violated: change one of the two.",
        ),
        Code::SameClaim => {
            ("", "Let one [[expect.when]] name both `method` and `architecture`: it goes before one that names either.")
        }
        Code::TraceUnreadable => {
            ("file = \"none.vscsi\"", "Name a file that stands beside the scenario, or by its whole path.")
        }
        Code::TraceMalformed => ("", "Say the format with `format`, or take bad lines out with skip_bad_lines = true."),
        Code::TraceBeyondVolumes => ("", "Give the volumes more cylinders, or address = \"wrap\"."),
        Code::TraceLeftOut => ("", "Repair the records, or leave it: the replay is of the rest."),
        Code::TraceChanged => ("", "Bring back the file of that digest, or take `sha256` away."),
    }
}
