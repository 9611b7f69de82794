//! A name of the `blake3` crate that no shared library shall export.
//!
//! On ARM64 its C code calls `blake3_compress_in_place_portable`, which is written in Rust. rustc takes whatever is
//! `#[no_mangle]`, in any crate, for a part of the C interface of a shared library, and would export it from that of
//! modelsig, where it could stand in for that of another library in the same program. A hidden symbol stays inside.

#[cfg(all(
    target_arch = "aarch64",
    target_endian = "little",
    any(target_os = "linux", target_os = "android")
))]
core::arch::global_asm!(".hidden blake3_compress_in_place_portable");
