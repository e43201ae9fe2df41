//! What an alert does to its incident: which clocks begin, which end.

use uuid::Uuid;
use zones::{AlertKind, DeviceId, Level, Timestamp};

use super::FollowUp;
use super::clocks::name_of;
use super::effect::{Effect, Reason, SERVICE, What};
use super::event::{Done, Noted, Raised, Refused};
use super::incident::Incident;
use super::words::{Condition, DeskState, Outcome, StaffRole, State, Task, Unless};

/// Whether each of its alerts asks for somebody anew, at the same level too: another press, a mark nearer to the end.
const fn is_said_again(kind: AlertKind) -> bool {
    matches!(kind, AlertKind::Aware | AlertKind::OrderExpiry)
}

impl FollowUp {
    pub(super) fn alert(&mut self, now: Timestamp, raised: &Raised) -> Done {
        let id = raised.incident;
        let mut incident = match self.take(id) {
            Some(known) => known,
            // The end of something that is remembered no more.
            None if raised.level == Level::Clear => return Done::Already,
            None => {
                let second_told = self.supersede(now, raised);
                Incident { second_told, ..Incident::open(raised, now) }
            }
        };
        if raised.test {
            self.trial(id, &mut incident, now, raised);
        } else if raised.level == Level::Clear {
            self.clear(id, &mut incident, now, Some(raised.alert));
            self.forget_oldest(id, &mut incident, raised);
            if raised.victim_device.is_some() {
                // That it is over is news, which her device has not shown yet.
                incident.victim_state = None;
            }
        } else {
            if raised.kind == AlertKind::Silence && incident.level == Level::Clear && incident.is_open() {
                self.begin_silence(id, &mut incident, now, raised);
            }
            self.raise(id, &mut incident, now, raised);
        }
        incident.changed_at = now;
        let mass = incident.part_of.filter(|_| incident.grouped && incident.silent_since.is_some());
        let held = raised.held && incident.held && raised.level == Level::Alarm;
        self.put(id, incident);
        if let Some(mass) = mass {
            self.raise_mass(now, mass, raised);
            if let Some(desk) = raised.desk.as_ref().filter(|_| held) {
                self.tell_desk_of(now, mass, desk);
            }
        }
        Done::Done
    }

    /// A trial proves the road, and is over with it: nobody has to do anything.
    fn trial(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp, raised: &Raised) {
        let (told_victim, told_desk) = (raised.victim_device.is_some(), raised.told_desk);
        let (alert, level, late) = (raised.alert, raised.level, raised.late);
        self.note(id, now, What::Raised { alert, level, late, told_victim, told_desk });
        incident.victim_device.clone_from(&raised.victim_device);
        self.forget_oldest(id, incident, raised);
        incident.worst = incident.worst.max(level);
        incident.count += 1;
        self.clear(id, incident, now, None);
        incident.state = State::Resolved;
        incident.outcome = Some(Outcome::Test);
        incident.resolved_by = Some(SERVICE.to_owned());
        incident.resolved_at = Some(now);
        self.note(id, now, What::Resolved { outcome: Outcome::Test, note: None, proposed_by: None });
    }

    /// What belongs to an incident and changes no level is written down, and counted.
    pub(super) fn noted(&mut self, now: Timestamp, id: Uuid, what: Noted) -> Result<Done, Refused> {
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        let what = match what {
            Noted::Repeated(event) => {
                incident.count += 1;
                What::Repeated { event, count: incident.count }
            }
            Noted::NotCancelled(why) => What::NotCancelled { why },
        };
        self.note(id, now, what);
        self.put(id, incident);
        Ok(Done::Done)
    }

    /// It is over. What was an alarm stays with whom it was; her clock ends, for she is told that it is over.
    pub(super) fn clear(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp, alert: Option<Uuid>) {
        incident.level = Level::Clear;
        incident.condition = Condition::Cleared;
        incident.cleared_at = Some(now);
        incident.victim_since = None;
        incident.silent_since = None;
        self.note(id, now, What::Cleared { alert });
        if std::mem::take(&mut incident.second_told)
            && let Some(device) = incident.victim_device.clone()
        {
            let message = name_of(id, &format!("second/over/{}", now.as_millis()));
            let told = Effect::SecondChannel { id: message, incident: id, device, over: true, at: now };
            self.effects.push_back(told);
        }
    }

