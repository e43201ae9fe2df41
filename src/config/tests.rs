//! Every way in which a start ends, and the one line that says why.

use std::fs;

use tempfile::TempDir;

use super::*;

mod contacts;
mod followup;
mod map;
mod push;
mod sign_in;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
/// `printf %s open-sesame | sha256sum`.
const SESAME: &str = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";

const WHOLE: &str = r#"
[store]
url = "sqlite:afstand.db"
[mqtt]
url = "mqtt://127.0.0.1:1883"
client_id = "afstand-test"
username = "afstand"
password_file = "broker.secret"
receive_maximum = 500
session_expiry_s = 3600
traccar_topic = "traccar/positions"
owntracks_keys_file = "owntracks.toml"
[api]
listen = "127.0.0.1:9090"
tokens_file = "tokens.toml"
[orders]
dir = "orders"
[[desk]]
name = "rotterdam"
webhook_url = "https://desk.example/afstand"
webhook_secret_file = "rotterdam.secret"
webhook_secret_previous_file = "old.secret"
mqtt = false
webhook_body = "cap"
[[desk]]
name = "utrecht"
[log]
format = "json"
level = "debug"
"#;

/// The tokens file of a centre where one person works.
fn token_of_anna() -> String {
    format!("[[token]]\nname = \"Anna\"\nrole = \"operator\"\nsha256 = \"{SESAME}\"\n")
}

/// A folder with a settings file and all that it names.
struct Case {
    folder: TempDir,
    file: PathBuf,
}

