//! The codes of problems with a scenario or a campaign, stable and never reused, each with its meaning in one line.

macro_rules! codes {
    ($($variant:ident = $code:literal $meaning:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($variant,)+ }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }

            /// What the code means, as a sentence without a full stop.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)+ }
            }
        }
    };
}

codes! {
    CampaignUnreadable = "C0001" "the campaign file cannot be read",
    BadAxis = "C0101" "an axis of a campaign has no values, not as many as it has keys, or a key that is no axis",
    BadLevel = "C0102" "a value of an axis does not make a valid scenario",
    SameAxis = "C0103" "two axes, or two values of one axis, have one name, one key or one meaning",
    UnknownAxis = "C0104" "a campaign names an axis or a value that none of its axes has",
    BaseInvalid = "C0105" "the scenario of a campaign, or its canary, cannot be used",
    TooManyRuns = "C0106" "a campaign has more runs or points than a stated limit",
    BadStop = "C0107" "a stopping rule contradicts itself",
    AxisName = "C0108" "an axis has a name that tables and files cannot carry",
    Unreadable = "S0001" "the scenario file cannot be read",
    Syntax = "S0002" "the text is not valid TOML",
    WrongType = "S0101" "a value is of another type than its key wants",
    MissingKey = "S0102" "a key that must be given is missing",
    KeyOfOtherKind = "S0103" "a key does not belong to the kind named beside it",
    Exclusive = "S0104" "two keys are given of which only one can hold",
    UnknownKey = "S0107" "a key or table is unknown",
    UnknownName = "S0108" "a value is none of the names that its key knows",
    NotYet = "S0109" "a known feature that this version does not support yet",
    MissingUnit = "S0110" "a quantity has no unit",
    UnknownUnit = "S0111" "a quantity has a unit of another kind",
    NotWhole = "S0112" "a quantity is not a whole number of its base unit",
    Malformed = "S0113" "a text is not a quantity",
    OutOfRange = "S0114" "a number lies outside its stated limits",
    BadVolumeId = "S0115" "a text is not a volume ID",
    BadDevice = "S0116" "a text is not a device number",
    BadName = "S0117" "a text cannot name what it is to name",
    NoVolume = "S0201" "the scenario has no volume",
    SameDevice = "S0202" "two volumes have one device number",
    SameIdOnline = "S0203" "two volumes are online with one ID at the start",
    RankTooSmall = "S0204" "no rank can hold a volume",
    TooMuch = "S0205" "the scenario as a whole is larger than a stated limit",
    UnknownVolume = "S0206" "a volume ID is named that no volume has",
    UnknownDevice = "S0207" "a device is named that no volume has",
    SourceIsTarget = "S0208" "source and target are one volume",
    SizesDiffer = "S0209" "source and target do not have the same size",
    AmbiguousVolume = "S0210" "a volume ID is named that several volumes have",
    SameCartridge = "S0211" "two cartridges have one name",
    SameImage = "S0212" "two host images have one name",
    BadExtent = "S0221" "a range of tracks is malformed, overlaps another or lies beyond its volume",
    UnknownDataset = "S0222" "a data set is named that no volume has",
    SameDataset = "S0223" "two data sets have one name",
    Contradiction = "S0301" "two values contradict each other",
    Endless = "S0302" "a backup is asked for again and again and the run has no end",
    GroupDiffers = "S0303" "the members of a consistency group do not fit together",
    NeverAsks = "S0401" "a workload never issues a request",
    UnknownAnchor = "S0501" "a fault waits for an event or a step that does not exist",
    NoAnchor = "S0502" "a fault does not say when it happens, or says it twice",
    NothingToRestore = "S0503" "a restore names a volume of which no backup is planned",
    BadCommand = "S0504" "a line that an operator types is no command",
    BadOverride = "S0601" "an option of the command line cannot be applied to the scenario",
    Expectation = "S0701" "what the scenario expects cannot all come true",
    SameClaim = "S0702" "two expectations hold for the run, and neither says more exactly for what",
    TraceUnreadable = "T0001" "a trace cannot be read",
    TraceMalformed = "T0002" "a trace is damaged or of another format",
    TraceBeyondVolumes = "T0003" "a trace has requests beyond the end of its volumes",
    TraceChanged = "T0004" "a trace is not the file that the scenario was resolved with",
    TraceLeftOut = "T0005" "bad records of a trace are left out of its replay",
}

impl Code {
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ascending() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].name() < pair[1].name(), "{} before {}", pair[0].name(), pair[1].name());
        }
        assert_eq!(Code::parse("s0107"), Some(Code::UnknownKey));
    }
}
