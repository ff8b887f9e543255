//! One document a line: reading and writing them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::MAX_LINE;
use crate::reply::{Code, Refusal, Reply};
use crate::request::Request;
use crate::status::Watched;

/// The version of the documents: the value of `v`.
pub const VERSION: u32 = 1;

/// The most of a diagnosis that is sent where all of it would not fit into a line \[bytes\].
/// Written as JSON it may become six times as long.
const MOST_FINDINGS: usize = MAX_LINE / 8;

/// `v`: written as 1, and nothing else is read.
#[derive(Clone, Copy, Debug)]
struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        VERSION.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u32::deserialize(from)? {
            VERSION => Ok(Self),
            other => Err(D::Error::custom(format_args!(
                "version {other} is not spoken here, but version {VERSION}"
            ))),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<R> {
    v: Version,
    id: u64,
    #[serde(rename = "do")]
    request: R,
}

/// What a line that is no request still tells.
#[derive(Deserialize)]
struct Glimpse {
    v: Option<u32>,
    id: Option<u64>,
}

#[derive(Serialize)]
struct Replied<'a> {
    v: Version,
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a Reply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Refusal>,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "v")]
    _version: Version,
    id: Option<u64>,
    reply: Option<Reply>,
    error: Option<Refusal>,
    watch: Option<Watched>,
}

/// What a line from the daemon says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Reply(Reply),
    Error(Refusal),
    Watch(Watched),
}

/// A request's line, with its newline.
///
/// # Errors
///
/// It is longer than [`MAX_LINE`] ([`Code::TooLarge`]).
pub fn write_request(id: u64, request: &Request) -> Result<Vec<u8>, Refusal> {
    let asked = Asked {
        v: Version,
        id,
        request,
    };
    let line = line(&asked).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    if line.len() <= MAX_LINE {
        return Ok(line);
    }
    let (is, most) = (line.len().div_ceil(1024), MAX_LINE / 1024);
    Err(Refusal::new(
        Code::TooLarge,
        format!("the request has {is} KiB, but a line may have {most} KiB"),
    )
    .fix("make the prescription shorter"))
}

/// Reads a request's line, with or without its newline.
///
/// # Errors
///
/// It is not a request; with the `id`, where one could be made out.
pub fn read_request(line: &[u8]) -> Result<(u64, Request), (Option<u64>, Refusal)> {
    let wrong = match serde_json::from_slice::<Asked<Request>>(line) {
        Ok(asked) => {
            return match asked.request.validate() {
                Ok(()) => Ok((asked.id, asked.request)),
                Err(refusal) => Err((Some(asked.id), refusal)),
            };
        }
        Err(wrong) => wrong,
    };
    let glimpse = serde_json::from_slice(line).unwrap_or(Glimpse { v: None, id: None });
    let refusal = match glimpse.v {
        Some(v) if v != VERSION => Refusal::new(
            Code::UnsupportedVersion,
            format!("version {v} is not spoken here"),
        )
        .fix(format!("write \"v\":{VERSION}")),
        _ => Refusal::new(Code::BadRequest, format!("this is no request: {wrong}"))
            .fix("write {\"v\":1,\"id\":1,\"do\":\"hello\"} and the like, one document a line"),
    };
    Err((glimpse.id, refusal))
}

/// An answer's line, with its newline, never longer than [`MAX_LINE`]: of a refusal the
/// findings are shortened, an answer that is too long becomes a refusal.
pub fn write_reply(id: Option<u64>, answer: Result<&Reply, &Refusal>) -> Vec<u8> {
    let replied = Replied {
        v: Version,
        id,
        reply: answer.ok(),
        error: answer.err(),
    };
    let why = match line(&replied) {
        Ok(line) if line.len() <= MAX_LINE => return line,
        Ok(_) => Refusal::new(Code::TooLarge, "the answer does not fit into a line"),
        Err(error) => Refusal::new(Code::Internal, error.to_string()),
    };
    let shorter = match answer {
        Err(Refusal {
            code,
            message,
            fix,
            findings: Some(findings),
            ..
        }) => {
            let mut kept = Refusal::new(*code, first(message, MOST_FINDINGS / 8));
            kept.fix = fix.as_deref().map(|fix| first(fix, MOST_FINDINGS / 8));
            kept.findings(first(findings, MOST_FINDINGS) + "\n… and more")
        }
        _ => why,
    };
    let replied = Replied {
        v: Version,
        id,
        reply: None,
        error: Some(&shorter),
    };
    // A document of texts alone can always be written.
    line(&replied).unwrap_or_default()
}

/// A line for a watcher, with its newline; `None`: it would be too long.
pub fn write_watched(id: u64, watched: &Watched) -> Option<Vec<u8>> {
    watched_line(id, &serde_json::to_string(watched).ok()?)
}

/// The same from what was written already, since many may watch.
pub(crate) fn watched_line(id: u64, watched: &str) -> Option<Vec<u8>> {
    let line = format!("{{\"v\":{VERSION},\"id\":{id},\"watch\":{watched}}}\n").into_bytes();
    (line.len() <= MAX_LINE).then_some(line)
}

/// Reads a line from the daemon that is no news for a watcher.
///
/// # Errors
///
/// Why it is no answer.
pub fn read_answer(line: &[u8]) -> Result<(Option<u64>, Result<Reply, Refusal>), String> {
    match read_said(line)? {
        (id, Said::Reply(reply)) => Ok((id, Ok(reply))),
        (id, Said::Error(refusal)) => Ok((id, Err(refusal))),
        (_, Said::Watch(_)) => Err("it is for a watcher".into()),
    }
}

