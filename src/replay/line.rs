//! One line of replay input: §10.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;
use zones::{DeviceId, Fix, Input, Role, Timestamp};

use crate::pipeline::translate;
use crate::wire::{self, Message, TrackerKeys, Unusable};

/// A line as far as it is read on the reading threads.
#[derive(Debug)]
pub(super) enum What {
    /// What most lines are: one fix, ready to be judged.
    Fix { received_at: Timestamp, role: Role, device: Box<str>, fix: Fix },
    /// Everything else, good or bad, by its place in the chunk: read with care when its turn comes.
    Other(Range<usize>),
}

/// Reads a line that holds one sound fix and nothing that would need another look.
pub(super) fn quick(text: &[u8]) -> Option<What> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Quick<'a> {
        received_at: Timestamp,
        role: Role,
        device: &'a str,
        fix: Fix,
    }
    let Quick { received_at, role, device, fix } = serde_json::from_slice(text).ok()?;
    Some(What::Fix { received_at, role, device: device.into(), fix })
}

/// A line of any kind.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) received_at: Timestamp,
    role: Role,
    device: DeviceId,
    #[serde(borrow)]
    fix: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    aware: Option<&'a RawValue>,
    #[serde(borrow)]
    online: Option<&'a RawValue>,
    #[serde(borrow)]
    owntracks: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    pub(super) fn read(text: &'a [u8]) -> Result<Self, Unusable> {
        let line: Self = serde_json::from_slice(text)
            .map_err(|error| Unusable { reason: error.to_string(), field: None })?;
        let kinds = [line.fix, line.status, line.aware, line.online, line.owntracks];
        match kinds.iter().flatten().count() {
            1 => Ok(line),
            0 => Err(plain("none of fix, status, aware, online and owntracks is there")),
            _ => Err(plain("more than one of fix, status, aware, online and owntracks is there")),
        }
    }

    fn leaf(&self) -> (&'static str, &'a RawValue) {
        let kinds = [
            ("fix", self.fix),
            ("status", self.status),
            ("aware", self.aware),
            ("online", self.online),
            ("owntracks", self.owntracks),
        ];
        kinds.into_iter().find_map(|(name, value)| Some((name, value?))).unwrap_or(("fix", RawValue::NULL))
    }

    /// The topic the same message would have come by.
    pub(super) fn topic(&self) -> String {
        match self.leaf() {
            ("owntracks", _) => format!("owntracks/replay/{}", self.device),
            (leaf, _) => format!("afstand/v1/{}/{}/{leaf}", self.role.as_str(), self.device),
        }
    }

    /// The message as the service would have decoded it; an encrypted one has to be recorded decrypted.
    pub(super) fn message<'m>(&self, topic: &'m str) -> Result<Message<'m>, Unusable>
    where
        'a: 'm,
    {
        let (_, payload) = self.leaf();
        wire::decode(topic, payload.get().as_bytes(), &TrackerKeys::default())
    }

    /// What the message comes to. OwnTracks lines name their device, so the register is not asked.
    pub(super) fn inputs<'m>(&'m self, message: &'m Message<'m>, each: impl FnMut(Input<'m>)) {
        if let Message::OwnTracks { what, .. } = message {
            translate::owntracks(self.role, &self.device, *what, each);
            return;
        }
        translate::named_inputs(message, each);
    }
}

pub(super) fn plain(reason: &str) -> Unusable {
    Unusable { reason: reason.to_owned(), field: None }
}
