//! Where the patent tells of each method, and what people have to do under it.

/// A method in two sentences.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    pub about: &'static str,
    /// What its procedure asks people to do (HAZARDS 7, an assumption).
    pub actions: &'static str,
}

/// The story of a method of the patent.
pub fn of(method: &str) -> Story {
    let (about, actions) = match method {
        "direct-dump" => (
            "No virtual copy at all: the application is stopped, its volume dumped, and the application goes on. The state \
             before instant copies (patent paragraph 3).",
            "1 per backup, 2 per restore",
        ),
        "same-id-offline" => (
            "Prior art 1: the copy is identical to the source, ID included, and is varied offline before it is dumped \
             (patent paragraphs 5 and 6).",
            "2 per backup, 1 with `auto_vary`; 3 per restore",
        ),
        "no-volid-manual" => (
            "Prior art 2: the copy keeps an ID of its own, so the tape bears that ID; people keep the note which source it \
             stands for, and relabel what they restore (patent paragraphs 7 to 9).",
            "2 to 3 per backup, 4 per restore",
        ),
        "safe-backup" => (
            "The invention: the copy keeps its own ID and hides the source's, the dump puts it back on the tape, the copy \
             is withdrawn; one stimulus, no operator (patent paragraphs 41 to 45).",
            "1 per backup, 2 per restore",
        ),
        other => unreachable!("`{other}` is no method of the patent"),
    };
    Story { about, actions }
}

#[cfg(test)]
mod tests {
    use super::super::METHODS;
    use super::of;

    #[test]
    fn every_method_of_the_patent_has_its_story() {
        for method in METHODS {
            let story = of(method);
            assert!(story.about.contains("patent paragraph") && story.actions.contains("per restore"), "{method}");
        }
    }
}
