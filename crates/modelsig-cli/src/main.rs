//! The modelsig command.
fn main() {}
