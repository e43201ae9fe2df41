//! A case played: through an engine, on the virtual clock of the story.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use zones::{
    Alert, AlertKind, Approach, Certainty, DeviceId, Effect, Engine, Input, Invalid, Level, Millis, Refused,
    Role, Subject, Timestamp,
};

use super::device::{Arrival, Message, arrivals};
use super::expect::Kind;
use super::file::Scenario;
use super::order::in_force;
use super::script::What;
use super::truth::Truth;

/// Ids of one copy of a case. Played against a service they have the run before them: nobody there must be
/// taken for somebody else.
#[derive(Debug, Clone)]
pub(super) struct Names<'a> {
    scenario: &'a Scenario,
    before: String,
    after: String,
}

impl<'a> Names<'a> {
    /// Those of a copy; `run` is empty or a word for this run.
    pub(super) fn new(scenario: &'a Scenario, run: &str, copy: u32) -> Self {
        let before = if run.is_empty() { String::new() } else { format!("{run}-{}-", scenario.name) };
        let after = if scenario.copies > 1 { format!("-{:03}", copy + 1) } else { String::new() };
        Self { scenario, before, after }
    }

    fn of(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }

    pub(super) fn person(&self, person: usize) -> String {
        self.of(&self.scenario.people[person].name)
    }

    pub(super) fn person_called(&self, name: &str) -> Option<String> {
        self.scenario.people.iter().any(|person| person.name == name).then(|| self.of(name))
    }

    pub(super) fn device(&self, person: usize) -> String {
        let prefix = match self.scenario.people[person].role {
            Role::Wearer => "am",
            Role::Victim => "vd",
        };
        format!("{prefix}-{}", self.person(person))
    }

    pub(super) fn role(&self, person: usize) -> Role {
        self.scenario.people[person].role
    }

    /// The person in the case whose device has that id.
    pub(super) fn owner<'t>(&self, device: &'t str) -> &'t str {
        self.plain(device.get(3..).unwrap_or_default())
    }

    /// Whether a device of that id is one of this copy.
    pub(super) fn has_device(&self, id: &str) -> bool {
        (0..self.scenario.people.len()).any(|person| self.device(person) == id)
    }

    /// Whether an order of that id is one of this copy.
    pub(super) fn has_order(&self, id: &str) -> bool {
        (0..self.scenario.orders.len()).any(|index| self.order(index) == id)
    }

    pub(super) fn zone(&self, zone: &str) -> String {
        self.of(zone)
    }

    pub(super) fn order(&self, index: usize) -> String {
        self.of(&format!("order-{}", index + 1))
    }

    /// The name in the case that an id stands for.
    pub(super) fn plain<'t>(&self, id: &'t str) -> &'t str {
        let rest = id.strip_prefix(self.before.as_str()).unwrap_or(id);
        rest.strip_suffix(self.after.as_str()).unwrap_or(rest)
    }
}

/// An alert that came of a case, or something else that was told.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) copy: u32,
    pub(super) at: Timestamp,
    pub(super) kind: Kind,
    pub(super) level: Level,
    pub(super) certainty: Certainty,
    pub(super) late: bool,
    pub(super) approach: Option<Approach>,
    /// Persons and zones it is about, by their names in the case.
    pub(super) about: Vec<String>,
    pub(super) to_victim: bool,
    pub(super) to_desk: bool,
    pub(super) reason: String,
}

/// Everything that is put into a service or an engine, by time.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) truth: Truth,
    /// When each order is given, its copy, its id and its document.
    pub(super) orders: Vec<(Timestamp, u32, String, Value)>,
    pub(super) arrivals: Vec<Arrival>,
    /// How much later than expected something may come: none on a virtual clock.
    pub(super) grace: Millis,
}

