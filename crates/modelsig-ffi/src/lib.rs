//! The C ABI of modelsig.
