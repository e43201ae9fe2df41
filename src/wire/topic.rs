//! Which topic of the contract a message came on, taken apart in place.

use zones::{Role, is_id};

use super::Unusable;

/// Prefix of the contract's own topics.
const PREFIX: &str = "afstand/v1/";
/// Prefix of OwnTracks' topics.
const OWNTRACKS: &str = "owntracks/";
/// Longest OwnTracks user or device, in bytes.
const LONGEST_TRACKER_PART: usize = 64;

/// Levels that OwnTracks puts behind `owntracks/{user}/{device}`; the payload's `_type` says the same.
const OWNTRACKS_LEAVES: [&str; 11] =
    ["beacon", "cmd", "dump", "event", "info", "request", "status", "step", "steps", "waypoint", "waypoints"];

/// What the service subscribes to, besides Traccar's topic where one is configured. Of OwnTracks, only what says
/// something about a device.
pub const SUBSCRIPTIONS: [&str; 9] = [
    "afstand/v1/+/+/fix",
    "afstand/v1/+/+/status",
    "afstand/v1/+/+/online",
    "afstand/v1/victim/+/aware",
    "afstand/v1/victim/+/receipt",
    "afstand/v1/desk/+/receipt",
    "owntracks/+/+",
    "owntracks/+/+/event",
    "owntracks/+/+/status",
];

/// The topics on which a victim device speaks, for what its app says over HTTP instead. Ids are taken as they are.
pub mod incoming {
    use super::PREFIX;

    /// Where she is.
    pub fn victim_fix(device: &str) -> String {
        format!("{PREFIX}victim/{device}/fix")
    }

    /// Her panic button.
    pub fn victim_aware(device: &str) -> String {
        format!("{PREFIX}victim/{device}/aware")
    }

    /// What became of an alert.
    pub fn victim_receipt(device: &str) -> String {
        format!("{PREFIX}victim/{device}/receipt")
    }
}

/// The topics of the contract that the service publishes to. Ids are taken as they are.
pub mod outgoing {
    use super::PREFIX;
    use zones::Role;

    /// Alerts for a victim, her version.
    pub fn victim_alert(device: &str) -> String {
        format!("{PREFIX}victim/{device}/alert")
    }

    /// How well a victim is protected; retained.
    pub fn victim_protection(device: &str) -> String {
        format!("{PREFIX}victim/{device}/protection")
    }

    /// Alerts for a desk, the police version.
    pub fn desk_alert(desk: &str) -> String {
        format!("{PREFIX}desk/{desk}/alert")
    }

    /// Notices for a contact of the settings.
    pub fn staff_notice(contact: &str) -> String {
        format!("{PREFIX}staff/{contact}/notice")
    }

    /// The victim device that a topic of these is for.
    pub fn victim_of(topic: &str) -> Option<&str> {
        topic.strip_prefix(PREFIX)?.strip_prefix("victim/")?.split('/').next()
    }

    /// Requests to an ankle monitor.
    pub fn wearer_command(device: &str) -> String {
        format!("{PREFIX}wearer/{device}/command")
    }

    /// Up to where a device's fixes are stored.
    pub fn committed(role: Role, device: &str) -> String {
        format!("{PREFIX}{}/{device}/committed", role.as_str())
    }
}

