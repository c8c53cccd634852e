//! The Dockerfile keeps what the README promises of the image.
//!
//! Building an image needs an engine, which neither a test nor most machines have. Much of what
//! goes wrong with images shows in the text already: a user that is root after all, an entry point
//! through a shell that swallows SIGTERM, a file that is not there to be copied. What this leaves
//! out on purpose: whether the image builds.

use std::fs;
use std::path::Path;

/// The instructions as (name, arguments), continued lines joined and comments gone.
fn dockerfile() -> Vec<(String, String)> {
    read("Dockerfile")
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
        .replace("\\\n", " ")
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, arguments)| (name.to_owned(), arguments.trim().to_owned()))
        .collect()
}

/// The instructions of the last stage: what the image is, rather than how it came to be.
fn image() -> Vec<(String, String)> {
    let all = dockerfile();
    let last = all.iter().rposition(|(name, _)| name == "FROM").expect("a FROM");
    all[last..].to_vec()
}

/// The arguments of the only instruction of this name in the image.
fn only(name: &str) -> String {
    let image = image();
    let found: Vec<_> = image.iter().filter(|(each, _)| each == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].1.clone()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

#[test]
fn arguments_after_the_image_reach_the_server() {
    assert_eq!(only("ENTRYPOINT"), r#"["cacheflow"]"#);
    assert!(image().iter().all(|(name, _)| name != "CMD"), "a CMD would be lost with arguments");
    assert!(image().iter().all(|(name, _)| name != "STOPSIGNAL"), "SIGTERM is what is handled");
}

#[test]
fn the_server_is_user_999_and_owns_its_volume() {
    assert_eq!(only("USER"), "999:999");
    assert_eq!(only("VOLUME"), "/data");
    assert_eq!(only("WORKDIR"), "/data");
    let setup = only("RUN");
    for step in ["--gid 999 cacheflow", "--uid 999 --gid 999", "chown 999:999 /data"] {
        assert!(setup.contains(step), "{step}");
    }
    // What is written into a volume's directory after VOLUME is discarded.
    let position = |wanted: &str| image().iter().position(|(name, _)| name == wanted);
    assert!(position("RUN") < position("VOLUME"));
}

#[test]
fn the_image_listens_and_tells_its_health() {
    assert_eq!(only("EXPOSE"), "5001");
    assert_eq!(only("ENV"), "CACHEFLOW_PROTECTED_MODE=no");
    assert!(only("HEALTHCHECK").ends_with(r#"CMD ["cacheflow", "healthcheck"]"#));
}

#[test]
fn both_stages_start_from_pinned_images() {
    let from: Vec<_> = dockerfile().into_iter().filter(|(name, _)| name == "FROM").collect();
    assert_eq!(from.len(), 2);
    assert!(from[0].1.contains("/rust:1.") && from[0].1.ends_with("-slim-bookworm AS build"));
    assert!(from[1].1.ends_with("/debian:bookworm-slim"));
    assert!(from.iter().all(|(_, image)| !image.contains("latest")));
}

#[test]
fn old_builders_understand_every_instruction() {
    for (name, arguments) in dockerfile() {
        for modern in ["<<", "--link", "--mount", "--parents", "--chmod"] {
            assert!(!arguments.contains(modern), "{name} {arguments}");
        }
    }
    assert!(!read("Dockerfile").starts_with("# syntax"));
}

#[test]
fn what_is_copied_exists_and_is_not_ignored() {
    let kept = read(".dockerignore");
    let mut copied = 0;
    for (name, arguments) in dockerfile() {
        if name != "COPY" || arguments.starts_with("--from=") {
            continue;
        }
        let words: Vec<&str> = arguments.split_whitespace().collect();
        for source in &words[..words.len() - 1] {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(), "{source}");
            assert!(kept.lines().any(|line| line == format!("!{source}")), "{source} is ignored");
            copied += 1;
        }
    }
    assert_eq!(copied, 3);
}
