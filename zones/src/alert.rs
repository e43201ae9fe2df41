//! Alerts: the data of §8, and where their ids come from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::{Subject, WatchKey};
use crate::order::{Contacts, LegalBasis, Order, Risk};
use crate::{
    Certainty, DeskId, DeviceEventKind, DeviceId, Fix, Level, OrderId, PersonId, Timestamp, ZoneId, words,
};

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The wearer is in or near a place he must stay away from.
    ExclusionZone,
    /// The wearer is not where he must be.
    InclusionZone,
    /// The wearer is near the victim.
    VictimProximity,
    /// The victim pressed her panic button.
    Aware,
    /// A strap or case was opened.
    Tamper,
    /// A device does not report.
    Silence,
    /// A battery is low.
    Battery,
    /// A device's radio is jammed or shielded.
    Jamming,
    /// A device is parted from its beacon or phone: where the one is says nothing of the other.
    Parted,
    /// An order runs out, and none takes over.
    OrderExpiry,
    /// Nobody acts on alarms as somebody must; raised by the service, never by the engine.
    FollowUp,
    /// Many devices fell silent at once: one incident for all; raised by the service, never by the engine.
    MassSilence,
}

impl AlertKind {
    /// Whether input can show that it is over; otherwise it lasts until its incident is resolved.
    pub const fn ends_by_itself(self) -> bool {
        !matches!(self, Self::Aware | Self::Tamper | Self::Jamming)
    }

    /// Whether it is about where people are or that one calls for help; otherwise it is about a device or an order.
    pub const fn is_of_people(self) -> bool {
        matches!(self, Self::ExclusionZone | Self::InclusionZone | Self::VictimProximity | Self::Aware)
    }

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExclusionZone => "exclusion_zone",
            Self::InclusionZone => "inclusion_zone",
            Self::VictimProximity => "victim_proximity",
            Self::Aware => "aware",
            Self::Tamper => "tamper",
            Self::Silence => "silence",
            Self::Battery => "battery",
            Self::Jamming => "jamming",
            Self::Parted => "parted",
            Self::OrderExpiry => "order_expiry",
            Self::FollowUp => "follow_up",
            Self::MassSilence => "mass_silence",
        }
    }
}

/// Who is moving towards whom, beyond what noise explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approach {
    /// The wearer comes towards the victim.
    WearerApproaches,
    /// The victim comes towards the wearer.
    VictimApproaches,
    /// They come towards each other.
    Both,
    /// Neither can be said: they stand still, move together or apart, or were not seen often enough.
    Unclear,
}

/// Many silent devices at once, as far as they concern one desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Many {
    /// How many are silent in all.
    pub devices: u32,
    /// How many of those are of the desk's orders.
    pub of_desk: u32,
    /// Which, the most dangerous first; the rest of a long list is in the desk's queue of incidents.
    pub silent: Vec<SilentOne>,
}

/// One of many silent devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilentOne {
    /// Its own incident.
    pub incident: Uuid,
    /// Its order.
    pub order: OrderId,
    /// The wearer.
    pub wearer: PersonId,
    /// The device.
    pub device: Option<String>,
    /// The risk of the case.
    pub risk: Option<Risk>,
    /// Metres between the wearer and the nearest victim by the last fix of each.
    pub last_distance_m: Option<u32>,
}

/// One change of standing with its evidence: the police version, which has everything an officer needs.
/// Serialises as `data` of §8.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// Id of the alert: a function of the input.
    pub alert: Uuid,
    /// Id of the incident it belongs to.
    pub incident: Uuid,
    /// Counts up within the incident, from 1.
    pub revision: u32,
    /// What it is about.
    pub kind: AlertKind,
    /// The new level.
    pub level: Level,
    /// How sure.
    pub certainty: Certainty,
    /// The fix arrived too late to act on at its time.
    pub late: bool,
    /// The order it rests on.
    pub order: OrderId,
    /// The wearer.
    pub wearer: PersonId,
    /// The victim concerned, if there is one.
    pub victim: Option<PersonId>,
    /// The zone concerned, if there is one.
    pub zone: Option<ZoneId>,
    /// The device concerned, for alerts about a device.
    pub device: Option<DeviceId>,
    /// What the device said of itself that raised it, for alerts that rest on that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<DeviceEventKind>,
    /// Only a trial of the panic button.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Time of the newest fix it rests on.
    pub fixed_at: Option<Timestamp>,
    /// Distance between both parties, or to the zone's edge (negative inside), in metres to 0.1.
    pub distance_m: Option<f64>,
    /// Of a silence: metres between the wearer and the nearest victim by the last fix of each, to 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_distance_m: Option<f64>,
    /// Uncertainty of that distance in metres to 0.1.
    pub uncertainty_m: Option<f64>,
    /// Speed at which the distance shrinks, to 0.1; negative when it grows. `None` when recent fixes do not say.
    pub closing_mps: Option<f64>,
    /// Seconds until they meet at that speed; `None` when they do not close in beyond what noise explains.
    pub contact_s: Option<f64>,
    /// Who is moving towards whom; of a pair only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approach: Option<Approach>,
    /// Newest fix of the wearer.
    pub wearer_fix: Option<Fix>,
    /// Newest fix of the victim; for AWARE the place of the press where it is known.
    pub victim_fix: Option<Fix>,
    /// The law the order rests on.
    pub legal_basis: LegalBasis,
    /// Whether police may arrest on the spot.
    pub arrest_on_sight: bool,
    /// Whom to call.
    pub contacts: Contacts,
    /// Why, in words: Dutch, then English.
    pub reason: String,
    /// Of many silent devices, what concerns the desk that is told. Order and wearer are then of the first of its list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub many: Option<Box<Many>>,
    /// The device of the victim concerned, by the order as it was when this was raised.
    #[serde(skip)]
    pub victim_device: Option<DeviceId>,
    /// The desk the order names.
    #[serde(skip)]
    pub desk: Option<DeskId>,
    /// The watch it comes from.
    #[serde(skip)]
    pub watch: Option<WatchKey>,
    /// Found afterwards, of a time that is past: live standing has not changed. Not for the victim, who can do
    /// nothing about it and would be frightened.
    #[serde(skip)]
    pub hindsight: bool,
    /// Where the watch stands now, of what was found of a time that is past and moves no standing: at `clear` there is
    /// no end to come.
    #[serde(skip)]
    pub stands: Option<Level>,
    /// Only a possible alarm so far: for the operator alone.
    #[serde(skip)]
    pub operator_only: bool,
}

