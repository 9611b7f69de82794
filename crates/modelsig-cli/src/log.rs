//! `--log-format`: the events of the library on stderr, as they happen. Their targets and fields are in the
//! documentation of the library.

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// A line for people
    Text,
    /// A JSON object on each line
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    Warn,
    Info,
    Debug,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
        }
    }
}

/// From now on events are told.
pub(crate) fn start(format: Format, level: Level) {
    let lines = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_ansi(false);
    // It would tell of a stderr that cannot be written on stderr, and panic.
    let lines = lines.log_internal_errors(false);
    match format {
        Format::Text => lines.init(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init()
        }
    }
}
