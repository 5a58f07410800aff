//! Exit codes and which one wins when several apply.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All checks held, and every expectation was met.
    Held = 0,
    /// An input or output error, or a broken rule of our own.
    Internal = 1,
    /// A usage error, an invalid scenario, or data that cannot be used.
    Usage = 2,
    /// An invariant was violated that no expectation names, or a model is outside its tolerance.
    Violated = 3,
    /// An expectation was not met, or the run proves nothing.
    Unmet = 4,
    /// The same run came out differently.
    Nondeterminism = 5,
    Interrupted = 130,
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The one of two that is to be told: whatever went wrong first and deepest.
    pub fn and(self, other: Exit) -> Exit {
        const ORDER: [Exit; 7] = [
            Exit::Usage,
            Exit::Internal,
            Exit::Interrupted,
            Exit::Nondeterminism,
            Exit::Violated,
            Exit::Unmet,
            Exit::Held,
        ];
        ORDER.into_iter().find(|&exit| exit == self || exit == other).unwrap_or(self)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deeper_problem_is_told() {
        for (one, other, told) in [
            (Exit::Held, Exit::Unmet, Exit::Unmet),
            (Exit::Unmet, Exit::Violated, Exit::Violated),
            (Exit::Violated, Exit::Nondeterminism, Exit::Nondeterminism),
            (Exit::Nondeterminism, Exit::Interrupted, Exit::Interrupted),
            (Exit::Interrupted, Exit::Internal, Exit::Internal),
            (Exit::Internal, Exit::Usage, Exit::Usage),
            (Exit::Held, Exit::Held, Exit::Held),
        ] {
            assert_eq!((one.and(other), other.and(one)), (told, told));
        }
        assert_eq!(Exit::Interrupted.code(), 130);
    }
}
