//! Who hears of an alert, besides the monitoring centre, which hears of all.

use zones::order::SecondChannel;
use zones::{AlertKind, DeskId, DeviceId, Level};

use crate::config::{Contacts, Desk};
use crate::store::{Channel, QUIET_HOURS};

/// What decides about the recipients of an alert.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What it is about.
    pub kind: AlertKind,
    /// The new level.
    pub level: Level,
    /// Only a possible alarm so far (`zones::Alert::operator_only`): for the monitoring centre alone.
    pub operator_only: bool,
    /// Only a trial of the panic button: it proves her road, and no desk is called.
    pub test: bool,
    /// A warning in her quiet hours, or the end of one.
    pub quiet: bool,
    /// Device of the victim that the alert concerns: the one of the pair, the one whose zone it is, or the one
    /// who pressed. `None` when there is no such victim, or she has no device.
    pub victim_device: Option<&'a DeviceId>,
    /// The desk that the order names, with its roads.
    pub desk: Option<DeskRoads<'a>>,
    /// Whether the victim was sent an earlier alert of this incident.
    pub told_victim: bool,
    /// Whether the desk was sent an earlier alert of this incident.
    pub told_desk: bool,
}

/// How a desk is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskRoads<'a> {
    /// Its name.
    pub desk: &'a DeskId,
    /// On its MQTT topic.
    pub mqtt: bool,
    /// By its webhook.
    pub webhook: bool,
}

impl<'a> DeskRoads<'a> {
    /// The roads to the desk that an order names. One that is not configured is sent to over MQTT: where
    /// nobody listens there, the delivery stays open and is seen.
    pub fn of(desk: &'a DeskId, configured: &[Desk]) -> Self {
        match configured.iter().find(|known| known.name == *desk) {
            Some(known) => Self { desk, mqtt: known.mqtt, webhook: known.webhook.is_some() },
            None => Self { desk, mqtt: true, webhook: false },
        }
    }
}

/// One recipient of an alert, by one road.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The road, and with it the version it gets.
    pub channel: Channel,
    /// As [`NewDelivery::recipient`](crate::store::NewDelivery::recipient).
    pub name: String,
    /// Why it is kept from the recipient after all; the record says so.
    pub kept_back: Option<&'static str>,
}

impl Contacts {
    /// The roads to a contact; none to one that is not in the settings.
    pub fn roads_of(&self, name: &str) -> impl Iterator<Item = Channel> {
        let contact = self.find(name);
        let has = move |road: Channel| {
            contact.is_some_and(|contact| match road {
                Channel::StaffMqtt => contact.mqtt,
                Channel::StaffWebhook => contact.webhook.is_some(),
                Channel::Email => contact.email.is_some(),
                Channel::Sms => contact.sms.is_some(),
                _ => false,
            })
        };
        [Channel::StaffMqtt, Channel::StaffWebhook, Channel::Email, Channel::Sms]
            .into_iter()
            .filter(move |r| has(*r))
    }

    /// Where a victim is told by her second channel; nowhere when the settings lack the server or contact for it.
    pub fn second_roads(&self, second: &SecondChannel) -> Vec<Recipient> {
        let to = |channel, name: &str| Recipient { channel, name: name.to_owned(), kept_back: None };
        let contact =
            |name: &str| self.find(name).map(|contact| (contact.sms.is_some(), contact.email.is_some()));
        let (by_sms, by_email, name) = match second {
            SecondChannel::Sms(number) => (self.sms.is_some(), false, number.as_str()),
            SecondChannel::Email(address) => (false, self.smtp.is_some(), address.as_str()),
            SecondChannel::Contact(name) => {
                let (sms, email) = contact(name).unwrap_or_default();
                (sms, email, name.as_str())
            }
        };
        let sms = by_sms.then(|| to(Channel::VictimSms, name));
        sms.into_iter().chain(by_email.then(|| to(Channel::VictimEmail, name))).collect()
    }
}

/// Everybody an alert is to be delivered to.
pub fn recipients(facts: &Facts<'_>) -> Vec<Recipient> {
    let mut all = Vec::new();
    if facts.operator_only {
        return all;
    }
    if let Some(device) = facts.victim_device.filter(|_| concerns_victim(facts)) {
        let kept_back = facts.quiet.then_some(QUIET_HOURS);
        all.push(Recipient { channel: Channel::VictimMqtt, name: device.as_str().to_owned(), kept_back });
    }
    if let Some(roads) = facts.desk.filter(|_| concerns_desk(facts)) {
        let name = roads.desk.as_str();
        if roads.mqtt {
            all.push(Recipient { channel: Channel::DeskMqtt, name: name.to_owned(), kept_back: None });
        }
        if roads.webhook {
            all.push(Recipient { channel: Channel::DeskWebhook, name: name.to_owned(), kept_back: None });
        }
    }
    all
}

