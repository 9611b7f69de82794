//! What was asked for, as far as advice depends on it: the command and its options as they were given.

use clap::ArgMatches;
use clap::parser::ValueSource;

#[derive(Default)]
pub(crate) struct Asked {
    command: String,
    options: ArgMatches,
}

impl Asked {
    pub(crate) fn new(matches: &ArgMatches) -> Self {
        let (command, options) = matches.subcommand().unzip();
        Self {
            command: command.unwrap_or_default().to_owned(),
            options: options.cloned().unwrap_or_default(),
        }
    }

    /// The name of the command.
    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// Whether the command has this option, and it was given.
    pub(crate) fn has(&self, option: &str) -> bool {
        matches!(self.options.try_contains_id(option), Ok(true))
            && self.options.value_source(option) == Some(ValueSource::CommandLine)
    }

    /// Whether this is what an option names.
    pub(crate) fn names(&self, option: &str, path: &str) -> bool {
        let given = self.options.try_get_raw(option).ok().flatten();
        given.is_some_and(|mut values| values.any(|value| value.to_string_lossy() == path))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::{Arguments, with_underscore_aliases};

    #[test]
    fn options_are_known_by_what_was_given_for_them() {
        let line =
            ["modelsig", "sign", "m", "--private_key", "k.pem", "--ignore-paths", "a", "--ignore-paths=b"];
        let asked = Asked::new(&with_underscore_aliases(Arguments::command()).get_matches_from(line));
        assert_eq!(asked.command(), "sign");
        assert!(asked.has("private_key") && asked.has("model") && asked.has("ignore_paths"));
        // Left out, with a default, and of another command.
        assert!(!asked.has("signature") && !asked.has("hash") && !asked.has("require"));
        assert!(asked.names("private_key", "k.pem") && asked.names("ignore_paths", "b"));
        assert!(
            !asked.names("private_key", "m") && !asked.names("signature", "m") && !asked.names("from", "m")
        );
        assert!(!Asked::default().has("model") && !Asked::default().names("model", "m"));
    }
}
