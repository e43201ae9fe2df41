//! What a push says: that there is something to see, and how urgent that is. Never what, where, or who.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zones::{Millis, Timestamp};

use super::subscription::Subscription;
use crate::store::HintRow;

/// How long a push service keeps what it cannot hand over. A warning is of no use after minutes; an alarm is still
/// worth looking at; that it is over replaces the alarm, so it must outlive it.
const WARNING_LASTS: Millis = Millis(2 * 60_000);
const ALARM_LASTS: Millis = Millis(10 * 60_000);
const CLEAR_LASTS: Millis = Millis(60 * 60_000);
const TEST_LASTS: Millis = Millis(60_000);

const _: () = assert!(WARNING_LASTS.0 <= ALARM_LASTS.0 && ALARM_LASTS.0 < CLEAR_LASTS.0);

/// Characters of a topic: RFC 8030 allows 32 of base64url.
const TOPIC_LEN: usize = 32;

/// What there is to see, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    /// An alarm.
    Alarm,
    /// A warning.
    Warning,
    /// What was said before is over.
    Clear,
    /// A trial of her button has come back.
    Test,
}

impl Said {
    /// What her version of an alert is about; `None` for a level that there is no word for.
    fn of(level: &str, payload: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Event {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            #[serde(default)]
            test: bool,
        }
        if serde_json::from_str::<Event>(payload).is_ok_and(|event| event.data.test) {
            return Some(Self::Test);
        }
        match level {
            "alarm" => Some(Self::Alarm),
            "warning" => Some(Self::Warning),
            "clear" => Some(Self::Clear),
            _ => None,
        }
    }

    fn lasts(self) -> Millis {
        match self {
            Self::Alarm => ALARM_LASTS,
            Self::Warning => WARNING_LASTS,
            Self::Clear => CLEAR_LASTS,
            Self::Test => TEST_LASTS,
        }
    }

    /// How RFC 8030 calls it: what is urgent wakes a telephone that saves its battery.
    pub(super) fn urgency(self) -> &'static str {
        match self {
            Self::Alarm | Self::Warning | Self::Test => "high",
            Self::Clear => "normal",
        }
    }
}

/// A push to one browser.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    /// The browser's subscription, by its id.
    pub to: String,
    /// Where it is.
    pub subscription: Subscription,
    /// What it says.
    pub said: Said,
    /// Which one it replaces: the same for all of one incident to one browser, and of no meaning elsewhere.
    pub topic: String,
    /// It is of no use after this.
    pub until: Timestamp,
}

/// What is closed and sent.
#[derive(Serialize)]
struct Text<'a> {
    kind: Said,
    /// The notification that it replaces.
    tag: &'a str,
}

impl Hint {
    /// What is in the outbox for a victim's device, for one of her browsers.
    pub(super) fn new(row: &HintRow, to: String, subscription: Subscription) -> Option<Self> {
        let said = Said::of(&row.level, &row.payload)?;
        // The push service sees it: it must lead to no incident, and not from one of her telephones to another.
        let digest = Sha256::digest(format!("{to} {}", row.incident));
        let mut topic = BASE64_URL_SAFE_NO_PAD.encode(digest);
        topic.truncate(TOPIC_LEN);
        Some(Self { to, subscription, said, topic, until: row.created_at + said.lasts() })
    }

    /// The push service that it goes through.
    pub(super) fn service(&self) -> &str {
        self.subscription.endpoint.host_str().unwrap_or_default()
    }

    /// The text that is closed.
    pub(super) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Text { kind: self.said, tag: &self.topic })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::delivery::push::public::OwnOrigins;
    use crate::delivery::push::testing::Browser;

    /// A hint about an incident, to the browser with a number.
    pub(in crate::delivery::push) fn hint(browser: u8, incident: &str, level: &str, at_ms: i64) -> Hint {
        let keys = Browser::new(browser);
        let endpoint = format!("https://push-{}.example/{browser}", browser % 2);
        let subscription =
            Subscription::parse(&endpoint, &keys.p256dh(), &keys.auth(), &OwnOrigins::default()).unwrap();
        Hint::new(&row(incident, level, at_ms), subscription.id(), subscription).unwrap()
    }

    fn row(incident: &str, level: &str, at_ms: i64) -> HintRow {
        HintRow {
            id: 1,
            device: "vd-0001".to_owned(),
            person: "victim-0001".to_owned(),
            incident: incident.to_owned(),
            level: level.to_owned().into(),
            payload: r#"{"data":{"title":"De drager is dicht bij u","distance":"ord-0001"}}"#.to_owned(),
            created_at: Timestamp::from_millis(at_ms),
        }
    }

    #[test]
    fn it_says_how_urgent_it_is_and_nothing_else() {
        let alarm = hint(1, "inc-1", "alarm", 0);
        let text: serde_json::Value = serde_json::from_str(&alarm.text().unwrap()).unwrap();
        assert_eq!(text, serde_json::json!({"kind": "alarm", "tag": alarm.topic}));
        assert_eq!((alarm.topic.len(), alarm.topic.contains("inc")), (32, false));
        let row = row("inc-1", "alarm", 0);
        assert_eq!(Said::of("alarm", &row.payload), Some(Said::Alarm));
        assert_eq!(Said::of("alarm", "not JSON"), Some(Said::Alarm), "what cannot be read is no trial");
        assert_eq!(Said::of("alarm", r#"{"data":{"test":true}}"#), Some(Said::Test));
        assert_eq!(Said::of("weather", &row.payload), None);
    }

    #[test]
    fn what_follows_in_an_incident_replaces_what_came_before_and_outlives_it() {
        let (warning, alarm) = (hint(1, "inc-1", "warning", 5), hint(1, "inc-1", "alarm", 5));
        let clear = hint(1, "inc-1", "clear", 5);
        assert_eq!([&warning.topic, &clear.topic], [&alarm.topic; 2]);
        assert_ne!(alarm.topic, hint(1, "inc-2", "alarm", 5).topic);
        assert_ne!(
            alarm.topic,
            hint(2, "inc-1", "alarm", 5).topic,
            "telephones cannot be held against each other"
        );
        assert_eq!(warning.until, Timestamp::from_millis(120_005));
        assert!(warning.until < alarm.until && alarm.until < clear.until);
        assert_eq!([warning, alarm, clear].map(|hint| hint.said.urgency()), ["high", "high", "normal"]);
    }
}
