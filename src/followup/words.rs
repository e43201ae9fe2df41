//! The words of follow-up, as they stand in JSON, in settings and in the timeline.

use std::fmt;

use serde::{Deserialize, Serialize};
use zones::order::Callee;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Every word, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// The word in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a word means.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

words! {
    /// How far the follow-up of an incident is. Independent of the condition: what has ended by itself is still
    /// somebody's.
    State {
        /// Nobody has taken it on.
        New = "new",
        /// Somebody has it.
        Acknowledged = "acknowledged",
        /// Somebody did something about it.
        InProgress = "in_progress",
        /// It is done with.
        Resolved = "resolved",
    }

    /// Whether what was raised still lasts.
    Condition {
        /// It lasts.
        Active = "active",
        /// It has ended.
        Cleared = "cleared",
    }

    /// What became of an incident.
    Outcome {
        /// Police came between.
        PoliceIntervened = "police_intervened",
        /// The wearer left.
        WearerLeft = "wearer_left",
        /// They met by chance.
        ChanceEncounter = "chance_encounter",
        /// The contact was allowed.
        AuthorisedContact = "authorised_contact",
        /// A device was at fault.
        DeviceFault = "device_fault",
        /// A device works again.
        DeviceRecovered = "device_recovered",
        /// Nothing was the matter.
        FalseAlarm = "false_alarm",
        /// It was a test.
        Test = "test",
        /// The order has ended.
        OrderEnded = "order_ended",
        /// Something else; the note says what.
        Other = "other",
    }

    /// What somebody did about an incident.
    Action {
        /// Called the wearer.
        CalledWearer = "called_wearer",
        /// Called the victim.
        CalledVictim = "called_victim",
        /// Called the desk.
        CalledDesk = "called_desk",
        /// Told the supervising officer.
        InformedOfficer = "informed_officer",
        /// Sent somebody to look.
        SentSomebody = "sent_somebody",
        /// Something else; the note says what.
        Other = "other",
    }

    /// A role in the monitoring centre and around it that can be told. Who has it when is for the duty to say.
    StaffRole {
        /// Who sits at the console.
        Operator = "operator",
        /// The other one there.
        SecondOperator = "second_operator",
        /// Who leads the shift.
        ShiftLead = "shift_lead",
        /// The manager on call.
        OnCallManager = "on_call_manager",
        /// Who is told of matters of a case that are not urgent, such as its end.
        CaseContact = "case_contact",
        /// The supervising officer.
        SupervisingOfficer = "supervising_officer",
        /// Who coordinates cases.
        CaseCoordinator = "case_coordinator",
        /// Whom the prosecution has for this.
        Prosecutor = "prosecutor",
    }

    /// Who can be told by a step of a policy.
    Recipient {
        /// The operator on duty.
        Operator = "operator",
        /// The second operator on duty.
        SecondOperator = "second_operator",
        /// The shift lead on duty.
        ShiftLead = "shift_lead",
        /// The manager on call.
        OnCallManager = "on_call_manager",
        /// The case contact on duty.
        CaseContact = "case_contact",
        /// The supervising officer on duty.
        SupervisingOfficer = "supervising_officer",
        /// The case coordinator on duty.
        CaseCoordinator = "case_coordinator",
        /// The prosecutor on duty.
        Prosecutor = "prosecutor",
        /// The victim's device.
        Victim = "victim",
        /// The victim's second channel.
        VictimSecond = "victim_second",
        /// The police desk of the order.
        Desk = "desk",
    }

    /// Something that a person is to do by hand.
    Task {
        /// Telephone the desk: it has not accepted.
        PhoneDesk = "phone_desk",
        /// Telephone the victim: her device has not shown the alarm.
        PhoneVictim = "phone_victim",
        /// Telephone the wearer, in the order of the case.
        CallWearer = "call_wearer",
        /// Telephone the victim, in the order of the case.
        CallVictim = "call_victim",
        /// Telephone the police, in the order of the case.
        CallPolice = "call_police",
    }

    /// What must have happened for a step not to be taken.
    Unless {
        /// Somebody in the monitoring centre has acknowledged it.
        Acknowledged = "acknowledged",
        /// The victim's device has shown the alarm.
        Displayed = "displayed",
        /// The desk has accepted it.
        Accepted = "accepted",
    }

    /// Where an incident stands with its desk.
    DeskState {
        /// It has the alert.
        Received = "received",
        /// It takes the incident on.
        Accepted = "accepted",
        /// It does not take it on.
        Rejected = "rejected",
        /// Officers are under way.
        Dispatched = "dispatched",
        /// Officers are there.
        OnScene = "on_scene",
        /// It is done with it.
        Closed = "closed",
    }

    /// What a victim device said of an alert.
    VictimState {
        /// It was shown.
        Displayed = "displayed",
        /// She confirmed having seen it.
        Confirmed = "confirmed",
    }
}

