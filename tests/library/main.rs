//! Tests of the library from outside: what it refuses and how it says so, what it writes and reads back, and what
//! stands in the documents.

#![forbid(unsafe_code)]
// Links, FIFOs, modes and other users are made as Unix makes them.
#![cfg(unix)]

mod bad_input;
mod certificates;
mod corners;
mod cosign;
mod docs;
mod legacy;
mod loading;
mod msrv;
mod oms_data;
mod repair;
mod resources;
mod round_trip;
mod threats;