impl Play {
    /// Works a case out; the error says what in it cannot be. `shift` is added to the times of orders.
    pub(super) fn of(scenario: &Scenario, run: &str, shift: Millis) -> Result<Self, Invalid> {
        let truth = Truth::of(scenario)?;
        let mut all = Vec::new();
        for person in 0..scenario.people.len() {
            all.extend(arrivals(scenario, &truth, person)?);
        }
        for act in &scenario.acts {
            if let What::Deaf { until } = act.what {
                // Nothing is lost: the broker keeps it.
                let kept = all.iter_mut().filter(|arrival| act.at <= arrival.at && arrival.at < until);
                kept.for_each(|arrival| arrival.at = until);
            }
        }
        all.sort_by_key(|arrival| arrival.at);
        let mut orders = Vec::new();
        for copy in 0..scenario.copies {
            let names = Names::new(scenario, run, copy);
            for (index, plan) in scenario.orders.iter().enumerate() {
                let document = plan.document(&names, index, &scenario.devices, shift);
                orders.push((plan.issued, copy, names.order(index), document));
            }
        }
        orders.sort_by_key(|(issued, ..)| *issued);
        Ok(Self { truth, orders, arrivals: all, grace: Millis(0) })
    }

    /// Plays it through an engine; the error says what the engine would not take.
    pub(super) fn through_engine(&self, scenario: &Scenario) -> Result<Vec<Heard>, Invalid> {
        let mut stage = Stage::new(scenario);
        let mut hearing: Vec<(Timestamp, bool)> = Vec::new();
        for act in &scenario.acts {
            if let What::Deaf { until } = act.what {
                hearing.extend([(act.at, false), (until, true)]);
            }
        }
        let (mut orders, mut hearing) = (self.orders.iter().peekable(), hearing.into_iter().peekable());
        for arrival in &self.arrivals {
            while let Some((at, _, _, document)) = orders.next_if(|order| order.0 <= arrival.at) {
                stage.tell(*at, Input::Order(Arc::new(in_force(document)?)))?;
            }
            while let Some((at, on)) = hearing.next_if(|(at, _)| *at <= arrival.at) {
                stage.tell(at, Input::Hearing(on))?;
            }
            stage.arrive(arrival)?;
        }
        for (at, _, _, document) in orders {
            stage.tell(*at, Input::Order(Arc::new(in_force(document)?)))?;
        }
        stage.tell(scenario.ends, Input::Tick)?;
        Ok(stage.heard)
    }
}

/// An engine, and what it has said so far.
struct Stage<'a> {
    names: Vec<Names<'a>>,
    engine: Engine,
    heard: Vec<Heard>,
    /// Incidents that the victim and the desk have heard of.
    reached: BTreeMap<String, Told>,
}

impl<'a> Stage<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let names = (0..scenario.copies).map(|copy| Names::new(scenario, "", copy)).collect();
        Self { names, engine: Engine::new(), heard: Vec::new(), reached: BTreeMap::new() }
    }

    /// Lets time pass punctually, then tells the engine something.
    fn tell(&mut self, now: Timestamp, input: Input<'_>) -> Result<(), Invalid> {
        while let Some(due) = self.engine.poll_deadline().filter(|due| *due <= now) {
            let _ = self.engine.handle(due, Input::Tick);
            self.listen();
        }
        let taken = self.engine.handle(now, input);
        self.listen();
        match taken {
            // Before its order a device is unknown: a service sets such a message aside.
            Ok(_) | Err(Refused::UnknownDevice) => Ok(()),
            Err(refused) => Err(Invalid::new("", format!("the engine refuses: {refused}"))),
        }
    }

    fn arrive(&mut self, arrival: &Arrival) -> Result<(), Invalid> {
        for copy in 0..self.names.len() {
            let device = self.names[copy].device(arrival.person);
            let role = self.names[copy].role(arrival.person);
            let device = device.as_str();
            match &arrival.message {
                Message::Fixes(fixes) => {
                    for fix in fixes {
                        self.tell(arrival.at, Input::Fix { role, device, fix: *fix })?;
                    }
                }
                Message::Event(event) => {
                    self.tell(arrival.at, Input::Device { role, device, event: *event })?;
                }
                Message::Aware(aware) => self.tell(arrival.at, Input::Aware { device, aware: *aware })?,
                Message::Cancel(cancel) => {
                    self.tell(arrival.at, Input::AwareCancel { device, cancel: *cancel })?;
                }
            }
        }
        Ok(())
    }

    fn listen(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Alert(alert) => self.hear(&alert),
                Effect::Protection { device, protection, .. } => {
                    self.told(
                        Kind::Protection(protection.state),
                        &device,
                        format!("{:?}", protection.reasons),
                    );
                }
                Effect::Command { device, fix_interval_s, .. } => {
                    self.told(Kind::Command, &device, format!("every {fix_interval_s} s"));
                }
                Effect::Noted(note) => {
                    if let Subject::Device(_, device) = &note.watch.subject {
                        self.told(Kind::Noted, device, format!("{:?}", note.what));
                    }
                }
                Effect::Decision(_) => {}
            }
        }
    }

    /// Takes down what a device is told that is no alert.
    fn told(&mut self, kind: Kind, device: &DeviceId, reason: String) {
        let found = self.names.iter().enumerate().find(|(_, names)| names.has_device(device.as_str()));
        let Some((copy, names)) = found else { return };
        let owner = names.owner(device.as_str());
        self.heard.push(Heard::told(copy as u32, self.engine.clock(), kind, owner, reason));
    }

    fn hear(&mut self, alert: &Alert) {
        let order = alert.order.as_str();
        let copy = self.names.iter().position(|names| names.has_order(order)).unwrap_or_default();
        let names = &self.names[copy];
        let known = self.reached.entry(alert.incident.to_string()).or_default();
        let to = Told::of(alert, *known, is_quiet(&self.engine, alert));
        let goes_on = alert.level > Level::Clear;
        *known = Told { victim: goes_on && (known.victim || to.victim), desk: known.desk || to.desk };
        self.heard.push(Heard {
            copy: copy as u32,
            at: alert.raised_at,
            kind: Kind::Alert(alert.kind),
            level: alert.level,
            certainty: alert.certainty,
            late: alert.late,
            approach: alert.approach,
            about: about(names, alert),
            to_victim: to.victim,
            to_desk: to.desk,
            reason: alert.reason.clone(),
        });
    }
}

