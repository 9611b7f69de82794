//! What the shared library says of itself to the dynamic linker, which cargo does not set.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let link = |argument: &str| println!("cargo::rustc-cdylib-link-arg=-Wl,{argument}");

    let system = target("OS");
    if system == "linux" || system == "android" {
        // The name under which C code of the same app links it. Apps have no versioned names.
        link("-soname,libmodelsig_jni.so");
        // As for the C library: threads of a pool may still run its code for a moment.
        link("-z,nodelete");
        link("--build-id=sha1");
    }
    if system == "android" && target("POINTER_WIDTH") == "64" {
        // As for the C library: devices with pages of 16 KiB load nothing that is aligned to less.
        link("-z,max-page-size=16384");
    }
}
