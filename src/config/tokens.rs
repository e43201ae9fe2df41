//! API tokens: who may ask what. The file holds hashes only, so that reading it lets nobody in.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zones::{DeskId, DeviceId};

/// Length of a hash in bytes.
const HASH_LEN: usize = 32;
/// Random bytes in a new token: nobody guesses it, so a plain hash will do.
const TOKEN_LEN: usize = 32;
/// So that a token found in a log or a repository is known for what it is.
const PREFIX: &str = "afst_";

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works the queue in the monitoring centre.
    Operator,
    /// An operator who also decides on orders.
    Supervisor,
    /// A police control room; sees its own incidents only.
    Desk,
    /// Reads everything, changes nothing.
    Auditor,
    /// A machine that feeds orders or positions.
    Integrator,
    /// The app of one victim; sees and says what her device does.
    Victim,
}

impl Role {
    /// The word in files and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Desk => "desk",
            Self::Auditor => "auditor",
            Self::Integrator => "integrator",
            Self::Victim => "victim",
        }
    }
}

/// All that a token may be used for, where that is less than its role may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Sending positions (`POST /v1/ingest/…`): for a tracking server, which has no business with orders.
    Positions,
}

/// Who has a token or a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name; for the log and the history of an incident.
    pub name: String,
    /// Who that is, whatever he comes with: the subject at the provider where people sign in, for a token what its table
    /// says, or its name where no provider knows anybody. `None` where nobody said.
    pub person: Option<String>,
    /// What it may be used for.
    pub role: Role,
    /// The desk it speaks for; set exactly when the role is [`Role::Desk`].
    pub desk: Option<DeskId>,
    /// The victim device it speaks for; set exactly when the role is [`Role::Victim`].
    pub device: Option<DeviceId>,
    /// What it is limited to, where it is; goes with [`Role::Integrator`] only.
    pub only: Option<Only>,
}

/// One token, without its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Who has it.
    pub holder: Holder,
    hash: [u8; HASH_LEN],
}

impl Token {
    /// A token of a secret that is known, for a service that is set up without files.
    pub fn new(name: &str, role: Role, desk: Option<DeskId>, secret: &str) -> Self {
        let person = Some(name.to_owned());
        let holder = Holder { name: name.to_owned(), person, role, desk, device: None, only: None };
        Self { holder, hash: hash(secret) }
    }

    /// The same for a server that sends positions and nothing else.
    pub fn of_positions(name: &str, secret: &str) -> Self {
        let mut token = Self::new(name, Role::Integrator, None, secret);
        token.holder.only = Some(Only::Positions);
        token
    }

    /// The same for the app that speaks for a victim device.
    pub fn of_victim(name: &str, device: DeviceId, secret: &str) -> Self {
        let mut token = Self::new(name, Role::Victim, None, secret);
        token.holder.device = Some(device);
        token
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// All tokens.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    tokens: Vec<Token>,
}

/// A token that was just made.
pub struct NewToken {
    /// To be given to its user, and kept nowhere.
    pub secret: String,
    /// To be put in the tokens file as `sha256`.
    pub sha256: String,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

impl NewToken {
    /// Makes a random token; fails when the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_LEN];
        getrandom::fill(&mut bytes)?;
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let sha256 = hash(&secret).map(|byte| format!("{byte:02x}")).concat();
        Ok(Self { secret, sha256 })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    token: Vec<RawToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawToken {
    name: String,
    role: Role,
    person: Option<String>,
    desk: Option<String>,
    device: Option<String>,
    only: Option<Only>,
    sha256: String,
}

impl Tokens {
    /// Reads `[[token]]` tables with `name`, `role`, `sha256` (64 hexadecimal digits) and, for the role `desk`,
    /// `desk`, for the role `victim`, `device`; the role `integrator` may have `only`, the roles `operator` and
    /// `supervisor` the `person` who has it. The error is one line.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            format!("line {}: {}", before.matches('\n').count() + 1, error.message())
        })?;
        let mut tokens = Vec::with_capacity(raw.token.len());
        let mut seen = (BTreeSet::new(), BTreeSet::new());
        for raw in raw.token {
            let token = parse(raw)?;
            if !seen.0.insert(token.holder.name.clone()) {
                return Err(format!("token {:?}: the name is there twice", token.holder.name));
            }
            if !seen.1.insert(token.hash) {
                return Err(format!("token {:?}: its sha256 is that of another token", token.holder.name));
            }
            tokens.push(token);
        }
        Ok(Self { tokens })
    }

    /// The token with this secret. How long it takes tells nothing about which one it is, or how much of it
    /// was right.
    pub fn find(&self, secret: &str) -> Option<&Token> {
        let presented = hash(secret);
        let mut found = u64::MAX;
        for (index, token) in self.tokens.iter().enumerate() {
            let equal: Choice = token.hash.ct_eq(&presented);
            found.conditional_assign(&(index as u64), equal);
        }
        usize::try_from(found).ok().and_then(|index| self.tokens.get(index))
    }

