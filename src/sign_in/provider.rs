//! The OpenID Connect provider: where it is (by discovery), leading there, and judging what comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http;
use futures_util::future::BoxFuture;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use zones::Timestamp;

use super::claims::{Person, Refusal, person};
use super::{Attempt, NoSignIn};
use crate::config::{CALLBACK, SignIn as Settings};
use crate::delivery::{self, SendError};

/// So long one question may take. Of one request there are three at the most, and it has ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the provider says of itself, its keys among it, is asked again after this.
const FRESH_FOR: Duration = Duration::from_hours(1);

/// A provider that did not answer is asked no more often than this: who waits in line would wait in vain.
const TRIED_EVERY: Duration = Duration::from_secs(5);

/// Longest answer of a provider, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// A provider's clock may be so much behind.
const SKEW: Duration = Duration::from_mins(1);

/// Signatures that are taken. None that the client secret makes: who knows that could make them too.
const SIGNATURES: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// Claims that the standard does not name.
#[derive(Debug, Serialize, Deserialize)]
struct Further {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for Further {}

type Fields = IdTokenFields<
    Further,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Relying = Client<
    Further,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider, asked when somebody needs it.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    http: reqwest::Client,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    metadata: Option<(Arc<ProviderMetadataWithLogout>, Instant)>,
    failed_at: Option<Instant>,
}

impl Provider {
    pub(super) fn new(settings: Settings) -> Result<Self, NoSignIn> {
        Ok(Self { settings, http: delivery::http_client()?, known: Mutex::default() })
    }

    /// Whom to ask who is not let in.
    pub fn contact(&self) -> Option<&str> {
        self.settings.contact.as_deref()
    }

    /// Says in the log when the provider does not answer at a start.
    pub(super) async fn try_it(&self) {
        if self.metadata(FRESH_FOR).await.is_err() {
            tracing::warn!(
                "nobody can sign in until the provider answers; tokens and sessions are good meanwhile"
            );
        }
    }

