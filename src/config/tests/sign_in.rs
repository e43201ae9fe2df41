//! `[sign_in]`: every way in which a start ends because of it.

use std::time::Duration;

use super::*;

const SIGN_IN: &str = r#"
[sign_in]
issuer = "https://id.example/realms/centre"
client_id = "afstand"
client_secret_file = "client.secret"
public_url = "https://afstand.example"
role_claim = "realm_access.roles"
device_claim = "device"
contact = "servicedesk, 030-1234567"
idle_lock_minutes = 10
max_hours = 9
[[sign_in.role]]
value = "afstand-operator"
role = "operator"
[[sign_in.role]]
value = "politie"
role = "desk"
desk = "rotterdam"
[[sign_in.role]]
value = "slachtoffer"
role = "victim"
"#;

fn case(settings: &str) -> Case {
    let case = Case::new(&format!("{WHOLE}{settings}"));
    case.put("client.secret", "hush\n");
    case.put("tokens.toml", &format!("{}person = \"sub-17\"\n", token_of_anna()));
    case
}

/// Beside people who sign in, nobody can tell whether a token is one of theirs.
#[test]
fn a_token_of_nobody_is_said_where_people_sign_in() {
    let anna = |case: &Case| {
        let Settings { api, warnings, .. } = case.load(&[]).unwrap();
        (api.tokens.find("open-sesame").unwrap().holder.person.clone(), warnings)
    };
    assert_eq!(anna(&case(SIGN_IN)), (Some("sub-17".to_owned()), Vec::new()));
    let nobodys = case(SIGN_IN);
    nobodys.put("tokens.toml", &token_of_anna());
    let (person, warnings) = anna(&nobodys);
    let want = "the API token \"Anna\" has no person: beside people who sign in it can resolve no alarm";
    assert_eq!((person, warnings), (None, vec![want.to_owned()]));
    assert_eq!(anna(&Case::new(WHOLE)), (Some("Anna".to_owned()), Vec::new()), "without them it is hers");
}

#[test]
fn people_can_sign_in_as_the_settings_say() {
    let settings = case(SIGN_IN).load(&[]).unwrap();
    assert_eq!(settings.warnings, [] as [&str; 0]);
    let sign_in = settings.sign_in.unwrap();
    assert_eq!(sign_in.issuer, "https://id.example/realms/centre");
    assert_eq!(sign_in.public_url.as_str(), "https://afstand.example/");
    assert_eq!(sign_in.client_secret.as_ref().map(Secret::expose), Some("hush"));
    assert!(!format!("{sign_in:?}").contains("hush"));
    let limits = SessionLimits { idle: Duration::from_mins(10), longest: Duration::from_hours(9) };
    assert_eq!(sign_in.limits, limits);
    let row = |value: &str, role, desk: Option<&str>| RoleValue {
        value: value.to_owned(),
        role,
        desk: desk.map(|desk| zones::DeskId::new(desk).unwrap()),
    };
    let rows = [
        row("afstand-operator", Role::Operator, None),
        row("politie", Role::Desk, Some("rotterdam")),
        row("slachtoffer", Role::Victim, None),
    ];
    assert_eq!(sign_in.roles, rows);
    assert!(Case::new(WHOLE).load(&[]).unwrap().sign_in.is_none());
    // A provider on this machine may be reached without encryption; a client may be one that has no secret.
    let here = SIGN_IN
        .replace("https://id.example/realms/centre", "http://127.0.0.1:8081")
        .replace("https://afstand.example", "http://localhost:8080")
        .replace("client_secret_file = \"client.secret\"\n", "")
        .replace("idle_lock_minutes = 10\nmax_hours = 9\n", "");
    let sign_in = case(&here).load(&[]).unwrap().sign_in.unwrap();
    assert!(sign_in.client_secret.is_none());
    assert_eq!(sign_in.limits, SessionLimits::default());
    let from_outside = [("AFSTAND_SIGN_IN__CLIENT_ID", "other")];
    assert_eq!(case(SIGN_IN).load(&from_outside).unwrap().sign_in.unwrap().client_id, "other");
    // Without tokens people can work all the same.
    let no_tokens = WHOLE.replace("tokens_file = \"tokens.toml\"\n", "");
    let case = Case::new(&format!("{no_tokens}{SIGN_IN}"));
    case.put("client.secret", "hush");
    assert_eq!(case.load(&[]).unwrap().warnings, [] as [&str; 0]);
}

