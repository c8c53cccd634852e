//! Requests as handlers see them: [`Args`] borrows from the input buffer, [`Request`] owns its text.
//!
//! ```text
//! bytes   *2\r\n$3\r\nGET\r\n$1\r\nk\r\n
//! spans               '-'          '         two offsets each; an argument is a slice of `bytes`
//! ```
//!
//! Both have the same form, one text and offsets into it, so that a request that was kept is executed
//! like one that has just arrived.

use std::ops::Index;

/// Where an argument lies in the buffer, which may be larger than 4 GB where the limits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }
}

/// The arguments of one request, the command's name first, borrowed from the buffer.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// How many arguments, the name included.
    #[allow(clippy::len_without_is_empty)] // a request has at least its name
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Argument `index`, with the lifetime of the buffer rather than of `self`.
    pub fn at(&self, index: usize) -> &'a [u8] {
        let span = self.spans[index];
        &self.bytes[span.start..span.end]
    }

    /// Argument `index`, if there is one.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        (index < self.len()).then(|| self.at(index))
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator + use<'a> {
        let Args { bytes, spans } = *self;
        spans.iter().map(move |span| &bytes[span.start..span.end])
    }

    /// From the first byte of the first to the last byte of the last: no argument has more, nor have all
    /// of them together.
    pub fn extent(&self) -> usize {
        match self.spans {
            [first, .., last] => last.end - first.start,
            [only] => only.end - only.start,
            [] => 0,
        }
    }

    /// The arguments from `index` on.
    pub fn from(&self, index: usize) -> Args<'a> {
        Args { bytes: self.bytes, spans: &self.spans[index.min(self.spans.len())..] }
    }

    /// The first `count` arguments.
    pub fn first(&self, count: usize) -> Args<'a> {
        Args { bytes: self.bytes, spans: &self.spans[..count] }
    }
}

impl Index<usize> for Args<'_> {
    type Output = [u8];
    fn index(&self, index: usize) -> &[u8] {
        self.at(index)
    }
}

/// A request that outlives the buffer it came in: queued by MULTI, waiting in BLPOP, replayed.
#[derive(Clone, Debug, Default)]
pub struct Request {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Request {
    /// Copies the arguments.
    pub fn new<'a>(args: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut request = Request::default();
        args.into_iter().for_each(|arg| request.push(arg));
        request
    }

    /// Adds an argument.
    pub fn push(&mut self, arg: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(arg);
        self.spans.push(Span::new(start, self.bytes.len()));
    }

    /// Takes all arguments out and keeps the memory for others.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// The arguments.
    pub fn args(&self) -> Args<'_> {
        Args { bytes: &self.bytes, spans: &self.spans }
    }

    /// Bytes held, for `CLIENT LIST` and memory limits.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }
}

impl<'a> From<Args<'a>> for Request {
    fn from(args: Args<'a>) -> Self {
        Request::new(args.iter())
    }
}

/// Complete requests that wait to be executed.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) spans: &'a [Span],
    pub(super) ends: &'a [usize],
    /// The bytes as they came, and where in them each request ends.
    pub(super) raw: &'a [u8],
    pub(super) raw_ends: &'a [usize],
    /// Where what has been looked at ends.
    pub(super) complete: usize,
    pub(super) is_inline: bool,
}

impl<'a> Batch<'a> {
    /// Whether it is an inline request.
    pub fn is_inline(&self) -> bool {
        self.is_inline
    }

    /// The bytes of request number `index` as they came, with what stood before it and asked for
    /// nothing.
    pub fn raw(&self, index: usize) -> &'a [u8] {
        let start = if index == 0 { 0 } else { self.raw_ends[index - 1] };
        &self.raw[start..self.raw_ends[index]]
    }

    /// The bytes behind the last request that ask for nothing: empty lines.
    pub fn rest(&self) -> &'a [u8] {
        &self.raw[self.raw_ends.last().copied().unwrap_or(0)..self.complete]
    }

    /// How many requests.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none: more bytes have to arrive.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Request number `index`.
    pub fn request(&self, index: usize) -> Args<'a> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Args { bytes: self.bytes, spans: &self.spans[start..self.ends[index]] }
    }
}

/// Whether the argument is this word, in any case.
pub fn is(text: &[u8], word: &str) -> bool {
    text.eq_ignore_ascii_case(word.as_bytes())
}
