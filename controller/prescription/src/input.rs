//! The bytes of a file, from memory or from disk.

use std::path::Path;
use std::sync::Arc;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::report::Report;

/// The largest file that is read, in bytes.
pub const MAX_FILE: usize = 256 * 1024;
/// A file to be checked: the name it is shown under, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name in messages, usually the path.
    pub name: String,
    /// The bytes, or why there are none.
    pub content: Result<Vec<u8>, String>,
}

impl Input {
    /// A file's content from memory.
    pub fn new(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            content: Ok(content.into()),
        }
    }

    /// Reads a file. That it can't be read becomes a finding when it is checked.
    pub fn open(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            content: read(path).map_err(|error| error.to_string()),
        }
    }

    /// The text, where the bytes are one; else the error goes to the report.
    pub(crate) fn text(&self, file: FileId, report: &mut Report) -> Option<Arc<str>> {
        let bytes = match &self.content {
            Ok(bytes) => bytes,
            Err(why) => {
                let message = format!("can't read the file: {why}");
                report.add(Diagnostic::of_file(Code::Unreadable, file, message));
                return None;
            }
        };
        if bytes.len() > MAX_FILE {
            report.add(
                Diagnostic::of_file(Code::TooLarge, file, "the file is too large")
                    .allowed(format!("at most {} KiB", MAX_FILE / 1024)),
            );
            return None;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(Arc::from(text)),
            Err(error) => {
                // Shown with a mark for each stray byte; up to the first it is the file itself.
                let lossy: Arc<str> = Arc::from(String::from_utf8_lossy(bytes));
                report.set_text(file, &lossy);
                let start = error.valid_up_to();
                let place = Place {
                    file,
                    start,
                    end: start + char::REPLACEMENT_CHARACTER.len_utf8(),
                };
                let wide = matches!(bytes.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff]));
                let help = if wide {
                    "this looks like UTF-16; save the file as UTF-8"
                } else {
                    "save the file as UTF-8 text"
                };
                report.add(
                    Diagnostic::new(Code::NotUtf8, place, "this is not UTF-8 text")
                        .label("the first byte that is none")
                        .help(help),
                );
                None
            }
        }
    }
}

/// Reads at most one byte more than is allowed, and only from a regular file: a device or a
/// pipe may never end.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::{Error, Read};
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(Error::other("it is a folder"));
    }
    if !kind.is_file() {
        return Err(Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_FILE)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    std::fs::File::open(path)?
        .take(limit)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