    /// It is over because somebody says so: no alert of the engine tells her, so she is told of it here.
    pub(super) fn clear_by_hand(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp) {
        self.clear(id, incident, now, None);
        if let Some(device) = incident.victim_device.clone() {
            let message = name_of(id, &format!("over/{}", now.as_millis()));
            self.understand(id, incident, message);
            incident.victim_state = None;
            self.effects.push_back(Effect::AllClear { id: message, incident: id, device, at: now });
        }
    }

    /// What was resolved while it lasted gets no end of its own any more once its watch opens another incident. Whether
    /// her second channel is to be told of the end of the other: to her it is not over yet.
    fn supersede(&mut self, now: Timestamp, raised: &Raised) -> bool {
        let Some(watch) = raised.watch.as_ref().map(ToString::to_string) else { return false };
        let mut second_told = false;
        let of_watch = (watch.clone(), Uuid::nil())..=(watch, Uuid::max());
        let ids: Vec<Uuid> = self.lasting.range(of_watch).map(|(_, id)| *id).collect();
        for id in ids {
            let Some(mut before) = self.take(id) else { continue };
            second_told |= std::mem::take(&mut before.second_told);
            self.clear(id, &mut before, now, None);
            before.changed_at = now;
            self.put(id, before);
            self.effects.push_back(Effect::Superseded { incident: id, at: now });
        }
        second_told
    }

    fn raise(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp, raised: &Raised) {
        let (before, was_worst) = (incident.level, incident.worst);
        // Under another order it goes on, where that takes over: what ends with the first one is not this.
        incident.watch = raised.watch.as_ref().map(ToString::to_string);
        incident.order = raised.order.clone();
        incident.worst = incident.worst.max(raised.level);
        if raised.stands > Level::Clear {
            incident.level = raised.stands;
            incident.condition = Condition::Active;
            incident.cleared_at = None;
        } else if incident.count == 0 {
            // It was over before anybody knew of it.
            incident.condition = Condition::Cleared;
            incident.cleared_at = Some(now);
        }
        incident.risk = raised.risk;
        if incident.desk != raised.desk && incident.is_open() {
            // Another desk has said nothing yet.
            incident.leave_desk();
        }
        incident.desk.clone_from(&raised.desk);
        incident.case_contact.clone_from(&raised.case_contact);
        incident.count += 1;
        self.note(
            id,
            now,
            What::Raised {
                alert: raised.alert,
                level: raised.level,
                late: raised.late,
                told_victim: raised.victim_device.is_some(),
                told_desk: raised.told_desk,
            },
        );
        if !incident.is_open() {
            return; // The engine opens another after a resolution; what comes late is written down here.
        }
        self.hold(id, incident, now, raised);
        self.begin_clocks(id, incident, now, raised);
        if raised.desk_by_hand && raised.level == Level::Alarm && before < Level::Alarm {
            self.set_task(id, incident, now, Task::PhoneDesk);
        }
        if incident.worst == Level::Alarm && was_worst < Level::Alarm && raised.kind.is_of_people() {
            for callee in &raised.call_order {
                self.set_task(id, incident, now, Task::of(*callee));
            }
        }
        if incident.worst > was_worst {
            // Who had the warning has not seen the alarm.
            incident.state = State::New;
            incident.acknowledged_at = None;
            incident.proposed = None;
            incident.ring_at = None;
            incident.since = now;
            self.first_steps(id, incident, now, &[None, Some(Unless::Acknowledged)]);
        } else if raised.level > before || (raised.level == before && is_said_again(raised.kind)) {
            self.raised_again(id, incident, now);
        }
        incident.done = now;
    }

    /// It had become less and is back, or is said again. Who is told of such at once hears of it, and who has it; who
    /// is being looked for is looked for already.
    fn raised_again(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp) {
        if incident.state == State::New {
            self.first_steps(id, incident, now, &[None]);
            return;
        }
        let rules = std::sync::Arc::clone(&self.rules);
        let policy = rules.policy(incident.kind, incident.worst, incident.risk);
        let steps = policy.into_iter().flat_map(|policy| &policy.steps);
        // The first step tells somebody of staff, at whatever time.
        let at_once = steps.enumerate().filter(|(n, step)| *n == 0 || step.is_at_once());
        for role in at_once.flat_map(|(_, step)| &step.tell).filter_map(|recipient| recipient.staff()) {
            self.tell(id, incident, role, Reason::Again, None, incident.rings, now);
        }
        if let Some(owner) = self.reachable_owner(incident) {
            self.ring(id, incident, now, Reason::Again, (StaffRole::Operator, vec![owner]));
        }
        self.rest(incident, now);
    }

