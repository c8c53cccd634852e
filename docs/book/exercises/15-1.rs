//! Where to cut.
//!
//! A crash may have cut an append-only file anywhere. Write `complete`: how many of its bytes are complete
//! units. A unit is a request, `*<count>\r\n` and then `$<length>\r\n<bytes>\r\n` so many times, or everything
//! from a request `MULTI` to the request `EXEC` behind it. What isn't a request (a letter where a `*` should
//! be, say) is damage: an error, with the offset at which the request begins that has it. Names of commands
//! may be in small letters.

pub fn complete(file: &[u8]) -> Result<usize, usize> {
    Ok(file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &str) -> Vec<u8> {
        let words: Vec<&str> = words.split(' ').collect();
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
        }
        bytes
    }

    /// A file, and where its units end.
    fn file() -> (Vec<u8>, Vec<usize>) {
        let units = ["SET a 1", "MULTI|SET b 2|DEL MULTI|EXEC", "SET c EXEC", "multi|DEL a|exec"];
        let (mut file, mut ends) = (Vec::new(), vec![0]);
        for unit in units {
            unit.split('|').for_each(|words| file.extend(request(words)));
            ends.push(file.len());
        }
        (file, ends)
    }

    #[test]
    fn cut_anywhere() {
        let (file, ends) = file();
        for len in 0..=file.len() {
            let expected = ends.iter().rfind(|end| **end <= len).copied().unwrap();
            assert_eq!(complete(&file[..len]), Ok(expected), "{len} bytes");
        }
    }

    #[test]
    fn bytes_of_any_kind() {
        let file = b"*2\r\n$4\r\n\r\n$1\r\n$0\r\n\r\n";
        assert_eq!(complete(file), Ok(file.len()));
        assert_eq!(complete(&file[..file.len() - 1]), Ok(0));
    }

    #[test]
    fn damage_is_not_cut_off() {
        let good = request("SET a 1");
        for damaged in ["x", "*x\r\n", "*1\r\nx", "*1\r\n$x\r\n", "*1\r\n$1\r\nabc", "*0\r\n"] {
            let file = [&good[..], damaged.as_bytes()].concat();
            assert_eq!(complete(&file), Err(good.len()), "{damaged}");
        }
    }
}
