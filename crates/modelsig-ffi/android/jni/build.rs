//! What the shared library says of itself to the dynamic linker, which cargo does not set.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system == "linux" || system == "android" {
        // The name under which C code of the same app links it. Apps have no versioned names.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmodelsig_jni.so");
        // As for the C library: threads of a pool may still run its code for a moment.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // Android 15 runs on devices whose pages have 16 KiB; older NDKs do not align to that by themselves.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,max-page-size=16384");
    }
}
