//! Notices to people by every road there is: a road that stalls holds up no other, and what waits for it arrives after
//! a kill, under the same id and in order.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use afstand::delivery::{Ask, Notice};
use afstand::store::{Batch, Channel, DeliveryRecord, NewDelivery, Store};
use serde_json::{Value, json};
use support::broker::Broker;
use support::mqtt::Client;
use support::service::{Draft, Service, WEBHOOK_SECRET};
use support::smtp::{Mail, MailServer, Manner};
use support::until;
use support::webhook::Webhook;
use zones::{AlertKind, Level, OrderId, Timestamp};

/// What must never travel in the open, though it stands in the stored notice.
const SECRETS: [&str; 4] = ["Jansen", "Coolsingel", "51.92", "0612345678"];

fn notice(number: i64, level: Level) -> Notice {
    Notice {
        notice: format!("4f3e2d1c-0000-5abc-8def-{number:012}"),
        incident: "b7a0f3e2-1111-5abc-8def-001122334455".to_owned(),
        kind: AlertKind::VictimProximity,
        level,
        order: OrderId::new("ord-0001").ok(),
        devices: None,
        call: Vec::new(),
        step: Ask::Acknowledge,
        about: None,
        late: false,
        language: None,
        raised_at: Timestamp::parse("2026-11-21T10:15:30Z").expect("a time"),
    }
}

/// A delivery as follow-up puts it in the outbox, with more in it than anybody should read by mail.
fn delivery(number: i64, channel: Channel, recipient: &str, notice: &Notice) -> NewDelivery {
    let mut payload: Value = serde_json::from_str(&notice.to_json().expect("JSON")).expect("JSON");
    payload["contacts"] = json!({"victim_contact": {"name": "A. Jansen", "phone": "0612345678"}});
    payload["wearer_fix"] = json!({"lat": 51.92, "lon": 4.48, "address": "Coolsingel 40"});
    NewDelivery {
        id: number,
        alert: notice.notice.clone(),
        alert_seq: number,
        incident: notice.incident.clone(),
        channel,
        recipient: recipient.to_owned(),
        payload: payload.to_string(),
        level: notice.level.as_str().into(),
        created_at: notice.raised_at,
    }
}

/// An alarm and its end, by every road.
fn outbox() -> Vec<NewDelivery> {
    let roads = [
        (Channel::Email, "anna"),
        (Channel::VictimEmail, "victim@example.nl"),
        (Channel::Sms, "anna"),
        (Channel::VictimSms, "+31687654321"),
        (Channel::StaffMqtt, "anna"),
        (Channel::StaffWebhook, "anna"),
    ];
    let told = [notice(1, Level::Alarm), notice(2, Level::Clear)];
    let all = told.iter().flat_map(|notice| roads.map(|(channel, to)| (channel, to, notice)));
    (1..).zip(all).map(|(number, (channel, to, notice))| delivery(number, channel, to, notice)).collect()
}

/// A service with one contact and something in its outbox.
async fn service(broker: &Broker, mail: &MailServer, gateway: &Webhook, room: &Webhook) -> Service {
    let settings = format!(
        "[smtp]\nurl = \"smtp://127.0.0.1:{}\"\nstarttls = \"never\"\nfrom = \"afstand@example.nl\"\n\
         [sms]\nurl = \"{}\"\nbody = '{{\"to\": [\"{{to}}\"], \"text\": \"{{text}}\"}}'\n\
         [[contact]]\nname = \"anna\"\nroles = [\"operator\"]\nmqtt = true\nemail = \"anna@example.nl\"\n\
         sms = \"+31612340000\"\nwebhook_url = \"{}\"\nwebhook_secret_file = \"desk.secret\"\n",
        mail.port, gateway.url, room.url
    );
    let service = Draft::new(&broker.url()).more(&settings).write();
    let store = Store::open(&service.store_url()).await.expect("a store");
    let batch = Batch { deliveries: outbox(), ..Batch::default() };
    store.commit(&batch).await.expect("it is stored");
    store.close().await;
    service
}