    /// Where to send a browser, and what it has to bring back.
    ///
    /// # Errors
    /// [`Refusal::Down`].
    pub async fn leave(
        &self,
        back: String,
        instead: Option<String>,
        now: Timestamp,
    ) -> Result<(String, Attempt), Refusal> {
        let metadata = self.metadata(FRESH_FOR).await?;
        let client = self.client(&metadata)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        // Whoever signs in is asked who that is, also where the provider still knows: else the next person at a locked
        // console would be let in by it.
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .add_prompt(CoreAuthPrompt::Login)
            .set_max_age(Duration::ZERO)
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            back,
            instead,
            begun_at: now.as_millis(),
        };
        Ok((url.into(), attempt))
    }

    /// Where a browser goes that signs out, so that it is signed out at the provider too; `None` where the provider has
    /// no such place, or was never asked. `back` is the page of ours that it leads back to: the provider must know that
    /// one. The ID token is not kept to be shown there – it would stand in addresses –, and the provider asks the person
    /// instead.
    pub async fn farewell(&self, back: &'static str) -> Option<String> {
        let known = self.known.lock().await.metadata.clone();
        let end = known?.0.additional_metadata().end_session_endpoint.clone()?;
        if !matches!(end.url().scheme(), "https" | "http") {
            return None;
        }
        let back = PostLogoutRedirectUrl::from_url(self.settings.public_url.join(back).ok()?);
        let request = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.settings.client_id.clone()))
            .set_post_logout_redirect_uri(back);
        Some(request.http_get_url().into())
    }

    /// Who comes back with a code.
    ///
    /// # Errors
    /// Why nobody does.
    pub async fn arrive(&self, attempt: &Attempt, code: String) -> Result<Person, Refusal> {
        let metadata = self.metadata(FRESH_FOR).await?;
        let client = self.client(&metadata)?;
        let ask = self.asker();
        let asked = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| refused(Refusal::Down, &error))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&ask);
        let tokens = asked.await.map_err(|error| match &error {
            RequestTokenError::ServerResponse(_) => refused(Refusal::Code, &error),
            // What could not be read may hold a token.
            RequestTokenError::Parse(..) => {
                refused(Refusal::Down, &SendError::new("an unreadable answer".to_owned()))
            }
            _ => refused(Refusal::Down, &error),
        })?;
        match self.judge(&client, &tokens, attempt) {
            // It may sign with a key that it did not have when it was asked.
            Err((
                _,
                ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey),
            )) => {
                let metadata = self.metadata(TRIED_EVERY).await?;
                let client = self.client(&metadata)?;
                self.judge(&client, &tokens, attempt).map_err(|(refusal, error)| refused(refusal, &error))?
            }
            judged => judged.map_err(|(refusal, error)| refused(refusal, &error))?,
        }
    }

    /// Verifies an ID token; within, who that is.
    fn judge(
        &self,
        client: &Relying,
        tokens: &Tokens,
        attempt: &Attempt,
    ) -> Result<Result<Person, Refusal>, (Refusal, ClaimsVerificationError)> {
        let missing = || (Refusal::Token, ClaimsVerificationError::Other("there is no ID token".to_owned()));
        let token = tokens.id_token().ok_or_else(missing)?;
        let asked_since = (attempt.begun_at - i64::try_from(SKEW.as_millis()).unwrap_or(0)) / 1_000;
        let verifier =
            client.id_token_verifier().set_allowed_algs(SIGNATURES).set_auth_time_verifier_fn(move |at| {
                match at {
                    Some(at) if at.timestamp() >= asked_since => Ok(()),
                    Some(_) => Err("before this attempt".to_owned()),
                    None => Err("missing".to_owned()),
                }
            });
        let claims = token.claims(&verifier, &Nonce::new(attempt.nonce.clone())).map_err(|error| {
            let asked = !matches!(error, ClaimsVerificationError::InvalidAuthTime(_));
            (if asked { Refusal::Token } else { Refusal::NotAsked }, error)
        })?;
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        let name = name.or_else(|| claims.preferred_username().map(|name| name.as_str()));
        Ok(person(&self.settings, claims.subject().as_str(), name, &claims.additional_claims().claims))
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> Result<Relying, Refusal> {
        let secret = self.settings.client_secret.as_ref().map(|s| ClientSecret::new(s.expose().to_owned()));
        let back = self.settings.public_url.join(CALLBACK).map_err(|error| refused(Refusal::Down, &error))?;
        let client = Relying::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret,
        );
        let methods = metadata.token_endpoint_auth_methods_supported();
        let by_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let auth = if by_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        Ok(client.set_auth_type(auth).set_redirect_uri(RedirectUrl::from_url(back)))
    }

    /// What the provider says of itself, no older than that; older if it no longer says it.
    async fn metadata(&self, fresh_for: Duration) -> Result<Arc<ProviderMetadataWithLogout>, Refusal> {
        let mut known = self.known.lock().await;
        let had = known.metadata.clone();
        if let Some((metadata, at)) = &had
            && at.elapsed() < fresh_for
        {
            return Ok(Arc::clone(metadata));
        }
        if known.failed_at.is_none_or(|at| at.elapsed() >= TRIED_EVERY) {
            let issuer = IssuerUrl::new(self.settings.issuer.clone());
            let issuer = issuer.map_err(|error| refused(Refusal::Down, &error))?;
            let ask = self.asker();
            match ProviderMetadataWithLogout::discover_async(issuer, &ask).await {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    *known =
                        Known { metadata: Some((Arc::clone(&metadata), Instant::now())), failed_at: None };
                    return Ok(metadata);
                }
                Err(error) => {
                    known.failed_at = Some(Instant::now());
                    refused(Refusal::Down, &error);
                }
            }
        }
        had.map(|(metadata, _)| metadata).ok_or(Refusal::Down)
    }

    /// Asks the provider.
    fn asker(&self) -> impl Fn(HttpRequest) -> Asking + use<> {
        let http = self.http.clone();
        move |request| Box::pin(ask(http.clone(), request))
    }
}

type Asking = BoxFuture<'static, Result<HttpResponse, SendError>>;

/// One question to the provider.
async fn ask(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, SendError> {
    let asked = async {
        let request = reqwest::Request::try_from(request)?;
        let mut answer = http.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                break;
            }
        }
        Ok::<_, reqwest::Error>((answer.status(), answer.headers().clone(), body))
    };
    let late = |_| SendError::new("no answer in time".to_owned());
    let answered = tokio::time::timeout(PATIENCE, asked).await.map_err(late)?;
    let (status, headers, body) =
        answered.map_err(|error| SendError::new(delivery::one_line(&error.without_url())))?;
    if body.len() > MOST_BYTES {
        return Err(SendError::new(format!("answered with more than {MOST_BYTES} bytes")));
    }
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Says in the log what is behind a refusal. None of these errors holds a name, a code or a token.
fn refused(refusal: Refusal, error: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::warn!(?refusal, error = delivery::one_line(error), "sign-in by the provider");
    refusal
}
