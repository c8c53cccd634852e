//! `proc-title-template`: what the process is called where processes are listed.
//!
//! ```text
//! {title} {listen-addr} {server-mode}     ->     /usr/bin/cacheflow 127.0.0.1:6379
//! ```

use super::Config;

/// What the names between braces stand for.
type Variable = fn(&Config, title: &str) -> String;

const VARIABLES: &[(&str, Variable)] = &[
    ("title", |_, title| title.to_owned()),
    ("listen-addr", |config, _| listen_address(config)),
    ("server-mode", |config, _| {
        let mode = if config.cluster_enabled { "[cluster]" } else { "" }; // and never a Sentinel
        mode.to_owned()
    }),
    ("port", |config, _| config.port.to_string()),
    ("tls-port", |config, _| config.tls_port.to_string()),
    ("unixsocket", |config, _| config.unixsocket.clone()),
    ("config-file", |config, _| {
        config.config_file.as_ref().map_or("-".to_owned(), |file| file.display().to_string())
    }),
];

/// The address that listening begins with, as Redis shows it.
fn listen_address(config: &Config) -> String {
    let first = config.bind.first().map_or("*", String::as_str);
    let port = if config.port == 0 { config.tls_port } else { config.port };
    format!("{}:{port}", first.trim_start_matches('-'))
}

/// The title of a process that was started as `title`.
fn of(config: &Config, title: &str) -> String {
    let expanded = expand(&config.proc_title_template, config, title).unwrap_or_default();
    expanded.trim().to_owned()
}

/// Shows the title, if this process may have one.
pub fn show(config: &Config) {
    crate::system::title::set(|program| of(config, program));
}

/// Behind every opening brace comes a known name and a closing brace.
fn expand(template: &str, config: &Config, title: &str) -> Option<String> {
    let mut parts = template.split('{');
    let mut expanded = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        let (_, variable) = VARIABLES.iter().find(|(known, _)| *known == name)?;
        expanded.push_str(&variable(config, title));
        expanded.push_str(rest);
    }
    Some(expanded)
}

/// Checks a template.
pub(super) fn check_template(template: &str) -> Result<(), String> {
    let any = Config::default();
    if template.trim().is_empty() || expand(template, &any, "").is_none() {
        return Err("template format is invalid or contains unknown variables".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_know_their_variables() {
        let mut config = Config::default();
        config.set_many(&[("port", "7000"), ("bind", "-::1 127.0.0.1")], true).unwrap();
        assert_eq!(of(&config, "x/server"), "x/server ::1:7000");
        config.proc_title_template = "{port}/{tls-port}:{config-file} {title}{unixsocket}!".into();
        config.config_file = Some("/c".into());
        assert_eq!(of(&config, "s"), "7000/0:/c s!");
        assert!(check_template("plain").is_ok());
        for template in ["", " ", "{foo}", "{title", "{title} {"] {
            assert!(check_template(template).is_err(), "{template}");
        }
    }
}
