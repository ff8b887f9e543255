//! The line that tells an editor the schema.

use std::path::Path;

use crate::output::folder_of;

/// From the folder of the device's file, which the schemas lie beside.
const SCHEMA: &str = "schema/prescription.schema.json";

/// The line, where the schema is there. A file below the device's folder names it from where it
/// lies, so that both may be moved together; any other by the whole path.
pub(super) fn line(file: &Path, device: &Path) -> Option<String> {
    let beside = folder_of(device).canonicalize().ok()?;
    let schema = beside.join(SCHEMA);
    if !schema.is_file() {
        return None;
    }
    let folder = folder_of(file).canonicalize().ok()?;
    let named = match folder.strip_prefix(&beside) {
        Ok(below) => format!("{}{SCHEMA}", "../".repeat(below.components().count())),
        Err(_) => schema.to_str()?.to_owned(),
    };
    // The line ends at white space, for some editors.
    (!named.contains(char::is_whitespace)).then(|| format!("#:schema {named}\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_named_from_where_the_file_lies_or_by_its_whole_path() {
        let rig = tempfile::tempdir().expect("a folder");
        let at = |name: &str| rig.path().join(name);
        fs::create_dir_all(at("config/schema")).expect("folders");
        fs::create_dir_all(at("config/rx/old")).expect("folders");
        let line = |file: &str| line(&at(file), &at("config/pump.toml"));
        assert_eq!(line("config/rx.toml"), None, "it is not there");
        fs::write(at("config").join(SCHEMA), "{}").expect("a file");
        let beside = "prescription.schema.json\n";
        for (file, before) in [
            ("config/rx.toml", "#:schema schema/"),
            ("config/rx/1.toml", "#:schema ../schema/"),
            ("config/rx/old/1.toml", "#:schema ../../schema/"),
        ] {
            assert_eq!(line(file), Some(format!("{before}{beside}")));
        }
        let whole = at("config")
            .join(SCHEMA)
            .canonicalize()
            .expect("it is there");
        assert_eq!(
            line("rx.toml"),
            Some(format!("#:schema {}\n", whole.display()))
        );
    }
}
