use proptest::prelude::*;

use super::formatted;

fn fine(text: &str) -> String {
    formatted(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"))
}

#[test]
fn white_space_goes_where_it_belongs() {
    for (written, wanted) in [
        ("", ""),
        ("\n\n", ""),
        ("a=1", "a = 1\n"),
        ("\u{feff}a=1\r\nb=2\r\n", "a = 1\nb = 2\n"),
        ("  a . b\t=  \"x\"  ", "a.b = \"x\"\n"),
        ("[ a . \"b\" ]", "[a.\"b\"]\n"),
        ("[[ a ]]", "[[a]]\n"),
        ("a = {b=1,c = { }}", "a = { b = 1, c = {} }\n"),
        ("a = [ 1 ,2 , [ 3 ] , ]", "a = [1, 2, [3],]\n"),
        ("a = -1.5e+3", "a = -1.5e+3\n"),
        ("a = 1979-05-27   \n", "a = 1979-05-27\n"),
        ("a = 1979-05-27 07:32:00.25", "a = 1979-05-27 07:32:00.25\n"),
        ("a = ''' x\n  y '''", "a = ''' x\n  y '''\n"),
        (
            "a = [\n1,\n  2, # two\n[\n3 ]\n]",
            "a = [\n    1,\n    2,   # two\n    [\n        3]\n]\n",
        ),
        ("a = [[\n1\n]]", "a = [[\n    1\n]]\n"),
        ("a = 1\n\n\n\nb = 2", "a = 1\n\nb = 2\n"),
        ("a = 1\n[b]\n[c]", "a = 1\n\n[b]\n\n[c]\n"),
        ("# a\n[b]\n# c\n# d\n[c]", "# a\n[b]\n\n# c\n# d\n[c]\n"),
        ("# a\n\n[b]", "# a\n\n[b]\n"),
    ] {
        assert_eq!(fine(written), wanted, "{written}");
    }
}

#[test]
fn comments_of_a_paragraph_stand_below_each_other() {
    let written = "\
format = 1 # which
[b] #its
longer = \"x\"    #one
 #two
# three
c = 1

d = 1 # apart
e = '''
'''  # of a text over lines
";
    let wanted = "\
format = 1   # which

[b]            #its
longer = \"x\"   #one
#two
# three
c = 1

d = 1   # apart
e = '''
'''   # of a text over lines
";
    assert_eq!(fine(written), wanted);
    // One that stood below another goes with it, to wherever that goes.
    let written = "a = 1 # one\n      # goes on\n# does not\nlong = 2 # two\n";
    let wanted = "a = 1      # one\n           # goes on\n# does not\nlong = 2   # two\n";
    assert_eq!(fine(written), wanted);
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    for (text, begins) in [
        ("a = 1\nb = \n", "2:"),
        ("a = 1\na = 2\n", "2:1: this is not TOML: duplicate key"),
        ("\n\na = 1 2\n", "3:"),
        ("[a\n", "1:"),
        ("a = \"x\n", "1:"),
    ] {
        let wrong = formatted(text).expect_err(text);
        assert!(wrong[0].starts_with(begins), "{text}: {wrong:?}");
    }
    let deep = format!("a = {}1{}", "[".repeat(1_000), "]".repeat(1_000));
    assert!(formatted(&deep).expect_err("deep")[0].contains("too deeply"));
}

/// Pieces that make TOML as often as not, with every kind of token in them.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a = "),
        Just("b.c="),
        Just("\"d e\" = "),
        Just("[t]"),
        Just("[[u]]"),
        Just("1"),
        Just("0x1F"),
        Just("-1.5e3"),
        Just("true"),
        Just("1979-05-27 07:32:00"),
        Just("\"x # y\""),
        Just("'z'"),
        Just("'''\n  m\n'''"),
        Just("\"\"\" n\\\n  o\"\"\""),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just("f = 1"),
        Just("g = [1, 2]"),
        Just("h = {i=1,j = 2}"),
        Just("k = [\n"),
        Just("l = { m = [{}, [\n1]] }"),
        Just(","),
        Just(" "),
        Just("\t"),
        Just("    "),
        Just("\n"),
        Just("\n"),
        Just("\r\n"),
        Just("# é \n"),
        Just("       # below\n"),
        Just("#:schema x\n"),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A file of whole lines: most are TOML.
fn files() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("1"),
        Just("\"t\""),
        Just("[ 1,\n 2 , # two\n   # more\n[ 3,\n{a=1}] ]"),
        Just("{ x=1 , y = [ ] }"),
        Just("'''\n # no comment \n'''"),
        Just("1979-05-27 07:32:00Z"),
    ];
    let end = prop_oneof![
        Just("\n"),
        Just("  # behind\n"),
        Just(" # behind  \n   # below\n"),
        Just("\r\n\r\n\r\n"),
    ];
    let line = (0..4usize, 0..1_000u32, value, end).prop_map(|(kind, n, value, end)| match kind {
        0 => format!("[t{n}]{end}"),
        1 => format!("# remark {n}{end}"),
        _ => format!("  k{n} ={value}{end}"),
    });
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
}

/// What is no white space, in its order.
fn ink(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    let Ok(once) = formatted(text) else {
        // Why it was refused is that it is no TOML, and never that it would change.
        let parsed = pump_prescription::parse_toml(text);
        prop_assert!(parsed.is_err() || !parsed.is_ok_and(|parsed| parsed.errors.is_empty()));
        return Ok(());
    };
    let twice = formatted(&once);
    prop_assert_eq!(twice.as_ref().ok(), Some(&once), "\n{}", text);
    prop_assert_eq!(ink(text.trim_start_matches('\u{feff}')), ink(&once));
    Ok(())
}

proptest! {
    #[test]
    fn what_is_formatted_means_the_same_and_stays(text in pieces()) {
        holds(&text)?;
    }

    #[test]
    fn whole_files_mean_the_same_and_stay(text in files()) {
        holds(&text)?;
    }
}
