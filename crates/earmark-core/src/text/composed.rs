//! A letter and its accent as one character: other systems than macOS store them so in file names.

use std::borrow::Cow;

/// Each mark that joins the letter before it, with pairs of a letter and both as one character (Unicode's canonical
/// compositions of Latin, Greek and Cyrillic letters and of kana).
const JOINED: [(char, &str); 21] = [
    (
        '\u{300}',
        "AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝÂẦâầĂẰăằÊỀêềÔỒôồƠỜơờƯỪưừYỲyỳ",
    ),
    (
        '\u{301}',
        "AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻÆǼæǽØǾøǿΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέ\
         ηήιίϋΰοόυύωώГЃКЌгѓкќÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớƯỨưứ",
    ),
    (
        '\u{302}',
        "AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷẠẬạậẸỆẹệỌỘọộ",
    ),
    ('\u{303}', "AÃNÑOÕaãnñoõIĨiĩUŨuũÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡƯỮưữYỸyỹ"),
    (
        '\u{304}',
        "AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱYȲyȳИӢиӣУӮуӯ",
    ),
    ('\u{306}', "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗẠẶạặ"),
    ('\u{307}', "CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯ"),
    (
        '\u{308}',
        "AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝЗӞзӟИӤиӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹ",
    ),
    ('\u{309}', "AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬưửYỶyỷ"),
    ('\u{30a}', "AÅaåUŮuů"),
    ('\u{30b}', "OŐoőUŰuűУӲуӳ"),
    (
        '\u{30c}',
        "CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧKǨkǩƷǮʒǯjǰHȞhȟ",
    ),
    ('\u{30f}', "AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕѴѶѵѷ"),
    ('\u{311}', "AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ"),
    ('\u{31b}', "OƠoơUƯuư"),
    ('\u{323}', "AẠaạEẸeẹIỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵ"),
    ('\u{326}', "SȘsșTȚtț"),
    ('\u{327}', "CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩ"),
    ('\u{328}', "AĄaąEĘeęIĮiįUŲuųOǪoǫ"),
    (
        '\u{3099}',
        "かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔゝゞ\
         カガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドハバヒビフブヘベホボウヴワヷ\
         ヰヸヱヹヲヺヽヾ",
    ),
    ('\u{309a}', "はぱひぴふぷへぺほぽハパヒピフプヘペホポ"),
];

/// The text with every letter and the mark behind it as one character, where there is one: its normal form C for
/// European letters, Vietnamese, kana and Hangul. Others stay as they are.
///
/// ```
/// use earmark_core::text::composed;
///
/// assert_eq!(composed("Ka\u{308}uzchen"), "K\u{e4}uzchen");
/// ```
pub fn composed(text: &str) -> Cow<'_, str> {
    if !text.contains(is_mark) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let before = out.chars().next_back().filter(|_| is_mark(c));
        match before.and_then(|before| join(before, c)) {
            Some(one) => {
                out.pop();
                out.push(one);
            }
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a character may join the one before it.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' | '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}')
}

/// A letter and a mark as one character.
fn join(letter: char, mark: char) -> Option<char> {
    let Some((_, pairs)) = JOINED.iter().find(|(known, _)| *known == mark) else {
        return syllable(u32::from(letter), u32::from(mark));
    };
    let mut pairs = pairs.chars();
    while let (Some(from), Some(both)) = (pairs.next(), pairs.next()) {
        if from == letter {
            return Some(both);
        }
    }
    None
}

/// A Hangul syllable of a leading consonant and a vowel, or of a syllable without a final consonant and one (Unicode,
/// chapter 3.12).
fn syllable(before: u32, behind: u32) -> Option<char> {
    const FIRST: u32 = 0xac00;
    const FINALS: u32 = 28;
    match (before, behind) {
        (0x1100..=0x1112, 0x1161..=0x1175) => {
            char::from_u32(FIRST + ((before - 0x1100) * 21 + (behind - 0x1161)) * FINALS)
        }
        (FIRST..=0xd7a3, 0x11a8..=0x11c2) if (before - FIRST).is_multiple_of(FINALS) => {
            char::from_u32(before + (behind - 0x11a7))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_their_marks_become_one() {
        for (apart, joined) in [
            ("Ka\u{308}uz", "K\u{e4}uz"),
            ("cafe\u{301}", "caf\u{e9}"),
            ("e\u{323}\u{302}", "\u{1ec7}"),
            ("\u{438}\u{306}", "\u{439}"),
            ("\u{304b}\u{3099}", "\u{304c}"),
            ("\u{30cf}\u{309a}", "\u{30d1}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
        ] {
            assert_eq!(composed(apart), joined);
            assert!(matches!(composed(joined), Cow::Borrowed(same) if same == joined));
        }
        // No character is both of these.
        assert_eq!(composed("q\u{308}"), "q\u{308}");
        assert_eq!(composed("\u{308}a"), "\u{308}a");
        assert!(matches!(composed("plain"), Cow::Borrowed("plain")));
    }
}
