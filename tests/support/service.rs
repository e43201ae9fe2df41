//! The real binary, `afstand serve`, with its files in a folder of its own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::process::{Child, Command};

use super::http::Api;
use super::mosquitto::free_port;
use super::{soon, until};

/// What desks' webhooks are signed with.
pub const WEBHOOK_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const ROLES: [&str; 6] = ["operator", "supervisor", "desk", "auditor", "integrator", "victim"];

fn token(role: &str) -> String {
    format!("{role}-token-of-the-tests")
}

/// Settings in the making.
pub struct Draft {
    folder: tempfile::TempDir,
    store: String,
    mqtt: String,
    desks: String,
    orders: Vec<Value>,
    level: &'static str,
    victim: String,
    more_operators: Vec<String>,
}

impl Draft {
    pub fn new(broker: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the service");
        fs::write(folder.path().join("desk.secret"), WEBHOOK_SECRET).expect("the desks' secret");
        Self {
            folder,
            store: "sqlite:afstand.db".into(),
            mqtt: format!("url = \"{broker}\"\n"),
            desks: String::new(),
            orders: Vec::new(),
            level: "info",
            victim: "vd-0001".to_owned(),
            more_operators: Vec::new(),
        }
    }

    pub fn store(mut self, url: &str) -> Self {
        url.clone_into(&mut self.store);
        self
    }

    /// A line in `[mqtt]`.
    pub fn mqtt(mut self, line: &str) -> Self {
        writeln!(self.mqtt, "{line}").expect("room");
        self
    }

    /// A file beside the settings.
    pub fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).expect("a file beside the settings");
        self
    }

    pub fn desk(mut self, name: &str, webhook: Option<&str>) -> Self {
        writeln!(self.desks, "[[desk]]\nname = \"{name}\"").expect("room");
        if let Some(url) = webhook {
            writeln!(self.desks, "webhook_url = \"{url}\"\nwebhook_secret_file = \"desk.secret\"")
                .expect("room");
        }
        self
    }

    /// More sections of the settings.
    pub fn more(mut self, sections: &str) -> Self {
        self.desks.push_str(sections);
        self
    }

    /// Orders in the orders folder.
    pub fn orders<'a>(mut self, orders: impl IntoIterator<Item = &'a Value>) -> Self {
        self.orders.extend(orders.into_iter().cloned());
        self
    }

    pub fn level(mut self, level: &'static str) -> Self {
        self.level = level;
        self
    }

    /// The device whose app the token `victim` is for.
    pub fn victim(mut self, device: &str) -> Self {
        device.clone_into(&mut self.victim);
        self
    }

    /// One more operator beside the one that is called so.
    pub fn operator(mut self, name: &str) -> Self {
        self.more_operators.push(name.to_owned());
        self
    }

    /// Writes all files; nothing runs yet.
    pub fn write(self) -> Service {
        let (path, port) = (self.folder.path(), free_port());
        let mut tokens = String::new();
        let more = self.more_operators.iter().map(|name| (name.as_str(), "operator"));
        for (name, role) in ROLES.map(|role| (role, role)).into_iter().chain(more) {
            let hash = Sha256::digest(token(name))
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            writeln!(tokens, "[[token]]\nname = \"{name}\"\nrole = \"{role}\"\nsha256 = \"{hash}\"")
                .expect("room");
            match role {
                "desk" => writeln!(tokens, "desk = \"rotterdam\"").expect("room"),
                "victim" => writeln!(tokens, "device = \"{}\"", self.victim).expect("room"),
                _ => {}
            }
        }
        fs::write(path.join("tokens.toml"), tokens).expect("the tokens");
        fs::create_dir(path.join("orders")).expect("the orders folder");
        fs::write(path.join("orders/all.json"), json!(self.orders).to_string()).expect("the orders");
        let settings = format!(
            "[store]\nurl = \"{}\"\n[mqtt]\nkeep_alive_s = 5\n{}[api]\nlisten = \"127.0.0.1:{port}\"\n\
             tokens_file = \"tokens.toml\"\n[orders]\ndir = \"orders\"\n[log]\nlevel = \"{}\"\n{}",
            self.store, self.mqtt, self.level, self.desks
        );
        fs::write(path.join("afstand.toml"), settings).expect("the settings");
        Service { folder: self.folder, store: self.store, port, child: None }
    }
}

/// The service, running or not.
pub struct Service {
    folder: tempfile::TempDir,
    store: String,
    port: u16,
    child: Option<Child>,
}

impl Service {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The store, to be looked into while the service does not run.
    pub fn store_url(&self) -> String {
        match self.store.strip_prefix("sqlite:") {
            // An absolute path stays what it is.
            Some(file) => format!("sqlite:{}", self.path(file).display()),
            None => self.store.clone(),
        }
    }

    /// Starts it; its log is added to that of earlier runs.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = fs::File::options().create(true).append(true).open(self.path("log")).expect("its log");
        let child = command()
            .args(["serve", "--config"])
            .arg(self.path("afstand.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("its log once more"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.child = Some(child.expect("the binary starts"));
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self) {
        self.spawn();
        self.ready().await;
    }

    pub async fn ready(&mut self) {
        let api = self.api("operator");
        let begun = async || {
            let ended = self.child.as_mut().expect("it was started").try_wait().expect("its status");
            assert!(ended.is_none(), "it ended ({ended:?}): {}", log_of(self.folder.path()));
            api.try_get("/readyz").await.filter(|answer| answer.status == 200)
        };
        until("ready", begun).await;
    }

    /// The HTTP interface for somebody by name, which is that of the role but for more operators.
    pub fn api(&self, name: &str) -> Api {
        Api::new(format!("http://127.0.0.1:{}", self.port), &token(name))
    }

    /// `kill -9`: whatever it was doing is not finished.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    pub async fn stop(&mut self) -> ExitStatus {
        let pid = self.child.as_ref().and_then(Child::id).expect("it runs");
        let asked = std::process::Command::new("kill").arg(pid.to_string()).status().expect("kill runs");
        assert!(asked.success(), "it could not be asked to stop");
        self.ended().await
    }

    /// Waits until it ends.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it was started");
        soon("its end", child.wait()).await.expect("its status")
    }

    /// Everything it wrote, in all its runs.
    pub fn log(&self) -> String {
        log_of(self.folder.path())
    }
}

/// The binary under test.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afstand"));
    command.env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

impl Drop for Service {
    /// What it said is the first thing one wants to know about a test that failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            println!("the service said last:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}