/// She hears what endangers her, and its end when she heard the beginning.
fn concerns_victim(facts: &Facts<'_>) -> bool {
    let hers = match facts.kind {
        AlertKind::VictimProximity | AlertKind::ExclusionZone | AlertKind::Aware => true,
        AlertKind::InclusionZone
        | AlertKind::Tamper
        | AlertKind::Silence
        | AlertKind::Battery
        | AlertKind::Jamming
        | AlertKind::Parted
        | AlertKind::OrderExpiry
        | AlertKind::FollowUp
        | AlertKind::MassSilence => false,
    };
    hers && (facts.level > Level::Clear || facts.told_victim)
}

/// Police are called for alarms; what follows in the same incident they hear at any level.
fn concerns_desk(facts: &Facts<'_>) -> bool {
    let theirs = match facts.kind {
        AlertKind::VictimProximity
        | AlertKind::ExclusionZone
        | AlertKind::InclusionZone
        | AlertKind::Aware
        | AlertKind::Tamper
        | AlertKind::Silence
        | AlertKind::Jamming
        | AlertKind::Parted => true,
        AlertKind::Battery | AlertKind::OrderExpiry | AlertKind::FollowUp | AlertKind::MassSilence => false,
    };
    theirs && !facts.test && (facts.level == Level::Alarm || facts.told_desk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Contact, SmsGateway, WebhookBody};
    use zones::order::{EmailAddress, PhoneNumber};

    const KINDS: [AlertKind; 9] = [
        AlertKind::ExclusionZone,
        AlertKind::InclusionZone,
        AlertKind::VictimProximity,
        AlertKind::Aware,
        AlertKind::Tamper,
        AlertKind::Silence,
        AlertKind::Battery,
        AlertKind::Jamming,
        AlertKind::Parted,
    ];

    /// Letters: V the victim, D the desk over MQTT, W the desk's webhook.
    fn told(kind: AlertKind, level: Level, earlier: (bool, bool), operator_only: bool) -> String {
        let device = DeviceId::new("vd-1").unwrap();
        let desk = DeskId::new("rotterdam").unwrap();
        let facts = Facts {
            kind,
            level,
            operator_only,
            test: false,
            quiet: false,
            victim_device: Some(&device),
            desk: Some(DeskRoads { desk: &desk, mqtt: true, webhook: true }),
            told_victim: earlier.0,
            told_desk: earlier.1,
        };
        let letter = |recipient: Recipient| match (recipient.channel, recipient.name.as_str()) {
            (Channel::VictimMqtt, "vd-1") => 'V',
            (Channel::DeskMqtt, "rotterdam") => 'D',
            (Channel::DeskWebhook, "rotterdam") => 'W',
            other => panic!("{other:?}"),
        };
        recipients(&facts).into_iter().map(letter).collect()
    }

    #[test]
    fn first_alerts_reach_whom_they_concern() {
        let first = |kind, level| told(kind, level, (false, false), false);
        let table: Vec<(&str, String, String)> = KINDS
            .map(|kind| (kind.as_str(), first(kind, Level::Warning), first(kind, Level::Alarm)))
            .to_vec();
        let want = [
            ("exclusion_zone", "V", "VDW"),
            ("inclusion_zone", "", "DW"),
            ("victim_proximity", "V", "VDW"),
            ("aware", "V", "VDW"),
            ("tamper", "", "DW"),
            ("silence", "", "DW"),
            ("battery", "", ""),
            ("jamming", "", "DW"),
            ("parted", "", "DW"),
        ];
        for ((kind, warning, alarm), (want_kind, want_warning, want_alarm)) in table.iter().zip(want) {
            assert_eq!((*kind, warning.as_str(), alarm.as_str()), (want_kind, want_warning, want_alarm));
        }
    }

    #[test]
    fn a_trial_and_quiet_hours_keep_back_what_they_must() {
        let (device, desk) = (DeviceId::new("vd-1").unwrap(), DeskId::new("rotterdam").unwrap());
        let roads = DeskRoads { desk: &desk, mqtt: true, webhook: true };
        let facts = Facts {
            kind: AlertKind::Aware,
            level: Level::Alarm,
            operator_only: false,
            test: true,
            quiet: false,
            victim_device: Some(&device),
            desk: Some(roads),
            told_victim: false,
            told_desk: true,
        };
        let told = |facts: &Facts<'_>| {
            let all = recipients(facts).into_iter();
            all.map(|recipient| (recipient.channel, recipient.kept_back)).collect::<Vec<_>>()
        };
        assert_eq!(told(&facts), [(Channel::VictimMqtt, None)], "a trial is not for the desk");
        let quiet = Facts {
            kind: AlertKind::ExclusionZone,
            level: Level::Warning,
            test: false,
            quiet: true,
            ..facts
        };
        let expected = [
            (Channel::VictimMqtt, Some("quiet_hours")),
            (Channel::DeskMqtt, None),
            (Channel::DeskWebhook, None),
        ];
        assert_eq!(told(&quiet), expected, "the record says why she was not told; others are");
    }

    #[test]
    fn who_heard_the_beginning_hears_the_end() {
        let kind = AlertKind::VictimProximity;
        assert_eq!(told(kind, Level::Clear, (true, true), false), "VDW");
        assert_eq!(told(kind, Level::Warning, (true, true), false), "VDW");
        assert_eq!(told(kind, Level::Clear, (true, false), false), "V");
        assert_eq!(told(kind, Level::Clear, (false, false), false), "");
    }

    #[test]
    fn what_is_only_possible_stays_in_the_monitoring_centre() {
        for kind in KINDS {
            for level in [Level::Clear, Level::Warning, Level::Alarm] {
                assert_eq!(told(kind, level, (true, true), true), "");
            }
        }
    }

    #[test]
    fn a_desk_is_reached_by_the_roads_it_has() {
        let (known, unknown) = (DeskId::new("rotterdam").unwrap(), DeskId::new("delft").unwrap());
        let configured =
            [Desk { name: known.clone(), mqtt: false, webhook: None, body: WebhookBody::default() }];
        assert_eq!(
            DeskRoads::of(&known, &configured),
            DeskRoads { desk: &known, mqtt: false, webhook: false }
        );
        assert_eq!(
            DeskRoads::of(&unknown, &configured),
            DeskRoads { desk: &unknown, mqtt: true, webhook: false }
        );
    }

    #[test]
    fn a_contact_is_reached_by_every_road_it_has_and_a_victim_by_her_second_channel() {
        let contact = |name: &str, mqtt, email: Option<&str>, sms: Option<&str>| Contact {
            name: name.to_owned(),
            roles: vec!["operator"],
            mqtt,
            webhook: None,
            email: email.map(|email| EmailAddress::new(email).unwrap()),
            sms: sms.map(|sms| PhoneNumber::new(sms).unwrap()),
        };
        let people = vec![
            contact("anna", true, Some("anna@example.nl"), Some("+31612345678")),
            contact("bert", false, Some("bert@example.nl"), None),
        ];
        let mut contacts = Contacts { people, smtp: None, sms: None };
        let roads = |contacts: &Contacts, name: &str| contacts.roads_of(name).collect::<Vec<_>>();
        assert_eq!(roads(&contacts, "anna"), [Channel::StaffMqtt, Channel::Email, Channel::Sms]);
        assert_eq!(roads(&contacts, "bert"), [Channel::Email]);
        assert_eq!(roads(&contacts, "carl"), []);

        let told = |contacts: &Contacts, second: &SecondChannel| {
            let roads = contacts.second_roads(second).into_iter();
            roads.map(|to| (to.channel, to.name)).collect::<Vec<_>>()
        };
        let by_name = |name: &str| SecondChannel::Contact(name.to_owned());
        let to = |channel, name: &str| (channel, name.to_owned());
        assert_eq!(
            told(&contacts, &by_name("anna")),
            [to(Channel::VictimSms, "anna"), to(Channel::VictimEmail, "anna")]
        );
        assert_eq!(told(&contacts, &by_name("bert")), [to(Channel::VictimEmail, "bert")]);
        assert_eq!(told(&contacts, &by_name("carl")), []);
        let number = SecondChannel::Sms(PhoneNumber::new("+31687654321").unwrap());
        assert_eq!(told(&contacts, &number), [], "there is no gateway");
        let url = "https://gateway.example".parse().unwrap();
        contacts.sms = Some(SmsGateway { url, token: None, body: serde_json::Value::Null });
        assert_eq!(told(&contacts, &number), [to(Channel::VictimSms, "+31687654321")]);
    }

    #[test]
    fn nobody_is_told_where_there_is_nobody() {
        let facts = Facts {
            kind: AlertKind::VictimProximity,
            level: Level::Alarm,
            operator_only: false,
            test: false,
            quiet: false,
            victim_device: None,
            desk: None,
            told_victim: false,
            told_desk: false,
        };
        assert_eq!(recipients(&facts), []);
    }
}
