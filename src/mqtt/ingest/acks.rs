//! Acknowledgements: given back in any order, from any task; they leave in the order of receipt, on the
//! connection the message came from, or not at all.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counters::IngestCounters;
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::{QoS, v5::Publish};

/// Stands for one message that the broker waits to hear about. Give it back to [`Acks::ack`] when everything
/// that follows from the message is safe; until then the broker keeps the message.
#[must_use = "the broker sends a message again, and in the end stops sending, when it is not acknowledged"]
#[derive(Debug)]
pub struct AckToken {
    epoch: u32,
    /// 0 for a message that wants no acknowledgement: MQTT never uses that id.
    pkid: u16,
    qos: QoS,
    /// Counts the messages of an epoch that want an acknowledgement.
    seq: u64,
}

impl AckToken {
    /// For a message that wants no acknowledgement: QoS 0, or one that did not come from a broker.
    pub fn none() -> Self {
        Self { epoch: 0, pkid: 0, qos: QoS::AtMostOnce, seq: 0 }
    }

    pub(super) fn new(epoch: u32, pkid: u16, qos: QoS, seq: u64) -> Self {
        Self { epoch, pkid, qos, seq }
    }
}

/// Gives messages back to the broker as done. Cheap to clone; never waits.
#[derive(Debug, Clone)]
pub struct Acks {
    desk: Arc<AckDesk>,
}

impl Acks {
    pub(super) fn new(desk: Arc<AckDesk>) -> Self {
        Self { desk }
    }

    /// Acknowledges messages. MQTT wants acknowledgements in the order of receipt, so one that is given back
    /// before its predecessors waits here for them. Tokens of an earlier connection are dropped and counted:
    /// the broker sends those messages again.
    pub fn ack(&self, tokens: Vec<AckToken>) {
        self.desk.take(tokens);
    }
}

/// What the handles and the current connection share.
#[derive(Debug)]
pub(super) struct AckDesk {
    ledger: Mutex<Option<Ledger>>,
    /// The connection had no room for all that is complete, and should ask again.
    more: AtomicBool,
    counters: Arc<IngestCounters>,
}

/// The acknowledgements of one connection.
#[derive(Debug)]
struct Ledger {
    epoch: u32,
    client: AsyncClient,
    /// Sequence number of `done[0]`: the first message that has not been acknowledged to the broker.
    first: u64,
    done: VecDeque<Option<(u16, QoS)>>,
}

impl AckDesk {
    pub(super) fn new(counters: Arc<IngestCounters>) -> Self {
        Self { ledger: Mutex::new(None), more: AtomicBool::new(false), counters }
    }

    /// From now on tokens of `epoch` go to `client`, and those of earlier epochs nowhere.
    pub(super) fn open(&self, epoch: u32, client: AsyncClient) {
        *self.lock() = Some(Ledger { epoch, client, first: 0, done: VecDeque::new() });
    }

    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn take(&self, tokens: Vec<AckToken>) {
        let mut ledger = self.lock();
        let epoch = ledger.as_ref().map(|ledger| ledger.epoch);
        let mut of_earlier_epochs = 0;
        for token in tokens.into_iter().filter(|token| token.pkid != 0) {
            match ledger.as_mut().filter(|_| epoch == Some(token.epoch)) {
                Some(ledger) => ledger.note(&token),
                None => of_earlier_epochs += 1,
            }
        }
        self.counters.dropped_old_acks.add(of_earlier_epochs);
        if let Some(ledger) = ledger.as_mut() {
            self.send(ledger);
        }
    }

    /// Hands over what the connection had no room for before. The connection calls this after each event.
    pub(super) fn send_more(&self) {
        if self.more.swap(false, Ordering::AcqRel)
            && let Some(ledger) = self.lock().as_mut()
        {
            self.send(ledger);
        }
    }

