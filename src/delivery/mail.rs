//! E-mail, through the mail server of the settings.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use zones::order::EmailAddress;

use crate::config::{Smtp, StartTls};

use super::http::one_line;
use super::transport::SendError;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A whole conversation with the server, however slowly it answers.
const SENT_WITHIN: Duration = Duration::from_secs(20);

/// What is mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// The same for every attempt, so that a letter that comes twice is known for the same one.
    pub id: String,
    /// What it is about: letters about the same are shown together. `None` for one that stands by itself.
    pub thread: Option<String>,
    /// Its subject, one line.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Whether it wants to be seen at once.
    pub urgent: bool,
}

/// Hands letters to a mail server. Each is a connection of its own: one that has gone stale is not noticed when it
/// matters.
#[derive(Debug, Clone)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    within: Duration,
}

impl Mailer {
    /// The process must have a `rustls` provider by now.
    pub(super) fn new(smtp: &Smtp) -> Result<Self, SendError> {
        Self::with(smtp, SENT_WITHIN)
    }

    fn with(smtp: &Smtp, within: Duration) -> Result<Self, SendError> {
        let from = Mailbox::new(Some("Afstand".to_owned()), address(&smtp.from)?);
        let tls = || tls(smtp).map_err(|error| SendError::new(explain(&error)));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.clone())
            .port(smtp.port)
            .timeout(Some(CONNECT_WITHIN))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .tls(match smtp.tls {
                StartTls::AtOnce => Tls::Wrapper(tls()?),
                StartTls::Required => Tls::Required(tls()?),
                StartTls::Never => Tls::None,
            });
        if let Some((username, password)) = &smtp.account {
            builder = builder.credentials(Credentials::new(username.clone(), password.expose().to_owned()));
        }
        Ok(Self { transport: builder.build(), from, within })
    }

    /// Hands one letter over; that the server has taken it means that it was received.
    pub(super) async fn send(&self, to: &EmailAddress, letter: &Letter) -> Result<String, SendError> {
        let message = self.message(to, letter)?;
        match tokio::time::timeout(self.within, self.transport.send(message)).await {
            Ok(Ok(answer)) => Ok(format!("taken by the mail server: {}", answer.code())),
            Ok(Err(error)) => Err(SendError::new(explain(&error))),
            Err(_) => Err(SendError::new("the mail server did not answer in time".to_owned())),
        }
    }

    fn message(&self, to: &EmailAddress, letter: &Letter) -> Result<Message, SendError> {
        let domain = self.from.email.domain();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address(to)?))
            .subject(letter.subject.clone())
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            // No holiday replies (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(thread) = &letter.thread {
            builder = builder.references(format!("<{thread}@{domain}>"));
        }
        if letter.urgent {
            builder = builder.raw_header(header("Importance", "high")).raw_header(header("X-Priority", "1"));
        }
        builder
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|error| SendError::new(one_line(&error)))
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn address(address: &EmailAddress) -> Result<Address, SendError> {
    // Not the library's reason: it could repeat the address.
    address
        .as_str()
        .parse()
        .map_err(|_| SendError::new("not an e-mail address that can be sent to".to_owned()))
}

fn tls(smtp: &Smtp) -> Result<TlsParameters, SmtpError> {
    let mut parameters = TlsParameters::builder(smtp.host.clone());
    if let Some(ca) = &smtp.ca {
        parameters = parameters.certificate_store(CertificateStore::None);
        parameters = parameters.add_root_certificate(Certificate::from_pem(ca)?);
    }
    parameters.build_rustls()
}

/// The error without what the server wrote: that may hold the address of whom it does not know.
fn explain(error: &SmtpError) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_response() => "the mail server's answer cannot be understood".to_owned(),
        None => one_line(error),
    }
}

#[cfg(test)]
mod tests;
