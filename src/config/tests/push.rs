//! `[push]`: how the browsers of victims are woken.

use super::Case;
use crate::delivery::{Subscription, VapidKey};

const FINE: &str = "key_file = \"push.key\"\ncontact = \"mailto:beheer@example.nl\"\n";

fn case(push: &str) -> Case {
    let case = Case::new(&format!(
        "[store]\nurl = \"sqlite:afstand.db\"\n[mqtt]\nurl = \"mqtt://127.0.0.1:1883\"\n[api]\n\
         tokens_file = \"tokens.toml\"\n{push}\n"
    ));
    case.put("push.key", &VapidKey::new_pem().unwrap());
    case
}

#[test]
fn without_the_section_nobody_is_woken() {
    assert!(case("").load(&[]).unwrap().push.is_none());
}

#[test]
fn a_key_and_whom_to_ask_are_enough() {
    let settings = case(&format!("[push]\n{FINE}")).load(&[]).unwrap();
    assert_eq!(settings.warnings, [] as [&str; 0]);
    let push = settings.push.unwrap();
    assert_eq!((push.contact.as_str(), push.key.public().len()), ("mailto:beheer@example.nl", 87));
    assert!(!format!("{push:?}").contains(push.key.public()));
    let web = "[push]\nkey_file = \"push.key\"\ncontact = \"https://afstand.example/contact\"\n\
               allow = [\"https://push.lan:8443\", \"http://127.0.0.1:9000/\"]";
    let push = case(web).load(&[]).unwrap().push.unwrap();
    assert_eq!(push.contact, "https://afstand.example/contact");
    // Whether the address may be used is judged before its keys.
    let field = |endpoint: &str| Subscription::parse(endpoint, "x", "x", &push.own).unwrap_err().field;
    assert_eq!(field("http://127.0.0.1:9000/abc"), "keys.p256dh");
    assert_eq!(field("https://push.lan:8443/abc"), "keys.p256dh");
    assert_eq!(field("http://127.0.0.1:9001/abc"), "endpoint");
}

#[test]
fn what_cannot_be_used_ends_the_start_and_is_named() {
    for (push, why) in [
        ("", "push.key_file: missing"),
        ("contact = \"mailto:a@example.nl\"", "push.key_file: missing"),
        ("key_file = \"push.key\"", "push.contact: missing"),
        (
            "key_file = \"push.key\"\ncontact = \"beheer@example.nl\"",
            "push.contact: begins with neither mailto: nor https://",
        ),
        (
            "key_file = \"push.key\"\ncontact = \"mailto:beheer\"",
            "push.contact: is not an e-mail address such as name@example.nl",
        ),
        (
            &format!("{FINE}allow = [\"https://push.lan/path\"]"),
            "push.allow[0]: must end after the host and port",
        ),
        (
            &format!("{FINE}allow = [\"https://push.lan\", \"push.lan\"]"),
            "push.allow[1]: not a URL: relative URL without a base",
        ),
        (
            &format!("{FINE}keyfile = 1"),
            "push.keyfile: unknown key; expected one of `key_file`, `contact`, `allow`",
        ),
    ] {
        assert_eq!(case(&format!("[push]\n{push}")).error(&[]), format!("afstand.toml: {why}"), "{push}");
    }
    let with_key = |key: &str| {
        let case = case(&format!("[push]\n{FINE}"));
        case.put("push.key", key);
        case.error(&[])
    };
    for key in ["geheim", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", " \n"] {
        let error = with_key(key);
        assert!(error.starts_with("afstand.toml: push.key_file: ") && error.contains("push.key"), "{error}");
        assert!(!error.contains("geheim") && !error.contains('\n'), "{error}");
    }
    let missing = case("[push]\nkey_file = \"nothing\"\ncontact = \"mailto:a@example.nl\"").error(&[]);
    assert!(missing.starts_with("afstand.toml: push.key_file: ") && missing.contains("nothing"), "{missing}");
}
