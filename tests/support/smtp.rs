//! A mail server that takes letters, refuses them, or leaves its client waiting; over TLS where it has a certificate.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server does with its clients.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// It knows TLS: by STARTTLS, or at once.
    pub tls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte.
    pub at_once: bool,
    /// What it answers to a command that begins so, in place of what it would.
    pub answers: Vec<(&'static str, &'static str)>,
    /// It says nothing any more once a command begins so; `""` is the connection itself.
    pub silent_at: Option<&'static str>,
    /// It hangs up once a command begins so.
    pub hangs_up_at: Option<&'static str>,
}

/// A letter that was taken.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub data: String,
    /// Whether it came over TLS.
    pub secret: bool,
}

#[derive(Debug, Default)]
struct Shared {
    manner: Mutex<Manner>,
    mail: Mutex<Vec<Mail>>,
    commands: Mutex<Vec<String>>,
}

/// A server on a port of its own. Its threads end with the test.
#[derive(Debug, Clone)]
pub struct MailServer {
    pub port: u16,
    shared: Arc<Shared>,
}

impl MailServer {
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared { manner: Mutex::new(manner), ..Shared::default() });
        let server = Self { port, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.expect("a client"), Arc::clone(&shared));
                // A client that goes away in the middle is what some tests are about.
                thread::spawn(move || hold(&shared, &stream));
            }
        });
        server
    }

    /// Clients that come from now on are treated so.
    pub fn change(&self, manner: Manner) {
        *self.shared.manner.lock().expect("nobody panicked") = manner;
    }

    /// The letters it has taken.
    pub fn mail(&self) -> Vec<Mail> {
        self.shared.mail.lock().expect("nobody panicked").clone()
    }

    /// Every command it was given.
    pub fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().expect("nobody panicked").clone()
    }
}

/// TLS with a certificate and its key, both PEM.
pub fn tls(certificate: &Path, key: &Path) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(key).expect("its key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    Arc::new(config.expect("they belong together"))
}

/// A connection, secret or not.
trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// A conversation from the first word to the last; whatever goes wrong on the way ends it.
fn hold(shared: &Shared, stream: &TcpStream) -> Option<()> {
    let manner = shared.manner.lock().expect("nobody panicked").clone();
    let secretly = |stream: TcpStream| -> Option<Box<dyn Wire>> {
        Some(Box::new(StreamOwned::new(ServerConnection::new(manner.tls.clone()?).ok()?, stream)))
    };
    let mut secret = manner.at_once;
    let open = stream.try_clone().ok()?;
    let mut wire: Box<dyn Wire> = if secret { secretly(open)? } else { Box::new(open) };
    if manner.silent_at == Some("") {
        return read_line(&mut wire).map(|_| ());
    }
    say(&mut wire, "220 mail.example ESMTP")?;
    let mut letter = Mail::default();
    loop {
        let line = read_line(&mut wire)?;
        let command = line.to_uppercase();
        shared.commands.lock().expect("nobody panicked").push(line.clone());
        let is = |word: &str| command.starts_with(word);
        if manner.hangs_up_at.is_some_and(is) {
            return None;
        }
        if manner.silent_at.is_some_and(is) {
            return read_line(&mut wire).map(|_| ());
        }
        if let Some((_, answer)) = manner.answers.iter().find(|(word, _)| is(word)) {
            say(&mut wire, answer)?;
        } else if is("EHLO") {
            let tls = if manner.tls.is_some() && !secret { "250-STARTTLS\r\n" } else { "" };
            say(&mut wire, &format!("250-mail.example\r\n{tls}250-AUTH PLAIN\r\n250 8BITMIME"))?;
        } else if is("STARTTLS") {
            say(&mut wire, "220 go on")?;
            wire = secretly(stream.try_clone().ok()?)?;
            secret = true;
        } else if is("DATA") {
            say(&mut wire, "354 go on")?;
            letter.data = read_data(&mut wire)?;
            let answer = manner.answers.iter().find(|(word, _)| *word == ".");
            say(&mut wire, answer.map_or("250 taken", |(_, answer)| answer))?;
            if answer.is_none() {
                let mail = Mail { secret, ..std::mem::take(&mut letter) };
                shared.mail.lock().expect("nobody panicked").push(mail);
            }
        } else if is("QUIT") {
            return say(&mut wire, "221 bye");
        } else {
            if is("MAIL FROM") {
                letter.from = between(&line);
            } else if is("RCPT TO") {
                letter.to = between(&line);
            }
            say(&mut wire, if is("AUTH") { "235 welcome" } else { "250 fine" })?;
        }
    }
}

fn between(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or("", |(inside, _)| inside).to_owned()
}

fn say(wire: &mut Box<dyn Wire>, line: &str) -> Option<()> {
    wire.write_all(format!("{line}\r\n").as_bytes()).ok()?;
    wire.flush().ok()
}

/// A byte at a time, so that nothing is read that belongs to the TLS after it.
fn read_line(wire: &mut Box<dyn Wire>) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        wire.read_exact(&mut byte).ok()?;
        line.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn read_data(wire: &mut Box<dyn Wire>) -> Option<String> {
    let mut lines = Vec::new();
    loop {
        match read_line(wire)?.as_str() {
            "." => return Some(lines.join("\n")),
            line => lines.push(line.to_owned()),
        }
    }
}