impl Alert {
    /// The standing facts of an order, for the alert to be filled in.
    pub(crate) fn about(order: &Order, kind: AlertKind, raised_at: Timestamp) -> Self {
        Self {
            alert: Uuid::nil(),
            incident: Uuid::nil(),
            revision: 0,
            kind,
            level: Level::Clear,
            certainty: Certainty::Certain,
            late: false,
            order: order.order.clone(),
            wearer: order.wearer.person.clone(),
            victim: None,
            zone: None,
            device: None,
            cause: None,
            test: false,
            raised_at,
            fixed_at: None,
            distance_m: None,
            last_distance_m: None,
            uncertainty_m: None,
            closing_mps: None,
            contact_s: None,
            approach: None,
            hindsight: false,
            stands: None,
            wearer_fix: None,
            victim_fix: None,
            legal_basis: order.legal_basis,
            arrest_on_sight: order.legal_basis.arrest_on_sight(),
            contacts: order.contacts.clone(),
            reason: String::new(),
            many: None,
            victim_device: None,
            desk: order.desk.clone(),
            watch: None,
            operator_only: false,
        }
    }

    /// The end of an incident that was resolved while it lasted, and to which its watch adds nothing any more: what it
    /// raises from now on is another one. For the desk, which was told of it.
    pub fn superseded(
        order: &Order,
        watch: &WatchKey,
        kind: AlertKind,
        (incident, revision): (Uuid, u32),
        at: Timestamp,
    ) -> Self {
        let mut alert = Self::about(order, kind, at);
        (alert.incident, alert.revision, alert.alert) = (incident, revision, alert_id(incident, revision));
        alert.watch = Some(watch.clone());
        match &watch.subject {
            Subject::Zone(zone) => {
                let stated = order.zones.iter().find(|stated| stated.zone == *zone);
                alert.victim = stated.and_then(|stated| stated.victim.clone());
                alert.zone = Some(zone.clone());
            }
            Subject::Pair(victim) => alert.victim = Some(victim.clone()),
            Subject::Device(_, device) => alert.device = Some(device.clone()),
            Subject::Order(_) => {}
        }
        words::OF_SUPERSEDED.clone_into(&mut alert.reason);
        alert
    }

    /// Many silent devices at once, for a desk: `order` is the first of those it has in the list. It names nobody to be
    /// arrested or called: each case says that for itself.
    pub fn of_many(
        order: &Order,
        (incident, alert, revision): (Uuid, Uuid, u32),
        level: Level,
        at: Timestamp,
        many: Many,
    ) -> Self {
        Self {
            alert,
            incident,
            revision,
            level,
            arrest_on_sight: false,
            contacts: Contacts::default(),
            reason: words::of_many(level, &many),
            many: Some(Box::new(many)),
            ..Self::about(order, AlertKind::MassSilence, at)
        }
    }

    /// Names the victim concerned, with the device she is told on.
    pub(crate) fn concerns(&mut self, order: &Order, victim: Option<PersonId>) {
        let person = victim.as_ref();
        let found = order.victims.iter().find(|known| Some(&known.party.person) == person);
        self.victim_device = found.and_then(|known| known.party.device.clone());
        self.victim = victim;
    }
}

/// To a tenth of a metre, as §8 shows distances.
pub(crate) fn tenths(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0
}

/// The namespace of Afstand's ids (itself a random UUID, fixed for ever).
const NAMESPACE: Uuid = Uuid::from_u128(0x6d1f_6f0a_90a5_4c4e_a1d8_3a8e_2b77_51c4);

/// The id of a watch's `count`-th incident: a name-based UUID (RFC 9562, version 5) of the watch and the time
/// of the evidence that opened it. It does not depend on when the evidence arrived, so that a message that is
/// sent again after a crash opens the same incident.
pub(crate) fn incident_id(watch: &str, count: u32, evidence_at: Timestamp) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{watch}#{count}@{}", evidence_at.as_millis()).as_bytes())
}

/// The id of an incident's alert.
pub(crate) fn alert_id(incident: Uuid, revision: u32) -> Uuid {
    Uuid::new_v5(&incident, &revision.to_be_bytes())
}
