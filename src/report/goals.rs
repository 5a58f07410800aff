//! The situations in which a check could have failed: how often each came about, and as a table.

use serde::{Deserialize, Serialize};

use super::chart::Tally;
use super::document::{Figure, Table};
use super::draw;
use super::text::count;

/// One situation. `required` says that a scenario expects it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Goal {
    pub name: String,
    pub required: bool,
    pub hits: u64,
}

/// A row for each; `unit` is what `hits` counts, as a title of a column.
pub fn table(goals: &[Goal], unit: &str) -> Table {
    let row = |goal: &Goal| {
        let required = if goal.required { "yes" } else { "no" };
        let hits = if goal.hits == 0 { "never".to_owned() } else { count(goal.hits) };
        vec![goal.name.clone(), required.to_owned(), hits]
    };
    let caption = format!(
        "{} of {} situations in which a check could have failed came about",
        reached(goals).count(),
        goals.len()
    );
    Table::new(&caption, &["situation", "required", &format!("#{unit}")], goals.iter().map(row).collect())
}

/// The chart of all, with its table; `subtitle` is followed by how many never came about.
pub fn figure(goals: &[Goal], subtitle: &str, unit: &str, column: &str) -> Figure {
    let counts: Vec<(String, u64)> = goals.iter().map(|goal| (goal.name.clone(), goal.hits)).collect();
    let title = "Situations in which a check could have failed";
    let subtitle = format!("{subtitle}; {} never did", count(missed(goals).count() as u64));
    let chart = Tally { title, subtitle: &subtitle, unit, counts: &counts };
    draw::figure("goals", title, (chart.svg(), chart.csv()), table(goals, column))
}

pub fn reached(goals: &[Goal]) -> impl Iterator<Item = &Goal> {
    goals.iter().filter(|goal| goal.hits > 0)
}

pub fn missed(goals: &[Goal]) -> impl Iterator<Item = &Goal> {
    goals.iter().filter(|goal| goal.hits == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_came_about_is_said_so() {
        let goal = |name: &str, hits| Goal { name: name.to_owned(), required: hits > 0, hits };
        let table = table(&[goal("cow-during-dump", 1_200), goal("nvs-full", 0)], "came about");
        assert!(table.caption.starts_with("1 of 2 situations"));
        assert_eq!(table.rows, [["cow-during-dump", "yes", "1,200"], ["nvs-full", "no", "never"]]);
        assert_eq!(table.columns[2].title, "came about");
    }
}
