use super::*;

fn error_of(config: &MqttConfig) -> String {
    LinkSettings::load(config, vec![]).expect_err("must be refused").to_string()
}

#[test]
fn addresses_have_the_ports_of_their_scheme() {
    assert_eq!(address("mqtt://broker.example").unwrap(), ("broker.example".into(), 1883, false));
    assert_eq!(address("mqtts://broker.example").unwrap(), ("broker.example".into(), 8883, true));
    assert_eq!(address("mqtt://10.0.0.7:2883/").unwrap(), ("10.0.0.7".into(), 2883, false));
    assert_eq!(address("mqtt://[::1]:1884").unwrap(), ("[::1]".into(), 1884, false));
}

#[test]
fn an_address_that_cannot_be_used_is_refused_by_name() {
    for url in [
        "broker.example:1883",
        "http://broker.example",
        "mqtt://",
        "mqtt://user:secret@broker.example",
        "mqtt://broker.example/some/path",
        "mqtt://broker.example?x=1",
        "mqtts://[::1]",
        "mqtt://broker.example:99999",
    ] {
        let line = error_of(&MqttConfig::new(url));
        assert!(line.starts_with("mqtt.url: "), "{url}: {line}");
        assert!(!line.contains("secret"), "{url}: {line}");
    }
}

#[test]
fn a_password_file_is_read_once_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "correct horse \r\n").unwrap();
    let config = MqttConfig {
        username: Some("afstand".into()),
        password_file: Some(path),
        ..MqttConfig::new("mqtt://localhost")
    };
    let settings = LinkSettings::load(&config, vec![]).unwrap();
    assert_eq!(settings.credentials, Some(("afstand".into(), "correct horse ".into())));
    assert!(!format!("{settings:?}").contains("horse"));
}

#[test]
fn a_file_that_is_missing_or_empty_is_named_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let absent = folder.path().join("absent");

    let password = |path: &PathBuf| MqttConfig {
        username: Some("afstand".into()),
        password_file: Some(path.clone()),
        ..MqttConfig::new("mqtt://localhost")
    };
    let ca =
        |path: &PathBuf| MqttConfig { ca_file: Some(path.clone()), ..MqttConfig::new("mqtts://localhost") };
    for (config, field, path) in [
        (password(&absent), "password_file", &absent),
        (password(&empty), "password_file", &empty),
        (ca(&absent), "ca_file", &absent),
        (ca(&empty), "ca_file", &empty),
    ] {
        let line = error_of(&config);
        assert!(line.starts_with(&format!("mqtt.{field}: {}", path.display())), "{line}");
    }
}

#[test]
fn settings_that_need_each_other_are_asked_for_together() {
    let secure = MqttConfig::new("mqtts://localhost");
    let certificate = MqttConfig { client_cert_file: Some("cert.pem".into()), ..secure.clone() };
    assert_eq!(error_of(&certificate), "mqtt.client_key_file is missing, and mqtt.client_cert_file needs it");
    let key = MqttConfig { client_key_file: Some("key.pem".into()), ..secure };
    assert_eq!(error_of(&key), "mqtt.client_cert_file is missing, and mqtt.client_key_file needs it");
    let password =
        MqttConfig { password_file: Some("password".into()), ..MqttConfig::new("mqtt://localhost") };
    assert_eq!(error_of(&password), "mqtt.username is missing, and mqtt.password_file needs it");
    let plain = MqttConfig { ca_file: Some("ca.pem".into()), ..MqttConfig::new("mqtt://localhost") };
    assert_eq!(error_of(&plain), "mqtt.ca_file: needs a url that begins with mqtts://");
}

#[test]
fn values_that_would_lose_messages_or_stop_the_client_are_refused() {
    let good = MqttConfig::new("mqtt://localhost");
    for (config, field) in [
        (MqttConfig { client_id: String::new(), ..good.clone() }, "client_id"),
        (MqttConfig { receive_maximum: 0, ..good.clone() }, "receive_maximum"),
        (MqttConfig { max_packet_bytes: 10, ..good.clone() }, "max_packet_bytes"),
        (MqttConfig { session_expiry_s: 0, ..good.clone() }, "session_expiry_s"),
        (MqttConfig { keep_alive_s: 4, ..good.clone() }, "keep_alive_s"),
    ] {
        let line = error_of(&config);
        assert!(line.starts_with(&format!("mqtt.{field}: ")), "{line}");
    }
    let filter = LinkSettings::load(&good, vec!["a/#/b".into()]).expect_err("not a filter").to_string();
    assert_eq!(filter, "mqtt.subscriptions: \"a/#/b\" is not a topic filter");
}

#[test]
fn an_unknown_key_is_refused() {
    let error = toml::from_str::<MqttConfig>("url = 'mqtt://localhost'\npasword = 'x'").unwrap_err();
    assert!(error.to_string().contains("pasword"), "{error}");
}
