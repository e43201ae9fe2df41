//! A mosquitto of one's own: own port, own folder, gone with the test.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Names the mosquitto binary; tests that need it are skipped without.
pub const VARIABLE: &str = "AFSTAND_TEST_MOSQUITTO";

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The binary to test with; says so on standard output when there is none.
pub fn binary() -> Option<PathBuf> {
    let path = std::env::var_os(VARIABLE).map(PathBuf::from);
    if path.is_none() {
        println!("skipped: needs mosquitto (set {VARIABLE})");
    }
    path
}

/// A running mosquitto, with sessions and messages kept over a restart.
#[derive(Debug)]
pub struct Mosquitto {
    binary: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// Starts one that lets everybody in; `None` when there is no mosquitto to test with.
    pub fn start() -> Option<Self> {
        // Not 0 (no limit): mosquitto 2.0.11 then does not keep to what a client says it can take either.
        Self::with("allow_anonymous true\nmax_inflight_messages 20000\n")
    }

    /// Starts one with these lines after its `listener` line. `{folder}` in them stands for its folder.
    pub fn with(lines: &str) -> Option<Self> {
        Self::prepared(|_| lines.to_string())
    }

    /// Starts one with the lines that `prepare` gives, after it has put its files into the folder.
    pub fn prepared(prepare: impl FnOnce(&Path) -> String) -> Option<Self> {
        Self::configured(|folder, port| {
            let lines = prepare(folder).replace("{folder}", &folder.display().to_string());
            format!(
                "persistence true\npersistence_location {}/\nmax_queued_messages 0\n\
                 listener {port} 127.0.0.1\n{lines}",
                folder.display()
            )
        })
    }

    /// Starts one with the whole configuration that `configure` gives for its folder and port.
    pub fn configured(configure: impl FnOnce(&Path, u16) -> String) -> Option<Self> {
        let binary = binary()?;
        let folder = tempfile::tempdir().expect("a folder for mosquitto");
        let port = free_port();
        // `user root` matters only where the tests run as root: else mosquitto could not write its folder.
        let config = format!("user root\n{}", configure(folder.path(), port));
        fs::write(folder.path().join("mosquitto.conf"), config).expect("its configuration");
        let mut mosquitto = Self { binary, folder, port, child: None };
        mosquitto.run();
        Some(mosquitto)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process id, to look at what it costs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Starts it again, on the same port and folder.
    pub fn run(&mut self) {
        let log = fs::File::create(self.folder.path().join("mosquitto.log")).expect("its log");
        let mut child = Command::new(&self.binary)
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("mosquitto starts");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = child.try_wait().expect("its status");
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "mosquitto does not listen: {}",
                self.log()
            );
            thread::sleep(Duration::from_millis(10));
        }
        self.child = Some(child);
    }

    /// Asks it to stop (it writes down sessions and messages) and waits until it has.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let asked = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
        assert!(asked.success(), "mosquitto could not be asked to stop");
        child.wait().expect("mosquitto ends");
    }

    /// Kills it: what it had not written is gone.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        child.kill().expect("mosquitto can be killed");
        child.wait().expect("mosquitto ends");
    }

    /// Throws away the sessions and messages it wrote. Only while it is stopped.
    pub fn forget(&self) {
        assert!(self.child.is_none(), "mosquitto still runs");
        fs::remove_file(self.folder.path().join("mosquitto.db")).expect("it had written its sessions");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("mosquitto.log")).unwrap_or_default()
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