impl Case {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let case = Self { file: folder.path().join("afstand.toml"), folder };
        case.put("afstand.toml", settings);
        case.put("broker.secret", " hush \n");
        case.put("owntracks.toml", "\"anna/phone\" = \"hush\"");
        case.put("rotterdam.secret", SECRET);
        case.put("old.secret", SECRET);
        case.put("tokens.toml", &token_of_anna());
        fs::create_dir(case.folder.path().join("orders")).unwrap();
        case
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        Self::mode(&path, 0o600);
    }

    #[cfg(unix)]
    fn mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Settings::load_with(&self.file, environment).map_err(|error| error.to_string())
    }

    /// The error with the folder's changing name taken out.
    fn error(&self, environment: &[(&str, &str)]) -> String {
        let error = self.load(environment).unwrap_err();
        assert!(!error.contains('\n'), "{error:?}");
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// What the whole settings say after one piece of them was changed.
fn changed(was: &str, is: &str) -> String {
    assert!(WHOLE.contains(was), "{was}");
    Case::new(&WHOLE.replacen(was, is, 1)).error(&[])
}

#[test]
fn the_whole_file_is_understood() {
    let case = Case::new(WHOLE);
    let settings = case.load(&[]).unwrap();
    let here = |name: &str| case.folder.path().join(name);
    assert_eq!(settings.store_url, format!("sqlite:{}", here("afstand.db").display()));
    let Mqtt { link: mqtt, traccar_topic, tracker_keys } = &settings.mqtt;
    assert_eq!((mqtt.url.as_str(), mqtt.client_id.as_str()), ("mqtt://127.0.0.1:1883", "afstand-test"));
    assert_eq!((mqtt.receive_maximum, mqtt.session_expiry_s), (500, 3_600));
    assert_eq!(mqtt.password_file, Some(here("broker.secret")));
    assert_eq!(traccar_topic.as_deref(), Some("traccar/positions"));
    assert_eq!(format!("{tracker_keys:?}"), "TrackerKeys of 1 trackers");
    assert_eq!(settings.api.listen.to_string(), "127.0.0.1:9090");
    assert!(settings.api.tokens.find("open-sesame").is_some());
    assert_eq!(settings.orders_dir, Some(here("orders")));
    assert_eq!(settings.log, Log { format: LogFormat::Json, level: tracing::Level::DEBUG });
    let [rotterdam, utrecht] = settings.desks.as_slice() else { panic!("{:?}", settings.desks) };
    let webhook = rotterdam.webhook.as_ref().unwrap();
    assert_eq!((rotterdam.name.as_str(), rotterdam.mqtt), ("rotterdam", false));
    assert_eq!((webhook.url.as_str(), webhook.secrets.len()), ("https://desk.example/afstand", 2));
    let bodies = (rotterdam.body, utrecht.body);
    assert_eq!(bodies, (WebhookBody::Cap { exercise: false }, WebhookBody::CloudEvents));
    assert!(utrecht.name.as_str() == "utrecht" && utrecht.mqtt && utrecht.webhook.is_none());
    assert_eq!(settings.warnings, [""; 0]);
    // Nothing secret can get into a log.
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hush") && !shown.contains("MfKQ9") && !shown.contains("d7ec"), "{shown}");
}

#[test]
fn little_is_needed() {
    let case =
        Case::new("[store]\nurl = \"postgres://afstand@db/afstand\"\n[mqtt]\nurl = \"mqtts://broker\"\n");
    let settings = case.load(&[]).unwrap();
    assert_eq!(settings.store_url, "postgres://afstand@db/afstand");
    assert_eq!(settings.mqtt.link.client_id, "afstand");
    assert_eq!(settings.api.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.log, Log { format: LogFormat::Text, level: tracing::Level::INFO });
    assert!(settings.desks.is_empty() && settings.orders_dir.is_none());
    assert_eq!(settings.warnings, ["neither api.tokens_file nor [sign_in] is set: nobody can use the API"]);
}

#[test]
fn the_environment_goes_over_the_file() {
    let case = Case::new(WHOLE);
    let settings = case
        .load(&[
            ("AFSTAND_STORE__URL", "sqlite:/var/lib/afstand/a.db?mode=rwc"),
            ("AFSTAND_MQTT__RECEIVE_MAXIMUM", "77"),
            ("AFSTAND_MQTT__CLIENT_ID", "4711"),
            ("AFSTAND_API__LISTEN", "[::1]:0"),
            ("AFSTAND_LOG__LEVEL", "warn"),
            // Not settings: no section.
            ("AFSTAND_TEST_POSTGRES", "postgres://x"),
            ("AFSTANDS__URL", "x"),
            ("PATH", "/bin"),
        ])
        .unwrap();
    assert_eq!(settings.store_url, "sqlite:/var/lib/afstand/a.db?mode=rwc");
    assert_eq!((settings.mqtt.link.receive_maximum, settings.mqtt.link.client_id.as_str()), (77, "4711"));
    assert_eq!(settings.api.listen.to_string(), "[::1]:0");
    assert_eq!(settings.log.level, tracing::Level::WARN);
    // A file may leave everything to it.
    let bare = Case::new("");
    assert!(
        bare.load(&[("AFSTAND_STORE__URL", "sqlite::memory:"), ("AFSTAND_MQTT__URL", "mqtt://b")]).is_ok()
    );
}

#[test]
fn an_error_in_the_environment_names_the_variable() {
    let case = Case::new(WHOLE);
    for (name, value, want) in [
        (
            "AFSTAND_STORE__URL",
            "mysql://root:pw@db",
            "AFSTAND_STORE__URL: begins with neither sqlite: nor postgres://",
        ),
        ("AFSTAND_STORE__URI", "x", "AFSTAND_STORE__URI: unknown key; expected `url`"),
        ("AFSTAND_STOER__URL", "x", "AFSTAND_STOER__URL: unknown key"),
        ("AFSTAND_MQTT__RECEIVE_MAXIMUM", "many", "AFSTAND_MQTT__RECEIVE_MAXIMUM: expected"),
        ("AFSTAND_API__LISTEN", "8080", "AFSTAND_API__LISTEN: \"8080\" is not an address and port"),
    ] {
        let error = case.error(&[(name, value)]);
        assert!(error.starts_with(want), "{error}");
    }
}

#[test]
fn a_wrong_value_or_key_is_named() {
    for (was, is, want) in [
        ("[store]\nurl", "[store]\nuri", "afstand.toml: store.uri: unknown key; expected `url`"),
        (
            "[store]",
            "[stor]",
            "afstand.toml: stor: unknown key; expected one of `store`, `mqtt`, `api`, `orders`, `desk`, `contact`, `smtp`, `sms`, `escalation`, `deadline`, `duty`, `sign_in`, `map`, `push`, `log`",
        ),
        ("[store]\nurl = \"sqlite:afstand.db\"", "", "afstand.toml: store.url: missing"),
        ("sqlite:afstand.db", "sqlite:", "afstand.toml: store.url: names no file"),
        ("\"sqlite:afstand.db\"", "{ a = 1 }", "afstand.toml: store.url: expected a string, found map"),
        ("[mqtt]\nurl = \"mqtt://127.0.0.1:1883\"", "[mqtt]", "afstand.toml: mqtt.url: missing"),
        (
            "500",
            "70000",
            "afstand.toml: mqtt.receive_maximum: expected an unsigned 16 bit integer, found 64-bit unsigned integer `70000`",
        ),
        ("500", "\"many\"", "afstand.toml: mqtt.receive_maximum: expected an integer, found string \"many\""),
        (
            "traccar/positions",
            "traccar/#",
            "afstand.toml: mqtt.traccar_topic: \"traccar/#\" is not a topic of its own, without + and #",
        ),
        ("127.0.0.1:9090", "localhost", "afstand.toml: api.listen: \"localhost\" is not an address and port"),
        (
            "\"rotterdam\"",
            "\"rotter dam\"",
            "afstand.toml: desk[0].name: an id is 1 to 64 characters of A-Z a-z 0-9 _ -",
        ),
        ("name = \"rotterdam\"\n", "", "afstand.toml: desk[0].name: missing"),
        ("\"utrecht\"", "\"rotterdam\"", "afstand.toml: desk[1].name: rotterdam is there twice"),
        (
            "webhook_url",
            "webhook",
            "afstand.toml: desk[0].webhook: unknown key; expected one of `name`, `mqtt`, `webhook_url`, `webhook_secret_file`, `webhook_secret_previous_file`, `webhook_body`, `cap_exercise`",
        ),
        (
            "webhook_body = \"cap\"",
            "webhook_body = \"xml\"",
            "afstand.toml: desk[0].webhook_body: \"xml\" is neither cloudevents nor cap",
        ),
        (
            "webhook_body = \"cap\"",
            "cap_exercise = true",
            "afstand.toml: desk[0].cap_exercise: goes with webhook_body = \"cap\" only",
        ),
        (
            "name = \"utrecht\"",
            "name = \"utrecht\"\nwebhook_body = \"cap\"",
            "afstand.toml: desk[1].webhook_url: missing, and webhook_body needs it",
        ),
        (
            "https://desk.example/afstand",
            "desk.example",
            "afstand.toml: desk[0].webhook_url: not a URL: relative URL without a base",
        ),
        ("https://", "ftp://", "afstand.toml: desk[0].webhook_url: does not begin with https://"),
        (
            "https://",
            "https://me:pw@",
            "afstand.toml: desk[0].webhook_url: must not hold credentials: they belong in a file",
        ),
        (
            "webhook_secret_file = \"rotterdam.secret\"\n",
            "",
            "afstand.toml: desk[0].webhook_secret_file: missing, and webhook_url needs it",
        ),
        (
            "webhook_url = \"https://desk.example/afstand\"\n",
            "",
            "afstand.toml: desk[0].webhook_url: missing, and webhook_secret_file needs it",
        ),
        (
            "name = \"utrecht\"",
            "name = \"utrecht\"\nmqtt = false",
            "afstand.toml: desk[1].mqtt: false, and there is no webhook_url: nothing would reach this desk",
        ),
        (
            "mqtt = false",
            "mqtt = \"perhaps\"",
            "afstand.toml: desk[0].mqtt: expected a boolean, found string \"perhaps\"",
        ),
        ("\"json\"", "\"xml\"", "afstand.toml: log.format: \"xml\" is neither text nor json"),
        (
            "\"debug\"",
            "\"loud\"",
            "afstand.toml: log.level: \"loud\" is not error, warn, info, debug or trace",
        ),
        ("[orders]\n", "[orders\n", "afstand.toml: line 16: "),
        ("[orders]\n", "[api]\n", "afstand.toml: line 16: "),
    ] {
        let error = changed(was, is);
        if want.ends_with(": ") {
            assert!(error.starts_with(want), "{error}");
        } else {
            assert_eq!(error, want);
        }
    }
}

#[test]
fn a_missing_or_wrong_file_is_named_with_its_key() {
    let gone = "No such file or directory (os error 2)";
    for (was, key) in [
        ("broker.secret", "mqtt.password_file"),
        ("owntracks.toml", "mqtt.owntracks_keys_file"),
        ("tokens.toml", "api.tokens_file"),
        ("\"orders\"", "orders.dir"),
        ("rotterdam.secret", "desk[0].webhook_secret_file"),
        ("old.secret", "desk[0].webhook_secret_previous_file"),
    ] {
        let is = if was.starts_with('"') { "\"gone\"" } else { "gone" };
        assert_eq!(changed(was, is), format!("afstand.toml: {key}: gone: {gone}"));
    }
    assert_eq!(
        changed("\"orders\"", "\"tokens.toml\""),
        "afstand.toml: orders.dir: tokens.toml: is not a folder"
    );

    for (file, text, want) in [
        ("broker.secret", " \n", "mqtt.password_file: broker.secret: is empty"),
        ("rotterdam.secret", "", "desk[0].webhook_secret_file: rotterdam.secret: is empty"),
        (
            "rotterdam.secret",
            "hush!",
            "desk[0].webhook_secret_file: rotterdam.secret: not a secret of Standard Webhooks (whsec_ and base64)",
        ),
        (
            "owntracks.toml",
            "\"anna\" = \"hush\"",
            "mqtt.owntracks_keys_file: owntracks.toml: \"anna\" is not of the form user/device",
        ),
        (
            "tokens.toml",
            "[[token]]\nname = \"a\"\nrole = \"operator\"\nsha256 = \"1\"",
            "api.tokens_file: tokens.toml: token \"a\": sha256 is not 64 hexadecimal digits",
        ),
        ("tokens.toml", "?", "api.tokens_file: tokens.toml: line 1: "),
    ] {
        let case = Case::new(WHOLE);
        case.put(file, text);
        assert!(case.error(&[]).starts_with(&format!("afstand.toml: {want}")), "{}", case.error(&[]));
    }
    let secure =
        WHOLE.replacen("mqtt://", "mqtts://", 1).replacen("[api]", "ca_file = \"old.secret\"\n[api]", 1);
    let error = Case::new(&secure).error(&[]);
    assert!(error.starts_with("afstand.toml: mqtt.ca_file: old.secret: "), "{error}");
    let large = Case::new(WHOLE);
    large.put("tokens.toml", &"#".repeat(1_048_577));
    assert_eq!(large.error(&[]), "afstand.toml: api.tokens_file: tokens.toml: larger than 1048576 bytes");

    let nowhere = Settings::load_with(Path::new("/nowhere/afstand.toml"), []).unwrap_err();
    assert_eq!(nowhere.to_string(), format!("/nowhere/afstand.toml: {gone}"));
}

#[test]
fn what_should_not_stay_so_is_said() {
    let case = Case::new(&WHOLE.replace("https://", "http://"));
    case.put("rotterdam.secret", "whsec_c2hvcnQ=");
    case.put(
        "tokens.toml",
        &format!("[[token]]\nname = \"M\"\nrole = \"desk\"\ndesk = \"delft\"\nsha256 = \"{SESAME}\""),
    );
    #[cfg(unix)]
    Case::mode(&case.folder.path().join("broker.secret"), 0o644);
    let warnings = case.load(&[]).unwrap().warnings;
    for part in [
        "desk[0].webhook_url is http:// to another machine",
        "desk[0].webhook_secret_file is shorter",
        "mqtt.password_file: everybody on this machine can read",
        "\"M\" is for desk delft, which is not configured",
    ] {
        assert!(warnings.iter().any(|w| w.contains(part)), "{part}: {warnings:?}");
    }
    let local = Case::new(&WHOLE.replace("https://desk.example", "http://127.0.0.1:8099"));
    assert_eq!(local.load(&[]).unwrap().warnings, [""; 0]);
}
