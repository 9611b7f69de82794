//! The one way a name from outside reaches a message, a log or a terminal.

use std::fmt;

/// Shows text with everything escaped that could move a cursor, forge a line or reorder what is read: control
/// characters (C0, DEL, C1), line separators, bidirectional and zero-width controls, and the backslash that marks
/// an escape.
///
/// ```
/// assert_eq!(modelsig::Escaped("a\u{1b}[2Kb\n").to_string(), r"a\u{1b}[2Kb\u{a}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character == '\\' {
                f.write_str("\\\\")?;
            } else if must_be_escaped(character) {
                write!(f, "\\u{{{:x}}}", character as u32)?;
            } else {
                fmt::Write::write_char(f, character)?;
            }
        }
        Ok(())
    }
}

/// A message that may repeat text from outside: with everything dangerous escaped, and no longer than it need be.
pub(crate) fn clipped(message: &dyn fmt::Display) -> String {
    const LONGEST: usize = 1_000;
    let message = message.to_string();
    let mut shown = String::with_capacity(message.len().min(LONGEST));
    for (count, character) in message.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        if must_be_escaped(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// True for characters that change how the text around them is shown, or do not show at all (Unicode's
/// `Default_Ignorable_Code_Point`): two names that differ only by such a one would look the same.
pub(crate) fn must_be_escaped(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_passes() {
        let shown = |text: &str| Escaped(text).to_string();
        assert_eq!(shown("model-ü-模型.bin"), "model-ü-模型.bin");
        assert_eq!(shown("a\r\nb\tc"), r"a\u{d}\u{a}b\u{9}c");
        assert_eq!(shown("gnp.\u{202e}exe"), r"gnp.\u{202e}exe");
        assert_eq!(shown("\u{9b}31m\u{7f}"), r"\u{9b}31m\u{7f}");
        assert_eq!(shown(r"a\u{a}"), r"a\\u{a}");
        assert_eq!(shown("a\u{fe0f}\u{3164}\u{e0100}"), r"a\u{fe0f}\u{3164}\u{e0100}");
    }
}
