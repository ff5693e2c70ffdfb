//! Escaping by context. Whatever text comes in, one line comes out that only shows where it is put: first all that could
//! steer a terminal or a log is made visible, then what has a meaning in the context is escaped, by allow-lists.

use super::write::single_line;

/// Text of XML, as content or between quotes of an attribute.
pub(super) fn xml(text: &str, limit: usize) -> String {
    let line = single_line(text, limit);
    line.chars()
        .fold(String::with_capacity(line.len()), |mut out, c| {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&apos;"),
                // These are no characters of XML.
                '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
                _ => out.push(c),
            }
            out
        })
}

/// Markdown that shows the text as code, in a cell of a table too: nothing in it is a tag, a link, a mention or the end
/// of the cell.
pub(super) fn markdown_code(text: &str, limit: usize) -> String {
    let line = single_line(text, limit);
    let plain = |c: char| !matches!(c, '`' | '|' | '\\' | '<' | '>' | '&');
    if !line.trim().is_empty() && line.chars().all(plain) {
        format!("`{line}`")
    } else {
        html_code(text, limit)
    }
}

/// The same as HTML, for places where Markdown is not read.
pub(super) fn html_code(text: &str, limit: usize) -> String {
    let shown = single_line(text, limit)
        .chars()
        .fold(String::new(), |mut out, c| {
            match c {
                c if c.is_ascii_alphanumeric() || c == ' ' => out.push(c),
                c if c.is_ascii() => out.push_str(&format!("&#{};", u32::from(c))),
                c => out.push(c),
            }
            out
        });
    format!("<code>{shown}</code>")
}

/// Markdown that shows a sentence; what stands between backticks is shown as code.
pub(super) fn markdown_text(text: &str, limit: usize) -> String {
    let line = single_line(text, limit);
    let mut parts = line.split('`');
    let mut out = words(parts.next().unwrap_or_default());
    while let Some(inside) = parts.next() {
        match parts.next() {
            Some(after) => {
                out.push_str(&markdown_code(inside, limit));
                out.push_str(&words(after));
            }
            // A backtick without another is text.
            None => out.push_str(&words(&format!("`{inside}"))),
        }
    }
    out
}

/// Words in which no character has a meaning to Markdown, and none begins a mention or a reference.
fn words(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            match c {
                // An address is found by its beginning.
                '.' if out.to_ascii_lowercase().ends_with("www") => out.push_str("&#46;"),
                c if !c.is_ascii() || c.is_ascii_alphanumeric() || " ,;()./-'\"=+?%".contains(c) => {
                    out.push(c)
                }
                // Hosts look for these in what is shown; a space of no width keeps them from finding any.
                '@' | '#' => out.push_str(&format!("&#{};&#8203;", u32::from(c))),
                c => out.push_str(&format!("&#{};", u32::from(c))),
            }
            out
        })
}

/// A label of a Mermaid diagram, to be put between double quotes. Directives and tags are found anywhere in a diagram,
/// so all that is not on the list becomes an entity.
pub(super) fn mermaid_label(text: &str, limit: usize) -> String {
    let line = single_line(text, limit);
    line.chars()
        .fold(String::with_capacity(line.len()), |mut out, c| {
            match c {
                c if c.is_ascii_alphanumeric() || " -_./:*,".contains(c) => out.push(c),
                c => out.push_str(&format!("#{};", u32::from(c))),
            }
            out
        })
}

/// The message of a GitHub workflow command.
pub(super) fn command_data(text: &str, limit: usize) -> String {
    single_line(text, limit).replace('%', "%25")
}

/// The value of a property of a GitHub workflow command.
pub(super) fn command_property(text: &str, limit: usize) -> String {
    command_data(text, limit).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_context_has_its_escapes() {
        type Escape = fn(&str, usize) -> String;
        let rows: [(Escape, &str, &str); 17] = [
            (xml, "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;"),
            (xml, "]]>\u{0}\n\u{ffff}", "]]&gt;\\u{0}\\u{a}\u{fffd}"),
            (
                markdown_code,
                "aws_s3_bucket.b[\"x\"]",
                "`aws_s3_bucket.b[\"x\"]`",
            ),
            (markdown_code, "a|b", "<code>a&#124;b</code>"),
            (markdown_code, "a`b", "<code>a&#96;b</code>"),
            (
                markdown_code,
                "<img src=x>",
                "<code>&#60;img src&#61;x&#62;</code>",
            ),
            (markdown_code, "a\nb", "<code>a&#92;u&#123;a&#125;b</code>"),
            (markdown_code, "", "<code></code>"),
            (html_code, "a.b", "<code>a&#46;b</code>"),
            (markdown_text, "can `s3:*` on x.y", "can `s3:*` on x.y"),
            (markdown_text, "Www.x http://y", "Www&#46;x http&#58;//y"),
            (markdown_text, "a `b", "a &#96;b"),
            (
                markdown_text,
                "@me [x](http://y) #1 <b>",
                "&#64;&#8203;me &#91;x&#93;(http&#58;//y) &#35;&#8203;1 &#60;b&#62;",
            ),
            (
                mermaid_label,
                "a\"] --> x%%{init}",
                "a#34;#93; --#62; x#37;#37;#123;init#125;",
            ),
            (mermaid_label, "arn:aws:s3:::b/*", "arn:aws:s3:::b/*"),
            (command_data, "50%\r\n::x", "50%25\\u{d}\\u{a}::x"),
            (command_property, "a,b:c%", "a%2Cb%3Ac%25"),
        ];
        for (escape, text, expected) in rows {
            assert_eq!(escape(text, 200), expected, "{text}");
        }
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(xml("abcdef", 3), "abc…");
        assert_eq!(markdown_code("abcdef", 3), "`abc…`");
        assert_eq!(markdown_text("abcdef", 3), "abc…");
    }
}
