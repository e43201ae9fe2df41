//! From a decoded message to what the engine is told.

use zones::{AwareCancel, DeviceId, Engine, Input, Role, Timestamp};

use super::register::Register;
use crate::wire::{Message, OwnTracks, Traccar, TypedCode, Unusable};

/// Calls `each` with every input a message comes to, in its order. Receipts come to none: they are no business
/// of the engine; nor does an attempt to cancel a press, of which the engine must not know the code: see [`cancel`].
///
/// # Errors
/// When the register knows nobody by the tracker's name.
pub(crate) fn inputs<'a>(
    register: &'a Register,
    message: &'a Message<'a>,
    each: impl FnMut(Input<'a>),
) -> Result<(), Unusable> {
    match message {
        Message::OwnTracks { tracker, what } => {
            let (role, device) = register.tracker(tracker).ok_or_else(|| unknown("OwnTracks tracker"))?;
            owntracks(role, device, *what, each);
        }
        Message::Traccar(traccar) => {
            let role = register.role(&traccar.device).ok_or_else(|| unknown("device"))?;
            self::traccar(role, traccar, each);
        }
        named => named_inputs(named, each),
    }
    Ok(())
}

/// The same for a message that names its device and role itself; nothing for any other.
pub(crate) fn named_inputs<'a>(message: &'a Message<'a>, mut each: impl FnMut(Input<'a>)) {
    match message {
        Message::Fix { role, device, fix } => each(Input::Fix { role: *role, device, fix: *fix }),
        Message::Fixes { role, device, fixes, .. } => {
            // A backlog tells its story from the beginning, however the device put it together.
            let mut fixes: Vec<_> = fixes.iter().collect();
            fixes.sort_by_key(|fix| fix.fixed_at);
            for fix in fixes {
                each(Input::Fix { role: *role, device, fix: *fix });
            }
        }
        Message::Status { role, device, event } => {
            each(Input::Device { role: *role, device, event: *event });
        }
        Message::Online { role, device, online } => {
            each(Input::Online { role: *role, device, online: *online });
        }
        Message::Aware { device, aware } => each(Input::Aware { device, aware: *aware }),
        Message::OwnTracks { .. }
        | Message::Traccar(_)
        | Message::AwareCancel { .. }
        | Message::VictimReceipt { .. }
        | Message::DeskReceipt { .. }
        | Message::Ignored => {}
    }
}

/// What an attempt to cancel a press on a victim device comes to.
pub(crate) fn cancel<'a>(engine: &Engine, device: &'a str, at: Timestamp, typed: &TypedCode) -> Input<'a> {
    let code = typed.check(engine.aware_codes(device));
    Input::AwareCancel { device, cancel: AwareCancel { at, code } }
}

/// What an OwnTracks message comes to for the device that the register has under its name. The app's last will
/// says that it is gone; whatever else it says shows that it is back.
pub(crate) fn owntracks<'a>(
    role: Role,
    device: &'a DeviceId,
    what: OwnTracks,
    mut each: impl FnMut(Input<'a>),
) {
    let device = device.as_str();
    each(Input::Online { role, device, online: what != OwnTracks::Lwt });
    if let OwnTracks::Location(fix) | OwnTracks::Transition(fix) = what {
        each(Input::Fix { role, device, fix });
    }
}

fn traccar<'a>(role: Role, traccar: &'a Traccar<'a>, mut each: impl FnMut(Input<'a>)) {
    let device = &*traccar.device;
    if let Some(fix) = traccar.fix {
        each(Input::Fix { role, device, fix });
    }
    for event in &traccar.events {
        each(Input::Device { role, device, event: *event });
    }
    if let (Some(aware), Role::Victim) = (traccar.sos, role) {
        each(Input::Aware { device, aware });
    }
}

/// How the reason begins when the register is what lacks something.
pub(crate) const UNKNOWN: &str = "unknown";

/// The register has nobody of that kind and name.
pub(crate) fn unknown(what: &str) -> Unusable {
    Unusable { reason: format!("{UNKNOWN} {what}: no registered order names it"), field: None }
}

/// What is wrong with a message of which a part was used.
pub(crate) fn partly_unusable(message: &Message<'_>) -> Option<Unusable> {
    match message {
        Message::Fixes { fixes, rejected, .. } => {
            let (place, first) = rejected.first()?;
            let all = fixes.len() + rejected.len();
            let reason =
                format!("{} of {all} fixes cannot be used; the first is [{place}]: {first}", rejected.len());
            Some(Unusable { reason, field: None })
        }
        Message::Traccar(traccar) => traccar.rejected.clone(),
        _ => None,
    }
}
