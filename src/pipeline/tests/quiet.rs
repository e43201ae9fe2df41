//! A warning that her quiet hours kept from a victim: what becomes of it, when, and over how many restarts.

use super::victim::{LATE, MORNING, near, night};
use super::*;
use crate::store::{DeliveryRecord, PendingDelivery};

/// A service with a store, which can be killed.
struct Killed {
    _folder: tempfile::TempDir,
    store: Store,
    decider: Decider,
}

impl Killed {
    /// In her quiet hours he stands 1,300 m from her: a warning that is kept from her.
    async fn with_a_warning_held() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
        let mut this = Self { _folder: folder, store, decider: started(nothing()) };
        this.decider
            .put_order(t(0), draft(&with("a", "/victims/0/quiet_hours", night())), Origin::Api)
            .unwrap();
        near(&mut this.decider, LATE, 0.0117);
        this.commit().await;
        assert!(this.sent().await.is_empty(), "nobody wakes her");
        let held = this.hers().await;
        assert_eq!((held[0].why.as_deref(), held[0].next_at), (Some("quiet_hours"), Some(t(MORNING))));
        this
    }

    async fn commit(&mut self) {
        self.store.commit(&self.decider.take().batch).await.unwrap();
    }

    /// What was not committed never was.
    async fn kill(&mut self) {
        let taken = Taken::load(&self.store).await.unwrap();
        self.decider =
            Decider::resume(taken, around(), Rules::default(), Arc::new(Metrics::default())).unwrap();
    }

    /// What lies in the outbox for her device.
    async fn sent(&self) -> Vec<PendingDelivery> {
        self.store.pending_deliveries_to(Channel::VictimMqtt, "vd-a", 0, 10).await.unwrap()
    }

    async fn hers(&self) -> Vec<DeliveryRecord> {
        self.store.deliveries_to(Channel::VictimMqtt, "vd-a", None, 10).await.unwrap()
    }

    async fn incident(&self) -> crate::store::IncidentStory {
        let id = self.hers().await[0].delivery.incident.clone();
        self.store.incident(&id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn what_stands_when_her_quiet_hours_end_is_told_once_whatever_dies_between() {
    let mut night = Killed::with_a_warning_held().await;
    let held = night.hers().await.remove(0).delivery;
    // Killed before, and after it was decided but before it was written down.
    night.kill().await;
    night.decider.advance(t(MORNING - 1));
    night.commit().await;
    assert!(night.sent().await.is_empty(), "not a second early");
    night.kill().await;
    night.decider.advance(t(MORNING));
    night.kill().await;
    assert!(night.sent().await.is_empty());
    // The service is up again two minutes late: it is told as of when it was due.
    night.decider.advance(t(MORNING + 120));
    night.commit().await;
    let sent = night.sent().await;
    assert_eq!(sent.len(), 1);
    let told = &sent[0].delivery;
    assert_eq!((&told.alert, &told.payload, &*told.level), (&held.alert, &held.payload, "warning"));
    assert_eq!((told.created_at, told.id > held.id), (t(MORNING), true), "whoever reads on finds it");
    let story = night.incident().await;
    let lines = story.timeline.iter().filter(|line| line.what == "quiet_over").collect::<Vec<_>>();
    assert_eq!((lines.len(), lines[0].at), (1, t(MORNING)));
    assert!(lines[0].detail.contains(&held.alert), "{}", lines[0].detail);

    // Never again, and what she heard the beginning of ends aloud, also in the next night.
    night.kill().await;
    let next = LATE + 86_400;
    night.decider.advance(t(next));
    for minute in 0..3 {
        near(&mut night.decider, next + minute * 60, 0.03);
    }
    night.commit().await;
    let levels: Vec<_> = night.sent().await.iter().map(|one| one.delivery.level.to_string()).collect();
    assert_eq!(levels, ["warning", "clear"]);
    // A receipt of what she was told late is understood.
    let receipt = json!({"alert": held.alert, "state": "confirmed", "at": t(next + 200)});
    night
        .decider
        .said(t(next + 200), "afstand/v1/victim/vd-a/receipt", receipt.to_string().as_bytes())
        .unwrap();
    night.commit().await;
    assert_eq!(night.hers().await.iter().filter(|one| one.confirmed_at.is_some()).count(), 1);
}

#[tokio::test]
async fn what_is_over_by_then_she_is_never_told() {
    for killed in [false, true] {
        let mut night = Killed::with_a_warning_held().await;
        for minute in 1..4 {
            near(&mut night.decider, LATE + minute * 60, 0.03);
        }
        night.commit().await;
        if killed {
            night.kill().await;
        }
        night.decider.advance(t(MORNING + 60));
        night.commit().await;
        assert!(night.sent().await.is_empty());
        let hers = night.hers().await;
        assert_eq!(hers.len(), 2, "the warning and its end");
        let kept = |one: &DeliveryRecord| one.why.as_deref() == Some("quiet_hours") && one.next_at.is_none();
        assert!(hers.iter().all(kept), "nothing says that it waits: {hers:?}");
    }
}

#[tokio::test]
async fn an_alarm_is_told_at_once_and_takes_the_place_of_what_was_held() {
    let mut night = Killed::with_a_warning_held().await;
    night.kill().await;
    near(&mut night.decider, LATE + 60, 0.005);
    night.commit().await;
    let alarm: Vec<_> = night.sent().await.iter().map(|one| one.delivery.level.to_string()).collect();
    assert_eq!(alarm, ["alarm"]);
    night.decider.advance(t(MORNING + 60));
    night.commit().await;
    assert_eq!(night.sent().await.len(), 1, "no warning after it");
    assert_eq!(night.hers().await[1].next_at, None);
}

#[tokio::test]
async fn what_somebody_resolved_meanwhile_is_not_told() {
    let mut night = Killed::with_a_warning_held().await;
    let incident = night.incident().await.incident.incident.parse().unwrap();
    let anna = Actor { name: "Anna".to_owned(), person: Some("Anna".to_owned()), supervisor: true };
    let outcome = followup::Outcome::ChanceEncounter;
    let resolve = Command::Resolve { outcome, note: Some("lives there".to_owned()) };
    night.decider.follow_command(t(LATE + 60), incident, anna, resolve, None).unwrap();
    night.commit().await;
    assert_eq!(night.hers().await[0].next_at, None, "it waits for nothing");
    night.kill().await;
    night.decider.advance(t(MORNING + 60));
    night.commit().await;
    assert!(night.sent().await.is_empty());
}

#[tokio::test]
async fn other_hours_by_then_move_the_moment() {
    let mut night = Killed::with_a_warning_held().await;
    let mut longer = victim::night();
    longer["weekly"][0]["to"] = "08:00".into();
    let changed = draft(&with("a", "/victims/0/quiet_hours", longer));
    night.decider.put_order(t(LATE + 60), changed, Origin::Api).unwrap();
    night.decider.advance(t(MORNING + 60));
    night.commit().await;
    assert!(night.sent().await.is_empty());
    assert_eq!(night.hers().await[0].next_at, Some(t(MORNING + 3_600)));
    night.kill().await;
    night.decider.advance(t(MORNING + 3_600));
    night.commit().await;
    assert_eq!(night.sent().await.len(), 1);
}
