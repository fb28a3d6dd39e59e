//! A sweep's script on a real Slurm, which `tests/slurm/run.sh` installs and starts.
//!
//! It needs root and Debian's packages, so it runs only where `HIRESNET_SLURM` is set.
#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn a_sweep_on_slurm_goes_on_after_being_cut_off() {
    if std::env::var_os("HIRESNET_SLURM").is_none() {
        eprintln!("skipped: HIRESNET_SLURM is not set");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slurm/run.sh");
    let ended = Command::new("bash").arg(script).arg(env!("CARGO_BIN_EXE_hiresnet-tui")).output().unwrap();
    let text =
        [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    eprintln!("{text}");
    assert!(ended.status.success());
    assert!(text.contains("every run finished once"));
}
