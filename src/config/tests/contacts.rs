//! People, mail server and gateway.

use super::*;

const PEOPLE: &str = r#"
[store]
url = "sqlite:afstand.db"
[mqtt]
url = "mqtt://127.0.0.1:1883"
[api]
tokens_file = "tokens.toml"
[smtp]
url = "smtp://mail.example"
from = "afstand@example.nl"
username = "afstand"
password_file = "broker.secret"
[sms]
url = "https://gateway.example/messages"
token_file = "broker.secret"
body = '{"recipients": ["{to}"], "body": "{text}"}'
[[contact]]
name = "anna"
roles = ["operator", "second_operator"]
mqtt = true
sms = "+31612345678"
[[contact]]
name = "piket"
roles = ["shift_lead"]
email = "piket@example.nl"
webhook_url = "https://piket.example/afstand"
webhook_secret_file = "rotterdam.secret"
webhook_secret_previous_file = "old.secret"
[[contact]]
name = "victim-0001"
sms = "+31687654321"
"#;

/// What these settings say after one piece of them was changed.
fn changed(was: &str, is: &str) -> String {
    assert!(PEOPLE.contains(was), "{was}");
    Case::new(&PEOPLE.replacen(was, is, 1)).error(&[])
}

#[test]
fn people_and_their_roads_are_understood() {
    let settings = Case::new(PEOPLE).load(&[]).unwrap();
    let contacts = &settings.contacts;
    let names = |role| contacts.with_role(role).map(|contact| contact.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names("operator"), ["anna"]);
    assert_eq!(names("shift_lead"), ["piket"]);
    assert_eq!(names("on_call_manager"), [""; 0]);
    let (anna, piket) = (contacts.find("anna").unwrap(), contacts.find("piket").unwrap());
    assert_eq!((anna.mqtt, anna.sms.as_ref().unwrap().as_str()), (true, "+31612345678"));
    assert_eq!((piket.mqtt, piket.email.as_ref().unwrap().as_str()), (false, "piket@example.nl"));
    assert_eq!(piket.webhook.as_ref().unwrap().secrets.len(), 2);
    assert!(contacts.find("victim-0001").unwrap().roles.is_empty() && contacts.find("bert").is_none());
    let smtp = contacts.smtp.as_ref().unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.tls), ("mail.example", 587, StartTls::Required));
    let (user, password) = smtp.account.as_ref().unwrap();
    assert_eq!((user.as_str(), password.expose()), ("afstand", "hush"));
    let gateway = contacts.sms.as_ref().unwrap();
    assert_eq!(gateway.url.as_str(), "https://gateway.example/messages");
    assert_eq!(gateway.body["recipients"][0], "{to}");
    assert_eq!(settings.warnings, [""; 0]);
    // Neither a secret nor where somebody can be reached gets into a log.
    let shown = format!("{contacts:?}");
    assert!(!shown.contains("hush") && !shown.contains("316") && !shown.contains("piket@"), "{shown}");
}

#[test]
fn a_mail_server_is_encrypted_unless_told_otherwise() {
    let smtp = |was: &str, is: &str| {
        let settings = Case::new(&PEOPLE.replacen(was, is, 1)).load(&[]).unwrap();
        let smtp = settings.contacts.smtp.unwrap();
        (smtp.host, smtp.port, smtp.tls, settings.warnings)
    };
    let url = "url = \"smtp://mail.example\"";
    let secure = smtp(url, "url = \"smtps://mail.example\"");
    assert_eq!(secure, ("mail.example".to_owned(), 465, StartTls::AtOnce, vec![]));
    let local = smtp(url, "url = \"smtp://[::1]:25\"\nstarttls = \"never\"");
    assert_eq!(local, ("::1".to_owned(), 25, StartTls::Never, vec![]));
    let open = smtp(url, "url = \"smtp://mail.example:2525/\"\nstarttls = \"never\"");
    assert_eq!((open.1, open.2), (2_525, StartTls::Never));
    assert_eq!(open.3, ["smtp.starttls is never: mail and password travel to another machine unencrypted"]);
}

