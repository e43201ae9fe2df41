//! Who hears that one says what became of an incident: those who can say the same, and who said otherwise before.

use uuid::Uuid;
use zones::Timestamp;

use super::FollowUp;
use super::clocks::name_of;
use super::duty::OnDuty;
use super::effect::{Effect, Reason, What};
use super::incident::{Incident, Proposal};
use super::words::StaffRole;

impl FollowUp {
    /// A resolution waits for a second person: the other operators are asked, and who proposed something else before is
    /// told that another sees it otherwise.
    pub(super) fn ask_others(
        &mut self,
        id: Uuid,
        incident: &Incident,
        proposal: &Proposal,
        before: Option<&Proposal>,
    ) {
        let mut heard = vec![proposal.by.clone()];
        if let Some(Proposal { by, outcome, .. }) = before {
            let line = What::ProposalDisplaced { proposed_by: by.clone(), outcome: *outcome };
            self.by(id, proposal.at, &proposal.by, line);
            // A token may have any name; what everybody sees is the line.
            if self.rules.contacts.contains(by) {
                let told = (StaffRole::Operator, vec![by.clone()]);
                self.tell_of(id, incident, proposal, Reason::Displaced, told);
                heard.push(by.clone());
            }
        }
        for (role, people) in self.seconds(&mut heard, proposal.at) {
            self.tell_of(id, incident, proposal, Reason::Confirm, (role, people));
        }
    }

    /// Who can be the second: the other operators; where there are none, the next one up. Nobody in a list means the
    /// console. That a role is empty is for those to say who need it.
    fn seconds(&self, heard: &mut Vec<String>, at: Timestamp) -> Vec<(StaffRole, Vec<String>)> {
        let above = [StaffRole::ShiftLead, StaffRole::OnCallManager];
        let mut found = Vec::new();
        for role in [StaffRole::Operator, StaffRole::SecondOperator].into_iter().chain(above) {
            if above.contains(&role) && !found.is_empty() {
                break;
            }
            match self.on_duty(role, at) {
                OnDuty::Console if found.is_empty() => found.push((role, Vec::new())),
                OnDuty::People(mut people) => {
                    people.retain(|name| !heard.contains(name));
                    if !people.is_empty() {
                        heard.extend(people.iter().cloned());
                        found.push((role, people));
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn tell_of(
        &mut self,
        id: Uuid,
        incident: &Incident,
        proposal: &Proposal,
        reason: Reason,
        (role, people): (StaffRole, Vec<String>),
    ) {
        let Proposal { by, at, outcome } = proposal;
        self.note(id, *at, What::Told { role, people: people.clone(), in_place_of: None, round: 0 });
        let mut notice = self.notice(id, incident, people, (role, reason, 0), *at);
        // Two may propose at one moment, and each something else.
        notice.id = name_of(id, &format!("{}/{role}/{by}/{outcome}/{}", reason.as_str(), at.as_millis()));
        self.effects.push_back(Effect::Notice(notice));
    }
}
