//! What happens, in plain English.

use zones::Timestamp;

use crate::radio::{Body, Event, Sent};
use crate::stream::{Arrivals, Names};
use crate::world::{Activity, Doing, How, Mode, Person};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narration {
    /// When.
    pub at: Timestamp,
    /// One sentence without a full stop, such as `wearer-0003 leaves home by bike towards victim-0003`.
    pub text: String,
    /// Whether it matters to a case; work and errands do not.
    pub noteworthy: bool,
}

/// What people began to do from `from` up to but not including `to`.
pub(crate) fn of_people(arrivals: &Arrivals, names: Names, from: i64, to: i64) -> Vec<Narration> {
    let (world_from, world_to) = (arrivals.pacing.world(from), arrivals.pacing.world(to));
    let mut told = Vec::new();
    for (index, pair) in arrivals.world.pairs.iter().enumerate() {
        let (wearer, victim) = (names.of("wearer", index), names.of("victim", index));
        for (person, who, other) in [(&pair.wearer, &wearer, &victim), (&pair.victim, &victim, &wearer)] {
            for activity in person.beginning(world_from, world_to) {
                if let Some(text) = sentence(activity, person, who, other) {
                    let at = Timestamp::from_millis(arrivals.pacing.wall(activity.from));
                    told.push(Narration { at, text, noteworthy: !activity.doing.is_ordinary() });
                }
            }
        }
    }
    told
}

fn sentence(activity: &Activity, person: &Person, who: &str, other: &str) -> Option<String> {
    let (by, leaves_home) = match &activity.how {
        How::Stay { .. } => return staying(activity.doing, who, other),
        How::Move { mode, knots } => (by(*mode), knots.first().is_some_and(|first| first.p == person.home.p)),
    };
    let sets_off = if leaves_home { "leaves home" } else { "goes on" };
    Some(match activity.doing {
        Doing::Home => return None,
        Doing::Work if leaves_home => format!("{who} goes to work {by}"),
        Doing::Errand if leaves_home => format!("{who} goes out {by}"),
        Doing::Work | Doing::Errand => format!("{who} goes home {by}"),
        Doing::Approach => format!("{who} {sets_off} {by} towards {other}"),
        Doing::TestBoundary => format!("{who} {sets_off} {by} along the edge of {other}'s zone"),
        Doing::Linger => format!("{who} {sets_off} {by} to {other}'s neighbourhood"),
        Doing::EnterZone => format!("{who} {sets_off} {by} to an address within {other}'s zone"),
        Doing::Wait => format!("{who} {sets_off} {by} to where {other} often walks"),
        Doing::WalkInto => format!("{who} {sets_off} {by} and does not know that {other} waits there"),
        Doing::Meet => format!("{who} {sets_off} {by}; {other} happens to go to the same place"),
        Doing::RideAlong => format!("{who} rides {by}; {other} is on board too"),
        Doing::BreakCurfew => format!("{who} {sets_off} {by} by night"),
        Doing::Leave => format!("{who} goes away from {other} {by}"),
    })
}

fn staying(doing: Doing, who: &str, other: &str) -> Option<String> {
    Some(match doing {
        Doing::RideAlong => format!("{who} waits for the same ride as {other}"),
        Doing::BreakCurfew => format!("{who} is not at home by night"),
        Doing::Home | Doing::Work | Doing::Errand | Doing::Leave => return None,
        Doing::Approach => format!("{who} stops near {other}"),
        Doing::TestBoundary => format!("{who} hangs about at the edge of {other}'s zone"),
        Doing::Linger => format!("{who} stays near {other}'s home"),
        Doing::EnterZone => format!("{who} stays within {other}'s zone"),
        Doing::Wait => format!("{who} waits for {other}"),
        Doing::WalkInto | Doing::Meet => format!("{who} is where {other} is"),
    })
}

const fn by(mode: Mode) -> &'static str {
    match mode {
        Mode::Still | Mode::Walk => "on foot",
        Mode::Bike => "by bike",
        Mode::Car => "by car",
        Mode::Tram => "by tram",
        Mode::Metro => "by metro",
        Mode::Bus => "by bus",
        Mode::Train => "by train",
    }
}

/// What a message means, if it means anything by itself. `heard_again`: the device had gone off line before.
pub(crate) fn of_device(sent: &Sent, names: Names, heard_again: bool) -> Option<Narration> {
    let who = names.person(sent.device);
    let device = if sent.device.is_multiple_of(2) { "ankle monitor" } else { "device" };
    let text = match sent.body {
        Body::Fix(_) | Body::Backlog(_) | Body::Status(Event::Charging, _) => return None,
        Body::Online(true) if !heard_again => return None,
        Body::Online(true) => format!("{who}'s {device} is heard again"),
        Body::Online(false) => format!("{who}'s {device} has fallen silent"),
        Body::Status(Event::StrapTamper, _) => {
            format!("{who}'s strap has been cut; the {device} lies where it fell")
        }
        Body::Status(Event::BatteryLow, _) => format!("{who}'s {device} has little battery left"),
        Body::Status(Event::BatteryCritical, _) => format!("{who}'s {device} is about to run out of battery"),
        Body::Status(Event::Shutdown, _) => format!("{who}'s {device} switches itself off"),
        Body::Status(Event::Restart, _) => format!("{who}'s {device} starts again"),
        Body::Aware(_) => format!("{who} presses the AWARE button"),
    };
    Some(Narration { at: Timestamp::from_millis(sent.at), text, noteworthy: true })
}
