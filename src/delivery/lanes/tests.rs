use super::*;
use proptest::prelude::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(secs * 1_000)
}

fn desk(name: &str) -> Address {
    Address { channel: Channel::DeskWebhook, name: name.into() }
}

fn device(name: &str) -> Address {
    Address { channel: Channel::VictimMqtt, name: name.into() }
}

fn item(id: i64, to: &Address, incident: &str) -> Item<i64> {
    let until = Until::Received;
    Item { id, to: to.clone(), incident: incident.into(), attempts: 0, due: at(0), until, payload: id }
}

/// Numbers of deliveries count from 1.
fn number(index: usize) -> i64 {
    i64::try_from(index).unwrap() + 1
}

fn turns(lanes: &mut Lanes<i64>, now: i64) -> Vec<i64> {
    std::iter::from_fn(|| lanes.next_turn(at(now))).map(|turn| turn.id).collect()
}

#[test]
fn an_incident_is_told_in_order_and_holds_up_no_other() {
    let mut lanes = Lanes::new(Limits::default());
    let rotterdam = desk("rotterdam");
    for (id, incident) in [(1, "a"), (2, "a"), (3, "b"), (4, "a")] {
        assert_eq!(lanes.offer(item(id, &rotterdam, incident)), Offered::Held);
    }
    assert_eq!(lanes.offer(item(2, &rotterdam, "a")), Offered::Known);
    assert_eq!(turns(&mut lanes, 0), [1, 3]);
    assert_eq!(lanes.poll_deadline(), None, "the rest waits for these to end");
    assert_eq!(lanes.failed(1, at(2), false), AfterFailure::Again);
    lanes.received(3);
    assert_eq!(turns(&mut lanes, 1), [0; 0]);
    assert_eq!(lanes.poll_deadline(), Some(at(2)));
    assert_eq!(lanes.next_turn(at(2)), Some(Turn { id: 1, attempt: 2, payload: 1 }));
    lanes.received(1);
    assert_eq!(turns(&mut lanes, 2), [2]);
    lanes.received(2);
    assert_eq!(turns(&mut lanes, 2), [4]);
    lanes.received(4);
    assert_eq!(lanes.counts(), (0, 0));
    assert!(lanes.queues.is_empty() && lanes.places.is_empty());
    // Answers that come twice change nothing.
    lanes.received(4);
    assert_eq!(lanes.failed(4, at(9), false), AfterFailure::Gone);
}

#[test]
fn a_recipient_who_does_not_answer_takes_four_places_and_no_more() {
    let mut lanes = Lanes::new(Limits::default());
    let (slow, quick) = (desk("slow"), desk("quick"));
    for id in 1..=6 {
        lanes.offer(item(id, &slow, &format!("s{id}")));
    }
    for id in 7..=8 {
        lanes.offer(item(id, &quick, "q"));
    }
    assert_eq!(turns(&mut lanes, 0), [1, 2, 3, 4, 7]);
    lanes.received(7);
    assert_eq!(turns(&mut lanes, 0), [8]);
    // Each that ends, well or not, makes room for one that waited.
    lanes.failed(2, at(2), false);
    assert_eq!(turns(&mut lanes, 0), [5]);
    lanes.received(1);
    assert_eq!(turns(&mut lanes, 0), [6]);
    lanes.received(3);
    assert_eq!(turns(&mut lanes, 2), [2]);
}

#[test]
fn the_brokers_limit_is_not_the_webhooks() {
    let limits = Limits { in_flight_over_mqtt: 2, ..Limits::default() };
    let mut lanes = Lanes::new(limits);
    for id in 1..=3 {
        lanes.offer(item(id, &device(&format!("vd-{id}")), "a"));
    }
    lanes.offer(item(4, &desk("d"), "a"));
    assert_eq!(turns(&mut lanes, 0), [1, 2, 4]);
    assert_eq!(lanes.poll_deadline(), None, "due, but there is no room: no reason to wake up");
    lanes.failed(1, at(2), false);
    assert_eq!(turns(&mut lanes, 0), [3]);
}

