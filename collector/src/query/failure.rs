//! Why there is no answer.

use analyzer::query::{GridError, InputError, QueryError};
use store::StoreError;
use thiserror::Error;

/// A query that was not answered.
#[derive(Debug, Error)]
pub enum Failure {
    /// The query is not one, or asks for what is not there.
    #[error("{0}")]
    Query(QueryError),
    /// What is asked beside the query cannot be.
    #[error("{0}")]
    Asked(String),
    /// Over a limit.
    #[error("{0}")]
    TooMuch(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody waits for the answer any more.
    #[error("the query was given up")]
    GivenUp,
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<GridError> for Failure {
    fn from(error: GridError) -> Self {
        Self::Asked(error.to_string())
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Query(error) => Self::Query(error),
            InputError::TooMuch { .. } => Self::TooMuch(error.to_string()),
            InputError::Damaged { series, error } => Self::Store(StoreError::Damaged {
                what: format!("a row of {series}"),
                detail: error.to_string(),
            }),
        }
    }
}
