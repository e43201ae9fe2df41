//! The bench that every test of a route stands on.

use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use zones::guidance::{self, Severity};
use zones::{DeskId, DeviceId, Fix, NotCancelled, OrderId, PersonId, Role as Party, Timestamp};

use crate::api::commands::{self, Command, NotWithdrawn, OrderAccepted, OrderRefused};
use crate::api::problem::MEDIA_TYPE;
use crate::api::states::{DeviceState, PersonKeys, StateReader, Unreadable, WatchState, Watched};
use crate::api::{AppState, LiveFeed, Readiness, Refusals, router};
use crate::audit;
use crate::config::{Holder, Role, Token, Tokens};
use crate::followup::{Event, FollowUp, OnDuty, Rules, StaffRole};
use crate::metrics::Metrics;
use crate::pipeline::{Directory, DutyNow};
use crate::sign_in::SignIn;
use crate::store::*;
use crate::wire::TypedCode;

/// When every test happens.
pub(super) const NOW: &str = "2026-11-21T10:20:00Z";

pub(super) struct Bench {
    pub(super) app: Router,
    pub(super) store: Store,
    pub(super) live: LiveFeed,
    pub(super) metrics: Arc<Metrics>,
    /// `None` drops the sender: the pipeline has ended.
    pub(super) readiness: Option<watch::Sender<Readiness>>,
    pub(super) shutdown: CancellationToken,
    /// Cancelled, it ends who writes the audit.
    pub(super) audited: CancellationToken,
    /// The orders that look-ups find.
    pub(super) register: Directory,
    pub(super) state: AppState,
    /// Deleted with the bench.
    _dir: TempDir,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(e) => panic!("{e}: {} {}", self.status, self.text()),
        }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The problem document, which an error always is.
    #[track_caller]
    pub(super) fn problem(&self) -> Value {
        assert_eq!(self.header(header::CONTENT_TYPE), MEDIA_TYPE, "{} {}", self.status, self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(problem["type"].as_str().unwrap().starts_with("urn:afstand:problem:"), "{problem}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{problem}");
        problem
    }
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with_commands(keep_books).await
    }

    /// A bench whose pipeline is `pipeline`.
    pub(super) async fn with_commands<F>(
        pipeline: impl FnOnce(Store, tokio::sync::mpsc::Receiver<Command>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", dir.path().join("test.db").display())).await.unwrap();
        let (commands, from) = commands::channel();
        tokio::spawn(pipeline(store.clone(), from));
        let ready =
            Readiness { broker_connected: true, caught_up: true, store_ok: true, ..Readiness::default() };
        let (readiness, watched) = watch::channel(ready);
        let shutdown = CancellationToken::new();
        let metrics = Arc::new(Metrics::default());
        let (audit, writer) = audit::recorder(store.clone(), Arc::clone(&metrics));
        let audited = CancellationToken::new();
        tokio::spawn(writer.run(audited.clone()));
        let register = Directory::default();
        let sign_in = SignIn::start(None, None, store.clone(), at(NOW)).await.unwrap();
        let state = AppState {
            store: store.clone(),
            commands,
            audit,
            refusals: Refusals::default(),
            tokens: Arc::new(tokens()),
            sign_in: Arc::new(sign_in),
            readiness: watched,
            metrics,
            live: LiveFeed::default(),
            states: Arc::new(JsonStates),
            register: Arc::new(register.clone()),
            tiles: None,
            push: None,
            clock: Arc::new(|| at(NOW)),
        };
        Self {
            app: router(state.clone(), &shutdown),
            store,
            live: state.live.clone(),
            metrics: Arc::clone(&state.metrics),
            readiness: Some(readiness),
            shutdown,
            audited,
            register,
            state,
            _dir: dir,
        }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body }
    }

    /// Reads as somebody.
    pub(super) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(request(Method::GET, who, path, "")).await
    }

    /// The same request from somebody who signed in with that role, and gave a reason.
    pub(super) async fn by_cookie(&self, role: Role, method: Method, path: &str) -> Answer {
        let sessions = &self.state.sign_in.sessions;
        let id = sessions.begin(holder(role), None, None, at(NOW)).await.unwrap();
        let found = sessions.find(&id, at(NOW)).unwrap();
        let answer = self.send(with_cookie(method, path, &id, Some(&found.csrf))).await;
        sessions.end(&found).await.unwrap();
        answer
    }

    /// Sends JSON as somebody.
    pub(super) async fn json(&self, method: Method, who: &str, path: &str, body: impl Into<Body>) -> Answer {
        let mut request = request(method, who, path, body);
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.send(request).await
    }

    pub(super) async fn commit(&self, batch: Batch) {
        self.store.commit(&batch).await.unwrap();
        if let Some(last) = batch.alerts.last() {
            self.live.committed(last.seq);
        }
    }
}

