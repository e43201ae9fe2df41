//! What a case looks like.

use serde::Serialize;
use utoipa::ToSchema;
use zones::guidance::Term;
use zones::order::{Callee, Contacts, Language, LegalBasis, Order, Party, Risk, SecondChannel, Victim};
use zones::{DeviceId, Protection, Timestamp};

use super::live::{Waiting, waiting};
use crate::api::AppState;
use crate::api::incidents::{IncidentView, view};
use crate::api::problem::Problem;
use crate::api::states::DeviceView;
use crate::store::IncidentFilter;

/// Open incidents of a case that are shown at most, the last changed.
const MOST_INCIDENTS: u32 = 500;

/// A case: an order with everything that stands about it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CaseView {
    /// The order.
    pub order: String,
    /// The law it rests on.
    #[schema(value_type = String)]
    pub legal_basis: LegalBasis,
    /// Stalking risk (SASH).
    #[schema(value_type = Option<String>)]
    pub risk: Option<Risk>,
    /// First moment of validity.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// First moment at which it is not valid any more.
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// Whether it is in force now.
    pub in_force: bool,
    /// Orders of the same wearer that start before it ends, and end later.
    pub successors: Vec<String>,
    /// Whether all its devices have reported under it: a label, detection never waits for it.
    pub live: bool,
    /// Those that have not.
    pub waiting_for: Vec<Waiting>,
    /// The desk that its alerts go to.
    pub desk: Option<String>,
    /// Whether that is told by itself.
    pub tell_desk: bool,
    /// Who is called, in what order; empty where the order does not say.
    #[schema(value_type = Vec<String>)]
    pub call_order: Vec<Callee>,
    /// Whom to call.
    #[schema(value_type = Object)]
    pub contacts: Contacts,
    /// Who wears the ankle monitor.
    pub wearer: PartyView,
    /// Whom it protects.
    pub victims: Vec<VictimView>,
    /// Everything that is open about it, the last changed first; no more than 500.
    pub incidents: Vec<IncidentView>,
}

/// A person with a device.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PartyView {
    /// The person.
    pub person: String,
    /// The device, as in `/v1/devices`; `null` where there is none, or nothing is known of it.
    pub device: Option<DeviceView>,
}

/// A protected person.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct VictimView {
    /// Who, with which device.
    #[serde(flatten)]
    pub party: PartyView,
    /// How well she is protected: `{"state", "reasons", "since"}`; `null` while that is not known.
    #[schema(value_type = Option<Object>)]
    pub protection: Option<Protection>,
    /// Her second channel: `sms`, `email` or `contact`.
    pub second_channel: Option<&'static str>,
    /// Whether she has a code to cancel a press with.
    pub has_aware_code: bool,
    /// Whether warnings are kept from her now.
    pub quiet_now: bool,
    /// The language she is told in first.
    #[schema(value_type = Option<String>)]
    pub language: Option<Language>,
}

impl CaseView {
    pub(super) async fn of(state: &AppState, order: &Order) -> Result<Self, Problem> {
        let now = (state.clock)();
        let (wearer, _) = party(state, &order.wearer, now).await?;
        let mut victims = Vec::with_capacity(order.victims.len());
        for victim in &order.victims {
            victims.push(VictimView::of(state, victim, now).await?);
        }
        let seen = |device: &DeviceId| {
            let parties = std::iter::once(&wearer).chain(victims.iter().map(|victim| &victim.party));
            let views = parties.filter_map(|party| party.device.as_ref());
            views.filter(|view| view.device == device.as_str()).find_map(|view| Some(view.last_fix?.fixed_at))
        };
        let waiting_for = waiting(order, seen);
        let own = Term::from(order);
        let others = state.register.of_person(&order.wearer.person);
        let successors = others.iter().filter(|other| Term::from(&***other).takes_over_from(&own));
        let filter = IncidentFilter {
            open: Some(true),
            order: Some(order.order.to_string()),
            ..IncidentFilter::default()
        };
        let incidents = state.store.incidents(&filter, MOST_INCIDENTS).await?;
        Ok(Self {
            order: order.order.to_string(),
            legal_basis: order.legal_basis,
            risk: order.risk,
            valid_from: order.valid_from,
            valid_until: order.valid_until,
            in_force: order.in_force(now),
            successors: successors.map(|other| other.order.to_string()).collect(),
            live: waiting_for.is_empty(),
            waiting_for,
            desk: order.desk.as_ref().map(ToString::to_string),
            tell_desk: order.tell_desk,
            call_order: order.call_order.clone(),
            contacts: order.contacts.clone(),
            wearer,
            victims,
            incidents: incidents.into_iter().map(view).collect(),
        })
    }
}

impl VictimView {
    async fn of(state: &AppState, victim: &Victim, now: Timestamp) -> Result<Self, Problem> {
        let (party, protection) = party(state, &victim.party, now).await?;
        Ok(Self {
            party,
            protection,
            second_channel: victim.second_channel.as_deref().map(|second| match second {
                SecondChannel::Sms(_) => "sms",
                SecondChannel::Email(_) => "email",
                SecondChannel::Contact(_) => "contact",
            }),
            has_aware_code: victim.aware_code.is_some(),
            quiet_now: victim.is_quiet(now),
            language: victim.language,
        })
    }
}

/// A person, and what that one's device was last told of her protection.
async fn party(
    state: &AppState,
    party: &Party,
    now: Timestamp,
) -> Result<(PartyView, Option<Protection>), Problem> {
    let stored = match &party.device {
        Some(device) => state.store.device(device.as_str()).await?,
        None => None,
    };
    let protection = stored.as_ref().and_then(|stored| {
        state.register.protection(stored).unwrap_or_else(|error| {
            tracing::error!(%error, "what a victim was told of her protection cannot be read");
            None
        })
    });
    let device = stored.map(|stored| DeviceView::new(&stored, &*state.states, now));
    Ok((PartyView { person: party.person.to_string(), device }, protection))
}
