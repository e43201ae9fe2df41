use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use zones::{DeviceId, PersonId, Timestamp};

use super::claims::{Person, Refusal, person};
use super::*;
use crate::config::{Holder, Role, RoleValue, SessionLimits, SignIn as Settings};

const LIMITS: SessionLimits =
    SessionLimits { idle: Duration::from_mins(15), longest: Duration::from_hours(12) };

/// A moment so many minutes into the test.
fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + minutes * 60_000)
}

fn anna() -> Holder {
    let person = Some("anna".to_owned());
    Holder {
        name: "Anna (anna)".to_owned(),
        person,
        role: Role::Operator,
        desk: None,
        device: None,
        only: None,
    }
}

fn app() -> Holder {
    let device = Some(DeviceId::new("vd-0001").unwrap());
    Holder { name: "App (app)".to_owned(), person: None, role: Role::Victim, desk: None, device, only: None }
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    async fn store(&self) -> Store {
        Store::open(&format!("sqlite:{}", self.folder.path().join("test.db").display())).await.unwrap()
    }

    async fn sessions(&self, terms: &str, now: Timestamp) -> Sessions {
        Sessions::resume(self.store().await, LIMITS, terms.to_owned(), now).await.unwrap()
    }
}

#[tokio::test]
async fn a_session_is_known_by_its_id_alone_and_ends_when_its_holder_leaves() {
    let bench = Bench::new();
    let sessions = bench.sessions("a", minute(0)).await;
    let id = sessions.begin(anna(), None, None, minute(0)).await.unwrap();
    let found = sessions.find(&id, minute(1)).unwrap();
    assert_eq!((&found.holder, found.is_locked), (&anna(), false));
    assert!(!id.contains(found.hash()) && found.hash() != id && found.csrf != id);
    for wrong in ["", found.hash(), &found.csrf, &id[1..]] {
        assert!(sessions.find(wrong, minute(1)).is_none(), "{wrong}");
    }
    sessions.end(&found).await.unwrap();
    assert!(sessions.find(&id, minute(1)).is_none());
    assert!(found.over.is_cancelled() && found.locked.is_cancelled(), "its streams end too");
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_the_store_holds_no_id() {
    let bench = Bench::new();
    let before = bench.sessions("a", minute(0)).await;
    let (id, gone) = (
        before.begin(app(), None, None, minute(0)).await.unwrap(),
        before.begin(anna(), None, None, minute(0)).await.unwrap(),
    );
    let locked = before.begin(anna(), None, None, minute(0)).await.unwrap();
    before.end(&before.find(&gone, minute(0)).unwrap()).await.unwrap();
    before.lock(&before.find(&locked, minute(0)).unwrap()).await.unwrap();
    let kept = std::fs::read(bench.folder.path().join("test.db-wal")).unwrap_or_default();
    for id in [&id, &gone, &locked] {
        assert!(!kept.windows(id.len()).any(|part| part == id.as_bytes()), "an id is in the store");
    }
    drop(before);
    let after = bench.sessions("a", minute(2)).await;
    assert_eq!(after.find(&id, minute(2)).map(|found| found.holder), Some(app()));
    assert!(after.find(&gone, minute(2)).is_none());
    let locked = after.find(&locked, minute(2)).unwrap();
    assert!(locked.is_locked && locked.holder == anna(), "who she is, too");
    drop(after);
    // Under other settings nobody has the role that she had.
    let other = bench.sessions("b", minute(3)).await;
    assert!(other.find(&id, minute(3)).is_none());
    other.sweep(minute(3)).await;
    drop(other);
    assert_eq!(bench.store().await.sessions().await.unwrap(), []);
}

#[tokio::test]
async fn who_is_away_is_locked_out_and_hours_later_signed_out() {
    let bench = Bench::new();
    let sessions = bench.sessions("a", minute(0)).await;
    let id = sessions.begin(anna(), None, None, minute(0)).await.unwrap();
    // Somebody who presses a key every ten minutes is never idle.
    for n in 1..=10 {
        let found = sessions.find(&id, minute(10 * n)).unwrap();
        assert!(!found.is_locked, "{n}");
        sessions.touch(&found, minute(10 * n));
    }
    let at_its_edge = Timestamp::from_millis(minute(116).as_millis() - 1);
    assert!(!sessions.find(&id, at_its_edge).unwrap().is_locked);
    let held = sessions.find(&id, at_its_edge).unwrap();
    sessions.sweep(minute(116)).await;
    assert!(held.locked.is_cancelled() && !held.over.is_cancelled());
    let locked = sessions.find(&id, minute(116)).unwrap();
    assert!(locked.is_locked);
    // A lock ends with a new session only, whatever comes in.
    sessions.touch(&locked, minute(117));
    assert!(sessions.find(&id, minute(117)).unwrap().is_locked);
    let again = sessions.begin(anna(), None, Some(locked.hash()), minute(118)).await.unwrap();
    assert!(sessions.find(&id, minute(118)).is_none() && again != id);
    assert!(held.over.is_cancelled());
    // Twelve hours after it began it is over, however busy she is.
    for n in 0..720 {
        let found = sessions.find(&again, minute(118 + n)).unwrap();
        sessions.touch(&found, minute(118 + n));
    }
    assert!(sessions.find(&again, minute(118 + 720)).is_none());
}

#[tokio::test]
async fn her_page_hears_of_danger_also_when_nobody_touched_it_for_a_day() {
    let bench = Bench::new();
    let sessions = bench.sessions("a", minute(0)).await;
    let id = sessions.begin(app(), None, None, minute(0)).await.unwrap();
    let (day, month) = (24 * 60, 30 * 24 * 60);
    sessions.sweep(minute(day)).await;
    assert!(!sessions.find(&id, minute(day)).unwrap().is_locked);
    assert!(sessions.find(&id, minute(month - 1)).is_some());
    assert!(sessions.find(&id, minute(month)).is_none());
}

#[tokio::test]
async fn there_is_room_for_so_many_and_who_was_away_longest_makes_room() {
    let bench = Bench::new();
    let mut sessions = bench.sessions("a", minute(0)).await;
    sessions.most = 3;
    let away = sessions.begin(anna(), None, None, minute(0)).await.unwrap();
    let busy = sessions.begin(anna(), None, None, minute(0)).await.unwrap();
    sessions.touch(&sessions.find(&busy, minute(5)).unwrap(), minute(5));
    sessions.begin(anna(), None, None, minute(1)).await.unwrap();
    assert!(sessions.find(&away, minute(6)).is_some());
    sessions.begin(anna(), None, None, minute(6)).await.unwrap();
    assert!(sessions.find(&away, minute(6)).is_none());
    assert!(sessions.find(&busy, minute(6)).is_some());
}

#[tokio::test]
async fn a_victims_session_is_of_the_first_one_who_is_seen_to_have_her_device() {
    let bench = Bench::new();
    let (hers, anothers) = (PersonId::new("victim-0001").unwrap(), PersonId::new("victim-0002").unwrap());
    let sessions = bench.sessions("a", minute(0)).await;
    let early = sessions.begin(app(), None, None, minute(0)).await.unwrap();
    let bound = sessions.begin(app(), Some(&hers), None, minute(0)).await.unwrap();
    assert_eq!(sessions.hold(&sessions.find(&early, minute(1)).unwrap(), &hers).await, Held::Theirs);
    drop(sessions);
    let sessions = bench.sessions("a", minute(2)).await;
    for id in [&early, &bound] {
        let found = sessions.find(id, minute(2)).unwrap();
        assert_eq!(sessions.hold(&found, &hers).await, Held::Theirs);
        let former = hers.to_string();
        assert_eq!(sessions.hold(&found, &anothers).await, Held::Another { former });
        assert!(found.over.is_cancelled() && sessions.find(id, minute(2)).is_none());
        assert_eq!(sessions.hold(&found, &hers).await, Held::Over, "it does not come back with the device");
    }
    drop(sessions);
    assert_eq!(bench.store().await.sessions().await.unwrap(), []);
}

/// Who signs in closes the tab, or ten seconds are over, while the store is slow.
#[tokio::test]
async fn a_sign_in_that_is_broken_off_takes_no_end_and_no_lock_with_it() {
    let bench = Bench::new();
    let sessions = bench.sessions("a", minute(0)).await;
    let begin = async || sessions.begin(anna(), None, None, minute(0)).await.unwrap();
    let (left, locked) = (begin().await, begin().await);
    let find = |id: &str| sessions.find(id, minute(1)).unwrap();
    let (to_lock, to_end) = (find(&locked), find(&left));
    let mut lock = Box::pin(sessions.lock(&to_lock));
    assert!(futures_util::poll!(&mut lock).is_pending(), "the store is asked");
    drop(lock);
    let mut again = Box::pin(sessions.begin(anna(), None, Some(to_end.hash()), minute(1)));
    assert!(futures_util::poll!(&mut again).is_pending(), "the store is asked");
    drop(again);
    sessions.sweep(minute(1)).await;
    drop(sessions);
    let after = bench.sessions("a", minute(2)).await;
    assert!(after.find(&left, minute(2)).is_none());
    assert!(after.find(&locked, minute(2)).unwrap().is_locked);
}

#[test]
fn a_link_is_good_once_and_for_minutes() {
    let (show, mut shown) = mpsc::channel(1);
    let links = Links::new(anna(), show);
    let code = links.give(minute(0)).unwrap();
    assert_eq!(links.redeem("", minute(0)), Redeemed::Unknown);
    assert_eq!(links.redeem(&code[1..], minute(0)), Redeemed::Unknown);
    assert_eq!(links.redeem(&code, minute(9)), Redeemed::Good(anna()));
    assert_eq!(links.redeem(&code, minute(9)), Redeemed::Used);
    let late = links.give(minute(10)).unwrap();
    assert_eq!(links.redeem(&late, minute(20)), Redeemed::Unknown);
    assert_eq!(links.ask(minute(30)).unwrap(), Asked::Shown);
    assert_eq!(links.ask(minute(30)).unwrap(), Asked::TooSoon);
    assert_eq!(links.redeem(&shown.try_recv().unwrap(), minute(31)), Redeemed::Good(anna()));
    drop(shown);
    assert_eq!(links.ask(minute(40)).unwrap(), Asked::Nowhere);
}

#[test]
fn an_attempt_comes_back_from_the_browser_that_left_and_no_other_way() {
    let (seal, other) = (Seal::new().unwrap(), Seal::new().unwrap());
    let attempt = Attempt {
        state: "s".to_owned(),
        nonce: "n".to_owned(),
        verifier: "v".repeat(43),
        back: "/#/orders".to_owned(),
        instead: None,
        begun_at: minute(0).as_millis(),
    };
    let sealed = seal.close(&attempt).unwrap();
    assert_eq!(seal.open(&sealed, minute(9)), Some(attempt.clone()));
    assert_eq!(seal.open(&sealed, minute(10)), None, "too long ago");
    assert_eq!(other.open(&sealed, minute(1)), None, "sealed by another process");
    assert_ne!(seal.close(&attempt).unwrap(), sealed);
    let mut broken = sealed.clone().into_bytes();
    broken[40] ^= 1;
    for wrong in ["", "AAAA", &String::from_utf8(broken).unwrap(), &sealed[..sealed.len() - 4]] {
        assert_eq!(seal.open(wrong, minute(1)), None, "{wrong}");
    }
}

fn settings(role_claim: &str) -> Settings {
    let row = |value: &str, role| RoleValue { value: value.to_owned(), role, desk: None };
    Settings {
        issuer: "https://id.example".to_owned(),
        client_id: "afstand".to_owned(),
        client_secret: None,
        public_url: Url::parse("https://afstand.example").unwrap(),
        role_claim: role_claim.to_owned(),
        device_claim: Some("device".to_owned()),
        roles: vec![row("chief", Role::Supervisor), row("desk", Role::Operator), row("her", Role::Victim)],
        contact: None,
        limits: LIMITS,
    }
}

fn judged(role_claim: &str, claims: Value) -> Result<Person, Refusal> {
    let Value::Object(claims) = claims else { panic!("claims are an object") };
    person(&settings(role_claim), "anna", Some("Anna"), &claims)
}

#[test]
fn the_first_row_whose_value_somebody_has_says_the_role() {
    let role = |claim: &str, claims: Value| judged(claim, claims).map(|person| person.holder.role);
    assert_eq!(role("groups", json!({"groups": ["desk", "chief", "x"]})), Ok(Role::Supervisor));
    assert_eq!(role("groups", json!({"groups": "desk"})), Ok(Role::Operator));
    assert_eq!(role("realm.roles", json!({"realm": {"roles": ["desk"]}})), Ok(Role::Operator));
    assert_eq!(
        role("https://a.example/roles", json!({"https://a.example/roles": ["desk"]})),
        Ok(Role::Operator)
    );
    let nobody = Refusal::NoRole { name: "Anna (anna)".to_owned() };
    for claims in
        [json!({}), json!({"groups": ["Desk"]}), json!({"groups": {"desk": true}}), json!({"groups": 1})]
    {
        assert_eq!(judged("groups", claims.clone()), Err(nobody.clone()), "{claims}");
    }
    let her = judged("groups", json!({"groups": ["her"], "device": "vd-0001"})).unwrap();
    assert_eq!(her.holder.device.as_ref().map(DeviceId::as_str), Some("vd-0001"));
    for device in [json!(null), json!("vd 1"), json!(["vd-0001"])] {
        let refused = judged("groups", json!({"groups": ["her"], "device": device}));
        assert_eq!(refused, Err(Refusal::NoDevice { name: "Anna (anna)".to_owned() }), "{device}");
    }
}

#[test]
fn somebody_with_a_new_name_is_the_same_person() {
    let claims = json!({"groups": "desk"});
    let who =
        |name| person(&settings("groups"), "sub-17", Some(name), claims.as_object().unwrap()).unwrap().holder;
    let (before, after) = (who("Anna Bakker"), who("Anna de Vries"));
    assert_ne!(before.name, after.name);
    assert_eq!((before.person.as_deref(), &after.person), (Some("sub-17"), &before.person));
}

#[test]
fn a_name_that_somebody_chose_does_not_make_somebody_else() {
    let name = |subject: &str, name: Option<&str>| {
        let claims = json!({"groups": "desk"});
        person(&settings("groups"), subject, name, claims.as_object().unwrap()).unwrap().holder.name
    };
    assert_eq!(name("b.bakker", Some("Bea Bakker")), "Bea Bakker (b.bakker)");
    assert_eq!(name("anna", None), "– (anna)");
    let long = name("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", Some("Anna"));
    assert!(long.starts_with("Anna (") && long.len() == "Anna (12345678)".len(), "{long}");
    assert_ne!(long, name("f81d4fae-7dec-11d0-a765-00a0c91e6bf7", Some("Anna")));
    assert_eq!(name("anna", Some("A\u{202e}nna\n (bea)\u{200b}")), "Anna (bea) (anna)");
    assert_eq!(name("anna", Some(&"x".repeat(500))).chars().count(), 80 + " (anna)".len());
}