/// A request with the token of `who`; with none for `nobody`.
pub(super) fn request(method: Method, who: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = match who {
        "nobody" => request,
        who => request.header(header::AUTHORIZATION, authorization(who)),
    };
    request.body(body.into()).unwrap()
}

/// A request with a session's cookie, and with what a page would send along.
pub(super) fn with_cookie(method: Method, path: &str, id: &str, csrf: Option<&str>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("x-reason", "the test asks");
    let request = request.header(header::COOKIE, format!("other=1; afstand-session={id}"));
    let request = match csrf {
        Some(csrf) => request.header("x-csrf-token", csrf),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

/// Somebody with a role, with the desk or the device that its token on the bench has.
pub(super) fn holder(role: Role) -> Holder {
    let desk = (role == Role::Desk).then(|| DeskId::new("rotterdam").unwrap());
    let device = (role == Role::Victim).then(|| DeviceId::new("vd-0001").unwrap());
    let name = format!("{} (person)", role.as_str());
    Holder { person: Some(name.clone()), name, role, desk, device, only: None }
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The header by which `who` is known.
pub(super) fn authorization(who: &str) -> String {
    format!("Bearer {}", secret(who))
}

fn secret(who: &str) -> String {
    format!("secret-of-{who}")
}

/// Somebody of each role, and a second desk.
fn tokens() -> Tokens {
    let of = |name: &str, role, desk: Option<&str>| {
        let desk = desk.map(|desk| DeskId::new(desk).unwrap());
        Token::new(name, role, desk, &secret(name))
    };
    Tokens::from_iter([
        of("operator", Role::Operator, None),
        of("supervisor", Role::Supervisor, None),
        of("rotterdam", Role::Desk, Some("rotterdam")),
        of("utrecht", Role::Desk, Some("utrecht")),
        of("auditor", Role::Auditor, None),
        of("integrator", Role::Integrator, None),
        Token::of_positions("traccar", &secret("traccar")),
        Token::of_victim("victim", DeviceId::new("vd-0001").unwrap(), &secret("victim")),
    ])
}

/// A pipeline that keeps the register, and judges with the real parsers and the real guidance.
async fn keep_books(store: Store, mut commands: tokio::sync::mpsc::Receiver<Command>) {
    let mut seq = 0;
    while let Some(command) = commands.recv().await {
        seq += 1;
        let change = |order: &OrderId, document, by| OrderRow {
            order: order.clone(),
            seq,
            document,
            at: at(NOW),
            origin: Origin::Api,
            by: Some(by),
        };
        match command {
            Command::PutOrder { draft, by, reply, .. } => {
                let findings = guidance::check(slice::from_ref(&*draft), at(NOW));
                if findings.iter().any(|finding| finding.severity == Severity::Error) {
                    let _ = reply.send(Err(OrderRefused::Findings(findings)));
                    continue;
                }
                let known = store.order(draft.order.as_str()).await.unwrap();
                let created = known.is_none_or(|known| known.withdrawn_at.is_some());
                let orders = vec![change(&draft.order, Some(draft.document().to_owned()), by)];
                store.commit(&Batch { orders, ..Batch::default() }).await.unwrap();
                let _ = reply.send(Ok(OrderAccepted { created, changed_at: at(NOW), findings }));
            }
            Command::WithdrawOrder { order, by, reply, .. } => {
                let known = store.order(order.as_str()).await.unwrap().is_some();
                let orders = if known { vec![change(&order, None, by)] } else { Vec::new() };
                store.commit(&Batch { orders, ..Batch::default() }).await.unwrap();
                let _ = reply.send(if known { Ok(()) } else { Err(NotWithdrawn::Unknown) });
            }
            Command::FromApp { topic, payload, reply } => {
                let keys = crate::wire::TrackerKeys::default();
                let answer = crate::wire::decode(&topic, &payload, &keys).map(drop);
                // What was said, so that a test can see it.
                let said = RejectedRow {
                    seq,
                    received_at: at(NOW),
                    topic,
                    reason: answer.as_ref().err().map(ToString::to_string).unwrap_or_default(),
                    payload: payload.to_vec(),
                    size: i64::try_from(payload.len()).unwrap(),
                };
                store.commit(&Batch { rejected: vec![said], ..Batch::default() }).await.unwrap();
                let _ = reply.send(answer);
            }
            // Her code is 2580.
            Command::CancelAware { code, reply, .. } => {
                let outcome = if code == TypedCode::new("2580") {
                    zones::Outcome::Done
                } else {
                    zones::Outcome::NotCancelled(NotCancelled::WrongCode)
                };
                let _ = reply.send(Ok(outcome));
            }
            // Whose incident it is, only the real pipeline remembers: here there are none, and only the console.
            Command::FollowUp { incident, actor, command, key, reply } => {
                let event = Event::Command { incident, actor, command, key };
                let _ = reply.send(FollowUp::new(Rules::default()).handle(at(NOW), event));
            }
            Command::SetDuty { actor, role, people, until, reply } => {
                let event = Event::Duty { actor, role, people, until };
                let _ = reply.send(FollowUp::new(Rules::default()).handle(at(NOW), event));
            }
            Command::AskDuty { reply } => {
                let console = |role: &StaffRole| DutyNow {
                    role: *role,
                    on_duty: OnDuty::Console,
                    until: None,
                    by: None,
                };
                let _ = reply.send(StaffRole::ALL.iter().map(console).collect());
            }
            Command::Ingest { payload, reply } => {
                let answer = crate::wire::decode_traccar(&payload).map(drop);
                if let Err(unusable) = &answer {
                    let rejected = vec![RejectedRow {
                        seq,
                        received_at: at(NOW),
                        topic: "POST /v1/ingest/traccar".to_owned(),
                        reason: unusable.to_string(),
                        payload: payload.to_vec(),
                        size: i64::try_from(payload.len()).unwrap(),
                    }];
                    store.commit(&Batch { rejected, ..Batch::default() }).await.unwrap();
                }
                let _ = reply.send(answer);
            }
        }
    }
}

/// States that are JSON: a device's is its last fix, a watch's its standing.
struct JsonStates;

impl StateReader for JsonStates {
    fn person(&self, person: &PersonId) -> Option<PersonKeys> {
        (person.as_str() == "wearer-0001").then(|| PersonKeys {
            devices: vec!["am-0001".to_owned(), "am-never".to_owned()],
            watch_prefixes: vec!["ord-0001/".to_owned()],
        })
    }

    fn watches(&self, _: &PersonId, _: Timestamp) -> BTreeMap<String, Watched> {
        let of = |zone: &str, device: &str| {
            let watch = watch(&format!("ord-0001/{zone}"), "clear");
            (watch.watch.clone(), Watched { watch, devices: vec![device.to_owned()] })
        };
        BTreeMap::from([
            of("zone-0001", "am-never"),
            of("zone-0003", "am-0001"),
            of("zone-0004", "am-silent"),
            of("zone-0005", "am-never"),
        ])
    }

    fn device(&self, stored: &StoredState) -> Result<DeviceState, Unreadable> {
        let fix: Fix = serde_json::from_slice(&stored.state).map_err(|e| unreadable(stored, &e))?;
        Ok(DeviceState {
            role: Party::Wearer,
            person: Some("wearer-0001".to_owned()),
            last_fix: Some(fix),
            online: Some(true),
            silent_since: (&*stored.key == "am-silent").then(|| at(NOW)),
        })
    }

    fn watch(&self, stored: &StoredState) -> Result<WatchState, Unreadable> {
        let standing: String = serde_json::from_slice(&stored.state).map_err(|e| unreadable(stored, &e))?;
        Ok(watch(&stored.key, &standing))
    }

    fn decisions(&self, incident: &IncidentRow, input: &InputRow) -> Result<Vec<Value>, Unreadable> {
        let all: Vec<Value> = serde_json::from_slice(&input.decisions)
            .map_err(|e| Unreadable { key: input.seq.to_string(), problem: e.to_string() })?;
        Ok(all.into_iter().filter(|d| d["incident"] == incident.incident.as_str()).collect())
    }
}

fn watch(key: &str, standing: &str) -> WatchState {
    WatchState {
        watch: key.to_owned(),
        order: "ord-0001".to_owned(),
        kind: "exclusion_zone".to_owned(),
        wearer: "wearer-0001".to_owned(),
        victim: None,
        zone: Some("zone-0001".to_owned()),
        standing: standing.to_owned(),
        incident: None,
    }
}

fn unreadable(stored: &StoredState, error: &serde_json::Error) -> Unreadable {
    Unreadable { key: stored.key.to_string(), problem: error.to_string() }
}

pub(super) fn incident(id: &str, desk: &str, level: &'static str, changed_at: &str) -> IncidentRow {
    IncidentRow {
        incident: id.to_owned(),
        order: "ord-0001".to_owned(),
        kind: "exclusion_zone".into(),
        wearer: "wearer-0001".to_owned(),
        victim: Some("victim-0001".to_owned()),
        zone: Some("zone-0001".to_owned()),
        device: None,
        desk: Some(desk.to_owned()),
        level: level.into(),
        worst: level.into(),
        certainty: "certain".into(),
        opened_at: at("2026-11-21T10:00:00Z"),
        changed_at: at(changed_at),
        cleared_at: None,
        closed_at: None,
        revision: 1,
        state: "new".into(),
        follow_up: FollowUpRow { count: 1, ..FollowUpRow::default() },
    }
}

pub(super) fn alert(seq: i64, incident: &str, desk: &str) -> AlertRow {
    let alert = format!("alert-{seq}");
    let data = format!(r#"{{"alert":"{alert}","incident":"{incident}","level":"alarm"}}"#);
    AlertRow {
        seq,
        alert,
        incident: incident.to_owned(),
        revision: seq,
        raised_at: at("2026-11-21T10:10:00Z"),
        level: "alarm".into(),
        kind: "exclusion_zone".into(),
        order: "ord-0001".to_owned(),
        wearer: "wearer-0001".to_owned(),
        victim: None,
        desk: Some(desk.to_owned()),
        data,
    }
}

pub(super) fn delivery(id: i64, alert: &AlertRow, channel: Channel, recipient: &str) -> NewDelivery {
    NewDelivery {
        id,
        alert: alert.alert.clone(),
        alert_seq: alert.seq,
        incident: alert.incident.clone(),
        channel,
        recipient: recipient.to_owned(),
        payload: alert.data.clone(),
        level: alert.level.clone(),
        created_at: alert.raised_at,
    }
}
