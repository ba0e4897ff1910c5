//! How messages travel. Between the client and the process that watches over a question: frames
//! of four bytes of length and that much JSON, after a version check. From the process that runs
//! target code: one answer, marked and sealed with what follows from a number that was drawn for
//! this question and that target code has never been told; everything else on that pipe is noise.
//! Code that reads the pipe itself learns the mark of an answer, and no way to seal another one.
//!
//! Reading is total: whatever the bytes are, the result is a value.

use std::fmt;
use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::request::{Ending, Reply, Request};

/// Changes whenever a message changes. Client and worker are the same binary, and yet the check
/// costs nothing and tells a confusing failure from a clear one.
pub const VERSION: u32 = 2;

/// The longest message that is read.
pub const LONGEST: usize = 16 << 20;

/// The first message of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Its [`VERSION`].
    pub version: u32,
    /// `3.11.7`.
    pub python: String,
    /// Directories that Python itself needs to read.
    pub readable: Vec<String>,
}

/// Why there is no message.
#[derive(Debug)]
pub enum ProtocolError {
    /// The other end is gone, or took too long.
    Closed(io::Error),
    /// The length is more than [`LONGEST`].
    TooLong(usize),
    /// The bytes are not the JSON that was expected.
    NotAMessage(String),
    /// The other end speaks another version.
    Version(u32),
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::Closed(problem) => write!(formatter, "the worker is gone: {problem}"),
            ProtocolError::TooLong(length) => write!(formatter, "a message of {length} bytes is too long"),
            ProtocolError::NotAMessage(problem) => write!(formatter, "not a message: {problem}"),
            ProtocolError::Version(version) => {
                write!(formatter, "the worker speaks version {version}, not {VERSION}")
            }
        }
    }
}

/// Writes one frame.
pub fn write_message(to: &mut impl Write, message: &impl Serialize) -> Result<(), ProtocolError> {
    let body =
        serde_json::to_vec(message).map_err(|problem| ProtocolError::NotAMessage(problem.to_string()))?;
    let length = u32::try_from(body.len()).map_err(|_| ProtocolError::TooLong(body.len()))?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend_from_slice(&body);
    to.write_all(&frame).and_then(|()| to.flush()).map_err(ProtocolError::Closed)
}

