//! The deployment files against the service itself: settings it accepts, all of them, and a health check that tells.
#![allow(clippy::unwrap_used, clippy::expect_used)] // Helpers of tests fail like tests.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use afstand::config::{SessionLimits, Settings};
use afstand::followup::Policy;
use zones::Level;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)
}

fn sample() -> String {
    fs::read_to_string(deploy("afstand.toml")).expect("the sample of settings")
}

/// The sample with every key and section set that is only shown in it: `#key = value` or `#[section]`, and no blank
/// after the `#`.
fn with_all_keys() -> String {
    let shown = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains(" = ") => {
            rest.to_owned()
        }
        Some(section) if section.starts_with('[') => section.to_owned(),
        _ => line.to_owned(),
    };
    // PostgreSQL's `url` stands beside SQLite's: one of them at a time.
    sample().lines().map(shown).filter(|line| !line.contains("sqlite:")).collect::<Vec<_>>().join("\n")
}

/// The same but for certificates, which are read at the start: tests of the link have real ones.
fn without_certificates() -> String {
    let tls = ["ca_file", "client_cert_file", "client_key_file"];
    let is_tls = |line: &&str| tls.iter().any(|key| line.starts_with(key));
    // The sample shows the default, which `cap_exercise` does not go with.
    with_all_keys()
        .replace("webhook_body = \"cloudevents\"", "webhook_body = \"cap\"")
        .lines()
        .filter(|line| !is_tls(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A folder as the deployment notes have it made.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(settings: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.put("afstand.toml", settings);
        folder.put("mqtt.password", "correct horse battery\n");
        folder.put("owntracks.toml", "\"anna/phone\" = \"hush\"\n");
        folder.put("rotterdam.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
        folder.put("rotterdam.previous.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx\n");
        folder.put("room-1.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSy\n");
        folder.put("room-1.previous.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSz\n");
        folder.put("smtp.password", "hush\n");
        folder.put("sms.token", "hush\n");
        folder.put("client.secret", "hush\n");
        folder.put("push.key", &afstand::delivery::VapidKey::new_pem().expect("a key"));
        folder.put("tokens.toml", "");
        fs::create_dir(folder.0.path().join("orders")).expect("a folder of orders");
        folder
    }

    fn put(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
    }

    fn load(&self) -> Result<Settings, String> {
        Settings::load_with(&self.0.path().join("afstand.toml"), []).map_err(|error| error.to_string())
    }
}

#[test]
fn the_sample_of_settings_starts_the_service_as_it_is() {
    let settings = Folder::new(&sample()).load().unwrap();
    assert_eq!(settings.warnings, [""; 0]);
    assert_eq!(settings.mqtt.link.url, "mqtt://127.0.0.1:1884");
    assert_eq!(settings.desks.len(), 1);
}

#[test]
fn what_the_sample_only_shows_is_right_too() {
    let settings = Folder::new(&without_certificates()).load().unwrap();
    assert_eq!(settings.warnings, [""; 0]);
    assert!(settings.store_url.starts_with("postgres://"));
    assert_eq!(settings.desks[0].webhook.as_ref().map(|webhook| webhook.secrets.len()), Some(2));
    assert_eq!(settings.mqtt.traccar_topic.as_deref(), Some("traccar/positions"));
    assert_eq!(
        settings.rules.policies[0].steps,
        Policy::of_level(Level::Alarm).steps,
        "the built-in one is shown"
    );
    let roads: Vec<_> = settings.contacts.roads_of("room-1").collect();
    assert_eq!(roads.len(), 4, "{roads:?}");
    assert_eq!(settings.sign_in.map(|sign_in| sign_in.roles.len()), Some(2));
    assert_eq!(settings.push.map(|push| push.contact.clone()).as_deref(), Some("mailto:beheer@example.nl"));
}

/// The error about a key that does not exist names those that do: all of them must stand in the sample.
#[test]
fn the_sample_shows_every_key_there_is() {
    for section in [
        "store",
        "mqtt",
        "api",
        "orders",
        "map",
        "log",
        "smtp",
        "sms",
        "[contact]",
        "[escalation]",
        "[deadline]",
        "[duty]",
        "[desk]",
        "sign_in",
        "[sign_in.role]",
        "push",
    ] {
        let error = Folder::new(&format!("[{section}]\nno_such_key = 1\n")).load().unwrap_err();
        let known: Vec<&str> = error.split('`').skip(1).step_by(2).collect();
        assert!(!known.is_empty(), "{error}");
        let all = with_all_keys() + "\n[end]";
        let begin = all.find(&format!("\n[{section}]\n")).expect("the section") + 1;
        let end = all[begin..].find("\n[").expect("what follows") + begin;
        for key in known {
            let stands = all[begin..end].lines().any(|line| line.starts_with(&format!("{key} = ")))
                || all.contains(&format!("\n[[{section}.{key}]]\n"));
            assert!(stands, "deploy/afstand.toml: [{section}] does not show {key}");
        }
    }
}

/// Mail server and gateway with the keys that they need and no other.
const BARE_ROADS: &str = "[store]\nurl = \"sqlite:a.db\"\n[mqtt]\nurl = \"mqtt://b\"\n\
    [smtp]\nurl = \"smtp://mail.example\"\nfrom = \"a@b\"\n[sms]\nurl = \"https://gateway.example\"\n";

/// Defaults that the sample states are those that hold without it.
#[test]
fn the_defaults_in_the_sample_are_the_defaults() {
    let shown = Folder::new(&without_certificates()).load().unwrap();
    let bare = Folder::new("[store]\nurl = \"sqlite:a.db\"\n[mqtt]\nurl = \"mqtt://b\"\n").load().unwrap();
    assert_eq!(shown.log, bare.log);
    assert_eq!(shown.api.listen, bare.api.listen);
    assert!(shown.desks[0].mqtt);
    assert!(bare.contacts.people.is_empty() && bare.contacts.smtp.is_none() && bare.contacts.sms.is_none());
    let bare_roads = Folder::new(BARE_ROADS).load().unwrap().contacts;
    assert_eq!(shown.contacts.smtp.map(|smtp| smtp.tls), bare_roads.smtp.map(|smtp| smtp.tls));
    assert_eq!(shown.contacts.sms.map(|sms| sms.body), bare_roads.sms.map(|sms| sms.body));
    assert_eq!(shown.sign_in.map(|sign_in| sign_in.limits), Some(SessionLimits::default()));
    let (shown, bare) = (shown.mqtt.link, bare.mqtt.link);
    assert_eq!(shown.client_id, bare.client_id);
    assert_eq!(shown.receive_maximum, bare.receive_maximum);
    assert_eq!(shown.max_packet_bytes, bare.max_packet_bytes);
    assert_eq!(shown.session_expiry_s, bare.session_expiry_s);
    assert_eq!(shown.keep_alive_s, bare.keep_alive_s);
}

/// Files that the unit and the containers hand to the service are those that the sample names.
#[test]
fn the_unit_and_the_containers_bring_the_files_that_the_sample_names() {
    let unit = fs::read_to_string(deploy("systemd/afstand.service")).expect("the unit");
    let compose = fs::read_to_string(deploy("compose.yaml")).expect("the containers");
    let named =
        |line: &str| line.split_once("_file = \"").map(|(_, rest)| rest.trim_end_matches('"').to_owned());
    let mut files: Vec<String> =
        sample().lines().filter(|line| !line.starts_with('#')).filter_map(named).collect();
    files.push("afstand.toml".to_owned());
    assert_eq!(files, ["mqtt.password", "tokens.toml", "afstand.toml"]);
    for file in files {
        let credential = format!("\nLoadCredential={file}:/etc/afstand/{file}\n");
        assert!(unit.contains(&credential), "systemd/afstand.service lacks {}", credential.trim());
        let target = format!("target: /etc/afstand/{file} ");
        assert!(compose.contains(&target), "compose.yaml lacks {target}");
    }
}

/// Answers one request with this status line; returns the port and what was asked.
fn answering(status: &'static str) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let answer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let (mut request, mut part) = (Vec::new(), [0; 1_024]);
        while !request.ends_with(b"\r\n\r\n") {
            let length = stream.read(&mut part).expect("its text");
            request.extend(&part[..length]);
        }
        stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).expect("answered");
        String::from_utf8_lossy(&request).into_owned()
    });
    (port, answer)
}

fn healthcheck(port: u16, arguments: &[&str]) -> bool {
    let listen = format!("0.0.0.0:{port}");
    let run = Command::new(deploy("healthcheck")).args(arguments).env("AFSTAND_API__LISTEN", listen).output();
    run.expect("bash").status.success()
}

#[test]
fn the_health_check_tells_well_from_ill_and_gone() {
    let (port, asked) = answering("200 OK");
    assert!(healthcheck(port, &[]));
    assert!(asked.join().expect("answered").starts_with("GET /healthz HTTP/1."));
    let (port, asked) = answering("503 Service Unavailable");
    assert!(!healthcheck(port, &["/readyz"]));
    assert!(asked.join().expect("answered").starts_with("GET /readyz HTTP/1."));
    // Bound and closed again: nobody listens there.
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    assert!(!healthcheck(port, &[]));
}
