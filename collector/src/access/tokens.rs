//! Tokens: 256 random bits each, shown once, kept as their SHA-256.
//!
//! A plain hash is right for them, where passwords would need a slow one: nobody can try 2^256 tokens, at any speed, and a slow
//! hash would be paid with each request.

use crate::clock;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;

/// Tokens there may be: each request is compared with all of them.
const TOKENS_MAX: usize = 1_024;
const NAME_BYTES_MAX: usize = 64;
/// What every token begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "wirelat_";
const FILE: &str = "tokens.json";

/// What a token lets do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Send windows and submissions.
    Push,
    /// Ask.
    Read,
    /// Everything, tokens too.
    Admin,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Push => "push",
            Self::Read => "read",
            Self::Admin => "admin",
        })
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Push, Self::Read, Self::Admin];
        let found = all.into_iter().find(|scope| scope.to_string() == text);
        found.ok_or_else(|| "a scope is push, read or admin".to_owned())
    }
}

/// What goes wrong with tokens.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Of the file.
        path: String,
        /// Why not.
        error: io::Error,
    },
    /// The file does not hold tokens.
    #[error(
        "{path}: it does not read as tokens ({error}); restore it, or delete it and make the tokens anew"
    )]
    Damaged {
        /// Of the file.
        path: String,
        /// What is wrong with it.
        error: String,
    },
    /// A name that cannot be.
    #[error(
        "a token's name has 1 to {NAME_BYTES_MAX} letters, digits, dots, dashes or underscores"
    )]
    Name,
    /// A name that another token has.
    #[error("there is a token {0} already: choose another name, or remove it first")]
    Taken(String),
    /// A name that no token has.
    #[error("there is no token {0}: `wirelat token list` says which there are")]
    Missing(String),
    /// A token that lets do nothing.
    #[error("a token needs a scope: push, read or admin")]
    NoScope,
    /// There are too many.
    #[error("there are {TOKENS_MAX} tokens: remove some first")]
    TooMany,
    /// The system gives no randomness.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

/// What is kept of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) name: String,
    scopes: Vec<Scope>,
    created_seconds: u64,
    #[serde(with = "as_base64")]
    sha256: [u8; 32],
}

impl Kept {
    pub(super) fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

mod as_base64 {
    use super::{BASE64_URL_SAFE_NO_PAD, Engine};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("a hash has 32 bytes"))
    }
}

/// What people are told of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenSummary {
    /// Its name.
    pub name: String,
    /// What it lets do.
    pub scopes: Vec<Scope>,
    /// When it was made, in seconds since the Unix epoch.
    pub created_seconds: u64,
}

/// All tokens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Tokens(Vec<Kept>);

impl Tokens {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares with every token, each in the same time whatever it is.
    pub(super) fn find(&self, token: &str) -> Option<&Kept> {
        let hash = digest(token);
        let mut place = u32::MAX;
        for (number, kept) in (0_u32..).zip(&self.0) {
            let is_it: Choice = kept.sha256.ct_eq(&hash);
            place.conditional_assign(&number, is_it);
        }
        self.0.get(place as usize)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Where the tokens of a data directory are.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    /// What it said when it was last read.
    read: Mutex<Option<Vec<u8>>>,
}

impl TokenFile {
    /// In a data directory, which need not be there yet.
    pub fn of(data: &Path) -> Self {
        Self { path: data.join(FILE), read: Mutex::default() }
    }

