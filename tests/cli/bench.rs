//! `bench`: it measures what it is asked to, and says what it measured.

use serde_json::Value;

use super::program;

const TINY: [&str; 4] = ["plain+hires@fashion-embedded", "blocks=1,1", "widths=4,8", "batch=5"];

fn bench(what: &str) -> assert_cmd::Command {
    let mut command = program();
    command.args(["bench", what]);
    command
}

fn train() -> assert_cmd::Command {
    let mut command = bench("train");
    command.args(["--device", "cpu", "--steps", "2", "--warmup", "1"]);
    command
}

fn lines(command: &mut assert_cmd::Command) -> Vec<Value> {
    let output = command.assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn steps_and_forward_passes_are_timed_on_the_asked_device_and_threads() {
    for (flag, mode) in [(None, "train"), (Some("--eval"), "eval")] {
        let rows = lines(train().args(flag).args(["--threads", "2", "--json"]).args(TINY));
        let row = &rows[0];
        assert_eq!(rows.len(), 1);
        assert_eq!((&row["mode"], &row["device"]), (&mode.into(), &"cpu".into()));
        assert_eq!((&row["batch"], &row["threads"], &row["steps"]), (&5.into(), &2.into(), &2.into()));
        let (s, rate) = (row["step_median_s"].as_f64().unwrap(), row["images_per_s"].as_f64().unwrap());
        assert!(s > 0.0 && (s * rate - 5.0).abs() < 1e-9, "{row}");
        assert!(row["gflops"].as_f64().unwrap() > 0.0);
        #[cfg(target_os = "linux")]
        assert!(row["peak_memory_mib"].as_f64().unwrap() > 1.0, "{row}");
    }
}

#[test]
fn several_specs_give_a_row_each_and_scaling_varies_one() {
    let specs = ["plain@fashion", "blocks=1", "widths=2", "resnet@fashion", "blocks=1", "widths=2"];
    let rows = lines(train().args(["--json"]).args(specs).arg("batch=4"));
    assert_eq!(rows.len(), 2);
    assert!(rows[1]["peak_memory_mib"].is_null(), "the first spec's memory is in it");
    assert!(rows[1]["spec"].as_str().unwrap().starts_with("resnet@fashion"), "{rows:?}");

    train().args(specs).arg("--scaling").assert().code(2).stderr(super::contains("--scaling varies one"));
    train().args(["--scaling", "--eval"]).assert().code(2);
    let rows =
        lines(train().args(["--scaling", "--json", "plain@fashion", "blocks=1", "widths=2", "batch=4"]));
    let varied: Vec<_> = rows.iter().map(|row| row["varies"].as_str().unwrap()).collect();
    assert_eq!(varied[0], "as given");
    for change in ["batch=8", "widths=4", "depths=2", "2 × 1, 2 to 4"] {
        assert!(varied.contains(&change), "{change} is not in {varied:?}");
    }
}

#[test]
fn tables_fit_eighty_columns() {
    let spec = ["resnext+hires[In,1-2]@fashion-embedded", "blocks=1,1", "widths=4,8", "batch=5"];
    let mut operations = bench("ops");
    operations.args(["--batch", "1", "--only", "ADAM"]);
    let mut steps = train();
    steps.args(spec);
    for mut command in [steps, operations] {
        let output = command.assert().success().get_output().stdout.clone();
        let text = String::from_utf8(output).unwrap();
        let table: Vec<_> = text.lines().skip_while(|line| !line.contains("ms")).collect();
        assert!(table.len() >= 3, "{text}");
        assert!(table.iter().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn instructions_that_are_not_there_are_refused() {
    let mut command = train();
    command.args(TINY).env("HIRESNET_ISA", "mmx").assert().code(2).stderr(super::contains("'mmx'; it has"));
    let rows = lines(train().args(TINY).arg("--json").env("HIRESNET_ISA", "Portable"));
    assert_eq!(rows[0]["instructions"], "portable");
}

#[test]
fn operations_are_timed_by_name() {
    let output = bench("ops").args(["--batch", "2", "--only", "AVERAGE", "--json"]).assert().success();
    let rows: Vec<Value> = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert!(row["name"].as_str().unwrap().starts_with("average pool"), "{row}");
        assert!(row["ms"].as_f64().unwrap() > 0.0 && row["burn_ms"].as_f64().unwrap() > 0.0, "{row}");
        assert_eq!(row["unit"], "GB/s");
    }
    bench("ops").args(["--only", "warp"]).assert().code(2).stderr(super::contains("contains 'warp'"));
}

#[test]
fn the_cpu_is_not_compared_with_itself() {
    bench("parity")
        .args(["--device", "cpu"])
        .args(TINY)
        .assert()
        .code(2)
        .stderr(super::contains("with itself"));
}

#[test]
fn the_screen_is_measured_beside_runs_that_nobody_watches() {
    // Long enough for a key to be pressed meanwhile.
    let args = ["--device", "cpu", "--steps", "400", "--rounds", "1", "--size", "80x24", "--json"];
    let output = bench("ui").args(args).args(TINY).assert().success().get_output().clone();
    let cost: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rate = |which: &str| cost[which].as_array().unwrap()[0].as_f64().unwrap();
    let ratio = cost["ratio"].as_f64().unwrap();
    assert!((rate("watched") / rate("alone") - ratio).abs() < 1e-9, "{cost}");
    let ms = |which: &str| cost[which].as_f64().unwrap_or(f64::NAN);
    assert!(cost["keys"].as_u64().unwrap() > 0, "{cost}");
    assert!(0.0 < ms("key_median_ms") && ms("key_median_ms") <= ms("key_max_ms"), "{cost}");
    assert!(cost["frames_per_s"].as_f64().unwrap() <= 30.0, "{cost}");
    assert!(cost["bytes_per_s"].as_f64().unwrap() > 0.0, "{cost}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("round 1: alone"),
        "rounds are told as they end"
    );
}
