//! Letters to a mail server that speaks SMTP, well or badly.

use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::config::Secret;
use crate::delivery::tests::{install_tls, within};
use certificates::make;
use server::{MailServer, Manner};

// Both are the integration tests', where they are parts of a larger whole.
#[allow(unreachable_pub, dead_code)]
#[path = "../../../tests/support/certificates.rs"]
mod certificates;
#[allow(unreachable_pub, dead_code)] // As above.
#[path = "../../../tests/support/smtp.rs"]
mod server;

const LETTER_ID: &str = "4f3e2d1c-0000-5abc-8def-001122334455";

fn letter() -> Letter {
    Letter {
        id: LETTER_ID.to_owned(),
        thread: Some("b7a0f3e2-1111-5abc-8def-001122334455".to_owned()),
        subject: "Afstand: ALARM – ord-0001".to_owned(),
        text: "Neem aan.\n.\nAcknowledge – now.\n".to_owned(),
        urgent: true,
    }
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::new(text).unwrap()
}

fn smtp(server: &MailServer, tls: StartTls) -> Smtp {
    Smtp {
        host: "localhost".to_owned(),
        port: server.port,
        tls,
        ca: None,
        from: email("afstand@example.nl"),
        account: None,
    }
}

/// Sends one letter to Anna under these settings.
async fn send(smtp: &Smtp) -> Result<String, SendError> {
    install_tls();
    let mailer = Mailer::with(smtp, Duration::from_secs(10)).unwrap();
    within("the mail server", mailer.send(&email("anna@example.nl"), &letter())).await
}

/// The same without TLS to a server of that manner: what came of it, and the server.
async fn send_to(manner: Manner) -> (Result<String, SendError>, MailServer) {
    let server = MailServer::start(manner);
    (send(&smtp(&server, StartTls::Never)).await, server)
}

/// A server that knows TLS, and the folder of its certificates.
fn with_tls(at_once: bool) -> (MailServer, TempDir) {
    install_tls();
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let file = |name: &str| folder.path().join(name);
    let tls = server::tls(&file("localhost.pem"), &file("localhost.key"));
    (MailServer::start(Manner { tls: Some(tls), at_once, ..Manner::default() }), folder)
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let (answer, server) = send_to(Manner::default()).await;
    assert_eq!(answer, Ok("taken by the mail server: 250".to_owned()));
    let mail = server.mail().remove(0);
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("afstand@example.nl", "anna@example.nl"));
    let (head, body) = mail.data.split_once("\n\n").unwrap();
    for line in [
        "From: Afstand <afstand@example.nl>",
        "To: anna@example.nl",
        &format!("Message-ID: <{LETTER_ID}@example.nl>"),
        "References: <b7a0f3e2-1111-5abc-8def-001122334455@example.nl>",
        "Auto-Submitted: auto-generated",
        "Importance: high",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(head.lines().any(|is| is == line), "{line} in\n{head}");
    }
    assert!(head.contains("\nDate: ") && head.is_ascii(), "{head}");
    // The dot that stands alone did not end it, and is doubled on its way.
    assert!(body.contains("Neem aan.") && body.contains("\n..\n") && body.contains("Acknowledge"), "{body}");
    assert_eq!(server.commands()[0], "EHLO example.nl");
}

#[tokio::test]
async fn one_that_stands_by_itself_says_nothing_of_others() {
    let server = MailServer::start(Manner::default());
    let mailer = Mailer::new(&smtp(&server, StartTls::Never)).unwrap();
    let plain = Letter { thread: None, urgent: false, ..letter() };
    mailer.send(&email("anna@example.nl"), &plain).await.unwrap();
    let data = server.mail().remove(0).data;
    assert!(!data.contains("References") && !data.contains("Importance"), "{data}");
}

