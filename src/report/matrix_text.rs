//! The matrix as a document for people: a legend, one table for each kind of hazard, what it says of the invention, and
//! what each method costs.

use super::costs::{Cost, STORY};
use super::matrix::{Cell, Column, Comparison, Group, Matrix, Surprise};
use super::text::{counted, duration};
use crate::manager::plan::MethodName;
use crate::scenario::hazards::{self, Exposure, Hazard, METHODS};
use crate::vocab::Invariant;

/// The abbreviation of an invariant in a cell.
pub fn short(invariant: Invariant) -> &'static str {
    match invariant {
        Invariant::UniqueOnlineId => "UOI",
        Invariant::UniqueIplId => "UII",
        Invariant::CachedIdCoherent => "CIC",
        Invariant::PointInTimeFidelity => "PIT",
        Invariant::RestoreFidelity => "RF",
        Invariant::BackupId => "BID",
        Invariant::NoLostAckedWrite => "LAW",
        Invariant::AccessibleAfterRestore => "AAR",
        Invariant::NoOrphan => "ORP",
        Invariant::HiddenIdSound => "HID",
        Invariant::BindingExclusive | Invariant::RefcountExact => "BND",
        Invariant::CowOrder => "COW",
        Invariant::BackupExists => "BEX",
        Invariant::SuccessMeansSuccess => "SMS",
        Invariant::Progress => "PRG",
    }
}