pub(crate) fn read_said(line: &[u8]) -> Result<(Option<u64>, Said), String> {
    let answered: Answered = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let said = match (answered.reply, answered.error, answered.watch) {
        (Some(reply), None, None) => Said::Reply(reply),
        (None, Some(error), None) => Said::Error(error),
        (None, None, Some(watch)) => Said::Watch(watch),
        _ => return Err("it has not exactly one of `reply`, `error` and `watch`".into()),
    };
    Ok((answered.id, said))
}

fn line(document: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(document)?;
    line.push(b'\n');
    Ok(line)
}

/// The beginning of a text, at most so many bytes.
fn first(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> (Option<u64>, Refusal) {
        read_request(line.as_bytes()).expect_err(line)
    }

    #[test]
    fn a_request_that_is_not_exactly_one_is_refused() {
        for line in [
            "",
            "{}",
            "null",
            r#"{"v":1,"id":1}"#,
            r#"{"v":1,"do":"start"}"#,
            r#"{"id":1,"do":"start"}"#,
            r#"{"v":1,"id":1,"do":"dance"}"#,
            r#"{"v":1,"id":-1,"do":"start"}"#,
            r#"{"v":1,"id":1,"do":"start","why":1}"#,
            r#"{"v":1,"id":1,"do":"start","do":"stop"}"#,
            r#"{"v":1,"id":1,"do":{"start":{}}}"#,
            r#"{"v":1,"id":1,"do":{"start":null,"stop":null}}"#,
            r#"{"v":1,"id":1,"do":{"silence":{}}}"#,
            r#"{"v":1,"id":1,"do":{"silence":{"seconds":1.5}}}"#,
            r#"{"v":1,"id":1,"do":{"silence":{"seconds":5,"seconds":6}}}"#,
            r#"{"v":1,"id":1,"do":{"status":{"thread":true}}}"#,
            r#"{"v":1,"id":1,"do":"start"} {"v":1,"id":1,"do":"stop"}"#,
            r#"{"v":1,"id":1,"do":"start"#,
        ] {
            assert_eq!(refused(line).1.code, Code::BadRequest, "{line}");
        }
    }

    #[test]
    fn a_refusal_repeats_the_id_where_there_is_one() {
        assert_eq!(refused(r#"{"v":1,"id":7,"do":"dance"}"#).0, Some(7));
        assert_eq!(refused(r#"{"v":1,"id":"7","do":"start"}"#).0, None);
        let (id, refusal) = refused(r#"{"v":2,"id":7,"do":"start","how":"well"}"#);
        assert_eq!((id, refusal.code), (Some(7), Code::UnsupportedVersion));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for line in [
            r#"{"v":1,"id":1,"do":{"silence":{"seconds":121}}}"#,
            r#"{"v":1,"id":1,"do":{"ack":{"alarm":""}}}"#,
            r#"{"v":1,"id":1,"do":{"ack":{"alarm":"a\u001b[2J"}}}"#,
            r#"{"v":1,"id":1,"do":{"confirm":{"token":" "}}}"#,
            r#"{"v":1,"id":1,"do":{"confirm":{"token":"a","reason":"\n"}}}"#,
        ] {
            assert_eq!(refused(line).1.code, Code::BadRequest, "{line}");
        }
        let line = r#"{"v":1,"id":1,"do":{"silence":{"seconds":120}}}"#;
        assert!(read_request(line.as_bytes()).is_ok());
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let deep = format!(r#"{{"v":1,"id":1,"do":{}"#, "[".repeat(100_000));
        assert_eq!(refused(&deep).1.code, Code::BadRequest);
        let inside = format!(r#"{{"v":1,"id":1,"x":{}"#, "{\"a\":".repeat(30_000));
        assert_eq!(refused(&inside).1.code, Code::BadRequest);
    }

    #[test]
    fn a_refusal_of_any_size_fits_into_a_line() {
        let long = "\u{1}é\"".repeat(MAX_LINE);
        let refusal = Refusal::new(Code::BadPrescription, long.clone())
            .fix(long.clone())
            .findings(long.clone());
        let line = write_reply(Some(1), Err(&refusal));
        assert!(line.len() <= MAX_LINE, "{} bytes", line.len());
        let (_, answer) = read_answer(&line).expect("an answer");
        let kept = answer.expect_err("a refusal");
        assert_eq!(kept.code, Code::BadPrescription);
        assert!(
            kept.findings
                .is_some_and(|text| text.ends_with("… and more"))
        );

        let refusal = Refusal::new(Code::Internal, long);
        let line = write_reply(None, Err(&refusal));
        let (id, answer) = read_answer(&line).expect("an answer");
        assert_eq!(id, None);
        assert_eq!(answer.expect_err("a refusal").code, Code::TooLarge);
    }

    #[test]
    fn a_client_passes_over_what_it_does_not_know() {
        let line = r#"{"v":1,"id":3,"news":1,"reply":{"done":{"state":"armed","more":[1]}}}"#;
        let (id, answer) = read_answer(line.as_bytes()).expect("an answer");
        assert_eq!(id, Some(3));
        assert!(matches!(answer, Ok(Reply::Done(done)) if done.state == "armed"));
        let line = r#"{"v":1,"id":null,"error":{"code":"too-new","message":"m"}}"#;
        let (_, answer) = read_answer(line.as_bytes()).expect("an answer");
        assert_eq!(answer.expect_err("a refusal").code, Code::Unknown);
    }

    #[test]
    fn an_answer_says_one_thing() {
        for line in [
            r#"{"v":1,"id":3}"#,
            r#"{"v":2,"id":3,"reply":{"done":{"state":"armed"}}}"#,
            r#"{"v":1,"id":3,"reply":{"done":{"state":"a"}},"error":{"code":"busy","message":""}}"#,
        ] {
            assert!(read_answer(line.as_bytes()).is_err(), "{line}");
        }
    }
}