#[tokio::test]
async fn a_refusal_is_said_without_the_words_of_the_server() {
    for (word, answer, want) in [
        ("EHLO", "421 too busy", "the mail server answered 421"),
        ("MAIL", "452 full", "the mail server answered 452"),
        ("RCPT", "550 5.1.1 <anna@example.nl> unknown", "the mail server answered 550"),
        ("RCPT", "450 greylisted, anna@example.nl", "the mail server answered 450"),
        ("DATA", "554 no", "the mail server answered 554"),
        (".", "451 not now", "the mail server answered 451"),
        ("MAIL", "hello anna@example.nl", "the mail server's answer cannot be understood"),
    ] {
        let (sent, server) = send_to(Manner { answers: vec![(word, answer)], ..Manner::default() }).await;
        assert_eq!(sent, Err(SendError::new(want.to_owned())), "{answer}");
        assert!(server.mail().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_in_time() {
    install_tls();
    for word in ["", "EHLO", "RCPT", "DATA"] {
        let server = MailServer::start(Manner { silent_at: Some(word), ..Manner::default() });
        let limit = Duration::from_millis(300);
        let mailer = Mailer::with(&smtp(&server, StartTls::Never), limit).unwrap();
        let begun = Instant::now();
        let sent = mailer.send(&email("anna@example.nl"), &letter()).await;
        assert_eq!(
            sent,
            Err(SendError::new("the mail server did not answer in time".to_owned())),
            "{word:?}"
        );
        assert!(begun.elapsed() >= limit && begun.elapsed() < Duration::from_secs(20), "{word:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_not_there_has_nothing() {
    for word in ["EHLO", "DATA"] {
        let (sent, server) = send_to(Manner { hangs_up_at: Some(word), ..Manner::default() }).await;
        let error = sent.unwrap_err().to_string();
        assert!(!error.contains("anna") && !error.contains('\n'), "{error}");
        assert!(server.mail().is_empty());
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = MailServer::start(Manner::default());
    let error = send(&Smtp { port, ..smtp(&server, StartTls::Never) }).await.unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_starttls_is_required() {
    install_tls();
    // It knows no STARTTLS, or says so and then refuses it, or then speaks no TLS.
    let offers = ("EHLO", "250-mail.example\r\n250 STARTTLS");
    let that_answers = |answers: &[(&'static str, &'static str)]| {
        MailServer::start(Manner { answers: answers.to_vec(), ..Manner::default() })
    };
    let knows_none = that_answers(&[]);
    let refuses = that_answers(&[offers, ("STARTTLS", "454 not now")]);
    let speaks_none = that_answers(&[offers, ("STARTTLS", "220 go on")]);
    for (server, want) in [
        (&knows_none, "internal client error: STARTTLS is not supported on this server"),
        (&refuses, "the mail server answered 454"),
        (&speaks_none, ""),
    ] {
        let account = Some(("afstand".to_owned(), Secret::of("hush")));
        let smtp = Smtp { account, ..smtp(server, StartTls::Required) };
        let error = send(&smtp).await.unwrap_err().to_string();
        assert!(error.starts_with(want), "{error}");
        let commands = server.commands();
        assert!(commands.iter().all(|command| !command.starts_with("MAIL") && !command.starts_with("AUTH")));
        assert!(!commands.is_empty() && server.mail().is_empty());
    }
}

#[tokio::test]
async fn over_tls_the_server_shows_who_it_is_and_gets_the_password() {
    for (at_once, mode) in [(true, StartTls::AtOnce), (false, StartTls::Required)] {
        let (server, folder) = with_tls(at_once);
        let ca = |name: &str| Some(std::fs::read(folder.path().join(name)).unwrap());
        let account = Some(("afstand".to_owned(), Secret::of("hush")));
        let known = Smtp { ca: ca("ca.pem"), account, ..smtp(&server, mode) };
        assert_eq!(send(&known).await, Ok("taken by the mail server: 250".to_owned()));
        assert!(server.mail()[0].secret);
        // RFC 4616: NUL, the account, NUL, the password.
        let login = "AUTH PLAIN AGFmc3RhbmQAaHVzaA==";
        assert!(server.commands().iter().any(|command| command == login), "{:?}", server.commands());

        for stranger in [
            Smtp { ca: ca("other.pem"), ..known.clone() },
            Smtp { ca: None, ..known.clone() },
            Smtp { host: "127.0.0.1".to_owned(), ..known.clone() },
        ] {
            let error = send(&stranger).await.unwrap_err().to_string();
            assert!(error.contains("certificate") && !error.contains('\n'), "{error}");
        }
        assert_eq!(server.mail().len(), 1);
    }
}