/// A topic that messages arrive on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Topic<'a> {
    Device { role: Role, device: &'a str, leaf: Leaf },
    Aware { device: &'a str },
    VictimReceipt { device: &'a str },
    DeskReceipt { desk: &'a str },
    OwnTracks { tracker: &'a str },
}

/// What both roles send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Fix,
    Status,
    Online,
}

impl<'a> Topic<'a> {
    pub(super) fn parse(topic: &'a str) -> Result<Self, Unusable> {
        if let Some(rest) = topic.strip_prefix(PREFIX) {
            return Self::native(rest);
        }
        match topic.strip_prefix(OWNTRACKS) {
            Some(rest) => Self::owntracks(rest),
            None => Err(Unusable::field("topic", "not one that this service reads")),
        }
    }

    fn native(rest: &'a str) -> Result<Self, Unusable> {
        let mut levels = rest.split('/');
        let (Some(party), Some(id), Some(leaf), None) =
            (levels.next(), levels.next(), levels.next(), levels.next())
        else {
            return Err(Unusable::field("topic", "not of the form afstand/v1/{role}/{device}/{kind}"));
        };
        let role = match party {
            "wearer" => Some(Role::Wearer),
            "victim" => Some(Role::Victim),
            "desk" => None,
            _ => return Err(Unusable::field("topic", "the role is not wearer, victim or desk")),
        };
        if !is_id(id) {
            return Err(Unusable::field("topic", "an id is 1 to 64 characters of A-Z a-z 0-9 _ -"));
        }
        let device = id;
        match (role, leaf) {
            (Some(role), "fix") => Ok(Self::Device { role, device, leaf: Leaf::Fix }),
            (Some(role), "status") => Ok(Self::Device { role, device, leaf: Leaf::Status }),
            (Some(role), "online") => Ok(Self::Device { role, device, leaf: Leaf::Online }),
            (Some(Role::Victim), "aware") => Ok(Self::Aware { device }),
            (Some(Role::Victim), "receipt") => Ok(Self::VictimReceipt { device }),
            (None, "receipt") => Ok(Self::DeskReceipt { desk: id }),
            _ => Err(Unusable::field("topic", format!("a {party} does not send this kind of message"))),
        }
    }

    fn owntracks(rest: &'a str) -> Result<Self, Unusable> {
        let mut levels = rest.split('/');
        let (Some(user), Some(device)) = (levels.next(), levels.next()) else {
            return Err(Unusable::field("topic", "not of the form owntracks/{user}/{device}"));
        };
        let leaf_is_known = match levels.next() {
            None => true,
            Some(leaf) => levels.next().is_none() && OWNTRACKS_LEAVES.contains(&leaf),
        };
        if !leaf_is_known {
            return Err(Unusable::field("topic", "OwnTracks has no such topic behind user and device"));
        }
        if !is_tracker_part(user) || !is_tracker_part(device) {
            return Err(Unusable::field("topic", "user and device are 1 to 64 plain characters"));
        }
        Ok(Self::OwnTracks { tracker: &rest[..user.len() + 1 + device.len()] })
    }
}

/// OwnTracks lets people choose names freely; what MQTT or a log cannot carry is refused.
fn is_tracker_part(text: &str) -> bool {
    let allowed = |c: char| !c.is_control() && !c.is_whitespace() && c != '+' && c != '#';
    !text.is_empty() && text.len() <= LONGEST_TRACKER_PART && text.chars().all(allowed)
}

/// Whether a text is `user/device`, as it stands in topics and in the register.
pub(super) fn is_tracker(text: &str) -> bool {
    matches!(text.split_once('/'), Some((user, device)) if is_tracker_part(user)
        && is_tracker_part(device)
        && !device.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_incoming_topics_are_understood() {
        let wearer = |leaf| Topic::Device { role: Role::Wearer, device: "am-0001", leaf };
        for (topic, want) in [
            ("afstand/v1/wearer/am-0001/fix", wearer(Leaf::Fix)),
            ("afstand/v1/wearer/am-0001/status", wearer(Leaf::Status)),
            ("afstand/v1/wearer/am-0001/online", wearer(Leaf::Online)),
            ("afstand/v1/victim/v/fix", Topic::Device { role: Role::Victim, device: "v", leaf: Leaf::Fix }),
            ("afstand/v1/victim/v/aware", Topic::Aware { device: "v" }),
            ("afstand/v1/victim/v/receipt", Topic::VictimReceipt { device: "v" }),
            ("afstand/v1/desk/rotterdam/receipt", Topic::DeskReceipt { desk: "rotterdam" }),
            ("owntracks/anna/phone", Topic::OwnTracks { tracker: "anna/phone" }),
            ("owntracks/anna.b@x/iPhone-É/event", Topic::OwnTracks { tracker: "anna.b@x/iPhone-É" }),
        ] {
            assert_eq!(Topic::parse(topic), Ok(want), "{topic}");
        }
    }

    #[test]
    fn what_is_understood_is_subscribed_to_and_what_is_published_is_not() {
        let subscribed = |topic: &str| SUBSCRIPTIONS.iter().any(|filter| rumqttc::matches(topic, filter));
        for role in ["wearer", "victim", "desk"] {
            for kind in ["fix", "status", "online", "aware", "receipt"] {
                let topic = format!("afstand/v1/{role}/x/{kind}");
                if Topic::parse(&topic).is_ok() {
                    assert!(subscribed(&topic), "{topic}");
                }
            }
        }
        assert!(subscribed("owntracks/anna/phone") && subscribed("owntracks/anna/phone/event"));
        assert!(SUBSCRIPTIONS.iter().all(|filter| rumqttc::valid_filter(filter)));
        for topic in [
            outgoing::victim_alert("x"),
            outgoing::victim_protection("x"),
            outgoing::desk_alert("x"),
            outgoing::wearer_command("x"),
            outgoing::committed(Role::Victim, "x"),
        ] {
            assert!(!subscribed(&topic) && Topic::parse(&topic).is_err(), "{topic}");
        }
        assert_eq!(outgoing::committed(Role::Wearer, "am-1"), "afstand/v1/wearer/am-1/committed");
    }

    #[test]
    fn any_other_topic_is_refused() {
        let long = format!("afstand/v1/wearer/{}/fix", "x".repeat(65));
        for topic in [
            "",
            "/",
            "afstand",
            "afstand/v1",
            "afstand/v1/",
            "afstand/v2/wearer/a/fix",
            "afstand/v1/wearer/a",
            "afstand/v1/wearer//fix",
            "afstand/v1/wearer/a/fix/",
            "afstand/v1/wearer/a b/fix",
            "afstand/v1/wearer/+/fix",
            "afstand/v1/operator/a/fix",
            "afstand/v1/wearer/a/aware",
            "afstand/v1/wearer/a/receipt",
            "afstand/v1/wearer/a/command",
            "afstand/v1/victim/a/alert",
            "afstand/v1/victim/a/protection",
            "afstand/v1/desk/a/alert",
            "afstand/v1/desk/a/fix",
            "afstand/v1/Wearer/a/fix",
            &long,
            "owntracks/anna",
            "owntracks//phone",
            "owntracks/anna/",
            "owntracks/anna/phone/else",
            "owntracks/anna/phone/event/x",
            "owntracks/an\nna/phone",
        ] {
            let refused = Topic::parse(topic).unwrap_err();
            assert_eq!(refused.field.as_deref(), Some("topic"), "{topic}");
        }
    }
}
