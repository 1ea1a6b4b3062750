//! Where transactions and connections go, of a replay and live: into windows, and to files as lines of JSON.

mod lines;

use anyhow::Context;
use decoders::output::{Connection, Decided};
use lines::{ConnectionLine, TransactionLine};
use observer::catalog::Catalog;
use observer::pipeline::SinkError;
use observer::windows::Windows;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Bytes written at a time.
const OUTPUT_BYTES: usize = 256 << 10;

/// A place for lines.
pub type Lines = Box<dyn Write>;

/// Windows, and files of lines where they were asked for.
pub struct Outputs {
    pub windows: Windows,
    transactions: Option<Lines>,
    connections: Option<Lines>,
}

/// The files of lines.
pub struct Files {
    transactions: Option<Lines>,
    connections: Option<Lines>,
}

impl Files {
    /// Opens them.
    pub fn create(transactions: Option<&Path>, connections: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self {
            transactions: transactions.map(create).transpose()?,
            connections: connections.map(create).transpose()?,
        })
    }

    /// With the windows that they stand beside.
    pub fn beside(self, windows: Windows) -> Outputs {
        let Self { transactions, connections } = self;
        Outputs { windows, transactions, connections }
    }
}

impl Outputs {
    pub fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        self.windows.record(&decided.transaction, catalog);
        match &mut self.transactions {
            Some(lines) => put(lines, &TransactionLine::new(decided, catalog)),
            None => Ok(()),
        }
    }

    pub fn connection(
        &mut self,
        connection: &Connection,
        catalog: &Catalog,
    ) -> Result<(), SinkError> {
        match &mut self.connections {
            Some(lines) => put(lines, &ConnectionLine::new(connection, catalog)),
            None => Ok(()),
        }
    }

    /// Writes what the readers of lines have not got yet.
    pub fn flush(&mut self) -> io::Result<()> {
        let lines = [&mut self.transactions, &mut self.connections];
        lines.into_iter().flatten().try_for_each(Write::flush)
    }
}

/// Opens a file to write, or standard output for `-`.
pub fn create(path: &Path) -> anyhow::Result<Lines> {
    let output: Box<dyn Write> = match path == Path::new("-") {
        true => Box::new(io::stdout()),
        false => Box::new(File::create(path).with_context(|| cannot_write(path))?),
    };
    Ok(Box::new(BufWriter::with_capacity(OUTPUT_BYTES, output)))
}

/// What to say of a file that cannot be written.
pub fn cannot_write(path: &Path) -> String {
    format!("cannot write {}; check that its directory exists and is yours", path.display())
}

fn put(lines: &mut Lines, line: &impl Serialize) -> Result<(), SinkError> {
    serde_json::to_writer(&mut *lines, line)
        .map_err(|error| SinkError(io::Error::from(error).into()))?;
    lines.write_all(b"\n").map_err(|error| SinkError(error.into()))
}
