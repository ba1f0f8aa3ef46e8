//! A clip that can't be read still gets a row: the mean of the others, the best guess for it.

use earmark_core::rows::mean;

/// The scores of all clips, row after row: clips without scores get the mean of the others, zeros where no clip has any.
pub(super) fn with_mean_for_unreadable(rows: Vec<Option<Vec<f32>>>, classes: usize) -> Vec<f32> {
    let fill = mean(rows.iter().flatten()).unwrap_or_else(|| vec![0.0; classes]);
    let rows = rows.into_iter().map(|row| row.unwrap_or_else(|| fill.clone()));
    rows.flatten().collect()
}
