//! Whether a page is well-formed: every element that begins ends where it should.

/// The elements in their order.
pub(crate) fn well_formed(text: &str) -> Result<Vec<String>, String> {
    let mut rest = text
        .strip_prefix("<!DOCTYPE html>")
        .ok_or("no document type")?;
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    while let Some(place) = rest.find(['<', '>', '&']) {
        let (before, tag) = rest.split_at(place);
        if open.is_empty() && !before.trim().is_empty() {
            return Err(format!("{before:?} is outside of everything"));
        }
        if let Some(entity) = tag.strip_prefix('&') {
            let end = entity.find(';').ok_or("a stray &")?;
            let known = ["amp", "lt", "gt", "quot", "apos"];
            let name = &entity[..end];
            if !known.contains(&name) && !name.starts_with('#') {
                return Err(format!("&{name};"));
            }
            rest = &entity[end + 1..];
            continue;
        }
        let end = tag.find('>').ok_or("a tag without an end")?;
        let inner = tag.get(1..end).ok_or("a stray >")?;
        rest = &tag[end + 1..];
        if inner.matches('"').count() % 2 != 0 || inner.contains('<') {
            return Err(format!("<{inner}>"));
        }
        if let Some(name) = inner.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> ends something else"));
            }
        } else {
            let name = inner.split([' ', '\n', '/']).next().unwrap_or_default();
            seen.push(name.to_owned());
            if !inner.ends_with('/') {
                open.push(name.to_owned());
            }
        }
    }
    match open.last() {
        Some(name) => Err(format!("<{name}> has no end")),
        None => Ok(seen),
    }
}

#[test]
fn what_is_not_well_formed_is_noticed() {
    let page = |body: &str| format!("<!DOCTYPE html>\n<html><body>{body}</body></html>\n");
    assert!(well_formed(&page("<p>a &amp; b</p><br/>")).is_ok());
    for body in [
        "<p>",
        "</p>",
        "<p><b></p></b>",
        "a & b",
        "<p a=\">",
        "a > b",
    ] {
        assert!(well_formed(&page(body)).is_err(), "{body}");
    }
}
