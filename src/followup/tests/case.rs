//! A machine with one or more incidents, and short words for what happens to them.

use uuid::Uuid;
use zones::order::Risk;
use zones::{AlertKind, DeskId, DeviceId, Level, OrderId, PersonId, Timestamp};

use crate::followup::{
    Actor, Command, DeskState, Done, Effect, Event, FollowUp, Incident, Notice, Raised, Refused, Rules,
    StaffRole, VictimState, What,
};

/// So many seconds after the beginning of every test.
pub(super) fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + seconds * 1_000)
}

pub(super) fn incident_id(n: u8) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1_000)
}

pub(super) fn alert_id(n: u8, revision: u32) -> Uuid {
    Uuid::new_v5(&incident_id(n), &revision.to_be_bytes())
}

/// The `revision`-th alert of the `n`-th incident: of a pair, told to everybody.
pub(super) fn raised(n: u8, revision: u32, level: Level) -> Raised {
    Raised {
        alert: alert_id(n, revision),
        incident: incident_id(n),
        watch: format!("ord-{n}/pair/v-{n}").parse().ok(),
        kind: AlertKind::VictimProximity,
        level,
        stands: level,
        late: false,
        test: false,
        order: OrderId::new(&format!("ord-{n}")).unwrap(),
        wearer: PersonId::new(&format!("w-{n}")).unwrap(),
        victim: PersonId::new(&format!("v-{n}")).ok(),
        risk: Some(Risk::High),
        victim_device: DeviceId::new(&format!("vd-{n}")).ok(),
        second_road: true,
        desk: DeskId::new("rotterdam").ok(),
        told_desk: level == Level::Alarm,
        desk_by_hand: false,
        held: false,
        devices: 100,
        last_distance_m: None,
        case_contact: None,
        call_order: Vec::new(),
    }
}

pub(super) fn operator(name: &str) -> Actor {
    Actor { name: name.to_owned(), person: Some(name.to_owned()), supervisor: false }
}

pub(super) fn supervisor(name: &str) -> Actor {
    Actor { name: name.to_owned(), person: Some(name.to_owned()), supervisor: true }
}

/// A machine and all that followed from what it was told.
pub(super) struct Case {
    pub(super) machine: FollowUp,
    pub(super) effects: Vec<Effect>,
    revisions: [u32; 8],
}

impl Case {
    pub(super) fn new() -> Self {
        Self::with(Rules::default())
    }

    pub(super) fn with(rules: Rules) -> Self {
        Self { machine: FollowUp::new(rules), effects: Vec::new(), revisions: [0; 8] }
    }

    pub(super) fn at(&mut self, seconds: i64, event: Event) -> Result<Done, Refused> {
        let done = self.machine.handle(t(seconds), event);
        while let Some(effect) = self.machine.poll_effect() {
            self.effects.push(effect);
        }
        done
    }

    /// An alert of the first incident.
    pub(super) fn alert(&mut self, seconds: i64, level: Level) -> Uuid {
        self.alert_of(0, seconds, level)
    }

    pub(super) fn alert_of(&mut self, n: u8, seconds: i64, level: Level) -> Uuid {
        self.revisions[usize::from(n)] += 1;
        let raised = raised(n, self.revisions[usize::from(n)], level);
        let alert = raised.alert;
        self.at(seconds, Event::Alert(Box::new(raised))).unwrap();
        alert
    }

    pub(super) fn command(&mut self, seconds: i64, actor: &Actor, command: Command) -> Result<Done, Refused> {
        let incident = incident_id(0);
        self.at(seconds, Event::Command { incident, actor: actor.clone(), command, key: None })
    }

    pub(super) fn desk(&mut self, seconds: i64, state: DeskState) -> Result<Done, Refused> {
        let desk = DeskId::new("rotterdam").unwrap();
        let (reference, reason) = (Some("P-2026-7".to_owned()), None);
        let incident = incident_id(0);
        let at = t(seconds);
        self.at(seconds, Event::DeskReceipt { desk, incident, state, reference, reason, at })
    }

    pub(super) fn device(&mut self, seconds: i64, alert: Uuid, state: VictimState) -> Result<Done, Refused> {
        let device = DeviceId::new("vd-0").unwrap();
        self.at(seconds, Event::VictimReceipt { device, alert, state, at: t(seconds) })
    }

    pub(super) fn incident(&self) -> &Incident {
        self.machine.incident(incident_id(0)).unwrap()
    }

    /// Lets time pass, and gives back who was told of the first incident meanwhile: seconds and role.
    pub(super) fn told_until(&mut self, seconds: i64) -> Vec<(i64, StaffRole)> {
        let before = self.effects.len();
        self.at(seconds, Event::Tick).unwrap();
        self.effects[before..].iter().filter_map(notice).map(|one| (since_start(one.at), one.role)).collect()
    }

    /// The words of the first incident's timeline, with their seconds.
    pub(super) fn timeline(&self) -> Vec<(i64, &'static str)> {
        let of_first = self.entries().filter(|(_, incident, _)| *incident == incident_id(0));
        of_first.map(|(at, _, what)| (at, what.word())).collect()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, Uuid, &What)> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Entry(entry) => Some((since_start(entry.at), entry.incident, &entry.what)),
            _ => None,
        })
    }

    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.effects.iter().filter_map(notice)
    }
}

pub(super) fn since_start(at: Timestamp) -> i64 {
    (at - t(0)).0 / 1_000
}

fn notice(effect: &Effect) -> Option<&Notice> {
    match effect {
        Effect::Notice(notice) => Some(notice),
        _ => None,
    }
}
