//! An OpenID Connect provider: discovery, a page to sign in, codes with PKCE, and ID tokens signed with a key of its
//! own. It can also be told to do one thing wrong.

use std::collections::HashMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const CLIENT: &str = "afstand-test";
pub const SECRET: &str = "client secret & more";

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrong {
    #[default]
    Nothing,
    /// The ID token holds another nonce.
    Nonce,
    /// It is for somebody else.
    Audience,
    /// It says that another provider made it.
    Issuer,
    /// It was good until an hour ago.
    Expired,
    /// Somebody else signed it.
    Signature,
    /// It is not signed at all.
    Unsigned,
    /// The client secret signs it.
    SignedBySecret,
    /// It does not say when the person signed in.
    NoAuthTime,
    /// The person signed in yesterday, and was not asked again.
    OldAuthTime,
    /// The state that comes back is not the one that was sent.
    State,
    /// A code is good for no time at all.
    Code,
    /// It says no.
    Declines,
}

enum Key {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    fn ec() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        Self::Ec(key.expect("that key"))
    }

    fn rsa() -> Self {
        let made = Command::new("openssl")
            .args([
                "genpkey",
                "-quiet",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
                "-outform",
                "DER",
            ])
            .output()
            .expect("openssl");
        // Which of the two forms comes out is openssl's to say.
        let key = RsaKeyPair::from_der(&made.stdout).or_else(|_| RsaKeyPair::from_pkcs8(&made.stdout));
        Self::Rsa(key.expect("an RSA key"))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| BASE64_URL.encode(bytes);
        match self {
            Self::Ec(key) => {
                // The mark of an uncompressed point, and its two coordinates.
                let point = &key.public_key().as_ref()[1..];
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
                       "x": text(&point[..32]), "y": text(&point[32..])})
            }
            Self::Rsa(key) => {
                let public: ring::rsa::PublicKeyComponents<Vec<u8>> = key.public().into();
                json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256",
                       "n": text(&public.n), "e": text(&public.e)})
            }
        }
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(key) => key.sign(&random, text.as_bytes()).expect("a signature").as_ref().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("a signature");
                signature
            }
        }
    }
}