    /// Takes each token for that of a person of its own where its table does not say whose it is: where people have
    /// nothing but tokens, nobody comes by two names.
    pub(super) fn are_people(&mut self) {
        for Token { holder, .. } in &mut self.tokens {
            holder.person.get_or_insert_with(|| holder.name.clone());
        }
    }

    /// Names of the tokens of operators of which nobody said whose they are.
    pub(super) fn nameless(&self) -> impl Iterator<Item = &str> {
        let holders = self.iter().map(|token| &token.holder);
        holders.filter(|it| it.role == Role::Operator && it.person.is_none()).map(|it| it.name.as_str())
    }

    /// All tokens, as in the file.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }
}

impl FromIterator<Token> for Tokens {
    fn from_iter<I: IntoIterator<Item = Token>>(tokens: I) -> Self {
        Self { tokens: tokens.into_iter().collect() }
    }
}

fn parse(raw: RawToken) -> Result<Token, String> {
    let RawToken { name, role, person, desk, device, only, sha256 } = raw;
    let wrong = |problem: &str| format!("token {name:?}: {problem}");
    if !is_plain(&name) {
        return Err(wrong("name is not 1 to 200 plain characters"));
    }
    let hash = unhex(&sha256).ok_or_else(|| wrong("sha256 is not 64 hexadecimal digits"))?;
    let desk = match (role, desk) {
        (Role::Desk, Some(desk)) => {
            Some(DeskId::new(&desk).map_err(|error| wrong(&format!("desk: {error}")))?)
        }
        (Role::Desk, None) => return Err(wrong("desk is missing, and the role desk needs it")),
        (_, Some(_)) => return Err(wrong("desk goes with the role desk only")),
        (_, None) => None,
    };
    let device = match (role, device) {
        (Role::Victim, Some(device)) => {
            Some(DeviceId::new(&device).map_err(|error| wrong(&format!("device: {error}")))?)
        }
        (Role::Victim, None) => return Err(wrong("device is missing, and the role victim needs it")),
        (_, Some(_)) => return Err(wrong("device goes with the role victim only")),
        (_, None) => None,
    };
    if let Some(person) = &person {
        if !matches!(role, Role::Operator | Role::Supervisor) {
            return Err(wrong("person goes with the roles operator and supervisor only"));
        }
        if !is_plain(person) {
            return Err(wrong("person is not 1 to 200 plain characters"));
        }
    }
    if only.is_some() && role != Role::Integrator {
        return Err(wrong("only goes with the role integrator only"));
    }
    Ok(Token { holder: Holder { name, person, role, desk, device, only }, hash })
}

