//! What people read who cannot be signed in, Dutch first: pages without a script.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::api::cases::escaped;
use crate::api::problem::Said;
use crate::sign_in::Refusal;

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto 0;padding:0 1rem}\
h1,h2{font-size:1.375rem;line-height:1.75rem}a{color:inherit;font-weight:600}\
section+section{margin-top:2rem;padding-top:1rem;border-top:1px solid}";

/// What a page says, in one language.
struct Words {
    title: &'static str,
    text: String,
    again: &'static str,
}

/// Where a victim signs in; everybody else does so at the console's door.
pub(super) const VICTIMS_DOOR: &str = "/victim";

/// The page of a refusal; `contact` is whom to ask, `back` where somebody wanted to go.
pub(super) fn refusal(refusal: &Refusal, contact: Option<&str>, back: &str) -> Response {
    let (dutch, english) = match refusal {
        Refusal::Down => (
            "De inlogdienst antwoordt niet. De bewaking loopt door; wie al is ingelogd blijft dat. Probeer het over een \
             minuut opnieuw."
                .to_owned(),
            "The sign-in provider does not answer. The watch goes on, and who is signed in stays so. Try again in a \
             minute."
                .to_owned(),
        ),
        Refusal::Declined => (
            "De inlogdienst heeft het inloggen afgebroken.".to_owned(),
            "The sign-in provider broke off.".to_owned(),
        ),
        Refusal::Code => (
            "De code van de inlogdienst is niet meer geldig.".to_owned(),
            "The code of the sign-in provider is no longer good.".to_owned(),
        ),
        Refusal::Token => (
            "Wat de inlogdienst over u zegt, is niet voor deze dienst bedoeld of niet te controleren.".to_owned(),
            "What the sign-in provider says about you is not meant for this service, or cannot be verified."
                .to_owned(),
        ),
        Refusal::NotAsked => (
            "De inlogdienst heeft u niet opnieuw laten inloggen, of zegt niet wanneer dat was.".to_owned(),
            "The sign-in provider did not ask you to sign in again, or does not say when it did.".to_owned(),
        ),
        Refusal::NoRole { name } => (
            format!("U bent ingelogd als {name}, maar u hebt geen rol in Afstand. {}", whom(contact).0),
            format!("You are signed in as {name}, but you have no role in Afstand. {}", whom(contact).1),
        ),
        Refusal::NoDevice { name } => (
            format!("U bent ingelogd als {name}, maar bij u is geen toestel bekend. {}", whom(contact).0),
            format!("You are signed in as {name}, but no device of yours is known. {}", whom(contact).1),
        ),
    };
    let status = match refusal {
        Refusal::Down => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Code => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    };
    let door = if back == VICTIMS_DOOR { VICTIMS_DOOR } else { "/" };
    page_to(door, status, "Inloggen lukt niet", dutch, "You cannot be signed in", english)
}

fn whom(contact: Option<&str>) -> (String, String) {
    match contact {
        Some(contact) => (format!("Vraag ernaar bij: {contact}."), format!("Ask: {contact}.")),
        None => (
            "Vraag ernaar bij de beheerder van Afstand.".to_owned(),
            "Ask whoever administers Afstand.".to_owned(),
        ),
    }
}

/// Somebody came back with something that did not leave from this browser, or too long ago.
pub(super) fn unknown_attempt() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "Inloggen lukt niet",
        "Dit inloggen is niet in deze browser begonnen, of te lang geleden.".to_owned(),
        "You cannot be signed in",
        "This was not begun in this browser, or too long ago.".to_owned(),
    )
}

/// People do not sign in by a provider here.
pub(super) fn no_provider() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "Hier is geen inlogdienst",
        "Deze Afstand heeft geen inlogdienst. Log in met een token, of bij een demonstratie met de link in de terminal."
            .to_owned(),
        "There is no sign-in provider here",
        "This Afstand has no sign-in provider. Sign in with a token, or in a demonstration by the link in its terminal."
            .to_owned(),
    )
}

/// A link that was used before.
pub(super) fn used_link() -> Response {
    page(
        StatusCode::GONE,
        "Deze link is al gebruikt",
        "Hij werkt één keer. Vraag op de inlogpagina een nieuwe; die verschijnt in de terminal van de demonstratie."
            .to_owned(),
        "This link was used already",
        "It works once. Ask for a new one on the sign-in page; it is shown in the demonstration's terminal."
            .to_owned(),
    )
}

/// A link that is too old, or none.
pub(super) fn unknown_link() -> Response {
    page(
        StatusCode::GONE,
        "Deze link werkt niet",
        "Hij is ouder dan tien minuten of hoort niet bij deze dienst. Vraag op de inlogpagina een nieuwe."
            .to_owned(),
        "This link does not work",
        "It is older than ten minutes or not of this service. Ask for a new one on the sign-in page."
            .to_owned(),
    )
}

/// It cannot be written down who comes in.
pub(super) fn not_written() -> Response {
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Inloggen lukt nu niet",
        "Er kan nu niet worden vastgelegd wie er inlogt. Probeer het over een minuut opnieuw.".to_owned(),
        "You cannot be signed in now",
        "It cannot be written down now who signs in. Try again in a minute.".to_owned(),
    )
}

/// Signed in, in a window of its own.
pub(super) fn done() -> Response {
    page(
        StatusCode::OK,
        "Ingelogd",
        "U kunt dit venster sluiten; de console is weer open.".to_owned(),
        "Signed in",
        "You can close this window; the console is open again.".to_owned(),
    )
}

fn page(
    status: StatusCode,
    title: &'static str,
    text: String,
    english_title: &'static str,
    english: String,
) -> Response {
    page_to("/", status, title, text, english_title, english)
}

/// A page that leads back to a door.
fn page_to(
    door: &'static str,
    status: StatusCode,
    title: &'static str,
    text: String,
    english_title: &'static str,
    english: String,
) -> Response {
    let dutch = Words { title, text, again: "Naar de inlogpagina" };
    let english = Words { title: english_title, text: english, again: "To the sign-in page" };
    let section = |lang: &str, words: &Words, heading: &str| {
        let Words { title, again, .. } = words;
        format!(
            "<section lang=\"{lang}\"><{heading}>{title}</{heading}><p>{text}</p><p><a href=\"{door}\">{again}</a></p></section>",
            text = escaped(&words.text)
        )
    };
    let body = format!(
        "<!DOCTYPE html><html lang=\"nl\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><title>{} – Afstand</title><style>{STYLE}</style></head><body><main>{}{}</main></body></html>",
        dutch.title,
        section("nl", &dutch, "h1"),
        section("en", &english, "h2"),
    );
    let mut response = (status, Html(body)).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.extensions_mut().insert(Said);
    response
}

/// What a browser may do on such a page: nothing but apply its one style.
fn policy() -> String {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
