//! What the linker is asked for:
//! - functions of identical machine code folded into one (1.4 MB of the program), where the linker is the one that
//!   comes with the toolchain and can do it;
//! - the same for addresses that the loader fills in, written as a map of bits (0.7 MB), where the C library reads that;
//! - full RELRO, where `.cargo/config.toml` compiles without it, so that calls need no table of addresses.

use std::path::PathBuf;
use std::process::Command;

/// Where the toolchain links with its own lld by default.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The flag of `.cargo/config.toml`; other flags replace it.
const PARTIAL_RELRO: &str = "relro-level=partial";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for variable in ["RUSTC_LINKER", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if std::env::var("TARGET").is_ok_and(|target| target == TARGET) && links_with_own_lld() {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        if reads_packed_relocations() {
            println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
    if rust_flags().contains(PARTIAL_RELRO) {
        // Compilers that link take these two as linkers do; `relro` itself is part of the flag.
        for argument in ["-z", "now"] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}

fn rust_flags() -> String {
    std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default()
}

/// Whether nothing asks for another linker, and the toolchain has its own.
fn links_with_own_lld() -> bool {
    let is_other = std::env::var_os("RUSTC_LINKER").is_some() || rust_flags().contains("link");
    !is_other && own_lld().is_some_and(|path| path.exists())
}

fn own_lld() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC")?;
    let printed = Command::new(rustc).args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(printed.stdout).ok()?;
    let bin = format!("lib/rustlib/{TARGET}/bin/gcc-ld/ld.lld");
    Some(PathBuf::from(sysroot.trim()).join(bin))
}

/// Whether the C library of the program reads packed relocations, as glibc does since 2.36: that of this system, which
/// the program is for or is linked with. An older one would refuse to start the program.
fn reads_packed_relocations() -> bool {
    if std::env::var("HOST").as_deref() != Ok(TARGET) {
        return false;
    }
    // "glibc 2.36"
    let Ok(output) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    let version = printed
        .trim()
        .strip_prefix("glibc ")
        .and_then(|version| version.split_once('.'));
    let number = |text: &str| text.parse::<u32>().ok();
    version.is_some_and(|(major, minor)| (number(major), number(minor)) >= (Some(2), Some(36)))
}