fn shorts(names: &[&'static str]) -> String {
    let known = names.iter().filter_map(|name| Invariant::parse(name)).map(short);
    known.collect::<Vec<_>>().join(" ")
}

/// What the document begins with.
pub const HEADING: &str = "# Methods, architectures and hazards";

/// The document, as Markdown; `whole` when it is made from all shipped scenarios.
pub fn render(matrix: &Matrix, whole: bool) -> String {
    let runs = counted(matrix.runs, "run");
    let mut text = format!("{HEADING}\n\n");
    text += &match whole {
        true => format!(
            "Written by `tiersim matrix -o reports/methods.md` from {runs} of model version {}; a test regenerates it and \
             compares.\n\n",
            matrix.model_version
        ),
        false => format!("Written by `tiersim matrix` from {runs} of model version {}.\n\n", matrix.model_version),
    };
    text += &comparisons(&matrix.comparisons);
    text += &legend();
    for group in &matrix.groups {
        text += &table(group, &matrix.columns);
    }
    text += &costs(&matrix.costs);
    text += &surprises(&matrix.unexpected);
    text
}

fn legend() -> String {
    let mut text = String::from(
        "## How to read the tables\n\n\
         A row is a hazard (`tiersim explain H1` tells its story), a column a method on an architecture. A cell speaks for \
         the scenarios that name the hazard and answer for that method there.\n\n\
         | Cell | Meaning |\n|---|---|\n\
         | held | what the hazard would break was put to the test and held |\n\
         | **UII** | violated: the invariants that the hazard breaks |\n\
         | **UII** 1/3 | violated in one of three runs, held or undecided in the others: a switch of the scenario decides |\n\
         | held (LAW) | held, but another invariant was violated in the same run |\n\
         | ? | inconclusive: no run proves anything, or the method breaks by design what the hazard would break |\n\
         | no step | the method has no such step, or leaves it to no person: nobody can make the slip |\n\
         | – | not applicable: no scenario answers |\n\n\
         The symbol in front is the analysis: X exposed, o reduced, – closed, N new with the method.\n\n",
    );
    text += "What a method breaks by design, in a run in which nothing goes wrong, stands in the cells of those hazards alone \
             that tell of it: ";
    let own = |&method: &MethodName| {
        let own: Vec<&str> = hazards::breaks_by_design(method).iter().map(|it| short(*it)).collect();
        (!own.is_empty()).then(|| format!("{} of `{method}`", own.join(" ")))
    };
    text += &MethodName::ALL.iter().filter_map(own).collect::<Vec<_>>().join(", ");
    text += ".\n\n| | Invariant | |\n|---|---|---|\n";
    for &invariant in Invariant::ALL {
        text += &format!("| {} | `{invariant}` | {} |\n", short(invariant), invariant.statement());
    }
    text + "\n"
}

fn table(group: &Group, columns: &[Column]) -> String {
    let mut text = format!("## {}. {}\n\n| | Hazard |", group.letter, group.title);
    for column in columns {
        text += &format!(" {}<br>{} |", column.method, column.architecture);
    }
    text += " Scenarios |\n|---|---|";
    text += &"---|".repeat(columns.len() + 1);
    text.push('\n');
    for row in &group.rows {
        text += &format!("| {} | {} |", row.hazard, row.title);
        let hazard = Hazard::find(row.hazard).expect("rows are hazards of the catalogue");
        for (column, cell) in columns.iter().zip(&row.cells) {
            let method = MethodName::parse(column.method).expect("columns are methods");
            text += &format!(" {} {} |", hazard.exposure_of(method).symbol(), shown(method, cell));
        }
        let scenarios: Vec<String> =
            row.scenarios.iter().map(|name| format!("[{name}](../scenarios/{name}.toml)")).collect();
        text += &format!(" {} |\n", scenarios.join(", "));
    }
    text + "\n"
}

fn shown(method: MethodName, cell: &Cell) -> String {
    let own = hazards::breaks_by_design(method);
    let is_own = |name: &str| Invariant::parse(name).is_some_and(|it| own.contains(&it));
    let beside: Vec<&'static str> = cell.beside.iter().copied().filter(|name| !is_own(name)).collect();
    let beside = if beside.is_empty() { String::new() } else { format!(" ({})", shorts(&beside)) };
    match cell.state {
        "not-applicable" => "–".to_owned(),
        "no-step" => "no step".to_owned(),
        "inconclusive" => "?".to_owned(),
        "violated" if cell.failed < cell.runs => {
            format!("**{}** {}/{}", shorts(&cell.violated), cell.failed, cell.runs)
        }
        "violated" => format!("**{}**", shorts(&cell.violated)),
        _ => format!("held{beside}"),
    }
}

fn comparisons(comparisons: &[Comparison]) -> String {
    let prior: Vec<&str> =
        MethodName::ALL.iter().map(|it| it.name()).filter(|name| *name != MethodName::SafeBackup.name()).collect();
    let mut text = format!(
        "## What the invention closes, leaves and adds\n\n\
         `safe-backup` against the methods before it ({}), from the scenarios that answer for \
         both sides: the same switches, the same faults.\n\n",
        prior.join(", ")
    );
    for comparison in comparisons {
        text += &format!("### On {}\n\n| | Hazards |\n|---|---|\n", comparison.architecture);
        for (what, list) in [
            ("closes: held now wherever violated before", &comparison.closes),
            (
                "closes or leaves, as a switch is set: held now in some of the scenarios that were violated before",
                &comparison.depends,
            ),
            ("leaves: violated now wherever violated before", &comparison.leaves),
            ("adds: held before or nothing to violate, violated now in some scenario", &comparison.adds),
            ("new, and held in every run", &comparison.new_and_held),
            ("held before and now", &comparison.held_by_all),
            ("not compared: no scenario answers for both, or a run proves nothing", &comparison.not_compared),
        ] {
            let list = if list.is_empty() { "none".to_owned() } else { format!("{}: {}", list.len(), list.join(" ")) };
            text += &format!("| {what} | {list} |\n");
        }
        text.push('\n');
    }
    text + &analysis()
}

/// The same from the symbols of the catalogue, without any run.
fn analysis() -> String {
    let column = |name: &str| METHODS.iter().position(|method| *method == name).expect("a method of the patent");
    let new = column(MethodName::SafeBackup.name());
    let open = |exposure: Exposure| matches!(exposure, Exposure::Exposed | Exposure::New);
    let prior = |hazard: &Hazard| {
        let columns = [column("same-id-offline"), column("no-volid-manual")];
        columns.into_iter().any(|place| open(hazard.exposure[place]))
    };
    let list = |wanted: &dyn Fn(&Hazard) -> bool| {
        let ids: Vec<&str> = hazards::all().filter(|hazard| wanted(hazard)).map(|hazard| hazard.id).collect();
        format!("{}: {}", ids.len(), ids.join(" "))
    };
    format!(
        "### By analysis\n\nThe catalogue's symbols against the two prior arts of the patent, without any run.\n\n\
         | | Hazards |\n|---|---|\n| closed | {} |\n| reduced | {} |\n| left | {} |\n| new | {} |\n\n",
        list(&|it| prior(it) && it.exposure[new] == Exposure::Closed),
        list(&|it| prior(it) && it.exposure[new] == Exposure::Reduced),
        list(&|it| prior(it) && it.exposure[new] == Exposure::Exposed),
        list(&|it| it.exposure[new] == Exposure::New),
    )
}

fn costs(costs: &[Cost]) -> String {
    let mut text = format!(
        "## Operator and recovery\n\n\
         One story under every method: the shipped scenario `{STORY}`, as it is and with a power loss as the backup ends, \
         before the restore. Actions are what people did in the run, beside what the procedures of the methods ask for (an \
         assumption); the exposure is how long an ID was not unique.\n\n\
         | Method | Architecture | What goes wrong | By hand, per backup | By hand, per restore | The procedure asks for | \
         Backup took | Tape mounted | Application open after the start of the restore | after the failure (RTO) | \
         unique-online-id exposed | unique-ipl-id exposed |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for cost in costs {
        let it = &cost.totals;
        let each = |actions: Option<f64>, ns: Option<u64>| match (actions, ns) {
            (Some(actions), Some(0)) => format!("{actions}"),
            (Some(actions), Some(ns)) => format!("{actions} in {}", duration(ns)),
            _ => "–".to_owned(),
        };
        let time = |ns: Option<u64>| ns.map_or("–".to_owned(), duration);
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            it.method,
            cost.architecture,
            cost.fault.unwrap_or("nothing"),
            each(it.operator_actions_per_backup_ratio, it.operator_time_per_backup_ns),
            each(it.operator_actions_per_restore_ratio, it.operator_time_per_restore_ns),
            hazards::stories::of(it.method).actions,
            time(it.mean_backup_ns),
            time(it.mean_tape_ns),
            time(it.open_after_start_ns),
            time(it.open_after_failure_ns),
            duration(cost.unique_online_id_ns),
            duration(cost.unique_ipl_id_ns),
        );
    }
    text
}

fn surprises(surprises: &[Surprise]) -> String {
    if surprises.is_empty() {
        return String::new();
    }
    let mut text = "\n## Not as the scenarios expect\n\n".to_owned();
    for surprise in surprises {
        let set: Vec<String> = surprise.set.iter().map(|change| format!(" --set {change}")).collect();
        let violated = if surprise.violated.is_empty() { "nothing".to_owned() } else { surprise.violated.join(", ") };
        text += &format!(
            "* `tiersim run scenarios/{}.toml{}`: {}, violated {violated}\n",
            surprise.scenario,
            set.concat(),
            surprise.verdict
        );
    }
    text
}