    fn send(&self, ledger: &mut Ledger) {
        if !ledger.send(&self.counters) {
            // Said before the second attempt: if that fails too, requests were waiting after it was said, so
            // the connection will come by and see it.
            self.more.store(true, Ordering::Release);
            ledger.send(&self.counters);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ledger>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn note(&mut self, token: &AckToken) {
        let Some(place) = token.seq.checked_sub(self.first) else { return };
        let place = place as usize;
        if place >= self.done.len() {
            self.done.resize(place + 1, None);
        }
        self.done[place] = Some((token.pkid, token.qos));
    }

    /// Sends what is complete from the front; false when there was no room for all. There always is for a
    /// broker that keeps to the receive maximum.
    fn send(&mut self, counters: &IngestCounters) -> bool {
        while let Some(&Some((pkid, qos))) = self.done.front() {
            if self.client.try_ack(&Publish { pkid, qos, ..Publish::default() }).is_err() {
                return false;
            }
            self.done.pop_front();
            self.first += 1;
            counters.acked.add(1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rumqttc::v5::{EventLoop, MqttOptions};

    struct Setup {
        desk: AckDesk,
        counters: Arc<IngestCounters>,
        events: EventLoop,
    }

    /// A desk whose connection is never made, so that what it hands over can be looked at.
    fn setup(epoch: u32, room: usize) -> Setup {
        let counters = Arc::new(IngestCounters::default());
        let (client, events) = AsyncClient::new(MqttOptions::new("test", "localhost", 1), room);
        let desk = AckDesk::new(counters.clone());
        desk.open(epoch, client);
        Setup { desk, counters, events }
    }

    fn token(epoch: u32, seq: u64) -> AckToken {
        AckToken::new(epoch, seq as u16 + 1, QoS::AtLeastOnce, seq)
    }

    /// How many were handed over so far.
    fn acked(setup: &Setup) -> u64 {
        setup.counters.read().acked
    }

    #[test]
    fn an_ack_waits_for_those_before_it() {
        let setup = setup(1, 16);
        setup.desk.take(vec![token(1, 2), token(1, 1)]);
        assert_eq!(acked(&setup), 0);
        setup.desk.take(vec![token(1, 0)]);
        assert_eq!(acked(&setup), 3);
    }

    #[test]
    fn an_ack_of_an_earlier_epoch_is_dropped_and_counted() {
        let setup = setup(2, 16);
        setup.desk.take(vec![token(1, 0), token(2, 0), AckToken::none()]);
        assert_eq!((acked(&setup), setup.counters.read().dropped_old_acks), (1, 1));
        setup.desk.close();
        setup.desk.take(vec![token(2, 1)]);
        assert_eq!((acked(&setup), setup.counters.read().dropped_old_acks), (1, 2));
    }

    #[test]
    fn what_the_connection_has_no_room_for_goes_when_it_asks_for_more() {
        let mut setup = setup(1, 2);
        setup.desk.take((0..5).map(|seq| token(1, seq)).collect());
        assert_eq!(acked(&setup), 2);
        setup.desk.send_more();
        assert_eq!(acked(&setup), 2);
        for expected in [4, 5, 5] {
            // Takes the requests out of the channel, as sending them would.
            setup.events.clean();
            setup.desk.send_more();
            assert_eq!(acked(&setup), expected);
        }
    }

    proptest! {
        #[test]
        fn in_whatever_order_acks_come_all_leave(order in Just((0_u64..200).collect::<Vec<_>>()).prop_shuffle(), cut in 0_usize..200) {
            let setup = setup(1, 200);
            let (early, late) = order.split_at(cut);
            setup.desk.take(early.iter().map(|&seq| token(1, seq)).collect());
            let complete = (0..200).take_while(|seq| early.contains(seq)).count() as u64;
            prop_assert_eq!(acked(&setup), complete);
            setup.desk.take(late.iter().map(|&seq| token(1, seq)).collect());
            prop_assert_eq!(acked(&setup), 200);
        }
    }
}
