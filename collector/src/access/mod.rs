//! Who may do what: tokens and their scopes.
//!
//! Without tokens everybody on this host may push and read, and nobody may administer. A collector that listens elsewhere has
//! tokens, or does not start.

mod admin;
mod audit;
mod guard;
mod tokens;

pub use audit::Audit;
pub use tokens::{Scope, TokenError, TokenFile, TokenSummary};

pub(crate) use admin::router as admin_router;
pub(crate) use guard::{Guard, Who, guard, let_in};

use crate::refusal::Refusal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use tokens::Tokens;

/// The tokens that are known now.
#[derive(Debug)]
pub struct Access {
    file: Option<TokenFile>,
    audit: Option<Audit>,
    tokens: RwLock<Tokens>,
    /// Once there was a token, there is no way back to none: a file that went away opens nothing.
    is_closed: AtomicBool,
}

impl Access {
    /// Everybody may push and read.
    pub fn open() -> Self {
        let tokens = RwLock::default();
        Self { file: None, audit: None, tokens, is_closed: AtomicBool::new(false) }
    }

    /// As a data directory says: its tokens, and the log of what administrators did.
    ///
    /// # Errors
    /// A file of tokens that does not read.
    pub fn of(data: &Path) -> Result<Self, TokenError> {
        let this =
            Self { file: Some(TokenFile::of(data)), audit: Some(Audit::of(data)), ..Self::open() };
        this.reload()?;
        Ok(this)
    }

    /// Whether a token is needed.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Reads the file again. What was known stays where it does not read.
    ///
    /// # Errors
    /// A file of tokens that does not read.
    pub fn reload(&self) -> Result<(), TokenError> {
        let Some(file) = &self.file else { return Ok(()) };
        let Some(tokens) = file.load_if_changed()? else { return Ok(()) };
        if !tokens.is_empty() {
            self.is_closed.store(true, Ordering::Relaxed);
        }
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        Ok(())
    }

    /// Who has this token, if he may do that.
    pub(crate) fn authorize(&self, token: Option<&str>, scope: Scope) -> Result<Who, Refusal> {
        if !self.is_closed() {
            return match scope {
                Scope::Push | Scope::Read => Ok(Who("anybody".into())),
                Scope::Admin => Err(Refusal::Forbidden(
                    "this needs a token: make one with `wirelat token add --scope admin`"
                        .to_owned(),
                )),
            };
        }
        let token = token.ok_or_else(|| {
            Refusal::Unknown("this needs a token: send it as `Authorization: Bearer …`".to_owned())
        })?;
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let known = tokens.find(token);
        let known = known.ok_or_else(|| Refusal::Unknown("this token is not known".to_owned()))?;
        if !known.allows(scope) {
            return Err(Refusal::Forbidden(format!(
                "the token {} may not {scope}: make one with `wirelat token add --scope {scope}`",
                known.name
            )));
        }
        Ok(Who(known.name.clone().into()))
    }
}
