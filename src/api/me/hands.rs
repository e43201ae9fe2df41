//! A device goes from hand to hand, and a session does not go along.

use zones::{DeviceId, PersonId};

use crate::api::AppState;
use crate::sign_in::{Found, Held};

/// Whether what a session sees and says is still that of who has the device. Where it is not, the session is over as if
/// she had signed out, and her browsers are not woken for that device any more. A token is the administrator's, and is
/// bound to the device alone; while nobody has the device, everything stays as it is.
pub(super) async fn is_still_of(
    state: &AppState,
    session: Option<&Found>,
    device: &DeviceId,
    bearer: Option<&PersonId>,
) -> bool {
    let Some(session) = session else { return true };
    let Some(bearer) = bearer else { return !session.over.is_cancelled() };
    let (state, session) = (state.clone(), session.clone());
    let (device, bearer) = (device.clone(), bearer.clone());
    // To its end, also when she closes the connection meanwhile.
    let held = tokio::spawn(async move { hold(&state, &session, &device, &bearer).await });
    held.await.unwrap_or(false)
}

async fn hold(state: &AppState, session: &Found, device: &DeviceId, bearer: &PersonId) -> bool {
    match state.sign_in.sessions.hold(session, bearer).await {
        Held::Theirs => true,
        Held::Over => false,
        Held::Another { former } => {
            tracing::info!("a victim's device is another's now: the session of who had it has ended");
            if let Err(error) = state.store.forget_push_of(device.as_str(), &former).await {
                tracing::warn!(%error, "the browsers of who had a device cannot be dropped");
            }
            false
        }
    }
}
