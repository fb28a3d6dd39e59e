//! Cross-entropy of softmax, and its gradient.

/// Mean over the batch of −log softmax(logits) of each label, nats; `gradient` becomes that of
/// the logits. Both are `[batch, classes]`.
///
/// Logits that are no numbers, and labels beyond the classes, make it NaN.
pub fn cross_entropy(logits: &[f32], labels: &[i32], gradient: &mut [f32]) -> f32 {
    let classes = logits.len() / labels.len();
    let share = 1.0 / labels.len() as f64;
    let mut total = 0.0;
    let rows = logits.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
    for ((logits, gradient), &label) in rows.zip(labels) {
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|v| f64::from(v - top).exp()).sum();
        let own = usize::try_from(label).ok().and_then(|label| logits.get(label));
        total += sum.ln() - own.map_or(f64::NAN, |own| f64::from(own - top));
        for (class, (value, gradient)) in logits.iter().zip(gradient).enumerate() {
            let hit = f64::from(u8::from(class as i32 == label));
            *gradient = ((f64::from(value - top).exp() / sum - hit) * share) as f32;
        }
    }
    (total * share) as f32
}