#[test]
fn each_error_names_the_key() {
    for (was, is, want) in [
        (
            "client_id = ",
            "clientid = ",
            "afstand.toml: sign_in.clientid: unknown key; expected one of `issuer`, `client_id`, \
             `client_secret_file`, `public_url`, `role_claim`, `device_claim`, `role`, `contact`, \
             `idle_lock_minutes`, `max_hours`",
        ),
        (
            "value = \"politie\"",
            "values = \"politie\"",
            "afstand.toml: sign_in.role[1].values: unknown key; expected one of `value`, `role`, `desk`",
        ),
        ("client_id = \"afstand\"\n", "", "afstand.toml: sign_in.client_id: missing"),
        ("client_id = \"afstand\"", "client_id = \" \"", "afstand.toml: sign_in.client_id: is empty"),
        (
            "issuer = \"https://id.example/realms/centre\"",
            "issuer = \"id.example\"",
            "afstand.toml: sign_in.issuer: not a URL: relative URL without a base",
        ),
        (
            "https://id.example/realms/centre",
            "http://id.example",
            "afstand.toml: sign_in.issuer: is http:// to another machine: signing in needs https://",
        ),
        (
            "https://afstand.example",
            "http://afstand.example",
            "afstand.toml: sign_in.public_url: is http:// to another machine: signing in needs https://",
        ),
        (
            "https://afstand.example",
            "https://afstand.example/console",
            "afstand.toml: sign_in.public_url: must end after the host and port",
        ),
        ("role_claim = \"realm_access.roles\"\n", "", "afstand.toml: sign_in.role_claim: missing"),
        (
            "device_claim = \"device\"\n",
            "",
            "afstand.toml: sign_in.role[2].role: victim needs sign_in.device_claim, which says whose device it is",
        ),
        ("value = \"politie\"\n", "", "afstand.toml: sign_in.role[1].value: missing"),
        (
            "value = \"politie\"",
            "value = \"slachtoffer\"",
            "afstand.toml: sign_in.role[2].value: \"slachtoffer\" is there twice",
        ),
        (
            "desk = \"rotterdam\"\n[[sign_in.role]]",
            "[[sign_in.role]]",
            "afstand.toml: sign_in.role[1].desk: missing, and the role desk needs it",
        ),
        (
            "role = \"operator\"",
            "role = \"operator\"\ndesk = \"rotterdam\"",
            "afstand.toml: sign_in.role[0].desk: goes with the role desk only",
        ),
        (
            "role = \"operator\"",
            "role = \"boss\"",
            "afstand.toml: sign_in.role[0].role: unknown variant `boss`, expected one of `operator`, \
             `supervisor`, `desk`, `auditor`, `integrator`, `victim`",
        ),
        (
            "role = \"operator\"",
            "role = \"integrator\"",
            "afstand.toml: sign_in.role[0].role: integrator is for machines, which have a token",
        ),
        (
            "idle_lock_minutes = 10",
            "idle_lock_minutes = 0",
            "afstand.toml: sign_in.idle_lock_minutes: 0 is not 1 to 120",
        ),
        ("max_hours = 9", "max_hours = 25", "afstand.toml: sign_in.max_hours: 25 is not 1 to 24"),
        (
            "idle_lock_minutes = 10\nmax_hours = 9",
            "idle_lock_minutes = 61\nmax_hours = 1",
            "afstand.toml: sign_in.idle_lock_minutes: is longer than sign_in.max_hours",
        ),
        (
            "servicedesk, 030",
            "servicedesk\\n030",
            "afstand.toml: sign_in.contact: is not plain text of at most 200 characters",
        ),
    ] {
        assert!(SIGN_IN.contains(was), "{was}");
        assert_eq!(case(&SIGN_IN.replacen(was, is, 1)).error(&[]), want, "{is}");
    }
    let (alone, _) = SIGN_IN.split_once("[[").unwrap();
    let nobody = "afstand.toml: sign_in.role: there is no [[sign_in.role]]: nobody could sign in";
    assert_eq!(case(alone).error(&[]), nobody);
    let gone = Case::new(&format!("{WHOLE}{SIGN_IN}")).error(&[]);
    assert!(gone.starts_with("afstand.toml: sign_in.client_secret_file: client.secret: "), "{gone}");
    let elsewhere = case(&SIGN_IN.replace("desk = \"rotterdam\"", "desk = \"delft\"")).load(&[]).unwrap();
    assert_eq!(elsewhere.warnings, ["sign_in.role[1].desk is delft, which is not configured"]);
}