impl Heard {
    /// Something that a person's device is told, and is no alert.
    pub(super) fn told(copy: u32, at: Timestamp, kind: Kind, owner: &str, reason: String) -> Self {
        Self {
            copy,
            at,
            kind,
            level: Level::Clear,
            certainty: Certainty::Certain,
            late: false,
            approach: None,
            about: vec![owner.to_owned()],
            to_victim: false,
            to_desk: false,
            reason,
        }
    }
}

/// Everybody and everything an alert names.
fn about(names: &Names<'_>, alert: &Alert) -> Vec<String> {
    // About a device, the wearer is only the other party.
    let named = [
        Some(alert.wearer.as_str()).filter(|_| alert.device.is_none()).map(|id| names.plain(id)),
        alert.victim.as_ref().map(|victim| names.plain(victim.as_str())),
        alert.zone.as_ref().map(|zone| names.plain(zone.as_str())),
        alert.device.as_ref().map(|device| names.owner(device.as_str())),
    ];
    let mut about: Vec<String> = named.into_iter().flatten().map(str::to_owned).collect();
    about.dedup();
    about
}

/// Whether an alert is raised in the quiet hours of the victim it concerns.
fn is_quiet(engine: &Engine, alert: &Alert) -> bool {
    let victims = engine.order(&alert.order).map(|order| &*order.victims).unwrap_or_default();
    let hers = victims.iter().find(|victim| Some(&victim.party.person) == alert.victim.as_ref());
    !alert.test && hers.is_some_and(|victim| victim.is_quiet(alert.raised_at))
}

/// Who, beside the operator, is told.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    victim: bool,
    desk: bool,
}

impl Told {
    /// Whom an alert reaches, given whom earlier ones of its incident reached. Written from what the design says
    /// of recipients: the victim hears what endangers her now, the desk hears alarms and what follows on them.
    fn of(alert: &Alert, earlier: Self, quiet: bool) -> Self {
        use AlertKind as K;
        if alert.operator_only {
            return Self::default();
        }
        let hers = matches!(alert.kind, K::VictimProximity | K::ExclusionZone | K::Aware);
        // In her quiet hours no warning begins; what she heard the beginning of goes on.
        let kept = quiet && alert.level == Level::Warning && !earlier.victim;
        let raised = alert.level > Level::Clear && !kept;
        Self {
            victim: alert.victim_device.is_some() && hers && !alert.hindsight && (raised || earlier.victim),
            desk: !matches!(alert.kind, K::Battery | K::OrderExpiry)
                && !alert.test
                && (alert.level == Level::Alarm || earlier.desk),
        }
    }
}
