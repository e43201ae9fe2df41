//! Who may connect, and what a broker or link says that cannot.

use super::*;

/// Starts a link without waiting for it, and returns the line it goes away with for this reason.
async fn refused_with(config: &MqttConfig) -> String {
    let settings = LinkSettings::load(config, vec!["test/#".into()]).unwrap();
    let (out, _arrived) = mpsc::channel(settings.channel_capacity());
    let link = IngestLink::start(settings, out);
    let mut status = link.status();
    let is_refused = |status: &LinkStatus| {
        matches!(status, LinkStatus::Away { reason: AwayReason::Refused(_) | AwayReason::Unreachable(_), .. })
    };
    soon(status.wait_for(is_refused)).await.expect("the link runs").to_string()
}

fn with_password(url: String, folder: &Path, password: &str) -> MqttConfig {
    let path = folder.join(format!("password-{password}"));
    std::fs::write(&path, format!("{password}\n")).unwrap();
    MqttConfig { username: Some("afstand".into()), password_file: Some(path), ..MqttConfig::new(url) }
}

async fn a_wrong_password_is_one_line_and_the_right_one_connects(url: String, folder: &Path) {
    let line = refused_with(&with_password(url.clone(), folder, "wrong")).await;
    assert!(line.contains("refuses this client") && line.contains("password_file"), "{line}");
    assert!(!line.contains('\n'), "{line}");
    let right = with_password(url, folder, "right");
    Link::start(LinkSettings::load(&right, vec!["test/#".into()]).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_the_embedded_broker() {
    let mut secrets = None;
    let broker = Broker::embedded_with(|folder, settings| {
        let path = folder.join("users");
        let hash = mqtt5::broker::auth::PasswordAuthProvider::hash_password("right").unwrap();
        std::fs::write(&path, format!("afstand:{hash}\n")).unwrap();
        secrets = Some(folder.to_path_buf());
        EmbeddedSettings { password_file: Some(path), ..settings }
    })
    .await;
    a_wrong_password_is_one_line_and_the_right_one_connects(broker.url(), &secrets.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_mosquitto() {
    let mosquitto = Mosquitto::prepared(|folder| {
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(folder.join("users"))
            .args(["afstand", "right"])
            .status()
            .expect("mosquitto_passwd comes with mosquitto");
        assert!(made.success());
        "allow_anonymous false\npassword_file {folder}/users\n".into()
    });
    let Some(mosquitto) = mosquitto else { return };
    a_wrong_password_is_one_line_and_the_right_one_connects(mosquitto.url(), mosquitto.folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_broker_that_cannot_listen_says_where() {
    let Broker::Embedded { settings, .. } = &Broker::embedded().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let second = EmbeddedSettings { data_dir: folder.path().to_path_buf(), ..settings.clone() };
    let line = EmbeddedBroker::start(second).await.expect_err("the port is taken").to_string();
    assert!(line.contains(&settings.listen.to_string()) && !line.contains('\n'), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_both_sides_show_a_certificate_and_a_stranger_is_not_trusted() {
    let mosquitto = Mosquitto::prepared(|folder| {
        certificates::make(folder);
        "cafile {folder}/ca.pem\ncertfile {folder}/localhost.pem\nkeyfile {folder}/localhost.key\n\
         require_certificate true\nuse_identity_as_username true\n"
            .into()
    });
    let Some(mosquitto) = mosquitto else { return };
    let file = |name: &str| Some(mosquitto.folder().join(name));
    let good = MqttConfig {
        ca_file: file("ca.pem"),
        client_cert_file: file("afstand.pem"),
        client_key_file: file("afstand.key"),
        ..MqttConfig::new(format!("mqtts://localhost:{}", mosquitto.port()))
    };
    let settings = LinkSettings::load(&good, vec!["test/#".into()]).unwrap();
    let mut link = Link::start(settings.clone()).await;
    let publisher = Publisher::start(settings);
    assert_eq!(soon(publisher.publish(Message::new("test/1", "1"))).await, Ok(Published::Taken));
    assert_eq!(link.take(1).await.0, [1]);

    let line = refused_with(&MqttConfig { ca_file: file("other.pem"), ..good.clone() }).await;
    assert!(line.contains("UnknownIssuer"), "{line}");
    let other_name = format!("mqtts://127.0.0.1:{}", mosquitto.port());
    let line = refused_with(&MqttConfig { url: other_name, ..good }).await;
    assert!(line.contains("NotValidForName") || line.contains("not valid for name"), "{line}");
}