#[test]
fn what_the_gateway_s_body_leaves_out_has_a_default() {
    let settings = Case::new(&PEOPLE.replacen("body = ", "#", 1)).load(&[]).unwrap();
    let want: serde_json::Value = serde_json::from_str(r#"{"to": "{to}", "text": "{text}"}"#).unwrap();
    assert_eq!(settings.contacts.sms.unwrap().body, want);
}

#[test]
fn whoever_cannot_be_reached_ends_the_start() {
    let roles = ROLES.join(", ");
    for (was, is, want) in [
        ("name = \"anna\"\n", "", "contact[0].name: missing"),
        ("\"anna\"", "\"an/na\"", "contact[0].name: a name is 1 to 64 characters of A-Z a-z 0-9 _ -"),
        ("\"piket\"", "\"anna\"", "contact[1].name: anna is there twice"),
        ("\"shift_lead\"", "\"boss\"", &format!("contact[1].roles: \"boss\" is not one of {roles}")),
        (
            "sms = \"+31612345678\"",
            "phone = 1",
            "contact[0].phone: unknown key; expected one of `name`, `roles`, `mqtt`, `webhook_url`, `webhook_secret_file`, `webhook_secret_previous_file`, `email`, `sms`",
        ),
        ("+31612345678", "06 12345678", "contact[0].sms: is not a number such as +31612345678"),
        (
            "\"piket@example.nl\"",
            "\"piket\"",
            "contact[1].email: is not an e-mail address such as name@example.nl",
        ),
        (
            "webhook_url = \"https://piket.example/afstand\"\n",
            "",
            "contact[1].webhook_url: missing, and webhook_secret_file needs it",
        ),
        (
            "webhook_secret_file = \"rotterdam.secret\"\n",
            "",
            "contact[1].webhook_secret_file: missing, and webhook_url needs it",
        ),
        (
            "sms = \"+31687654321\"\n",
            "",
            "contact[2].name: there is no mqtt, webhook_url, email or sms: nothing would reach this contact",
        ),
        (
            "[smtp]\nurl",
            "[smtp]\nuri",
            "smtp.uri: unknown key; expected one of `url`, `from`, `username`, `password_file`, `starttls`, `ca_file`",
        ),
        ("url = \"smtp://mail.example\"\n", "", "smtp.url: missing"),
        (
            "smtp://mail.example",
            "mail.example",
            "smtp.url: not of the form smtp://host[:587] or smtps://host[:465]",
        ),
        (
            "smtp://mail.example",
            "smtp://mail.example/x?tls=none",
            "smtp.url: not of the form smtp://host[:587] or smtps://host[:465]",
        ),
        (
            "smtp://mail.example",
            "smtp://",
            "smtp.url: not of the form smtp://host[:587] or smtps://host[:465]",
        ),
        (
            "smtp://mail.example",
            "smtp://me:pw@mail.example",
            "smtp.url: must not hold credentials: they belong in smtp.username and smtp.password_file",
        ),
        ("from = \"afstand@example.nl\"\n", "", "smtp.from: missing"),
        ("afstand@example.nl", "afstand", "smtp.from: is not an e-mail address such as name@example.nl"),
        ("username = \"afstand\"\n", "", "smtp.username: missing, and smtp.password_file needs it"),
        (
            "password_file = \"broker.secret\"\n",
            "",
            "smtp.password_file: missing, and smtp.username needs it",
        ),
        ("from =", "starttls = \"maybe\"\nfrom =", "smtp.starttls: \"maybe\" is neither required nor never"),
        (
            "smtp://mail.example\"",
            "smtps://mail.example\"\nstarttls = \"required\"",
            "smtp.starttls: smtps:// is encrypted from its first byte",
        ),
        (
            "from =",
            "starttls = \"never\"\nca_file = \"old.secret\"\nfrom =",
            "smtp.ca_file: is of no use where smtp.starttls is never",
        ),
        (
            "from =",
            "ca_file = \"old.secret\"\nfrom =",
            "smtp.ca_file: old.secret: holds no certificate (PEM)",
        ),
        ("url = \"https://gateway.example/messages\"\n", "", "sms.url: missing"),
        (
            "https://gateway",
            "https://me:pw@gateway",
            "sms.url: must not hold credentials: they belong in a file",
        ),
        ("\"body\": \"{text}\"", "\"body\": \"text\"", "sms.body: {text} stands in none of its texts"),
        ("[\"{to}\"]", "[]", "sms.body: {to} stands in none of its texts"),
        ("{\"recipients\"", "{recipients", "sms.body: not JSON: key must be a string at line 1 column 2"),
    ] {
        assert_eq!(changed(was, is), format!("afstand.toml: {want}"));
    }
}

#[test]
fn an_address_needs_the_server_that_serves_it() {
    for (section, want) in [
        ("[smtp]", "contact[1].email: there is no [smtp] to send it through"),
        ("[sms]", "contact[0].sms: there is no [sms] to send it through"),
    ] {
        let begin = PEOPLE.find(section).unwrap();
        let end = PEOPLE[begin + 1..].find("\n[").unwrap() + begin + 2;
        let without = format!("{}{}", &PEOPLE[..begin], &PEOPLE[end..]);
        assert_eq!(Case::new(&without).error(&[]), format!("afstand.toml: {want}"));
    }
}

#[test]
fn a_secret_of_a_road_comes_from_a_file_that_is_there() {
    for (was, key) in [
        ("password_file = \"broker.secret\"", "smtp.password_file"),
        ("token_file = \"broker.secret\"", "sms.token_file"),
        ("webhook_secret_file = \"rotterdam.secret\"", "contact[1].webhook_secret_file"),
    ] {
        let (name, _) = was.split_once(" = ").unwrap();
        let error = changed(was, &format!("{name} = \"gone\""));
        assert_eq!(error, format!("afstand.toml: {key}: gone: No such file or directory (os error 2)"));
    }
    let case = Case::new(PEOPLE);
    case.put("broker.secret", "two\nlines");
    assert_eq!(
        case.error(&[]),
        "afstand.toml: sms.token_file: the token has other characters in it than a header can hold"
    );
}
