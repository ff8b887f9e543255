//! What was probably meant.

use crate::diagnostic::quoted;

/// The word that was most likely meant: near enough to be a slip.
pub fn nearest<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    // A long word from a file is no slip, and comparing it would take its square.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    words
        .iter()
        .map(|candidate| {
            (
                strsim::osa_distance(&word, &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "`a`, `b` or `c`".
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "none".into(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// What the commonest slips should have been.
pub(crate) fn repair(line: &str) -> Option<String> {
    if line.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\r')) {
        return Some("the line holds control characters; is it a text file?".into());
    }
    let line = line.split('#').next().unwrap_or_default().trim();
    if line.starts_with("[[") && !line.ends_with("]]") {
        return Some(format!(
            "write {}",
            quoted(&format!("[[{}]]", line.trim_matches(['[', ']'])))
        ));
    }
    if line.starts_with('[') && !line.ends_with(']') {
        return Some(format!("write {}", quoted(&format!("{line}]"))));
    }
    if let Some((key, value)) = line.split_once('=') {
        let (key, value) = (key.trim(), value.trim());
        let quotes = value.matches('"').count();
        let plain = !value.is_empty() && !value.contains(['"', '\'', '[', '{']);
        if quotes == 1 {
            return Some("a text begins and ends with `\"`".into());
        }
        if value.is_empty() {
            return Some(format!(
                "write a value behind {}",
                quoted(&format!("{key} ="))
            ));
        }
        if plain && !key.is_empty() {
            return Some(format!(
                "a value with a unit is a text: {}",
                quoted(&format!("{key} = \"{value}\""))
            ));
        }
        return None;
    }
    if let Some((key, value)) = line.split_once(':')
        && !line.starts_with('[')
    {
        let value = value.trim().trim_matches('"');
        return Some(format!(
            "write {}",
            quoted(&format!("{} = \"{value}\"", key.trim()))
        ));
    }
    None
}