/// What was asked for with a code.
struct Granted {
    user: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

struct Shared {
    issuer: String,
    key: Mutex<(Key, u32)>,
    wrong: Mutex<Wrong>,
    /// So many seconds later than now people sign in.
    ahead_s: AtomicU64,
    /// Whether it has a place to sign out.
    has_farewell: AtomicBool,
    /// Who came there, by the parameters given.
    farewells: Mutex<Vec<HashMap<String, String>>>,
    users: HashMap<String, Value>,
    codes: Mutex<HashMap<String, Granted>>,
}

/// A provider that runs until it is dropped.
pub struct Provider {
    pub issuer: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Provider {
    /// One that signs with a key of either kind and knows these people, by name, with their claims.
    pub async fn start(rsa: bool, users: &[(&str, Value)]) -> Self {
        Self::start_at(TcpListener::bind("127.0.0.1:0").await.expect("a port"), rsa, users)
    }

    /// The same on a port that is known before.
    pub fn start_at(listener: TcpListener, rsa: bool, users: &[(&str, Value)]) -> Self {
        let issuer = format!("http://{}", listener.local_addr().expect("its address"));
        let shared = Arc::new(Shared {
            issuer: issuer.clone(),
            key: Mutex::new((if rsa { Key::rsa() } else { Key::ec() }, 1)),
            wrong: Mutex::default(),
            ahead_s: AtomicU64::new(0),
            has_farewell: AtomicBool::new(false),
            farewells: Mutex::default(),
            users: users.iter().map(|(name, claims)| ((*name).to_owned(), claims.clone())).collect(),
            codes: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/login", post(login))
            .route("/token", post(token))
            .route("/logout", get(logout))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { issuer, shared, task }
    }

    pub fn does_wrong(&self, wrong: Wrong) {
        *self.shared.wrong.lock().expect("its state") = wrong;
    }

    /// People sign in so much later, as the service sees it whose clock was moved.
    pub fn later(&self, by: Duration) {
        self.shared.ahead_s.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// It has a place to sign out, and says so to who asks from now on.
    pub fn has_farewell(&self) {
        self.shared.has_farewell.store(true, Ordering::SeqCst);
    }

    /// With what parameters browsers came there.
    pub fn farewells(&self) -> Vec<HashMap<String, String>> {
        self.shared.farewells.lock().expect("its state").clone()
    }

    /// From now on it signs with another key.
    pub fn new_key(&self) {
        let mut key = self.shared.key.lock().expect("its key");
        *key = (Key::ec(), key.1 + 1);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", shared.issuer);
    let mut said = json!({
        "issuer": shared.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // What it would take by itself, too weak ones among it.
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
    });
    if shared.has_farewell.load(Ordering::SeqCst) {
        said["end_session_endpoint"] = json!(at("/logout?theme=dark"));
    }
    Json(said)
}

/// Signs out, and leads back.
async fn logout(State(shared): State<Arc<Shared>>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let back = asked.get("post_logout_redirect_uri").cloned().unwrap_or_default();
    shared.farewells.lock().expect("its state").push(asked);
    Redirect::to(&back).into_response()
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let key = shared.key.lock().expect("its key");
    Json(json!({"keys": [key.0.jwk(&key.1.to_string())]}))
}

/// The fields of a form as it is sent.
fn fields(body: &str) -> HashMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://form/?{body}")).expect("a form");
    url.query_pairs().into_owned().collect()
}

/// A page to sign in; what was asked for goes along with the name.
async fn authorize(Query(asked): Query<HashMap<String, String>>) -> Response {
    let wanted = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("prompt", "login"),
        ("max_age", "0"),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in wanted {
        if asked.get(name).map(String::as_str) != Some(value) {
            return (StatusCode::BAD_REQUEST, format!("{name}: {:?}", asked.get(name))).into_response();
        }
    }
    let field = |name: &str| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", asked[name]);
    let hidden = ["state", "nonce", "code_challenge", "redirect_uri"].map(field).concat();
    Html(format!("<form method=\"post\" action=\"/login\">{hidden}<input name=\"user\"></form>"))
        .into_response()
}

async fn login(State(shared): State<Arc<Shared>>, body: String) -> Response {
    let form = fields(&body);
    let wrong = *shared.wrong.lock().expect("its state");
    let (user, uri) = (&form["user"], &form["redirect_uri"]);
    if wrong == Wrong::Declines || !shared.users.contains_key(user) {
        return Redirect::to(&format!("{uri}?error=access_denied&state={}", form["state"])).into_response();
    }
    let mut codes = shared.codes.lock().expect("its codes");
    let code = format!("code-{}-{user}", codes.len());
    let granted = Granted {
        user: user.clone(),
        nonce: form["nonce"].clone(),
        challenge: form["code_challenge"].clone(),
        redirect_uri: uri.clone(),
    };
    codes.insert(code.clone(), granted);
    let state = if wrong == Wrong::State { "another" } else { &form["state"] };
    Redirect::to(&format!("{uri}?code={code}&state={state}")).into_response()
}

async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let form = fields(&body);
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    // By RFC 6749 the secret is form-encoded before it is put together.
    let account = BASE64_STANDARD.encode(format!("{CLIENT}:client+secret+%26+more"));
    if headers.get("authorization").is_none_or(|value| *value != format!("Basic {account}")) {
        return refuse("invalid_client");
    }
    let wrong = *shared.wrong.lock().expect("its state");
    let granted = shared.codes.lock().expect("its codes").remove(&form["code"]);
    let Some(granted) = granted.filter(|_| wrong != Wrong::Code) else { return refuse("invalid_grant") };
    let proof = BASE64_URL.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if proof != granted.challenge || form["redirect_uri"] != granted.redirect_uri {
        return refuse("invalid_grant");
    }
    let id_token = shared.id_token(&granted, wrong);
    Json(json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}))
        .into_response()
}

impl Shared {
    fn id_token(&self, granted: &Granted, wrong: Wrong) -> String {
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let mut claims = self.users[&granted.user].clone();
        let nonce = if wrong == Wrong::Nonce { "another" } else { &granted.nonce };
        claims["iss"] = json!(if wrong == Wrong::Issuer { "https://id.example" } else { &self.issuer });
        claims["aud"] = json!(if wrong == Wrong::Audience { "somebody-else" } else { CLIENT });
        claims["nonce"] = json!(nonce);
        claims["iat"] = json!(now);
        claims["exp"] = json!(if wrong == Wrong::Expired { now - 3_600 } else { now + 60 });
        match wrong {
            Wrong::NoAuthTime => {}
            Wrong::OldAuthTime => claims["auth_time"] = json!(now - 86_400),
            _ => claims["auth_time"] = json!(now + self.ahead_s.load(Ordering::SeqCst)),
        }
        let key = self.key.lock().expect("its key");
        let algorithm = match wrong {
            Wrong::Unsigned => "none",
            Wrong::SignedBySecret => "HS256",
            _ => key.0.algorithm(),
        };
        let head = json!({"alg": algorithm, "kid": key.1.to_string(), "typ": "JWT"});
        let text = |value: &Value| BASE64_URL.encode(value.to_string());
        let signed = format!("{}.{}", text(&head), text(&claims));
        let signature = match wrong {
            Wrong::Unsigned => Vec::new(),
            Wrong::SignedBySecret => {
                use hmac::{KeyInit, Mac};
                let mac = hmac::Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
                mac.chain_update(&signed).finalize().into_bytes().to_vec()
            }
            Wrong::Signature => Key::ec().sign(&signed),
            _ => key.0.sign(&signed),
        };
        format!("{signed}.{}", BASE64_URL.encode(signature))
    }
}
