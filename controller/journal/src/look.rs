//! What a journal is before anybody writes it.

use rusqlite::Connection;

use crate::chain::Head;
use crate::connect;
use crate::places::Places;
use crate::record::Row;
use crate::refusal::OpenError;
use crate::schema::VERSION;
use crate::store::Recovered;
use crate::tables::Tables;
use crate::trouble::{Trouble, TroubleKind};

/// A journal that is sound as far as its last durable state and all after it.
pub(crate) struct Look {
    pub(crate) version: u32,
    pub(crate) recovered: Recovered,
    wal: bool,
    connection: Connection,
}

impl Look {
    /// Looks at a journal, which has a file of what was written last, or has not. Changes
    /// nothing.
    pub(crate) fn at(places: &Places, wal: bool) -> Result<Self, OpenError> {
        let file = &places.file;
        let opened = if wal {
            connect::to_write(places)
        } else {
            connect::at_rest(places)
        };
        let connection = opened.map_err(|error| Trouble::of(file, &error))?;
        let version = Tables::new(&connection, file).version()?;
        match version {
            1..=VERSION => {}
            0 => {
                return Err(Trouble::damaged(file, "the version of its schema is missing").into());
            }
            found => {
                let file = file.clone();
                return Err(OpenError::Newer { file, found });
            }
        }
        Ok(Self {
            version,
            recovered: examine(places, &connection, version, wal)?,
            wal,
            connection,
        })
    }

    /// Opens the same for writing.
    pub(crate) fn writable(self, places: &Places) -> Result<Connection, Trouble> {
        let file = &places.file;
        let trouble = |error| Trouble::of(file, &error);
        drop(self.connection);
        if self.wal {
            places.renew_log()?;
        }
        let connection = connect::to_write(places).map_err(trouble)?;
        match connection.is_readonly("main").map_err(trouble)? {
            false => Ok(connection),
            true => Err(Trouble::new(
                TroubleKind::ReadOnly,
                file,
                "it can't be opened for writing",
            )),
        }
    }
}

/// What the journal knows, if what it has last is sound.
fn examine(
    places: &Places,
    connection: &Connection,
    version: u32,
    wal: bool,
) -> Result<Recovered, Trouble> {
    let tables = Tables::new(connection, &places.file);
    let end = tables.head()?;
    if !end.closed && !wal {
        return Err(Trouble::damaged(
            &places.wal,
            "it is missing or empty, so what was written last is lost",
        ));
    }
    let anchor = match version {
        1 => Head::EMPTY,
        _ => tables.anchor()?,
    };
    let durable = tables.durable()?;
    let before = durable
        .as_ref()
        .map_or(anchor.seq, |(seq, _)| seq.saturating_sub(1));
    let before = match before {
        seq if seq == anchor.seq => anchor,
        seq => match tables.row(seq)? {
            Some(Row { hash, .. }) => Head { seq, hash },
            None => return Err(tables.damaged(format!("entry {seq} is missing"))),
        },
    };
    let mut last = None;
    let walked = tables.walk(before, |row| {
        last = Some(row.stamp);
        Ok(())
    })?;
    tables.agrees(durable.as_ref(), walked.durable.as_ref())?;
    tables.ends(end.head, walked.head)?;
    Ok(Recovered {
        durable: durable.map(|(_, durable)| durable),
        head: end.head,
        last,
        clean: end.closed,
        created: false,
        migrated_from: None,
    })
}
