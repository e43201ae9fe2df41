//! Reading NDJSON in chunks of whole lines: split on one thread, read on several, handed over in order.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use memchr::{memchr, memchr_iter, memrchr};

use super::line::{What, quick};

/// Size of a chunk in bytes: about 5,000 lines.
const CHUNK: usize = 1 << 20;

/// Chunks that may wait for each reading thread, and as many behind it.
const AHEAD: usize = 2;

/// Longest line in bytes; a backlog of 1,000 fixes with every field filled is a sixtieth of it.
const LONGEST_LINE: usize = 16 << 20;

/// Whole lines, read as far as can be done without knowing what came before.
pub(super) struct Chunk {
    text: Vec<u8>,
    first_line: u64,
    lines: Vec<(u64, What)>,
}

impl Chunk {
    /// Reads the lines.
    fn parse(mut self) -> Self {
        let mut start = 0;
        for (n, end) in memchr_iter(b'\n', &self.text).chain([self.text.len()]).enumerate() {
            let line = self.text[start..end].trim_ascii();
            if !line.is_empty() {
                let what = quick(line).unwrap_or(What::Other(start..end));
                self.lines.push((self.first_line + n as u64, what));
            }
            start = end + 1;
        }
        self
    }

    /// The lines that are not blank, with their numbers from 1.
    pub(super) fn lines(&self) -> &[(u64, What)] {
        &self.lines
    }

    /// The text of a line that is to be read with care.
    pub(super) fn text(&self, place: &Range<usize>) -> &[u8] {
        self.text.get(place.clone()).unwrap_or_default().trim_ascii()
    }
}

/// Reads all input; `each` gets the chunks in order.
///
/// # Errors
/// When reading fails, a line is longer than 16 MiB, or `each` fails.
pub(super) fn read(input: impl Read + Send, mut each: impl FnMut(Chunk) -> io::Result<()>) -> io::Result<()> {
    let threads = thread::available_parallelism().map_or(2, usize::from).min(8);
    thread::scope(|scope| {
        let (mut raw, mut parsed) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (to_thread, from_splitter) = sync_channel(AHEAD);
            let (to_consumer, from_thread) = sync_channel(AHEAD);
            scope.spawn(move || parse_all(&from_splitter, &to_consumer));
            raw.push(to_thread);
            parsed.push(from_thread);
        }
        let splitter = scope.spawn(move || split(input, &raw));
        for turn in (0..threads).cycle() {
            match parsed[turn].recv() {
                Ok(chunk) => each(chunk)?,
                Err(_) => break,
            }
        }
        splitter.join().unwrap_or_else(|_| Err(io::Error::other("the reading thread failed")))
    })
}

fn parse_all(from: &Receiver<Chunk>, to: &SyncSender<Chunk>) {
    for chunk in from {
        if to.send(chunk.parse()).is_err() {
            return; // The consumer has had enough.
        }
    }
}

/// Cuts the input at line ends and deals the chunks out in turn.
fn split(mut input: impl Read, to: &[SyncSender<Chunk>]) -> io::Result<()> {
    let (mut rest, mut first_line) = (Vec::new(), 1_u64);
    for turn in (0..to.len()).cycle() {
        let mut text = rest;
        let ended = fill(&mut input, &mut text)?;
        let cut = if ended { text.len() } else { memrchr(b'\n', &text).map_or(0, |at| at + 1) };
        rest = text.split_off(cut);
        let lines = memchr_iter(b'\n', &text).count() as u64;
        let chunk = Chunk { text, first_line, lines: Vec::new() };
        first_line += lines;
        if to[turn].send(chunk).is_err() || ended {
            break;
        }
    }
    Ok(())
}

/// Reads until the text has a chunk's size and a line end; `true` at the end of the input.
fn fill(input: &mut impl Read, text: &mut Vec<u8>) -> io::Result<bool> {
    let mut wanted = CHUNK;
    loop {
        let before = text.len();
        let missing = wanted.saturating_sub(before) as u64;
        input.by_ref().take(missing).read_to_end(text)?;
        if text.len() < wanted {
            return Ok(true);
        }
        if memchr(b'\n', text).is_some() {
            return Ok(false);
        }
        if text.len() >= LONGEST_LINE {
            return Err(io::Error::new(ErrorKind::InvalidData, "a line is longer than 16 MiB"));
        }
        wanted += CHUNK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        read(text.as_bytes(), |chunk| {
            for (number, what) in chunk.lines() {
                let What::Other(place) = what else { panic!("no fix here") };
                found.push((*number, String::from_utf8(chunk.text(place).to_vec()).unwrap()));
            }
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn lines_keep_their_numbers_over_chunks_and_blank_lines() {
        let line = |n: u64| format!("{n} {}", "x".repeat(300));
        let text: String = (1..=20_000)
            .map(|n| if n % 7 == 0 { "\r\n".to_owned() } else { format!("{}\r\n", line(n)) })
            .collect();
        let expected: Vec<_> = (1..=20_000).filter(|n| n % 7 != 0).map(|n| (n, line(n))).collect();
        assert_eq!(numbers(&text), expected);
    }

    #[test]
    fn a_last_line_without_an_end_counts_and_nothing_is_nothing() {
        assert_eq!(numbers("a\n\nb"), [(1, "a".to_owned()), (3, "b".to_owned())]);
        assert_eq!(numbers(""), []);
    }

    #[test]
    fn a_line_of_several_chunks_is_one_line() {
        let long = "y".repeat(3 * CHUNK + 5);
        assert_eq!(numbers(&format!("a\n{long}\nb\n")), [(1, "a".into()), (2, long), (3, "b".into())]);
    }

    #[test]
    fn an_endless_line_and_a_failing_consumer_end_it() {
        let endless = io::repeat(b'z');
        assert_eq!(read(endless, |_| Ok(())).unwrap_err().kind(), ErrorKind::InvalidData);
        let lines = io::repeat(b'\n').take(100 << 20);
        assert_eq!(
            read(lines, |_| Err(ErrorKind::BrokenPipe.into())).unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    }
}