#[test]
fn a_server_that_stalls_holds_up_its_own_road_only_and_no_victim_waits_for_staff() {
    let limits = Limits { in_flight_through_server: 2, ..Limits::default() };
    let mut lanes = Lanes::new(limits);
    let roads = [
        Channel::Sms,
        Channel::VictimSms,
        Channel::Email,
        Channel::VictimEmail,
        Channel::StaffWebhook,
        Channel::StaffMqtt,
    ];
    let mut id = 0;
    for channel in roads {
        for name in ["a", "b", "c"] {
            id += 1;
            lanes.offer(item(id, &Address { channel, name: name.into() }, "i"));
        }
    }
    // Two through each server, and all over webhooks and the broker; nothing has been answered yet.
    let mut begun = turns(&mut lanes, 0);
    begun.sort_unstable();
    assert_eq!(begun, [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 15, 16, 17, 18]);
    lanes.failed(2, at(2), false);
    assert_eq!(turns(&mut lanes, 0), [3], "of the same road, and of no other");
}

#[test]
fn a_closed_incident_is_tried_once_where_it_was_not() {
    let mut lanes = Lanes::new(Limits::default());
    let rotterdam = desk("rotterdam");
    for (id, incident) in [(1, "a"), (2, "a"), (3, "b"), (4, "c"), (5, "c")] {
        lanes.offer(item(id, &rotterdam, incident));
    }
    assert_eq!(turns(&mut lanes, 0), [1, 3, 4]);
    lanes.failed(1, at(2), false);
    assert_eq!(lanes.close("a", |_| Until::Tried), [1], "tried and not received");
    assert_eq!(turns(&mut lanes, 0), [2], "the last word on it is still sent");
    assert_eq!(lanes.failed(2, at(9), false), AfterFailure::GivenUp(Until::Tried));
    // One that is under way may still arrive.
    assert_eq!(lanes.close("c", |_| Until::Tried), [0; 0]);
    assert_eq!(lanes.failed(4, at(9), false), AfterFailure::GivenUp(Until::Tried));
    assert_eq!(turns(&mut lanes, 0), [5]);
    lanes.received(5);
    // The other incident goes on.
    assert_eq!(lanes.failed(3, at(2), false), AfterFailure::Again);
    assert_eq!(turns(&mut lanes, 2), [3]);
}

#[test]
fn an_end_is_tried_for_a_while_after_the_closing_and_what_nobody_is_there_for_ends_with_it() {
    let mut lanes = Lanes::new(Limits::default());
    let (rotterdam, gone) = (desk("rotterdam"), desk("gone"));
    for (id, to) in [(1, &rotterdam), (2, &rotterdam), (3, &gone)] {
        lanes.offer(item(id, to, "a"));
    }
    assert_eq!(turns(&mut lanes, 0), [1, 3]);
    // While it is open nothing is hopeless.
    assert_eq!(lanes.failed(1, at(30), true), AfterFailure::Again);
    assert_eq!(lanes.failed(3, at(30), true), AfterFailure::Again);
    let until = |id: &i64| if *id == 1 { Until::Tried } else { Until::Latest(at(100)) };
    assert_eq!(lanes.close("a", until), [1], "the alarm that nobody need act on any more");
    assert_eq!(turns(&mut lanes, 0), [2], "the end need not wait for it");
    for now in [0, 30, 60] {
        assert_eq!(lanes.failed(2, at(now + 30), false), AfterFailure::Again);
        assert!(turns(&mut lanes, now + 30).contains(&2));
    }
    assert_eq!(lanes.failed(2, at(120), false), AfterFailure::GivenUp(Until::Latest(at(100))));
    assert_eq!(lanes.failed(3, at(60), true), AfterFailure::GivenUp(Until::Latest(at(100))));
    assert!(lanes.queues.is_empty() && lanes.poll_deadline().is_none());
}

#[test]
fn what_somebody_has_by_another_road_is_not_tried_again() {
    let mut lanes = Lanes::new(Limits::default());
    let (hers, other) = (device("vd-1"), device("vd-2"));
    for (id, to) in [(1, &hers), (2, &hers), (3, &other)] {
        lanes.offer(item(id, to, "a"));
    }
    assert_eq!(turns(&mut lanes, 0), [1, 3]);
    lanes.had(&hers, |id| *id <= 2 || *id == 3);
    assert_eq!(lanes.counts(), (2, 2), "the one that waited is gone; one that is under way may still arrive");
    assert_eq!(lanes.failed(1, at(2), false), AfterFailure::Gone);
    assert_eq!(lanes.failed(3, at(2), false), AfterFailure::Again, "the other device has nothing of it");
    assert_eq!(turns(&mut lanes, 2), [3]);
    lanes.received(3);
    assert!(lanes.queues.is_empty() && lanes.places.is_empty());
}

