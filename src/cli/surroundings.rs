//! What the environment tells of where a report is read: the page of a file on the host of the repository, and whether a
//! terminal shows links.

use std::path::Path;

/// Variables that terminals set which show links.
const SHOWS_LINKS: [&str; 5] = [
    "WT_SESSION",
    "KITTY_WINDOW_ID",
    "KONSOLE_VERSION",
    "DOMTERM",
    "GHOSTTY_RESOURCES_DIR",
];
/// Programs that do.
const PROGRAMS: [&str; 5] = ["iTerm.app", "WezTerm", "vscode", "Hyper", "ghostty"];
/// From this version on, terminals built on VTE do.
const VTE: u32 = 5_000;

/// What relative URIs of files are appended to on the web: the folder of this commit, in a job of GitHub or GitLab.
/// `variable` gives the environment; `here` is the folder that URIs are relative to.
pub fn web_links(variable: impl Fn(&str) -> Option<String>, here: &Path) -> Option<String> {
    let github = || {
        let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
        let root = format!("{server}/{repository}/blob/{}", variable("GITHUB_SHA")?);
        Some((root, variable("GITHUB_WORKSPACE")?))
    };
    let gitlab = || {
        let root = format!(
            "{}/-/blob/{}",
            variable("CI_PROJECT_URL")?,
            variable("CI_COMMIT_SHA")?
        );
        Some((root, variable("CI_PROJECT_DIR")?))
    };
    let (root, checkout) = github().or_else(gitlab)?;
    let folder = here.strip_prefix(checkout).ok()?.to_str()?.replace('\\', "/");
    let base = match folder.as_str() {
        "" => format!("{root}/"),
        folder => format!("{root}/{folder}/"),
    };
    (root.starts_with("https://") && is_plain(&base)).then_some(base)
}

/// What relative URIs of files are appended to in a terminal, if it shows links.
pub fn terminal_links(variable: impl Fn(&str) -> Option<String>, here: &Path) -> Option<String> {
    let shows = match variable("FORCE_HYPERLINK") {
        Some(forced) => forced != "0",
        None => {
            let program = variable("TERM_PROGRAM").is_some_and(|name| PROGRAMS.contains(&name.as_str()));
            let vte = variable("VTE_VERSION").and_then(|version| version.parse().ok());
            program
                || vte.is_some_and(|version: u32| version >= VTE)
                || SHOWS_LINKS.iter().any(|name| variable(name).is_some())
        }
    };
    let base = format!("file://{}/", here.to_str()?.trim_end_matches('/'));
    (shows && here.is_absolute() && is_plain(&base)).then_some(base)
}

/// Whether nothing would have to be encoded, or could end a link.
fn is_plain(base: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte);
    base.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        move |wanted: &str| {
            let found = pairs.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        }
    }

    #[test]
    fn pages_of_files() {
        let github = |server: &str| {
            variable(&[
                ("GITHUB_SERVER_URL", server),
                ("GITHUB_REPOSITORY", "o/r"),
                ("GITHUB_SHA", "abc"),
                ("GITHUB_WORKSPACE", "/w"),
            ])
        };
        let gitlab = variable(&[
            ("CI_PROJECT_URL", "https://gitlab.com/o/r"),
            ("CI_COMMIT_SHA", "abc"),
            ("CI_PROJECT_DIR", "/w"),
        ]);
        let check = |found: Option<String>, expected: Option<&str>| assert_eq!(found.as_deref(), expected);
        let forge = || github("https://github.com");
        check(
            web_links(forge(), Path::new("/w")),
            Some("https://github.com/o/r/blob/abc/"),
        );
        check(
            web_links(forge(), Path::new("/w/infra")),
            Some("https://github.com/o/r/blob/abc/infra/"),
        );
        check(web_links(forge(), Path::new("/elsewhere")), None);
        check(web_links(forge(), Path::new("/w/a)b")), None);
        check(web_links(github("javascript:x//"), Path::new("/w")), None);
        check(
            web_links(gitlab, Path::new("/w/a")),
            Some("https://gitlab.com/o/r/-/blob/abc/a/"),
        );
        check(web_links(variable(&[]), Path::new("/w")), None);
    }

    #[test]
    fn terminals_that_show_links() {
        for (pairs, shows) in [
            (&[][..], false),
            (&[("VTE_VERSION", "6800")], true),
            (&[("VTE_VERSION", "4800")], false),
            (&[("TERM_PROGRAM", "WezTerm")], true),
            (&[("TERM_PROGRAM", "WezTerm"), ("FORCE_HYPERLINK", "0")], false),
            (&[("FORCE_HYPERLINK", "1")], true),
            (&[("KITTY_WINDOW_ID", "1")], true),
        ] {
            let links = terminal_links(variable(pairs), Path::new("/w/x"));
            assert_eq!(links.as_deref(), shows.then_some("file:///w/x/"), "{pairs:?}");
        }
        let forced = variable(&[("FORCE_HYPERLINK", "1")]);
        assert_eq!(terminal_links(&forced, Path::new("/w/\u{1b}")), None);
        assert_eq!(terminal_links(&forced, Path::new("")), None);
    }
}
