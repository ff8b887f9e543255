//! TOML as it is read here: bounded before it is parsed, and with all its errors at once.

use core::ops::Range;

use toml::Spanned;
use toml::de::DeTable;
use toml_parser::lexer::TokenKind;

/// The deepest nesting of brackets, and the most dots in one key.
pub(crate) const MAX_DEPTH: usize = 16;

/// A text as far as it could be read, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct ParsedToml<'a> {
    /// What could be read.
    pub root: Spanned<DeTable<'a>>,
    /// The errors, in the order of the text. One slip may give several.
    pub errors: Vec<SyntaxError>,
}

/// An error of syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The bytes of the text it is about; they begin and end between characters.
    pub place: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// A text whose brackets or dotted keys go deeper than any file of ours needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooDeep {
    /// The bytes of the text where they first do.
    pub place: Range<usize>,
}

/// Parses TOML. The parser goes on after an error, so that all of them are found at once.
///
/// # Errors
/// [`TooDeep`], and then nothing was parsed: such a tree could not be walked safely.
pub fn parse_toml(text: &str) -> Result<ParsedToml<'_>, TooDeep> {
    if let Some(place) = too_deep(text) {
        return Err(TooDeep { place });
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    let errors = errors.into_iter().map(|error| SyntaxError {
        place: clamp(text, error.span().unwrap_or(0..0)),
        message: error.message().to_owned(),
    });
    Ok(ParsedToml {
        root,
        errors: errors.collect(),
    })
}

/// Where brackets or dotted keys go deeper than [`MAX_DEPTH`]. Looked for before parsing,
/// because a tree as deep as the file is long could not be walked.
fn too_deep(text: &str) -> Option<Range<usize>> {
    let mut depth = 0usize;
    let mut dots = 0usize;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                depth += 1;
                dots = 0;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                depth = depth.saturating_sub(1);
                dots = 0;
            }
            TokenKind::Dot => dots += 1,
            TokenKind::Newline | TokenKind::Equals | TokenKind::Comma => dots = 0,
            _ => {}
        }
        if depth > MAX_DEPTH || dots > MAX_DEPTH {
            let span = token.span();
            return Some(clamp(text, span.start()..span.end()));
        }
    }
    None
}

/// A span that lies inside the text and on characters, and is not empty where it can help it.
fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}
