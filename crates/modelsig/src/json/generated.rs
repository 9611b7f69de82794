//! Texts made by a generator, the same in every run, valid and broken: the strict pass and serde_json must agree.

use super::oracle::compare;
use super::{JsonFault, MEMBERS, check_large};

/// Xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    fn is_one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }
}

const SPACES: [&str; 8] = ["", "", "", "", " ", "\n", "\t\r", "  "];
const STRINGS: [&str; 16] = [
    "a",
    "b",
    "",
    "\\u0061",
    "\\\"",
    "\\\\",
    "\\/\\b\\f\\n\\r\\t",
    "\\ud83d\\ude00",
    "\u{e9}\u{6a21}\u{1f600}",
    "\\u0000",
    "\u{7f}\u{2028}",
    // Not JSON: half of a pair, an unknown escape, a control character.
    "\\ud83d",
    "\\ude00",
    "\\x",
    "\\u12",
    "\u{1}",
];
const NUMBERS: [&str; 20] = [
    "0",
    "-0",
    "1",
    "-17",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1.5",
    "1e3",
    "1E-400",
    "0.1e+1",
    // Beyond a double, and not JSON.
    "1e400",
    "01",
    "+1",
    "1.",
    ".5",
    "1e",
    "-",
    "0x1",
    "NaN",
];

fn value(numbers: &mut Numbers, room: usize, text: &mut String) {
    text.push_str(numbers.one_of(&SPACES));
    match numbers.below(if room == 0 { 6 } else { 10 }) {
        0 => text.push_str(numbers.one_of(&["true", "false", "null"])),
        1 | 2 => {
            // Broken ones are rarer.
            let end = if numbers.is_one_in(8) { NUMBERS.len() } else { 11 };
            text.push_str(numbers.one_of(&NUMBERS[..end]));
        }
        3..=5 => string(numbers, text),
        6 | 7 => list(numbers, room - 1, text, ['[', ']'], &value),
        _ => list(numbers, room - 1, text, ['{', '}'], &|numbers, room, text| {
            text.push_str(numbers.one_of(&SPACES));
            string(numbers, text);
            text.push_str(numbers.one_of(&SPACES));
            text.push(':');
            value(numbers, room, text);
        }),
    }
    text.push_str(numbers.one_of(&SPACES));
}

fn list(
    numbers: &mut Numbers,
    room: usize,
    text: &mut String,
    [open, close]: [char; 2],
    element: &dyn Fn(&mut Numbers, usize, &mut String),
) {
    let most = if numbers.is_one_in(4) { 9 } else { 4 };
    text.push(open);
    for place in 0..numbers.below(most) {
        if place > 0 {
            text.push(',');
        }
        element(numbers, room, text);
    }
    text.push(close);
}

fn string(numbers: &mut Numbers, text: &mut String) {
    let end = if numbers.is_one_in(12) { STRINGS.len() } else { 11 };
    text.push('"');
    for _ in 0..numbers.below(4) {
        text.push_str(numbers.one_of(&STRINGS[..end]));
    }
    text.push('"');
}

/// Something that happens to a text on its way.
fn damage(numbers: &mut Numbers, text: &mut Vec<u8>) {
    let at = numbers.below(text.len() + 1);
    match numbers.below(6) {
        0 => text.truncate(at),
        1 => text.extend_from_slice(b" x"),
        2 => drop(text.splice(..0, *b"\xef\xbb\xbf")),
        3 if at < text.len() => text[at] ^= 1 << numbers.below(8),
        4 if at < text.len() => drop(text.remove(at)),
        _ => text.insert(at, b"\",:{}[]0\\\xff"[numbers.below(10)]),
    }
}

#[test]
fn generated_texts_have_the_verdict_of_serde_json() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut verdicts = [0u32; 5];
    for round in 0..60_000 {
        let mut text = String::new();
        value(&mut numbers, 1 + round % 8, &mut text);
        let mut text = text.into_bytes();
        if numbers.is_one_in(3) {
            damage(&mut numbers, &mut text);
        }
        verdicts[match compare(&text, 3, MEMBERS) {
            Ok(()) => 0,
            Err(JsonFault::NotJson { .. }) => 1,
            Err(JsonFault::TrailingData { .. } | JsonFault::ByteOrderMark) => 2,
            Err(JsonFault::DuplicateMember { .. }) => 3,
            Err(JsonFault::TooDeep { .. }) => 4,
            Err(other) => panic!("{other}"),
        }] += 1;
    }
    println!("accepted, not JSON, trailing or BOM, twice, too deep: {verdicts:?}");
    // Otherwise the generator tests nothing of that kind.
    assert!(verdicts.iter().all(|count| *count > 500), "{verdicts:?}");
}

/// Where the strict pass stops reading, serde_json would still have found a fault: which of the two is told does not
/// matter, but refused it is.
#[test]
fn of_two_faults_the_first_is_told() {
    let twice_then_broken = br#"{"a":1,"a":2,}"#;
    assert!(matches!(compare(twice_then_broken, 4, 4), Err(JsonFault::DuplicateMember { .. })));
    let broken_then_twice = br#"[01,{"a":1,"a":2}]"#;
    assert!(matches!(compare(broken_then_twice, 4, 4), Err(JsonFault::NotJson { .. })));
    let many: Vec<String> = (0..=MEMBERS).map(|member| format!("\"{member}\":0")).collect();
    let many = format!("[{{{}}}, x", many.join(","));
    assert!(matches!(check_large(many.as_bytes(), 4, 4), Err(JsonFault::TooManyMembers { .. })));
    assert!(matches!(compare(many.as_bytes(), 4, 4), Err(JsonFault::TooManyMembers { .. })));
}
