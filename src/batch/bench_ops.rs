//! `bench ops`: the CPU's operations one by one.

use super::Exit;
use super::output::{right, say, say_json, table};
use crate::domain::error::SpecError;
use crate::engine::bench::ops::{Ops, Row};
use crate::engine::device::Device;
use crate::engine::error::Result;
use crate::engine::kernels::isa::Isa;

/// Times operations on batches of `batch` images, those whose name contains `only`;
/// without burn's own when only `ours` are asked for.
///
/// # Errors
/// When no operation is called that.
pub fn run(batch: usize, only: Option<&str>, ours: bool, json: bool) -> Result<Exit> {
    let mut rows = Vec::new();
    let only = only.unwrap_or_default();
    Device::Cpu.run(Ops { batch, only, beside_burn: !ours, each: &mut |row| rows.push(row) });
    if rows.is_empty() {
        let message = format!("no operation's name contains '{only}'");
        return Err(SpecError::new("--only", message).into());
    }
    if json {
        say_json(&rows);
    } else {
        let (isa, threads) = (Isa::best().name(), rayon::current_num_threads());
        say(&format!("batch {batch}, {isa}, {threads} threads"));
        say(&text(&rows));
    }
    Ok(Exit::Done)
}

fn text(rows: &[Row]) -> String {
    let beside = rows.iter().any(|row| row.burn_ms.is_some());
    let mut header = vec!["operation", "", "ms", "rate", ""];
    if beside {
        header.extend(["burn ms", "times"]);
    }
    let mut table = table(header);
    right(&mut table, [2, 3, 5, 6]);
    let mut before = "";
    for row in rows {
        // A name once is enough for its passes.
        let name = if row.name == before { "" } else { &row.name };
        before = &row.name;
        let mut cells = vec![
            name.to_owned(),
            row.pass.to_owned(),
            format!("{:.2}", row.ms),
            format!("{:.1}", row.rate),
            row.unit.to_owned(),
        ];
        if let Some(burn_ms) = row.burn_ms {
            cells.extend([format!("{burn_ms:.2}"), format!("{:.1}", burn_ms / row.ms)]);
        }
        table.add_row(cells);
    }
    table.to_string()
}
