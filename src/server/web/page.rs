//! The page: its files, which are part of the program. No build makes them; a browser reads them as they lie in `page/`.

use super::http::Answer;

/// Path, type, and text of each.
const FILES: [(&str, &str, &str); 12] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/app.css", CSS, include_str!("page/app.css")),
    ("/app.js", SCRIPT, include_str!("page/app.js")),
    ("/charts.js", SCRIPT, include_str!("page/charts.js")),
    ("/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/facts.js", SCRIPT, include_str!("page/facts.js")),
    ("/journey.js", SCRIPT, include_str!("page/journey.js")),
    ("/keyspace.js", SCRIPT, include_str!("page/keyspace.js")),
    ("/panels.js", SCRIPT, include_str!("page/panels.js")),
    ("/plan.js", SCRIPT, include_str!("page/plan.js")),
    ("/prompt.js", SCRIPT, include_str!("page/prompt.js")),
    ("/theme.js", SCRIPT, include_str!("page/theme.js")),
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The file at this path, if there is one.
pub fn find(path: &str) -> Option<Answer> {
    let (_, kind, text) = FILES.iter().find(|(known, ..)| *known == path)?;
    Some(Answer::ok(kind, *text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What its files load is served, and all that is served is loaded by one of them.
    #[test]
    fn the_page_loads_its_own_files_and_no_others() {
        let mut loaded = vec!["/".to_owned()];
        for (path, _, text) in FILES {
            let words = text.split(['"', '\'', '(', ')']);
            loaded.extend(words.filter_map(|word| {
                let name = word.strip_prefix("./").or_else(|| word.strip_prefix('/'))?;
                let is_file = name.ends_with(".js") || name.ends_with(".css");
                is_file.then(|| format!("/{name}"))
            }));
            let elsewhere = text.replace("http://www.w3.org/", "");
            assert!(!elsewhere.contains("://"), "{path} names another host");
            assert!(!text.contains(".innerHTML"), "{path} could read data as HTML");
        }
        loaded.sort();
        loaded.dedup();
        assert_eq!(loaded, FILES.map(|(path, ..)| path));
    }

    /// Small and fast: the whole page, uncompressed.
    #[test]
    fn the_page_is_small() {
        let bytes: usize = FILES.iter().map(|(_, _, text)| text.len()).sum();
        assert!(bytes < 64 * 1024, "{bytes}");
    }
}
