//! Rust text taken apart just far enough for the house rules: what is code, what is test, where functions end.

/// A file of the workspace.
pub(crate) struct Source {
    /// Path below the workspace's root, with `/`.
    pub(crate) path: String,
    /// As it stands.
    pub(crate) text: String,
    /// The same length and lines, with comments, strings and characters blanked.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: code_only(text) }
    }

    /// `code` without the bodies of modules and items for tests.
    pub(crate) fn shipped(&self) -> String {
        let mut code = self.code.clone();
        let mut from = 0;
        while let Some(at) = code[from..].find("#[cfg(test)]").map(|at| from + at) {
            let end = item_end(&code, at + "#[cfg(test)]".len());
            blank(&mut code, at, end);
            from = end;
        }
        code
    }

    /// Modules declared as `#[cfg(test)] mod name;`: their files are tests.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (at, attribute) in self.code.match_indices("#[cfg(test)]") {
            let rest = self.code[at + attribute.len()..].trim_start();
            let rest = rest.strip_prefix("pub(crate) ").or(rest.strip_prefix("pub(super) ")).unwrap_or(rest);
            if let Some(name) = rest.strip_prefix("mod ").and_then(|rest| rest.split_once(';'))
                && is_word(name.0)
            {
                found.push(name.0.to_owned());
            }
        }
        found
    }
}

/// Every function as name, first and last line (from 1).
pub(crate) fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for at in words(code, "fn") {
        let rest = &code[at + 2..];
        let name: String = rest.trim_start().chars().take_while(|c| is_word_char(*c)).collect();
        // A type such as `fn(u8)` has no name, a signature in a trait no body.
        let Some(open) = rest.find(['{', ';']).filter(|open| rest.as_bytes()[*open] == b'{') else {
            continue;
        };
        if !name.is_empty() {
            let end = closing(code, at + 2 + open);
            found.push((name, line_of(code, at), line_of(code, end)));
        }
    }
    found
}

/// First words of paths that begin with `root::`, also of `root::{a::b, c}`, with their lines.
pub(crate) fn imports(code: &str, root: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in words(code, root) {
        let Some(rest) = code[at + root.len()..].strip_prefix("::") else { continue };
        let line = line_of(code, at);
        if rest.starts_with('{') {
            let end = closing(rest, 0);
            found.extend(first_words(&rest[1..end]).into_iter().map(|word| (word, line)));
        } else {
            found.push((rest.chars().take_while(|c| is_word_char(*c)).collect(), line));
        }
    }
    found
}

/// The first words of the parts between commas, not counting those within further braces.
fn first_words(group: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ if depth == 0 => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    let word = |part: &String| part.trim().chars().take_while(|c| is_word_char(*c)).collect::<String>();
    parts.iter().map(word).filter(|word| !word.is_empty()).collect()
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word_char)
}

/// Where a word begins that is not part of a longer one, nor the name of a field or method.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        before.is_none_or(|c| !is_word_char(c) && c != '.') && after.is_none_or(|c| !is_word_char(c))
    })
}

/// The line of a place, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where the brace that opens at `open` is closed; the end of the text if nowhere.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Where the item ends whose attribute ends at `from`: at its `;` or its closing brace.
fn item_end(code: &str, from: usize) -> usize {
    match code[from..].find(['{', ';']).map(|at| from + at) {
        Some(at) if code.as_bytes()[at] == b'{' => (closing(code, at) + 1).min(code.len()),
        Some(at) => at + 1,
        None => code.len(),
    }
}

fn blank(code: &mut String, from: usize, to: usize) {
    let blanked: String = code[from..to].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    code.replace_range(from..to, &blanked);
}

/// Blanks comments, strings and characters, byte for byte, and keeps the ends of lines.
pub(crate) fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => find(bytes, at, b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => find(bytes, at + 2, b"*/") + 2,
            b'"' => string_end(bytes, at),
            b'r' if (at == 0 || !is_word_char(bytes[at - 1] as char) || bytes[at - 1] == b'b') => {
                raw_string_end(bytes, at).unwrap_or(at + 1)
            }
            b'\'' => char_end(text, at).unwrap_or(at + 1),
            _ => at + 1,
        }
        .min(bytes.len());
        if end > at + 1 {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end;
    }
    // What is left of a text outside strings and comments may hold no half characters.
    String::from_utf8(out).expect("blanked whole characters only")
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(what.len()).position(|part| part == what).map_or(bytes.len(), |at| from + at)
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of `r"…"` or `r#"…"#`, if that is what begins here.
fn raw_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes[from + 1..].iter().take_while(|byte| **byte == b'#').count();
    (bytes.get(from + 1 + hashes) == Some(&b'"')).then(|| {
        let close: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
        find(bytes, from + 2 + hashes, &close) + close.len()
    })
}

/// The end of a character such as `'{'` or `'\''`; none where a lifetime begins.
fn char_end(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from + 1..];
    if rest.starts_with('\\') {
        let close = rest[2..].find('\'')?;
        return Some(from + 1 + 2 + close + 1);
    }
    let first = rest.chars().next()?;
    rest[first.len_utf8()..].starts_with('\'').then(|| from + 1 + first.len_utf8() + 1)
}

#[test]
fn only_code_is_left() {
    for (text, want) in [
        ("a // b {\nc", "a       \nc"),
        ("a /* { \n } */ b", "a      \n      b"),
        (r#"x("a\"{", '{')"#, r"x(      ,    )"),
        ("r#\"un\"wrap\"# + br\"{\" + 'a'", "             + b     +    "),
        ("fn f<'a>(x: &'a str) -> char { '\\'' }", "fn f<'a>(x: &'a str) -> char {      }"),
        ("for_each(\"é\")", "for_each(    )"),
    ] {
        assert_eq!(code_only(text), want, "{text}");
    }
}

#[test]
fn tests_are_not_shipped() {
    let source = Source::new(
        "src/a.rs",
        "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { x.unwrap() }\n}\n#[cfg(test)]\nmod testing;\nfn c() {}\n",
    );
    let shipped = source.shipped();
    assert_eq!(shipped.split_whitespace().collect::<Vec<_>>(), ["fn", "a()", "{}", "fn", "c()", "{}"]);
    assert_eq!(shipped.lines().count(), source.text.lines().count());
    assert_eq!(source.test_modules(), ["testing"]);
}

#[test]
fn functions_are_measured() {
    let text = "trait T { fn no(&self); }\nfn one() {}\nfn two(f: fn(u8)) {\n  if a {\n  }\n  \"}\";\n}\nlet fnord = 1;\n";
    let source = Source::new("src/a.rs", text);
    let functions = functions(&source.code);
    assert_eq!(functions, [("one".to_owned(), 2, 2), ("two".to_owned(), 3, 7)]);
}

#[test]
fn imports_are_seen_in_every_form() {
    let text = "use crate::store::Store;\nuse crate::{api, wire::{self, json}};\nlet x = crate::mqtt::y(); my_crate::z();";
    let source = Source::new("src/a.rs", text);
    let imports = imports(&source.code, "crate");
    let want = [("store", 1), ("api", 2), ("wire", 2), ("mqtt", 3)];
    assert_eq!(imports, want.map(|(word, line)| (word.to_owned(), line)));
}