/// Reads one frame.
pub fn read_message<M: DeserializeOwned>(from: &mut impl Read) -> Result<M, ProtocolError> {
    let mut length = [0; 4];
    from.read_exact(&mut length).map_err(ProtocolError::Closed)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(ProtocolError::TooLong(length));
    }
    // Not allocated in advance: the length may be a lie.
    let mut body = Vec::new();
    from.take(length as u64).read_to_end(&mut body).map_err(ProtocolError::Closed)?;
    if body.len() < length {
        return Err(ProtocolError::Closed(io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_slice(&body).map_err(|problem| ProtocolError::NotAMessage(problem.to_string()))
}

/// Reads a worker's first message and checks its version.
pub fn greet(from: &mut impl Read) -> Result<Hello, ProtocolError> {
    let hello: Hello = read_message(from)?;
    if hello.version == VERSION { Ok(hello) } else { Err(ProtocolError::Version(hello.version)) }
}

/// Asks over a connection of its own. The reply is always a value.
pub fn ask(connection: &mut (impl Read + Write), request: &Request) -> Reply {
    let lost = |problem: ProtocolError| match problem {
        ProtocolError::Closed(_) => Reply::of(Ending::CouldNotStart(problem.to_string())),
        ProtocolError::TooLong(_) | ProtocolError::NotAMessage(_) | ProtocolError::Version(_) => {
            Reply::of(Ending::Nonsense(problem.to_string()))
        }
    };
    if let Err(problem) = write_message(connection, request) {
        return lost(problem);
    }
    read_message(connection).unwrap_or_else(lost)
}

/// What the mark and the seal of the one true answer follow from. It is never sent.
pub type Nonce = [u8; 32];

/// The length of a mark, and of a seal.
const SEAL: usize = 32;

/// What is before the body: the mark, the body's length, its seal.
const HEAD: usize = SEAL + 4 + SEAL;

fn mark(nonce: &Nonce) -> [u8; SEAL] {
    *blake3::keyed_hash(nonce, b"mark").as_bytes()
}

fn seal(nonce: &Nonce, body: &[u8]) -> [u8; SEAL] {
    *blake3::Hasher::new_keyed(nonce).update(b"seal").update(body).finalize().as_bytes()
}

/// The bytes of an answer: the mark, the length, the seal, the JSON.
pub fn answer_bytes(nonce: &Nonce, body: &[u8]) -> Vec<u8> {
    let mut bytes = mark(nonce).to_vec();
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&seal(nonce, body));
    bytes.extend_from_slice(body);
    bytes
}

/// Looks for the answer in a stream of bytes. The first one counts; what follows is void.
#[derive(Debug)]
pub struct AnswerScanner {
    nonce: Nonce,
    mark: [u8; SEAL],
    buffer: Vec<u8>,
    noise: u64,
    answer: Option<Vec<u8>>,
}

impl AnswerScanner {
    /// Looks for the answer that is sealed with this nonce.
    pub fn new(nonce: Nonce) -> Self {
        Self { nonce, mark: mark(&nonce), buffer: Vec::new(), noise: 0, answer: None }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.answer.is_some() {
            self.noise += bytes.len() as u64;
            return;
        }
        self.buffer.extend_from_slice(bytes);
        while let Some(at) = find(&self.buffer, &self.mark) {
            self.drop_noise(at);
            let Some(head) = self.buffer.get(SEAL..HEAD) else { return };
            let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
            if length > LONGEST {
                self.drop_noise(SEAL);
                continue;
            }
            let Some(body) = self.buffer.get(HEAD..HEAD + length) else { return };
            if seal(&self.nonce, body) != self.buffer[HEAD - SEAL..HEAD] {
                self.drop_noise(SEAL);
                continue;
            }
            self.answer = Some(body.to_vec());
            self.noise += (self.buffer.len() - HEAD - length) as u64;
            self.buffer = Vec::new();
            return;
        }
        let keep = self.buffer.len().min(SEAL - 1);
        self.drop_noise(self.buffer.len() - keep);
    }

    /// The answer, once it is whole.
    pub fn answer(&self) -> Option<&[u8]> {
        self.answer.as_deref()
    }

    /// How many bytes were no part of the answer.
    pub fn noise(&self) -> u64 {
        self.noise + if self.answer.is_some() { 0 } else { self.buffer.len() as u64 }
    }

    fn drop_noise(&mut self, count: usize) {
        self.buffer.drain(..count);
        self.noise += count as u64;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Makes captured output fit to be shown: bounded, and nothing in it that a terminal would obey.
pub fn printable(bytes: &[u8], most: usize, dropped: u64) -> String {
    let shown = &bytes[..bytes.len().min(most)];
    let mut text = String::with_capacity(shown.len());
    for character in String::from_utf8_lossy(shown).chars() {
        match character {
            '\n' | '\t' => text.push(character),
            character if character.is_control() || is_direction(character) => {
                text.extend(character.escape_unicode());
            }
            character => text.push(character),
        }
    }
    let dropped = dropped + (bytes.len() - shown.len()) as u64;
    if dropped > 0 {
        text.push_str(&format!("\n[{dropped} more bytes]"));
    }
    text
}

/// Characters that turn the direction of writing, so that a line reads as another.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::runtime_checks::request::{Limits, Module, Question, Surroundings};

    /// A connection whose other end has already said everything it will say.
    struct Pipe {
        from: Cursor<Vec<u8>>,
        to: Vec<u8>,
    }

    impl Read for Pipe {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.from.read(buffer)
        }
    }

    impl Write for Pipe {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.to.write(buffer)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn request() -> Request {
        Request {
            question: Question::Import,
            module: Module { name: "m".to_owned(), file: "/t/m.py".into(), importable: true },
            surroundings: Surroundings::default(),
            limits: Limits::default(),
            strict: false,
        }
    }

    fn asked(bytes: Vec<u8>) -> Reply {
        ask(&mut Pipe { from: Cursor::new(bytes), to: Vec::new() }, &request())
    }

    #[test]
    fn reply_arrives_as_it_was_sent() {
        let reply = Reply::of(Ending::Answered(json!({"a": 1})));
        let mut bytes = Vec::new();
        write_message(&mut bytes, &reply).unwrap();
        assert_eq!(asked(bytes), reply);
    }

    #[test]
    fn request_survives_the_journey() {
        let mut pipe = Pipe { from: Cursor::new(Vec::new()), to: Vec::new() };
        ask(&mut pipe, &request());
        assert_eq!(read_message::<Request>(&mut pipe.to.as_slice()).unwrap(), request());
    }

    #[test]
    fn other_version_is_refused() {
        let mut bytes = Vec::new();
        let hello = Hello { version: VERSION + 1, python: "3.11.7".to_owned(), readable: Vec::new() };
        write_message(&mut bytes, &hello).unwrap();
        assert!(matches!(greet(&mut bytes.as_slice()), Err(ProtocolError::Version(_))));
    }

    #[test]
    fn lies_about_length_are_values() {
        assert!(matches!(asked(vec![0xff; 8]).ending, Ending::Nonsense(_)));
        assert!(matches!(asked(vec![9, 0, 0, 0, b'{']).ending, Ending::CouldNotStart(_)));
        assert!(matches!(asked(Vec::new()).ending, Ending::CouldNotStart(_)));
    }

    #[test]
    fn only_the_first_marked_answer_counts() {
        let nonce = [7; 32];
        let mut scanner = AnswerScanner::new(nonce);
        scanner.push(b"{\"forged\": true}");
        scanner.push(&answer_bytes(&[8; 32], b"{}"));
        scanner.push(&answer_bytes(&nonce, b"true"));
        scanner.push(&answer_bytes(&nonce, b"false"));
        assert_eq!(scanner.answer(), Some(b"true".as_slice()));
    }

    #[test]
    fn answer_that_was_changed_on_its_way_is_noise() {
        let nonce = [7; 32];
        let genuine = answer_bytes(&nonce, b"false");
        let mut forged = genuine.clone();
        let end = forged.len();
        forged[end - 5..].copy_from_slice(b"true ");
        let mut scanner = AnswerScanner::new(nonce);
        scanner.push(&forged);
        assert_eq!(scanner.answer(), None);
        scanner.push(&genuine);
        assert_eq!(scanner.answer(), Some(b"false".as_slice()));
    }

    #[test]
    fn output_cannot_drive_a_terminal() {
        let check = |input: &[u8], most: usize, expected: &str| {
            assert_eq!(printable(input, most, 0), expected);
        };
        check(b"plain\n", 80, "plain\n");
        check(b"\x1b[2Jgone", 80, "\\u{1b}[2Jgone");
        check(b"\x07\r\x00", 80, "\\u{7}\\u{d}\\u{0}");
        check("\u{202e}evil\u{9b}".as_bytes(), 80, "\\u{202e}evil\\u{9b}");
        check(b"\xff\xfe", 80, "\u{fffd}\u{fffd}");
        check(b"12345", 3, "123\n[2 more bytes]");
    }

    proptest! {
        #[test]
        fn whatever_bytes_arrive_the_client_returns_a_value(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            asked(bytes.clone());
            // The same bytes under an honest length, so that the JSON reader sees them.
            let mut framed = (bytes.len() as u32).to_le_bytes().to_vec();
            framed.extend_from_slice(&bytes);
            asked(framed);
        }

        #[test]
        fn answer_is_found_in_any_noise_however_it_is_cut(
            before in prop::collection::vec(any::<u8>(), 0..300),
            body in prop::collection::vec(any::<u8>(), 0..100),
            after in prop::collection::vec(any::<u8>(), 0..300),
            cut in 1usize..40,
        ) {
            // Nothing that begins like itself: a drawn number does not either.
            let nonce: Nonce = std::array::from_fn(|index| index as u8 * 7 + 1);
            let bytes = [before, answer_bytes(&nonce, &body), after].concat();
            let mut scanner = AnswerScanner::new(nonce);
            for chunk in bytes.chunks(cut) {
                scanner.push(chunk);
            }
            prop_assert_eq!(scanner.answer(), Some(body.as_slice()));
        }

        #[test]
        fn noise_alone_is_never_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..500), cut in 1usize..40) {
            let mut scanner = AnswerScanner::new([0xa5; 32]);
            for chunk in bytes.chunks(cut) {
                scanner.push(chunk);
            }
            prop_assert_eq!(scanner.answer(), None);
            prop_assert_eq!(scanner.noise(), bytes.len() as u64);
        }
    }
}
