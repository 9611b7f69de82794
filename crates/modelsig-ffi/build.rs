//! What the shared library says of itself to the dynamic linker, which cargo does not set.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system == "linux" {
        // The name by which programs find it. The number is MODELSIG_ABI_VERSION; a test compares them.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmodelsig.so.1");
    }
    if system == "linux" || system == "android" {
        // dlclose must not unmap it: the threads of a pool are told to end, and still run its code for a moment.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
