//! A font for PNG images: five pixels wide, seven high, printable ASCII.

/// Size of a letter, and the space that it takes, in pixels before enlargement.
const WIDTH: usize = 5;
const HEIGHT: usize = 7;
const ADVANCE: usize = WIDTH + 1;

/// A line per letter: the letter, then its rows in hexadecimal, top first; the five lowest bits of a row are its pixels, the
/// leftmost one highest.
const LETTERS: &str = include_str!("font.txt");

/// How many letters enlarged by `scale` fit into a width in pixels.
pub(crate) fn fitting(pixels: usize, scale: usize) -> usize {
    // The last letter needs no space behind it.
    (pixels / scale + 1) / ADVANCE
}

/// Height of a line in pixels, with the space below it.
pub(crate) fn line_height(scale: usize) -> usize {
    (HEIGHT + 3) * scale
}

/// The pixels of a text before enlargement, as columns and rows from its upper left corner. A letter that is not in the font is
/// shown as a question mark.
pub(crate) fn pixels(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.chars().enumerate().flat_map(|(place, letter)| {
        let letter = rows(letter);
        letter.into_iter().enumerate().flat_map(move |(row, bits)| {
            (0..WIDTH)
                .filter(move |column| bits >> (WIDTH - 1 - column) & 1 == 1)
                .map(move |column| (place * ADVANCE + column, row))
        })
    })
}

/// The rows of a letter, or of the question mark for one that is not in the font.
fn rows(letter: char) -> Vec<u8> {
    let line = |letter: char| LETTERS.lines().find(|line| line.starts_with(letter));
    let line = line(letter).or_else(|| line('?'));
    let rows = line.and_then(|line| line.get(2..)).unwrap_or_default();
    let rows = rows.split(' ').map(|row| u8::from_str_radix(row, 16));
    rows.filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as rows of `#` and `.`.
    fn drawn(text: &str) -> Vec<String> {
        let mut rows = vec![vec![b'.'; text.chars().count() * ADVANCE]; HEIGHT];
        pixels(text).for_each(|(x, y)| rows[y][x] = b'#');
        rows.into_iter()
            .map(|row| String::from_utf8(row).expect("ASCII"))
            .collect()
    }

    #[test]
    fn letters_look_like_themselves() {
        assert_eq!(
            drawn("Lt").join("\n"),
            "#......#....\n\
             #......#....\n\
             #.....###...\n\
             #......#....\n\
             #......#....\n\
             #......#..#.\n\
             #####...##.."
        );
    }

    #[test]
    fn every_letter_is_another_and_none_is_too_wide() {
        for (i, line) in LETTERS.lines().enumerate() {
            assert_eq!(
                line.bytes().next(),
                Some(b' ' + i as u8),
                "letters are in the order of ASCII"
            );
            let letter = rows(line.chars().next().expect("a letter"));
            assert_eq!(letter.len(), HEIGHT);
            assert!(letter.iter().all(|row| *row < 1 << WIDTH));
            assert!(i == 0 || letter.iter().any(|row| *row > 0));
            assert!(
                LETTERS.lines().take(i).all(|other| other[2..] != line[2..]),
                "{i}"
            );
        }
        assert_eq!(LETTERS.lines().count(), 95);
        // What is not there is a question mark, and takes the same room.
        assert_eq!(drawn("ä水"), drawn("??"));
        assert_eq!((fitting(11, 1), fitting(10, 1), fitting(22, 2)), (2, 1, 2));
    }
}
