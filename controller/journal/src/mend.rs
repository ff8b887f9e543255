//! How a journal goes on after its disk or its files were taken from it.

use rusqlite::Connection;

use crate::chain::Head;
use crate::connect;
use crate::look::Look;
use crate::places::Places;
use crate::refusal::OpenError;
use crate::schema::VERSION;
use crate::store::{Store, begin, checkpoint};
use crate::tables::Tables;
use crate::trouble::{Trouble, TroubleKind};

impl Store {
    /// Whether it can be written; after trouble, makes it so that it can.
    pub(crate) fn ready(&mut self) -> Result<(), Trouble> {
        match self.in_place() {
            Ok(()) => self.displaced = false,
            // It is told once before anything is done about it, so that it has a name.
            Err(trouble) if !self.displaced => {
                self.displaced = true;
                return Err(trouble);
            }
            Err(trouble) => {
                self.put_back(trouble)?;
                self.reopen()?;
            }
        }
        if self.connection.is_none() {
            self.reopen()?;
        }
        self.displaced = false;
        self.steady()
    }

    /// After a failed sync the kernel takes the pages for written that it could not write, and
    /// who reads the file sees them all the same. SQLite writes again what belongs to the commit
    /// that failed, but not what it had added to the one before to fill up its sector. So
    /// nothing is appended to such a log: it is begun anew.
    fn steady(&mut self) -> Result<(), Trouble> {
        let Some(connection) = self.connection.as_ref().filter(|_| self.shaky) else {
            return Ok(());
        };
        let file = &self.places.file;
        match checkpoint(connection, "RESTART") {
            Ok(true) => {
                self.shaky = false;
                Ok(())
            }
            Ok(false) => {
                let detail = "a reader holds what must be written anew after trouble";
                Err(Trouble::new(TroubleKind::Busy, file, detail))
            }
            Err(error) => Err(Trouble::of(file, &error)),
        }
    }

    /// Whether the files under the journal's names are those that are written.
    pub(crate) fn in_place(&self) -> Result<(), Trouble> {
        let now = self.places.identities()?;
        for (file, known, found) in [
            (&self.places.file, self.identities.0, now.0),
            (&self.places.wal, self.identities.1, now.1),
        ] {
            if known == found {
                continue;
            }
            let (kind, detail) = match found {
                None => (TroubleKind::Gone, "there is no file of that name"),
                Some(_) => (TroubleKind::Replaced, "it is not the file that was opened"),
            };
            return Err(Trouble::new(kind, file, detail));
        }
        Ok(())
    }

    /// Where a file was deleted, its bytes are still there for who has it open: they get
    /// their name back. Where a whole journal lies in its place, it is for [`Store::reopen`]
    /// to see whether it is the same.
    fn put_back(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        let (file, wal) = self.places.identities()?;
        let own = (file == self.identities.0, wal == self.identities.1);
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        match (file, own) {
            // The file is gone. What may be left beside it belongs to it alone.
            (None, _) if wal.is_none() || own.1 => {
                settle(&self.places, connection, self.state.head)?;
                copy(&self.places, connection)?;
                self.places.set_aside()?;
                self.places.put_in_place()?;
                self.connection = None;
                Ok(())
            }
            (Some(_), (true, false)) if wal.is_none() => {
                settle(&self.places, connection, self.state.head)?;
                let file = &self.places.file;
                match checkpoint(connection, "PASSIVE")
                    .map_err(|error| Trouble::of(file, &error))?
                {
                    // All of it is in the file now, and what SQLite knows of the log is not.
                    true => self.connection = None,
                    false => return Err(trouble),
                }
                Ok(())
            }
            (Some(_), (false, _)) => Ok(()),
            _ => Err(trouble),
        }
    }

    /// Opens what lies under the journal's name, if it is this journal.
    fn reopen(&mut self) -> Result<(), Trouble> {
        let places = &self.places;
        let (file, wal) = places.identities()?;
        if file.is_none() {
            let detail = "there is no file of that name";
            return Err(Trouble::new(TroubleKind::Gone, &places.file, detail));
        }
        let replaced = |detail: String| Trouble::new(TroubleKind::Replaced, &places.file, detail);
        let found = connect::recognise(places).and_then(|()| Look::at(places, wal.is_some()));
        let found = match found {
            Ok(found) => found,
            Err(OpenError::Trouble(trouble)) => return Err(trouble),
            Err(other) => return Err(replaced(other.to_string())),
        };
        let head = found.recovered.head;
        if found.version != VERSION || !(head == self.state.head || Some(head) == self.doubt) {
            return Err(replaced(format!(
                "it ends with entry {head}, and the journal with entry {}",
                self.state.head
            )));
        }
        let connection = found.writable(places)?;
        self.state = begin(places, &connection, head)?;
        self.doubt = None;
        self.identities = places.identities()?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// Makes the journal one that can be opened without what is beside it.
fn settle(places: &Places, connection: &Connection, head: Head) -> Result<(), Trouble> {
    Tables::new(connection, &places.file).put_head(head, true)
}

/// Writes the whole journal into the scratch file.
fn copy(places: &Places, connection: &Connection) -> Result<(), Trouble> {
    places.clear_scratch()?;
    let file = &places.scratch;
    let trouble = |error| Trouble::of(file, &error);
    let name = file
        .to_str()
        .ok_or_else(|| Trouble::new(TroubleKind::Gone, file, "its folder's name is not UTF-8"))?;
    connection
        .execute("VACUUM INTO ?", [name])
        .map_err(trouble)?;
    let copied = Connection::open(file).map_err(trouble)?;
    connect::log_ahead(&copied).map_err(trouble)?;
    copied.close().map_err(|(_, error)| trouble(error))
}
