//! Tables 1 and 2 of the patent (paragraphs 22 to 24), from the controller itself: where each track of a virtual copy is
//! found just after the copy, and after updates of its tracks 2 and 3. Then the same in the log-structured architecture
//! (paragraph 25), which has no such table: there the bindings say it.

mod support;

use support::plan_of;
use support::rig::{Rig, SOURCE, TARGET};
use tiersim::controller::dasd::DasdFact;
use tiersim::device::raid::Place;
use tiersim::vocab::TrackNo;

fn rig(architecture: &str) -> Rig {
    let text = format!(
        "[[dasd]]\narchitecture = \"{architecture}\"\n\
         [[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\ncylinders = 1\n\
         [[volume]]\nid = \"SPARE1\"\ndevice = \"0A10\"\ncylinders = 1\n"
    );
    Rig::new(&plan_of(&text))
}

/// The table as the patent prints it, for its tracks 1 to 3.
fn relationship_table(rig: &Rig) -> String {
    let tables = rig.controller.tables();
    let relation = tables.relation_of_target(TARGET).expect("the relationship stands");
    let mut text = String::from("target track | found at       | in own home\n");
    for track in (1..=3).map(TrackNo) {
        let line = if relation.owns(track) {
            format!("{:12} | -              | yes\n", track.0)
        } else {
            format!("{:12} | source track {} | no\n", track.0, track.0)
        };
        text.push_str(&line);
    }
    text
}

#[test]
fn the_relationship_table_at_first_and_after_updates_of_tracks_2_and_3() {
    let mut rig = rig("home-area");
    rig.copy();
    let first = relationship_table(&rig);
    println!("Table 1\n{first}");
    assert_eq!(
        first,
        "target track | found at       | in own home\n\
         \x20          1 | source track 1 | no\n\
         \x20          2 | source track 2 | no\n\
         \x20          3 | source track 3 | no\n"
    );
    rig.write(TARGET, 2, 2);
    let second = relationship_table(&rig);
    println!("Table 2\n{second}");
    assert_eq!(
        second,
        "target track | found at       | in own home\n\
         \x20          1 | source track 1 | no\n\
         \x20          2 | -              | yes\n\
         \x20          3 | -              | yes\n"
    );
}

/// Which tracks are bound to one place, and what that place counts. Places are named by letters, in the order of the
/// source's tracks and then of the target's.
fn bindings(rig: &Rig) -> String {
    let directory = rig.controller.tables().directory().expect("the architecture has a directory");
    let mut names: Vec<Place> = Vec::new();
    let mut name = |place: Place| {
        let at = names.iter().position(|&known| known == place).unwrap_or_else(|| {
            names.push(place);
            names.len() - 1
        });
        char::from(b'a' + at as u8)
    };
    let bound = |device, track| directory.place(device, TrackNo(track)).expect("the track is bound");
    let sources: Vec<char> = (1..=3).map(|track| name(bound(SOURCE, track))).collect();
    let mut text = String::from("track | source | target | bindings of the target's place\n");
    for track in 1..=3 {
        let place = bound(TARGET, track);
        let source = sources[track as usize - 1];
        text.push_str(&format!("{track:5} | {source:6} | {:6} | {}\n", name(place), directory.count(place)));
    }
    text
}

#[test]
fn the_bindings_of_a_snapshot_at_first_and_after_updates_of_tracks_2_and_3() {
    let mut rig = rig("log-structured");
    rig.copy();
    let first = bindings(&rig);
    println!("{first}");
    assert_eq!(
        first,
        "track | source | target | bindings of the target's place\n\
         \x20   1 | a      | a      | 2\n\
         \x20   2 | b      | b      | 2\n\
         \x20   3 | c      | c      | 2\n"
    );
    rig.write(TARGET, 2, 2);
    let second = bindings(&rig);
    println!("{second}");
    assert_eq!(
        second,
        "track | source | target | bindings of the target's place\n\
         \x20   1 | a      | a      | 2\n\
         \x20   2 | b      | d      | 1\n\
         \x20   3 | c      | e      | 1\n"
    );
    let directory = rig.controller.tables().directory().expect("the architecture has a directory");
    for (track, count) in [(1, 2), (2, 1), (3, 1)] {
        let place = directory.place(SOURCE, TrackNo(track)).expect("the source is bound");
        assert_eq!(directory.count(place), count, "track {track}");
    }
    let order: Vec<&DasdFact> = rig
        .facts
        .iter()
        .filter(|fact| {
            matches!(
                fact,
                DasdFact::SnapshotCountsRaised { .. }
                    | DasdFact::SnapshotPointersWritten { .. }
                    | DasdFact::RelationshipCommitted { .. }
            )
        })
        .collect();
    assert!(matches!(
        order[..],
        [
            DasdFact::SnapshotCountsRaised { .. },
            DasdFact::SnapshotPointersWritten { .. },
            DasdFact::RelationshipCommitted { .. }
        ]
    ));
}

/// An update of the source leaves the target where it is: nothing is copied.
#[test]
fn an_update_of_the_source_redirects_the_source() {
    let mut rig = rig("log-structured");
    rig.copy();
    rig.write(SOURCE, 2, 1);
    assert_eq!(
        bindings(&rig),
        "track | source | target | bindings of the target's place\n\
         \x20   1 | a      | a      | 2\n\
         \x20   2 | b      | d      | 1\n\
         \x20   3 | c      | c      | 2\n"
    );
}