    /// Her clock and the desk's begin when they are told; partners' deadlines with the level they are for.
    fn begin_clocks(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp, raised: &Raised) {
        if let Some(device) = &raised.victim_device {
            incident.victim_device = Some(device.clone());
            incident.second_road = raised.second_road;
            incident.victim_state = None;
            self.forget_oldest(id, incident, raised);
            if raised.level == Level::Alarm {
                // One that she has not seen yet goes on: many in a row must not postpone it.
                if !self.has_steps_left(incident, Unless::Displayed, now) {
                    incident.victim_since = Some(now);
                    self.first_steps(id, incident, now, &[Some(Unless::Displayed)]);
                }
            }
        }
        if raised.told_desk && raised.level == Level::Alarm {
            if incident.desk_state == Some(DeskState::Closed) {
                // It is done with what was before.
                incident.leave_desk();
            }
            let accepted = incident.desk_state.is_some_and(DeskState::is_accepted);
            if !accepted && !self.has_steps_left(incident, Unless::Accepted, now) {
                incident.desk_since = Some(now);
                self.first_steps(id, incident, now, &[Some(Unless::Accepted)]);
            }
        }
        let rules = std::sync::Arc::clone(&self.rules);
        for clock in incident.begin(&rules.deadlines, raised.level, now) {
            let (deadline, partner, due_at) = (clock.name.clone(), clock.partner.clone(), clock.due_at);
            self.note(id, now, What::DeadlineBegun { deadline, partner, due_at });
            incident.deadlines.push(clock);
        }
    }

    /// Whether a clock runs and comes to a step yet. One that has run out begins again with the next alarm.
    fn has_steps_left(&self, incident: &Incident, unless: Unless, now: Timestamp) -> bool {
        let Some(from) = incident.clock(Some(unless)) else { return false };
        let steps = self.rules.policy(incident.kind, incident.worst, incident.risk);
        let mut steps = steps.into_iter().flat_map(|policy| &policy.steps);
        steps.any(|step| step.unless == Some(unless) && step.next(from, now).is_some())
    }

    fn forget_oldest(&mut self, id: Uuid, incident: &mut Incident, raised: &Raised) {
        if raised.victim_device.is_some() {
            self.understand(id, incident, raised.alert);
        }
    }

    /// A receipt of this message is understood from now on, in place of the oldest where there are many.
    fn understand(&mut self, id: Uuid, incident: &mut Incident, message: Uuid) {
        self.by_alert.insert(message, id);
        if let Some(oldest) = incident.remember_alert(message) {
            self.by_alert.remove(&oldest);
        }
    }

    /// Her quiet hours are over, and her device is told of a warning that they kept from her. Nobody waits for her to see
    /// it, as with every warning.
    pub(super) fn quiet_over(
        &mut self,
        now: Timestamp,
        id: Uuid,
        alert: Uuid,
        device: DeviceId,
        second_road: bool,
    ) -> Result<Done, Refused> {
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        self.note(id, now, What::QuietOver { device: device.clone(), alert });
        self.understand(id, &mut incident, alert);
        incident.victim_device = Some(device);
        incident.second_road = second_road;
        incident.victim_state = None;
        self.put(id, incident);
        Ok(Done::Done)
    }

    /// Something could not be delivered for long: who has it is told, and everybody sees it. Nothing is wrong where she
    /// was shown the newest of it by another road.
    pub(super) fn undelivered(
        &mut self,
        now: Timestamp,
        id: Uuid,
        channel: &'static str,
        recipient: &str,
    ) -> Result<Done, Refused> {
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        let hers = matches!(channel, "victim_mqtt" | "victim_sms" | "victim_email" | "second_channel");
        let was_shown = hers && incident.victim_state.is_some();
        if was_shown && channel == "victim_mqtt" {
            self.put(id, incident);
            return Ok(Done::Already);
        }
        let what = What::Undelivered { channel, recipient: recipient.to_owned() };
        self.note(id, now, what);
        if incident.is_open() && !incident.is_resting() && !was_shown {
            let task = match channel {
                _ if hers => Some(Task::PhoneVictim),
                "desk_mqtt" | "desk_webhook" => Some(Task::PhoneDesk),
                _ => None,
            };
            if let Some(task) = task {
                self.set_task(id, &mut incident, now, task);
            }
            self.tell(id, &incident, StaffRole::Operator, Reason::Undelivered, task, 0, now);
        }
        self.put(id, incident);
        Ok(Done::Done)
    }
}