#[test]
fn what_does_not_fit_is_read_again_when_there_is_room() {
    let limits = Limits { held_per_recipient: 4, held: 6, ..Limits::default() };
    let mut lanes = Lanes::new(limits);
    let (busy, idle) = (device("busy"), device("idle"));
    for id in 1..=4 {
        assert_eq!(lanes.offer(item(id, &busy, "a")), Offered::Held);
    }
    assert_eq!(lanes.offer(item(5, &busy, "a")), Offered::Spilled);
    assert_eq!(lanes.offer(item(6, &idle, "b")), Offered::Held);
    assert_eq!(lanes.offer(item(7, &busy, "a")), Offered::Spilled);
    assert_eq!(lanes.to_reload(), None, "three of four are still held");
    assert_eq!(turns(&mut lanes, 0), [1, 6]);
    lanes.received(1);
    assert_eq!(turns(&mut lanes, 0), [2]);
    lanes.received(2);
    assert_eq!(lanes.to_reload(), Some((busy.clone(), 4)));
    lanes.resume(&busy);
    for id in [5, 7] {
        assert_eq!(lanes.offer(item(id, &busy, "a")), Offered::Held);
    }
    assert_eq!(lanes.offer(item(8, &busy, "a")), Offered::Spilled);
    for id in [3, 4, 5, 7] {
        assert_eq!(turns(&mut lanes, 0), [id]);
        lanes.received(id);
    }
    assert_eq!(lanes.to_reload(), Some((busy, 7)));
}

#[test]
fn after_forgetting_everything_can_be_offered_anew() {
    let mut lanes = Lanes::new(Limits { held_per_recipient: 2, ..Limits::default() });
    let rotterdam = desk("rotterdam");
    for id in 1..=3 {
        lanes.offer(item(id, &rotterdam, "a"));
    }
    assert_eq!(turns(&mut lanes, 0), [1]);
    lanes.forget_waiting();
    assert_eq!((lanes.counts(), lanes.to_reload()), ((1, 1), None));
    assert_eq!(lanes.offer(item(1, &rotterdam, "a")), Offered::Known);
    assert_eq!(lanes.offer(item(2, &rotterdam, "a")), Offered::Held);
    lanes.received(1);
    assert_eq!(turns(&mut lanes, 0), [2]);
}

/// One thing that may happen to the lanes.
#[derive(Debug, Clone)]
enum Step {
    Offer { recipient: usize, incident: usize },
    End { which: usize, received: bool },
    Wait { secs: i64 },
    Reload,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..5_usize, 0..3_usize).prop_map(|(recipient, incident)| Step::Offer { recipient, incident }),
        3 => (0..8_usize, any::<bool>()).prop_map(|(which, received)| Step::End { which, received }),
        1 => (1..6_i64).prop_map(|secs| Step::Wait { secs }),
        1 => Just(Step::Reload),
    ];
    proptest::collection::vec(step, 0..120)
}

/// The world around the lanes: an outbox as the store keeps it, and recipients who note what they get.
struct World {
    lanes: Lanes<i64>,
    outbox: Vec<Item<i64>>,
    pending: BTreeSet<i64>,
    under_way: Vec<i64>,
    /// What arrived, per recipient and incident.
    arrived: BTreeMap<(Address, Arc<str>), Vec<i64>>,
    now: i64,
    limits: Limits,
}

impl World {
    fn new() -> Self {
        let limits = Limits {
            in_flight_per_recipient: 2,
            in_flight_over_mqtt: 3,
            in_flight_through_server: 1,
            held_per_recipient: 4,
            held: 9,
        };
        Self {
            lanes: Lanes::new(limits),
            outbox: Vec::new(),
            pending: BTreeSet::new(),
            under_way: Vec::new(),
            arrived: BTreeMap::new(),
            now: 0,
            limits,
        }
    }

