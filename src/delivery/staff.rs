//! Notices to the people who follow up: what is the matter, and what they are to do.
//!
//! A notice is kept in the outbox as JSON, which MQTT and webhooks carry as it is. E-mail and text messages travel
//! in the open: they are worded anew from the few fields of a [`Notice`] that are words and ids, so that nothing
//! that anybody ever adds to the JSON can end up in them. The same fields word a victim's second channel.

use serde::{Deserialize, Serialize};
use zones::order::{Callee, Language};
use zones::{AlertKind, Level, OrderId, Timestamp, is_id};

use super::mail::Letter;
use super::transport::SendError;
use super::words;

/// What is asked of who reads a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Take it: nobody has.
    Acknowledge,
    /// Act: it was taken, and nothing was done since.
    RingAgain,
    /// See: it was taken, and is raised again.
    RaisedAgain,
    /// Telephone the desk: it has not accepted.
    PhoneDesk,
    /// Telephone the victim: her device has not shown the alarm, and there is no other road to her.
    PhoneVictim,
    /// Find another way: the desk rejects it.
    DeskRejected,
    /// Act before a deadline.
    Remind,
    /// A deadline was missed.
    Missed,
    /// Find somebody: nobody is on duty for a role.
    NobodyOnDuty,
    /// Find another way: a message does not arrive.
    Undelivered,
    /// Say whether it may be closed: another proposed so.
    Confirm,
    /// Judge again: another sees otherwise what they proposed.
    Differs,
    /// Nothing but to know of it; also what a word asks that is not known here.
    #[serde(other)]
    Look,
}

/// All that a notice is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id: a function of what it is about, so that it is the same after a restart.
    pub notice: String,
    /// The incident.
    pub incident: String,
    /// Kind of the incident's alerts.
    pub kind: AlertKind,
    /// Level of the incident.
    pub level: Level,
    /// The order it rests on, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// How many devices are silent, where it is about many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<u32>,
    /// Whom the case wants telephoned, in that order: roles, never names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub call: Vec<Callee>,
    /// What is asked.
    pub step: Ask,
    /// Name of the deadline or role that is meant, an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// It is about an earlier moment: for a victim's second channel.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// What a victim is told in first; to anybody else it is Dutch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// When it was raised.
    pub raised_at: Timestamp,
}

/// A notice as it is kept and carried.
#[derive(Serialize)]
struct Worded<'a> {
    #[serde(flatten)]
    notice: &'a Notice,
    text_nl: String,
    text_en: String,
}

impl Notice {
    /// The notice as JSON with its texts: the payload of a delivery to a contact or a victim's second channel.
    ///
    /// # Errors
    /// None that its fields can lead to.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let [text_nl, text_en] = words::sentences(self).map(|(what, ask)| format!("{what} {ask}"));
        let [call_nl, call_en] = words::call_order(&self.call).map(words::after_a_space);
        let (text_nl, text_en) = (text_nl + &call_nl, text_en + &call_en);
        serde_json::to_string(&Worded { notice: self, text_nl, text_en })
    }

    /// Reads a payload back. What is not an id or a word of ours is refused: it would be sent in the open.
    pub(super) fn read(payload: &str) -> Result<Self, SendError> {
        let unreadable = || SendError::new("the stored notice cannot be read".to_owned());
        let notice: Self = serde_json::from_str(payload).map_err(|_| unreadable())?;
        let ids = [Some(&notice.notice), Some(&notice.incident), notice.about.as_ref()];
        if ids.into_iter().flatten().all(|id| is_id(id)) { Ok(notice) } else { Err(unreadable()) }
    }

    /// For a contact's telephone: at most 160 characters of GSM-7.
    pub(super) fn text_message(&self) -> String {
        words::text_message(self)
    }

    /// For a contact's mailbox.
    pub(super) fn letter(&self) -> Letter {
        Letter {
            id: self.notice.clone(),
            thread: Some(self.incident.clone()),
            subject: words::subject(self),
            text: words::letter(self),
            urgent: self.level == Level::Alarm,
        }
    }

    /// For a victim's telephone: her version, at most 160 characters of GSM-7.
    pub(super) fn victims_text_message(&self) -> String {
        words::victims_text_message(self)
    }

    /// For a victim's mailbox: her version.
    pub(super) fn victims_letter(&self) -> Letter {
        let (subject, text) = words::victims_letter(self);
        // Nothing in it says which case it is: her mailbox may be read by others.
        Letter { id: self.notice.clone(), thread: None, subject, text, urgent: self.level == Level::Alarm }
    }
}

#[cfg(test)]
mod tests;