fn is_plain(text: &str) -> bool {
    (1..=200).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn hash(secret: &str) -> [u8; HASH_LEN] {
    Sha256::digest(secret.as_bytes()).into()
}

fn unhex(text: &str) -> Option<[u8; HASH_LEN]> {
    if text.len() != 2 * HASH_LEN || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; HASH_LEN];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf %s open-sesame | sha256sum` and the same of `other`.
    const SESAME: &str = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";
    const OTHER: &str = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";

    fn entry(name: &str, role: &str, rest: &str) -> String {
        format!("[[token]]\nname = \"{name}\"\nrole = \"{role}\"\n{rest}\n")
    }

    fn sha(hash: &str) -> String {
        format!("sha256 = \"{hash}\"")
    }

    #[test]
    fn a_token_is_found_by_its_secret_alone() {
        let desk = format!("{}\ndesk = \"rotterdam\"", sha(&OTHER.to_uppercase()));
        let text = entry("Anna", "operator", &sha(SESAME)) + &entry("Meldkamer", "desk", &desk);
        let tokens = Tokens::from_toml(&text).unwrap();
        let anna = &tokens.find("open-sesame").unwrap().holder;
        assert_eq!((anna.name.as_str(), anna.role, anna.desk.as_ref()), ("Anna", Role::Operator, None));
        let desk = &tokens.find("other").unwrap().holder;
        assert_eq!((desk.role, desk.desk.as_ref().map(DeskId::as_str)), (Role::Desk, Some("rotterdam")));
        let device = format!("{}\ndevice = \"vd-0001\"", sha(SESAME));
        let app = Tokens::from_toml(&entry("App", "victim", &device)).unwrap();
        let app = &app.find("open-sesame").unwrap().holder;
        assert_eq!((app.role, app.device.as_ref().map(DeviceId::as_str)), (Role::Victim, Some("vd-0001")));
        let positions = format!("{}\nonly = \"positions\"", sha(SESAME));
        let traccar = Tokens::from_toml(&entry("Traccar", "integrator", &positions)).unwrap();
        assert_eq!(traccar.find("open-sesame").unwrap().holder.only, Some(Only::Positions));
        for wrong in ["", "open-sesam", "open-sesame ", SESAME] {
            assert!(tokens.find(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains("hash"));
    }

    #[test]
    fn a_token_is_of_whom_its_table_says_or_of_nobody_else() {
        let hers = format!("{}\nperson = \"sub-17\"", sha(SESAME));
        let text = entry("tablet", "operator", &hers) + &entry("other", "operator", &sha(OTHER));
        let mut tokens = Tokens::from_toml(&text).unwrap();
        let people = |tokens: &Tokens| tokens.iter().map(|it| it.holder.person.clone()).collect::<Vec<_>>();
        assert_eq!(people(&tokens), [Some("sub-17".to_owned()), None]);
        assert_eq!(tokens.nameless().collect::<Vec<_>>(), ["other"]);
        tokens.are_people();
        assert_eq!(people(&tokens), [Some("sub-17".to_owned()), Some("other".to_owned())]);
    }

    #[test]
    fn a_new_token_is_let_in_and_no_two_are_the_same() {
        let (one, two) = (NewToken::random().unwrap(), NewToken::random().unwrap());
        assert_ne!(one.secret, two.secret);
        assert!(one.secret.starts_with("afst_") && one.secret.len() == 5 + 43, "{}", one.secret);
        let tokens = Tokens::from_toml(&entry("x", "auditor", &sha(&one.sha256))).unwrap();
        assert_eq!(tokens.find(&one.secret).map(|t| t.holder.role), Some(Role::Auditor));
        assert!(tokens.find(&two.secret).is_none());
    }

    #[test]
    fn each_error_names_the_token_or_the_line() {
        let good = entry("a", "operator", &sha(SESAME));
        for (text, want) in [
            ("token = 1".to_owned(), "line 1: invalid type: integer `1`, expected a sequence"),
            (
                entry("a", "boss", &sha(SESAME)),
                "line 3: unknown variant `boss`, expected one of `operator`, `supervisor`, `desk`, `auditor`, `integrator`, `victim`",
            ),
            (entry("a", "operator", ""), "line 1: missing field `sha256`"),
            (entry("a", "operator", "sha256 = \"12\""), "token \"a\": sha256 is not 64 hexadecimal digits"),
            (
                entry("a", "operator", "sha512 = \"12\""),
                "line 4: unknown field `sha512`, expected one of `name`, `role`, `person`, `desk`, `device`, `only`, `sha256`",
            ),
            (
                entry("a", "integrator", &format!("{}\nonly = \"orders\"", sha(SESAME))),
                "line 5: unknown variant `orders`, expected `positions`",
            ),
            (
                entry("a", "operator", &format!("{}\nonly = \"positions\"", sha(SESAME))),
                "token \"a\": only goes with the role integrator only",
            ),
            (entry("a", "desk", &sha(SESAME)), "token \"a\": desk is missing, and the role desk needs it"),
            (
                entry("a", "operator", &format!("{}\ndesk = \"r\"", sha(SESAME))),
                "token \"a\": desk goes with the role desk only",
            ),
            (
                entry("a", "desk", &format!("{}\ndesk = \"r r\"", sha(SESAME))),
                "token \"a\": desk: an id is 1 to 64 characters of A-Z a-z 0-9 _ -",
            ),
            (
                entry("a", "victim", &sha(SESAME)),
                "token \"a\": device is missing, and the role victim needs it",
            ),
            (
                entry("a", "operator", &format!("{}\ndevice = \"vd-1\"", sha(SESAME))),
                "token \"a\": device goes with the role victim only",
            ),
            (
                entry("a", "victim", &format!("{}\ndevice = \"vd 1\"", sha(SESAME))),
                "token \"a\": device: an id is 1 to 64 characters of A-Z a-z 0-9 _ -",
            ),
            (
                entry("a", "victim", &format!("{}\ndevice = \"vd-1\"\ndesk = \"r\"", sha(SESAME))),
                "token \"a\": desk goes with the role desk only",
            ),
            (
                entry("a", "auditor", &format!("{}\nperson = \"anna\"", sha(SESAME))),
                "token \"a\": person goes with the roles operator and supervisor only",
            ),
            (
                entry("a", "operator", &format!("{}\nperson = \"\"", sha(SESAME))),
                "token \"a\": person is not 1 to 200 plain characters",
            ),
            (entry("", "operator", &sha(SESAME)), "token \"\": name is not 1 to 200 plain characters"),
            (
                format!("{good}{}", entry("a", "operator", &sha(OTHER))),
                "token \"a\": the name is there twice",
            ),
            (
                format!("{good}{}", entry("b", "operator", &sha(SESAME))),
                "token \"b\": its sha256 is that of another token",
            ),
        ] {
            assert_eq!(Tokens::from_toml(&text).unwrap_err(), want, "{text}");
        }
    }
}
