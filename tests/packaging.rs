//! What is written for packages keeps what the README promises of them, and agrees with itself.
//!
//! Building packages, and an image all the more, needs tools that neither a test nor most machines have.
//! Much of what goes wrong with them shows in the text already: a user that is root after all, an entry
//! point through a shell that swallows SIGTERM, a file that is not there to be copied, a version that
//! was left behind. What this leaves out on purpose is whether they build, install and run:
//! `make packages-test` does that.

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
    // Nothing runs in the image, which has no shell: it is copied as a whole.
    assert!(image().iter().all(|(name, _)| name != "RUN"));
    assert_eq!(only("COPY"), "--from=build /image /");
    let steps = dockerfile().into_iter().map(|(_, arguments)| arguments).collect::<String>();
    for step in ["'cacheflow:x:999:999:", "'cacheflow:x:999:'", "install -d -o 999 -g 999 data"] {
        assert!(steps.contains(step), "{step}");
    }
}

#[test]
fn the_image_listens_and_tells_its_health() {
    assert_eq!(only("EXPOSE"), "5001");
    assert_eq!(only("ENV"), "CACHEFLOW_PROTECTED_MODE=no");
    assert!(only("HEALTHCHECK").ends_with(r#"CMD ["cacheflow", "healthcheck"]"#));
}

#[test]
fn the_image_starts_from_nothing_and_its_build_from_a_pinned_image() {
    let from: Vec<_> = dockerfile().into_iter().filter(|(name, _)| name == "FROM").collect();
    assert_eq!(from.len(), 2);
    assert!(from[0].1.contains("/rust:1.") && from[0].1.ends_with("-slim-bookworm AS build"));
    assert_eq!(from[1].1, "scratch");
}

#[test]
fn the_image_builds_for_any_processor() {
    for (name, arguments) in dockerfile() {
        for processor in ["x86", "amd64", "aarch64", "arm64", "--platform"] {
            assert!(!arguments.contains(processor), "{name} {arguments}");
        }
    }
}

#[test]
fn the_image_says_what_it_is_and_what_it_is_made_of() {
    let labels = only("LABEL");
    let version = env!("CARGO_PKG_VERSION");
    assert!(labels.contains(&format!("org.opencontainers.image.version=\"{version}\"")));
    let list = labels.split("io.cacheflow.sbom=\"").nth(1).unwrap().split('"').next().unwrap();
    let makes_it = |(name, arguments): &(String, String)| {
        name == "RUN" && arguments.contains(&format!("> {}", list.trim_start_matches('/')))
    };
    assert!(dockerfile().iter().any(makes_it), "{list}");
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
    assert_eq!(copied, 6);
}

/// The lines of a unit as (name, value), without its comments and sections.
fn unit() -> Vec<(String, String)> {
    let text = read("packaging/debian/service");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let settings = lines.filter_map(|line| line.split_once('='));
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn the_service_may_write_where_its_configuration_says_that_it_writes() {
    let unit = unit();
    let value = |name: &str| &unit.iter().find(|(each, _)| each == name).expect(name).1;
    assert_eq!(value("ProtectSystem"), "strict");
    let writable: Vec<&str> = value("ReadWritePaths").split(' ').collect();
    let (program, file) = value("ExecStart").split_once(' ').unwrap();
    assert_eq!(program, "/usr/bin/cacheflow");
    let mut written = vec![Path::new(file).parent().unwrap().to_owned()];
    for line in read("packaging/debian/cacheflow.conf").lines() {
        match line.split_once(' ') {
            Some(("dir", path)) => written.push(path.into()),
            Some(("logfile", path)) => written.push(Path::new(path).parent().unwrap().to_owned()),
            _ => {}
        }
    }
    assert_eq!(written.len(), 3);
    let created = read("packaging/debian/postinst");
    for path in written {
        let path = path.to_str().unwrap();
        assert!(writable.contains(&format!("-{path}").as_str()), "{path} in the unit");
        assert!(created.contains(&format!(" {path}\n")), "{path} has the right owner");
    }
    let user = value("User");
    assert!(created.contains("adduser --system --group") && user == "cacheflow");
}

/// A service that waits for word, and a server that isn't told to give it, never start.
#[test]
fn the_service_waits_for_word_that_its_server_gives() {
    assert!(unit().contains(&("Type".to_owned(), "notify".to_owned())));
    let settings = read("packaging/debian/cacheflow.conf");
    assert!(settings.lines().any(|line| line == "supervised auto"));
}

#[test]
fn packages_have_the_version_of_the_crate() {
    let changelog = read("packaging/debian/changelog");
    let version = env!("CARGO_PKG_VERSION");
    assert!(changelog.starts_with(&format!("cacheflow ({version}-")), "{changelog}");
    assert!(read("packaging/python/pyproject.toml").contains("dynamic = [\"version\"]"));
}

#[test]
fn what_the_debian_package_carries_is_in_the_tree_or_made_for_it() {
    let manifest = read("Cargo.toml");
    let (_, assets) = manifest.split_once("\nassets = [\n").unwrap();
    let (assets, _) = assets.split_once("\n]").unwrap();
    let makefile = read("Makefile");
    for asset in assets.lines() {
        let source = asset.split('"').nth(1).expect(asset);
        let made = source.strip_prefix("target/package/").is_some_and(|name| {
            makefile.contains(&format!("> $(PACKAGE)/{name}")) // by the target that makes them
        });
        let built = source == "target/release/cacheflow";
        let exists = || Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists();
        assert!(built || made || exists(), "{source}");
    }
}