/// What the store says became of the deliveries to somebody, oldest first.
async fn records(service: &Service, channel: Channel, recipient: &str) -> Vec<DeliveryRecord> {
    let store = Store::open_to_read(&service.store_url()).await.expect("a store");
    let mut records = store.deliveries_to(channel, recipient, None, 10).await.expect("its rows");
    store.close().await;
    records.reverse();
    records
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_road_that_stalls_holds_up_no_other_and_is_taken_after_a_kill() {
    let broker = Broker::embedded().await;
    let (gateway, room) = (Webhook::start().await, Webhook::start().await);
    let mail = MailServer::start(Manner { silent_at: Some("RCPT"), ..Manner::default() });
    let mut service = service(&broker, &mail, &gateway, &room).await;
    let mut anna = Client::connect(broker.port(), "anna").await;
    anna.subscribe("afstand/v1/staff/anna/notice").await;
    service.start().await;

    // Both letters are under way to a server that does not answer; everybody else has everything.
    until("letters on their way", async || {
        let asked = mail.commands().iter().filter(|command| command.starts_with("RCPT")).count();
        (asked >= 2).then_some(())
    })
    .await;
    over_mqtt(&anna).await;
    by_webhook(&room).await;
    by_text_message(&gateway).await;
    assert!(mail.mail().is_empty());
    service.kill().await;

    mail.change(Manner::default());
    service.start().await;
    let letters = until("four letters", async || Some(mail.mail()).filter(|mail| mail.len() >= 4)).await;
    by_mail(&letters);
    until("everything received", async || {
        let left = Store::open_to_read(&service.store_url()).await.ok()?;
        let none = left.pending_deliveries(0, 10).await.ok()?.is_empty();
        left.close().await;
        none.then_some(())
    })
    .await;
    let told = records(&service, Channel::Email, "anna").await;
    assert!(told.iter().all(|record| record.detail.as_deref() == Some("taken by the mail server: 250")));
    let log = service.log();
    for secret in SECRETS.into_iter().chain(["316876", "316123", "example.nl"]) {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
    assert!(service.stop().await.success());
}

/// The notice as it is kept: an alarm, then its end.
async fn over_mqtt(anna: &Client) {
    let topic = "afstand/v1/staff/anna/notice";
    anna.wait_for(topic, |heard| heard.json()["level"] == "clear").await;
    let heard = anna.heard_on(topic);
    let levels: Vec<Value> = heard.iter().map(|heard| heard.json()["level"].clone()).collect();
    assert_eq!(levels, ["alarm", "clear"]);
    let first = heard[0].json();
    assert_eq!((&first["order"], &first["step"]), (&json!("ord-0001"), &json!("acknowledge")));
    assert!(first["text_nl"].as_str().is_some_and(|text| text.starts_with("ALARM: dicht bij slachtoffer")));
    assert!(first["text_en"].as_str().is_some_and(|text| text.starts_with("ALARM: close to victim")));
}

/// The same, signed, under the id of the notice.
async fn by_webhook(room: &Webhook) {
    let posts = room.wait_for("two notices", |posts| (posts.len() >= 2).then(|| posts.to_vec())).await;
    for (post, number) in posts.iter().zip(1..) {
        let notice = notice(number, Level::Alarm).notice;
        assert_eq!((&post.id, post.media.as_str()), (&notice, "application/json"));
        assert!(post.is_signed_with(WEBHOOK_SECRET) && post.json()["notice"] == *notice);
    }
}

/// To each the alarm and then its end; nothing in it that must not travel in the open.
async fn by_text_message(gateway: &Webhook) {
    let posts = gateway.wait_for("four messages", |posts| (posts.len() >= 4).then(|| posts.to_vec())).await;
    let to = |number: &str| -> Vec<String> {
        let to_it =
            posts.iter().map(support::webhook::Posted::json).filter(|body| body["to"] == json!([number]));
        to_it.map(|body| body["text"].as_str().expect("a text").to_owned()).collect()
    };
    let anna = to("+31612340000");
    assert_eq!(anna.len(), 2);
    assert!(anna[0].starts_with("Afstand ALARM dicht bij slachtoffer: neem aan / ALARM"), "{anna:?}");
    assert!(anna[1].starts_with("Afstand VOORBIJ"), "{anna:?}");
    let victim = to("+31687654321");
    assert_eq!(victim.len(), 2);
    assert!(
        victim[0].starts_with("De drager is dicht bij u. Ga naar een veilige plek, bel 112."),
        "{victim:?}"
    );
    assert!(victim[1].starts_with("Dit alarm is voorbij."), "{victim:?}");
    for text in anna.iter().chain(&victim) {
        assert!(text.chars().count() <= 160 && !SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
    }
}

fn by_mail(letters: &[Mail]) {
    assert_eq!(letters.len(), 4, "each once: {letters:?}");
    let to = |address: &str| letters.iter().filter(|mail| mail.to == address).collect::<Vec<_>>();
    let (anna, victim) = (to("anna@example.nl"), to("victim@example.nl"));
    for (letters, number) in [(&anna, 1), (&anna, 2), (&victim, 1), (&victim, 2)] {
        let id = format!("Message-ID: <{}@example.nl>", notice(number, Level::Alarm).notice);
        assert!(letters[number as usize - 1].data.contains(&id), "in order: {letters:?}");
    }
    assert!(anna[0].data.contains("neem het aan in de console"), "{}", anna[0].data);
    assert!(victim[0].data.contains("Bel 112") && !victim[0].data.contains("ord-0001"), "{}", victim[0].data);
    for mail in letters {
        assert!(!SECRETS.iter().any(|secret| mail.data.contains(secret)), "{}", mail.data);
    }
}
