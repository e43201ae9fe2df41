//! Settings of `serve`: TOML, with every key overridable from the environment.
//! TEMPORARY until branch wire lands.
#![allow(missing_docs)]
use zones::DeskId;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role { Operator, Supervisor, Desk, Auditor, Integrator }
#[derive(Debug)]
pub struct Token { pub name: String, pub role: Role, pub desk: Option<DeskId> }
#[derive(Debug)]
pub struct Tokens(pub Vec<(String, Token)>);
impl Tokens {
    pub fn find(&self, secret: &str) -> Option<&Token> { self.0.iter().find(|t| t.0 == secret).map(|t| &t.1) }
}
