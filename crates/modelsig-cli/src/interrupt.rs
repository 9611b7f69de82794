//! Ctrl-C and termination: the first asks the engine to stop, the second ends the process.

use modelsig::hash::CancelToken;

/// A token that is used when the process is interrupted.
pub(crate) fn token() -> CancelToken {
    let token = CancelToken::new();
    let in_handler = token.clone();
    // Fails only if a handler is set already; then interruption ends the process as it would without one.
    let _ = ctrlc::set_handler(move || {
        if in_handler.is_cancelled() {
            std::process::exit(130);
        }
        in_handler.cancel();
    });
    token
}