impl StaffRole {
    /// Who is told when nobody has this role: the next one up. The last has nobody above it.
    pub const fn up(self) -> Option<Self> {
        match self {
            Self::CaseContact => Some(Self::Operator),
            Self::Operator => Some(Self::SecondOperator),
            Self::SecondOperator | Self::SupervisingOfficer | Self::CaseCoordinator | Self::Prosecutor => {
                Some(Self::ShiftLead)
            }
            Self::ShiftLead => Some(Self::OnCallManager),
            Self::OnCallManager => None,
        }
    }

    /// Whether somebody must have it day and night. Partners, and whoever coordinates cases, keep office hours.
    pub const fn is_of_the_watch(self) -> bool {
        matches!(self, Self::Operator | Self::SecondOperator | Self::ShiftLead | Self::OnCallManager)
    }
}

impl Recipient {
    /// The role it is, where it is one of staff.
    pub const fn staff(self) -> Option<StaffRole> {
        match self {
            Self::Operator => Some(StaffRole::Operator),
            Self::SecondOperator => Some(StaffRole::SecondOperator),
            Self::ShiftLead => Some(StaffRole::ShiftLead),
            Self::OnCallManager => Some(StaffRole::OnCallManager),
            Self::CaseContact => Some(StaffRole::CaseContact),
            Self::SupervisingOfficer => Some(StaffRole::SupervisingOfficer),
            Self::CaseCoordinator => Some(StaffRole::CaseCoordinator),
            Self::Prosecutor => Some(StaffRole::Prosecutor),
            Self::Victim | Self::VictimSecond | Self::Desk => None,
        }
    }
}

impl Task {
    /// The call that a case asks for.
    pub const fn of(callee: Callee) -> Self {
        match callee {
            Callee::Wearer => Self::CallWearer,
            Callee::Victim => Self::CallVictim,
            Callee::Police => Self::CallPolice,
        }
    }

    /// Who is called, of a call that a case asks for.
    pub const fn callee(self) -> Option<Callee> {
        match self {
            Self::CallWearer => Some(Callee::Wearer),
            Self::CallVictim => Some(Callee::Victim),
            Self::CallPolice => Some(Callee::Police),
            Self::PhoneDesk | Self::PhoneVictim => None,
        }
    }
}

impl Outcome {
    /// Whether it has to be explained.
    pub const fn needs_note(self) -> bool {
        matches!(self, Self::FalseAlarm | Self::DeviceFault | Self::AuthorisedContact | Self::Other)
    }

    /// Whether it can be the outcome of an alarm that still lasts: a later alert then opens another incident.
    pub const fn fits_active_alarm(self) -> bool {
        matches!(
            self,
            Self::PoliceIntervened
                | Self::FalseAlarm
                | Self::DeviceFault
                | Self::Test
                | Self::AuthorisedContact
        )
    }
}

impl DeskState {
    /// Whether it says that the desk has taken the incident on.
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::Dispatched | Self::OnScene | Self::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_in_json_and_here() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
            assert_eq!(Outcome::from_word(outcome.as_str()), Some(*outcome));
        }
        for role in StaffRole::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(Recipient::from_word(role.as_str()).unwrap().staff(), Some(*role));
        }
        assert_eq!(State::WORDS, ["new", "acknowledged", "in_progress", "resolved"]);
    }

    #[test]
    fn every_role_ends_at_the_manager() {
        for role in StaffRole::ALL {
            let (mut at, mut steps) = (*role, 0);
            while let Some(up) = at.up() {
                at = up;
                steps += 1;
                assert!(steps < 10, "{role} goes round");
            }
            assert_eq!(at, StaffRole::OnCallManager);
        }
    }
}
