//! Lines of limited length.

/// Longest line of a bulletin, characters: the 69 of teleprinter lines, which WMO's manual on the Global Telecommunication System
/// (WMO-No. 386, part II) keeps for text bulletins.
pub(crate) const LINE_MAX: usize = 69;

/// The text in lines: `first` before the first, `rest` before the others. Words that are longer than a line are cut.
pub(crate) fn wrap(out: &mut String, text: &str, first: &str, rest: &str) {
    let mut begin = first;
    for paragraph in text.lines() {
        let mut line = begin.to_owned();
        let mut length = line.chars().count();
        let indent = rest.chars().count();
        let mut bare = true;
        for word in paragraph.split_whitespace() {
            let mut word = word;
            let space = usize::from(!bare);
            if !bare && length + space + word.chars().count() > LINE_MAX {
                end(out, &line);
                rest.clone_into(&mut line);
                length = indent;
                bare = true;
            }
            if !bare {
                line.push(' ');
                length += 1;
            }
            // Scripts without spaces, and names without end.
            while length + word.chars().count() > LINE_MAX {
                let room = LINE_MAX.saturating_sub(length).max(1);
                let at = word
                    .char_indices()
                    .nth(room)
                    .map_or(word.len(), |(at, _)| at);
                let (now, later) = word.split_at(at);
                line.push_str(now);
                end(out, &line);
                rest.clone_into(&mut line);
                length = indent;
                word = later;
            }
            line.push_str(word);
            length += word.chars().count();
            bare = false;
        }
        if !bare {
            end(out, &line);
        }
        begin = rest;
    }
}

fn end(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// At most that many characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
