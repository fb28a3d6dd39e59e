//! Tells the program what it was built with, for `--version`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let rustc = Command::new(variable("RUSTC")).arg("--version").output();
    let version = rustc.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    println!("cargo:rustc-env=HIRESNET_BUILD_RUSTC={}", version.unwrap_or_else(|_| "rustc".into()));
    println!("cargo:rustc-env=HIRESNET_BUILD_TARGET={}", variable("TARGET"));
    println!("cargo:rustc-env=HIRESNET_BUILD_PROFILE={}", variable("PROFILE"));
}