    fn recipient(index: usize) -> Address {
        let anna = Address { channel: Channel::Sms, name: "anna".into() };
        let bert = Address { name: "bert".into(), ..anna.clone() };
        [device("vd-1"), device("vd-2"), desk("rotterdam"), anna, bert][index].clone()
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Offer { recipient, incident } => {
                let id = number(self.outbox.len());
                let item = item(id, &Self::recipient(recipient), &format!("i{incident}"));
                self.outbox.push(item.clone());
                self.pending.insert(id);
                self.lanes.offer(item);
            }
            Step::End { which, received } if !self.under_way.is_empty() => {
                let id = self.under_way.remove(which % self.under_way.len());
                if received {
                    self.receive(id);
                } else {
                    assert_eq!(self.lanes.failed(id, at(self.now + 2), false), AfterFailure::Again);
                }
            }
            Step::End { .. } => {}
            Step::Wait { secs } => self.now += secs,
            Step::Reload => self.reload(),
        }
        while let Some(turn) = self.lanes.next_turn(at(self.now)) {
            assert!(self.pending.contains(&turn.id), "{} was received already", turn.id);
            assert!(!self.under_way.contains(&turn.id), "{} is under way already", turn.id);
            self.under_way.push(turn.id);
        }
        self.check_limits();
    }

    fn receive(&mut self, id: i64) {
        let item = &self.outbox[id as usize - 1];
        assert!(self.pending.remove(&id), "{id} arrived twice");
        self.arrived.entry((item.to.clone(), item.incident.clone())).or_default().push(id);
        self.lanes.received(id);
    }

    fn reload(&mut self) {
        let Some((address, after)) = self.lanes.to_reload() else { return };
        self.lanes.resume(&address);
        for item in &self.outbox {
            if item.id > after && item.to == address && self.pending.contains(&item.id) {
                self.lanes.offer(item.clone());
            }
        }
    }

    fn check_limits(&self) {
        let (held, under_way) = self.lanes.counts();
        assert!(held <= self.limits.held && under_way == self.under_way.len());
        let to = |id: &i64| &self.outbox[*id as usize - 1].to;
        for index in 0..5 {
            let address = Self::recipient(index);
            let of_it = self.under_way.iter().filter(|id| *to(id) == address).count();
            assert!(of_it <= self.limits.in_flight_per_recipient);
        }
        let by = |channel| self.under_way.iter().filter(|id| to(id).channel == channel).count();
        assert!(by(Channel::VictimMqtt) <= self.limits.in_flight_over_mqtt);
        assert!(by(Channel::Sms) <= self.limits.in_flight_through_server);
    }

    /// Everybody answers from now on: all of it must arrive, in a bounded number of steps.
    fn drain(&mut self) {
        for _ in 0..20 * (self.outbox.len() + 1) {
            self.step(&Step::Reload);
            self.step(&Step::Wait { secs: 2 });
            self.step(&Step::End { which: 0, received: true });
        }
        assert!(self.pending.is_empty(), "never sent: {:?}", self.pending);
        assert!(self.lanes.queues.is_empty() && self.lanes.due.iter().all(BTreeSet::is_empty));
    }
}

proptest! {
    #[test]
    fn all_of_it_arrives_once_and_in_order_whatever_happens(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.drain();
        prop_assert_eq!(world.arrived.values().map(Vec::len).sum::<usize>(), world.outbox.len());
        for (lane, ids) in &world.arrived {
            prop_assert!(ids.is_sorted(), "{:?}: {:?}", lane, ids);
        }
    }

    /// One recipient never answers well; what the others get, and when, is as if it were not there.
    #[test]
    fn a_dead_recipient_delays_nobody(
        offers in proptest::collection::vec((0..5_usize, 0..3_usize), 1..40)
    ) {
        let dead = World::recipient(2);
        let run = |with_dead: bool| {
            let mut lanes = Lanes::new(Limits { held: 1_000, held_per_recipient: 100, ..Limits::default() });
            for (index, (recipient, incident)) in offers.iter().enumerate() {
                if with_dead || *recipient != 2 {
                    lanes.offer(item(number(index), &World::recipient(*recipient), &format!("i{incident}")));
                }
            }
            let mut log = Vec::new();
            for round in 0..number(offers.len()) {
                for id in turns(&mut lanes, round) {
                    if World::recipient(offers[id as usize - 1].0) == dead {
                        lanes.failed(id, at(round + 1), false);
                    } else {
                        log.push((round, id));
                        lanes.received(id);
                    }
                }
            }
            log
        };
        prop_assert_eq!(run(true), run(false));
    }
}
