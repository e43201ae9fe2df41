//! From the outbox to recipients: victim devices and desks, over MQTT and signed webhooks; those who follow up, also
//! by e-mail and text message; victims by their second channel.
//!
//! * [`recipients`] says who hears of an alert; [`police_event`] and [`victim_event`] what they hear. Both
//!   are pure: the outbox rows are part of the commit that raises the alert.
//! * [`Hints`] wake a victim's browsers, beside all this: they are no road.
//! * A [`Notice`] is what a contact is told; how it reads depends on the road.
//! * [`Dispatcher`] empties the outbox. It is told that there is something new, and reads it from the store, so
//!   that nothing is sent which is not committed, and nothing is lost between the two.
//!
//! INVARIANT: within an incident, a recipient gets alerts in their order.
//! INVARIANT: a recipient who is slow or dead delays no other.

mod cap;
mod dispatcher;
mod gateway;
mod http;
mod lanes;
mod mail;
mod notices;
mod push;
mod routing;
mod schedule;
mod signature;
mod staff;
#[cfg(test)]
mod tests;
mod transport;
mod versions;
mod webhook;
mod words;

pub use cap::{CapMessage, Earlier, cap_message};
pub use dispatcher::{Clock, DispatchHandle, Dispatcher, Trouble};
pub(crate) use http::{client as http_client, one_line};
pub use lanes::Limits;
pub use notices::{NoticeHandle, Notices};
#[cfg(test)]
pub(crate) use push::testing::Browser;
pub use push::{
    HintHandle, Hints, MOST_BROWSERS, NoHints, OwnOrigins, Subscription, VapidKey, WrongKey,
    WrongSubscription, subscription_id,
};
pub use routing::{DeskRoads, Facts, Recipient, recipients};
pub use schedule::Schedule;
pub use signature::{SecretError, SigningSecret, signatures};
pub use staff::{Ask, Notice};
pub use transport::{Roads, SendError, Transport};
pub use versions::{
    Over, all_clear_event, police_event, resolved_event, victim_event, victim_picture, victim_protection,
};
pub(crate) use words::call_order;
