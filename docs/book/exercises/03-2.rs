//! Requests in pieces.
//!
//! `parse` is given all bytes that have arrived and are not executed. It answers the first request in
//! them, and how many bytes that took; `Ok(None)` if it isn't complete; an error if it can't become one.
//! It borrows the arguments and copies nothing.
//!
//! Only what the tests name has to be right: arrays of bulk strings, as in `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`.

#[derive(Debug, PartialEq)]
pub enum ProtocolError {
    /// The line that should say how many arguments there are doesn't begin with `*` and a number.
    InvalidCount,
    /// The line in front of an argument doesn't begin with `$`.
    ExpectedDollar,
    /// There is no length behind the `$`, or it is negative.
    InvalidLength,
}

/// The arguments of a request, and how many bytes it took.
pub type Request<'a> = (Vec<&'a [u8]>, usize);

pub fn parse(bytes: &[u8]) -> Result<Option<Request<'_>>, ProtocolError> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

    #[test]
    fn a_whole_request() {
        let (args, taken) = parse(GET).unwrap().unwrap();
        assert_eq!((&args[..], taken), (&[&b"GET"[..], b"k"][..], GET.len()));
        let first = args[1].as_ptr();
        assert!(GET.as_ptr_range().contains(&first), "it is borrowed, not copied");
    }

    #[test]
    fn what_follows_is_left() {
        let two = [GET, b"*1\r\n$4\r\nPI"].concat();
        let (_, taken) = parse(&two).unwrap().unwrap();
        assert_eq!(taken, GET.len());
        assert_eq!(parse(&two[taken..]), Ok(None));
    }

    #[test]
    fn a_request_that_is_cut_anywhere_is_incomplete() {
        for end in 0..GET.len() {
            assert_eq!(parse(&GET[..end]), Ok(None), "{end} bytes");
        }
        assert!(parse(GET).unwrap().is_some());
    }

    #[test]
    fn arguments_may_be_anything() {
        let request = b"*2\r\n$0\r\n\r\n$6\r\n$1\r\n*\xff\r\n";
        let (args, taken) = parse(request).unwrap().unwrap();
        assert_eq!((&args[..], taken), (&[&b""[..], b"$1\r\n*\xff"][..], request.len()));
    }

    #[test]
    fn nonsense_is_told() {
        for (bytes, error) in [
            (&b"*x\r\n"[..], ProtocolError::InvalidCount),
            (b"hello\r\n", ProtocolError::InvalidCount),
            (b"*1\r\n:5\r\n", ProtocolError::ExpectedDollar),
            (b"*1\r\n$x\r\n", ProtocolError::InvalidLength),
            (b"*1\r\n$-5\r\n", ProtocolError::InvalidLength),
        ] {
            assert_eq!(parse(bytes), Err(error));
        }
    }
}
