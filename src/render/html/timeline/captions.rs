//! Captions above the lanes, each over its moment and none over another.

/// Room between two captions in one row, in user units of the drawing.
const APART: f64 = 12.0;

/// A text that belongs to a place.
pub(super) struct Caption {
    pub(super) x: f64,
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// A caption with its place: the left end of its text and its row, counted from the top.
pub(super) struct Placed {
    pub(super) caption: Caption,
    pub(super) left: f64,
    pub(super) row: usize,
}

/// Gives each caption the first row in which it has room, as near to its place as the edges let it be. `character` is
/// how wide a character is drawn, about.
pub(super) fn place(captions: Vec<Caption>, edges: (f64, f64), character: f64) -> Vec<Placed> {
    let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut placed = Vec::new();
    for caption in captions {
        let width = caption.text.chars().count() as f64 * character;
        let left = (caption.x - width / 2.0).min(edges.1 - width).max(edges.0);
        let span = (left - APART, left + width + APART);
        let is_free = |row: &Vec<(f64, f64)>| row.iter().all(|taken| span.1 <= taken.0 || taken.1 <= span.0);
        let row = rows.iter().position(is_free).unwrap_or_else(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        rows[row].push((left, left + width));
        placed.push(Placed { caption, left, row });
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(places: &[f64]) -> Vec<usize> {
        let caption = |x: &f64| Caption { x: *x, text: "twelve chars".into(), class: "" };
        place(places.iter().map(caption).collect(), (0.0, 400.0), 7.0).iter().map(|placed| placed.row).collect()
    }

    #[test]
    fn captions_that_would_meet_stand_below_each_other() {
        assert_eq!(rows(&[60.0, 200.0, 340.0]), [0, 0, 0]);
        assert_eq!(rows(&[60.0, 100.0, 120.0]), [0, 1, 2]);
        assert_eq!(rows(&[60.0, 100.0, 340.0]), [0, 1, 0]);
    }

    #[test]
    fn no_caption_leaves_the_drawing() {
        let caption = |x| Caption { x, text: "twelve chars".into(), class: "" };
        let placed = place(vec![caption(0.0), caption(400.0)], (0.0, 400.0), 7.0);
        assert_eq!((placed[0].left, placed[1].left), (0.0, 400.0 - 84.0));
    }
}
