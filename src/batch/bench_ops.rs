//! `bench ops`: the CPU's operations one by one.

use super::Exit;
use super::lines::Lines;
use crate::cli::OpsBench;
use crate::domain::error::SpecError;
use crate::domain::text::plural;
use crate::engine::bench::ops::{OpTiming, Ops};
use crate::engine::device::on_cpu;
use crate::engine::error::Result;
use crate::engine::kernels::isa::Isa;
use crate::output::{say, say_json};

/// `bench ops`.
///
/// # Errors
/// When no operation is called what `--only` says.
pub fn run(args: &OpsBench) -> Result<Exit> {
    let &OpsBench { batch, ref only, ours, json, .. } = args;
    let batch = batch as usize;
    let mut rows: Vec<OpTiming> = Vec::new();
    let mut lines: Option<Lines> = None;
    let only = only.as_deref().unwrap_or_default();
    let mut each = |row: OpTiming| {
        if !json {
            let lines = lines.get_or_insert_with(|| begin(batch, ours));
            // A name once is enough for its passes.
            if rows.last().is_none_or(|before| before.name != row.name) {
                say(&row.name);
            }
            lines.row(&cells(&row));
        }
        rows.push(row);
    };
    on_cpu(Ops { batch, only, beside_burn: !ours, each: &mut each });
    if rows.is_empty() {
        let message = format!(
            "no operation's name contains '{only}'; they are called conv 3×3 …, conv 1×1 …, basic block …, \
             batch norm …, average pool …, sum …, cross-entropy …, Adam …"
        );
        return Err(SpecError::new("--only", message).into());
    }
    if json {
        say_json(&rows);
    }
    Ok(Exit::Done)
}

fn begin(batch: usize, ours: bool) -> Lines {
    let threads = plural(rayon::current_num_threads(), "thread");
    say(&format!("batch {batch}, {}, {threads}", Isa::best().name()));
    let header = ["", "ms", "rate", "", "burn ms", "times as long"];
    Lines::begin(if ours { &header[..4] } else { &header }, 22, 8)
}

fn cells(row: &OpTiming) -> Vec<String> {
    let ms = |ms: f64| if ms < 1.0 { format!("{ms:.4}") } else { format!("{ms:.2}") };
    let pass = format!("  {}", row.pass);
    let mut cells = vec![pass, ms(row.ms), format!("{:.1}", row.rate), row.unit.to_owned()];
    if let Some(burn_ms) = row.burn_ms {
        cells.extend([ms(burn_ms), format!("{:.1}", burn_ms / row.ms)]);
    }
    cells
}
