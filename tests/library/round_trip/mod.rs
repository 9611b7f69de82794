//! What is signed verifies and is read back, in every form, and other tools agree.

mod fsverity;
mod matrix;
mod openssl;
mod reuse;
mod writing;
