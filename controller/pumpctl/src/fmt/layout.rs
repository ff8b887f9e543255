//! The layout: what stands between the tokens of a TOML file.
//!
//! Only white space is ever written anew. Keys, values and comments are copied as they are and
//! stay in their order; a bracket that was broken over several lines stays so.
//!
//! - A space around `=`, after `,` and inside `{ }`; none inside `[ ]` and around dots.
//! - No white space at the end of a line, none before a key; what stands in brackets over several
//!   lines is indented by four.
//! - At most one empty line in a row, none at the beginning or the end, and one before a table
//!   with the comment that leads up to it.
//! - Comments behind the lines of one paragraph stand below each other. One on a line of its own
//!   that stood below such a comment goes with it.

use toml_parser::lexer::{Token, TokenKind};

/// Between the longest line of a paragraph and the comments behind it.
const GAP: usize = 3;
const INDENT: usize = 4;

/// A line as it is going to be written. Where a text runs over several lines it is one all the
/// same.
#[derive(Debug, Default)]
struct Line {
    indent: usize,
    code: String,
    comment: Option<String>,
    /// Where the comment stood, in characters from the beginning of its line.
    stood: usize,
    /// The header of a table.
    header: bool,
    /// A comment that goes on with the one behind the line above.
    goes_on: bool,
}

impl Line {
    const fn is_empty(&self) -> bool {
        self.code.is_empty() && self.comment.is_none()
    }

    /// A comment on a line of its own.
    const fn is_remark(&self) -> bool {
        self.code.is_empty() && self.comment.is_some() && !self.goes_on
    }

    /// Whether a comment is behind something, or goes on with one that is.
    const fn is_aligned(&self) -> bool {
        self.comment.is_some() && (!self.code.is_empty() || self.goes_on)
    }

    /// Whether this comment stood right below the one behind the line above.
    fn may_go_on_with(&self, above: &Self) -> bool {
        above.is_aligned()
            && above.stood == self.stood
            && above.indent == self.indent
            && !above.code.contains('\n')
    }

    fn width(&self) -> usize {
        self.indent + self.code.chars().count()
    }
}

/// The text in its layout. It is TOML, or what comes out is nothing to go by.
pub(crate) fn of(text: &str) -> String {
    let lines = with_room(lines(text));
    let mut written = String::with_capacity(text.len());
    let mut rest = &lines[..];
    while let Some(first) = rest.first() {
        let same = |line: &&Line| {
            !line.is_empty() && line.indent == first.indent && !line.code.contains('\n')
        };
        // At least one: an empty line, or one that is like no other.
        let many = rest.iter().take_while(same).count().max(1);
        let (paragraph, after) = rest.split_at(many);
        let behind = paragraph.iter().filter(|line| line.is_aligned());
        let column = behind.map(Line::width).max().unwrap_or(0) + GAP;
        for line in paragraph {
            write(line, column, &mut written);
        }
        rest = after;
    }
    written
}

fn write(line: &Line, column: usize, written: &mut String) {
    if !line.is_empty() {
        spaces(line.indent, written);
        written.push_str(&line.code);
        if line.code.contains('\n') {
            spaces(GAP, written);
        } else if line.is_aligned() {
            spaces(column - line.width(), written);
        }
        match &line.comment {
            Some(comment) => written.push_str(comment),
            None => written.truncate(written.trim_end_matches(' ').len()),
        }
    }
    written.push('\n');
}

fn spaces(many: usize, written: &mut String) {
    written.extend(std::iter::repeat_n(' ', many));
}

/// The lines, each without the white space around it.
fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut line = Line::default();
    let mut before: Option<TokenKind> = None;
    // Of each open bracket, in which line it was opened.
    let mut open: Vec<usize> = Vec::new();
    for token in toml_parser::Source::new(text).lex() {
        let written = spelt(text, &token);
        match token.kind() {
            TokenKind::Whitespace => {}
            TokenKind::Newline | TokenKind::Eof => {
                lines.push(std::mem::take(&mut line));
                before = None;
            }
            TokenKind::Comment => {
                if line.code.is_empty() {
                    line.indent = indent(&open);
                }
                line.stood = column(text, token.span().start());
                line.goes_on = line.code.is_empty()
                    && lines.last().is_some_and(|above| line.may_go_on_with(above));
                line.comment = Some(written.trim_end().to_owned());
            }
            kind => {
                if matches!(
                    kind,
                    TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket
                ) {
                    open.pop();
                }
                let begins = line.code.is_empty();
                // Brackets that a line begins with close what was opened above.
                if line.code.bytes().all(|c| matches!(c, b']' | b'}')) {
                    line.indent = indent(&open);
                }
                line.header |= begins && open.is_empty() && kind == TokenKind::LeftSquareBracket;
                if before.is_some_and(|before| apart(before, kind)) {
                    line.code.push(' ');
                }
                line.code.push_str(written);
                if matches!(
                    kind,
                    TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket
                ) {
                    open.push(lines.len());
                }
                before = Some(kind);
            }
        }
    }
    lines
}

fn spelt<'a>(text: &'a str, token: &Token) -> &'a str {
    let span = token.span();
    text.get(span.start()..span.end()).unwrap_or_default()
}

fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.chars().rev().take_while(|c| *c != '\n').count()
}

/// By one step for each line that opened something, however much.
fn indent(open: &[usize]) -> usize {
    let mut lines = open.to_vec();
    lines.dedup();
    lines.len() * INDENT
}

/// Whether a space belongs between two tokens of one line.
const fn apart(before: TokenKind, after: TokenKind) -> bool {
    use TokenKind::{
        Atom, Comma, Dot, Equals, LeftCurlyBracket, LeftSquareBracket, RightCurlyBracket,
        RightSquareBracket,
    };
    match (before, after) {
        (_, Comma | Dot) | (Dot, _) => false,
        (Equals, _) | (_, Equals) => true,
        (LeftCurlyBracket, RightCurlyBracket) => false,
        (LeftCurlyBracket, _) | (_, RightCurlyBracket) => true,
        (LeftSquareBracket, _) | (_, RightSquareBracket) => false,
        // A date and its time of day may have a space between them.
        (Comma, _) | (Atom, Atom) => true,
        _ => false,
    }
}

/// With the empty lines that belong there, and no others.
fn with_room(lines: Vec<Line>) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        if line.is_empty() && kept.last().is_none_or(Line::is_empty) {
            continue;
        }
        if line.header {
            let remarks = kept.iter().rev().take_while(|above| above.is_remark());
            let at = kept.len() - remarks.count();
            if at
                .checked_sub(1)
                .is_some_and(|above| !kept[above].is_empty())
            {
                kept.insert(at, Line::default());
            }
        }
        kept.push(line);
    }
    while kept.last().is_some_and(Line::is_empty) {
        kept.pop();
    }
    kept
}
