//! What the shared library says of itself to the dynamic linker, which cargo does not set.
//!
//! Which names it exports is not among it: rustc hands the linker a version script with those that are `#[no_mangle]`,
//! and hides everything else, C code of dependencies included. A second script is an error in some linkers.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let link = |argument: &str| println!("cargo::rustc-cdylib-link-arg=-Wl,{argument}");

    let system = target("OS");
    let embedded = std::env::var_os("CARGO_FEATURE_EMBEDDED").is_some();
    match system.as_str() {
        // Part of another library, which has a name of its own.
        _ if embedded => {}
        // The name by which programs find it. The number is MODELSIG_ABI_VERSION; a test compares them.
        "linux" => link("-soname,libmodelsig.so.1"),
        // An application carries its own copy, and Android unpacks no name that does not end in ".so".
        "android" => link("-soname,libmodelsig.so"),
        "macos" => link("-install_name,@rpath/libmodelsig.1.dylib"),
        _ => {}
    }
    if system == "linux" || system == "android" {
        // dlclose must not unmap it: the threads of a pool are told to end, and still run its code for a moment.
        link("-z,nodelete");
        // By which a crash report finds the debugging information that was stripped off.
        link("--build-id=sha1");
    }
    if system == "android" && target("POINTER_WIDTH") == "64" {
        // Devices with pages of 16 KiB load nothing that is aligned to less. Linkers of the NDK before r28 take 4 KiB.
        // Elsewhere the default is right: on ARM64 Linux it is 64 KiB, for kernels with such pages.
        link("-z,max-page-size=16384");
    }
}
