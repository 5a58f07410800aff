//! The shipped scenarios as pages name them: what each is about, and what comes out under which method.

use super::examples::{ALL, Example};
use super::{Answer, Overrides, load};
use crate::controller::dasd::Architecture;
use crate::manager::plan::MethodName;
use crate::vocab::Invariant;

#[derive(Clone, Debug)]
pub struct Library {
    pub scenarios: Vec<Scenario>,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub example: &'static Example,
    pub hazards: Vec<String>,
    pub runs: Vec<Run>,
}

/// One answer of a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    pub method: Option<MethodName>,
    pub architecture: Architecture,
    pub set: Vec<String>,
    pub violates: Vec<Invariant>,
}

impl Library {
    /// Reads all shipped scenarios with all their answers.
    pub fn read() -> Library {
        Library { scenarios: ALL.iter().map(Scenario::read).collect() }
    }

    pub fn about<'l>(&'l self, hazard: &'l str) -> impl Iterator<Item = &'l Scenario> {
        self.scenarios.iter().filter(move |scenario| scenario.hazards.iter().any(|id| id == hazard))
    }
}

impl Scenario {
    fn read(example: &'static Example) -> Scenario {
        let with = |set: &[String]| {
            let overrides = Overrides { set: set.to_vec(), ..Overrides::default() };
            load(&example.source(), &overrides).expect("a shipped scenario is valid under every answer it gives")
        };
        let own = with(&[]);
        let run = |answer: Answer| Run {
            violates: with(&answer.set).plan.expect.violates,
            method: answer.method,
            architecture: answer.architecture,
            set: answer.set,
        };
        Scenario { example, hazards: own.hazards, runs: own.answers.into_iter().map(run).collect() }
    }

    /// The question, and the command that answers it.
    pub fn lines(&self) -> [String; 2] {
        [self.example.question().to_owned(), format!("tiersim run {}", self.example.name)]
    }
}

impl Run {
    /// The command that shows it.
    pub fn command(&self, name: &str) -> String {
        let set = self.set.iter().map(|change| format!(" --set {change}"));
        format!("tiersim run {name}{}", set.collect::<String>())
    }
}