    /// Makes a token and says it. It is not said again.
    ///
    /// # Errors
    /// A name that is taken or cannot be, no scope, a file that cannot be written.
    pub fn add(&self, name: &str, scopes: &[Scope]) -> Result<String, TokenError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
            return Err(TokenError::Name);
        }
        if scopes.is_empty() {
            return Err(TokenError::NoScope);
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(TokenError::Random)?;
        let token = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let kept = Kept {
            name: name.to_owned(),
            scopes,
            created_seconds: clock::now().as_seconds(),
            sha256: digest(&token),
        };
        self.change(|tokens| {
            if tokens.iter().any(|other| other.name == name) {
                return Err(TokenError::Taken(name.to_owned()));
            }
            if tokens.len() >= TOKENS_MAX {
                return Err(TokenError::TooMany);
            }
            tokens.push(kept);
            Ok(())
        })?;
        Ok(token)
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// There is none of that name, or the file cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), TokenError> {
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|kept| kept.name != name);
            let is_gone = tokens.len() < before;
            if is_gone { Ok(()) } else { Err(TokenError::Missing(name.to_owned())) }
        })
    }

    /// What there is, by age.
    ///
    /// # Errors
    /// A file that does not read.
    pub fn list(&self) -> Result<Vec<TokenSummary>, TokenError> {
        let summary = |Kept { name, scopes, created_seconds, .. }| TokenSummary {
            name,
            scopes,
            created_seconds,
        };
        Ok(self.load()?.0.into_iter().map(summary).collect())
    }

    /// `None`: it says what it said before, or is not there.
    pub(super) fn load_if_changed(&self) -> Result<Option<Tokens>, TokenError> {
        let Some(bytes) = self.bytes()? else { return Ok(None) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.as_ref() == Some(&bytes) {
            return Ok(None);
        }
        let tokens = self.parse(&bytes)?;
        *read = Some(bytes);
        Ok(Some(tokens))
    }

    fn load(&self) -> Result<Tokens, TokenError> {
        self.bytes()?.map_or(Ok(Tokens::default()), |bytes| self.parse(&bytes))
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, TokenError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault(error)),
        }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Tokens, TokenError> {
        let path = || self.path.display().to_string();
        serde_json::from_slice(bytes)
            .map_err(|error| TokenError::Damaged { path: path(), error: error.to_string() })
    }

    fn fault(&self, error: io::Error) -> TokenError {
        TokenError::File { path: self.path.display().to_string(), error }
    }

    /// One change at a time, whole or not at all; only its owner can read the file.
    fn change(
        &self,
        change: impl FnOnce(&mut Vec<Kept>) -> Result<(), TokenError>,
    ) -> Result<(), TokenError> {
        let fault = |error| self.fault(error);
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory).map_err(fault)?;
        let lock = File::create(self.path.with_extension("lock")).map_err(fault)?;
        lock.lock().map_err(fault)?;
        let mut tokens = self.load()?;
        change(&mut tokens.0)?;
        let new = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new).map_err(fault)?;
        let text = serde_json::to_vec_pretty(&tokens).map_err(io::Error::other).map_err(fault)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(fault)?;
        fs::rename(&new, &self.path).map_err(fault)?;
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_shown_once_and_kept_as_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::of(folder.path());
        let token = file.add("web-1", &[Scope::Push]).unwrap();
        let other = file.add("grafana", &[Scope::Read, Scope::Read]).unwrap();
        assert!(token.starts_with(PREFIX) && token.len() == PREFIX.len() + 43 && token != other);
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(!text.contains(&token) && !text.contains(&token[PREFIX.len()..]), "{text}");
        let mode = fs::metadata(&file.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let tokens = file.load().unwrap();
        assert_eq!(tokens.find(&token).unwrap().name, "web-1");
        assert_eq!(tokens.find(&other).unwrap().name, "grafana");
        assert!(tokens.find(&token[1..]).is_none() && tokens.find("").is_none());
        assert!(tokens.find(&other).unwrap().allows(Scope::Read));
        assert!(!tokens.find(&other).unwrap().allows(Scope::Push));
    }

    #[test]
    fn tokens_are_taken_back_and_names_are_one_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::of(folder.path());
        let token = file.add("a", &[Scope::Admin]).unwrap();
        assert!(matches!(file.add("a", &[Scope::Read]), Err(TokenError::Taken(_))));
        assert!(matches!(file.add("a b", &[Scope::Read]), Err(TokenError::Name)));
        assert!(matches!(file.add("b", &[]), Err(TokenError::NoScope)));
        assert!(matches!(file.remove("b"), Err(TokenError::Missing(_))));
        assert!(file.load_if_changed().unwrap().unwrap().find(&token).is_some());
        assert!(file.load_if_changed().unwrap().is_none(), "nothing changed");
        file.remove("a").unwrap();
        assert!(file.load_if_changed().unwrap().unwrap().is_empty());
        assert!(file.list().unwrap().is_empty());
    }

    #[test]
    fn a_spoilt_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::of(folder.path());
        for spoilt in
            ["", "[{}]", "[{\"name\":\"a\",\"scopes\":[],\"created_seconds\":1,\"sha256\":\"x\"}]"]
        {
            fs::write(&file.path, spoilt).unwrap();
            assert!(matches!(file.list(), Err(TokenError::Damaged { .. })), "{spoilt}");
        }
    }
}
