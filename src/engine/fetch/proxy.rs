//! Proxies, from the variables that other programs heed as well.

use ureq::Proxy;

use crate::domain::error::SpecError;
use crate::engine::error::Result;

/// Proxies by the scheme of what is asked for.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
}

impl Proxies {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in capitals or not.
    ///
    /// # Errors
    /// When one of them has no address of a proxy; its value, which may hold a password, is
    /// not told.
    pub fn from_environment() -> Result<Self> {
        Self::of(&|name| std::env::var(name).ok())
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let first = |names: &[&'static str]| {
            let set = |name: &&'static str| Some((*name, variable(name).filter(|value| !value.is_empty())?));
            names.iter().find_map(set)
        };
        let except = first(&["no_proxy", "NO_PROXY"]).map_or(String::new(), |(_, value)| value);
        let proxy = |names: &[&'static str]| -> Result<Option<Proxy>> {
            let Some((name, value)) = first(names) else { return Ok(None) };
            parse(&value, &except)
                .ok_or_else(|| SpecError::new(name, "this variable has no address of a proxy").into())
                .map(Some)
        };
        Ok(Self {
            http: proxy(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
        })
    }

    /// The one to ask for `url`.
    pub(super) fn of_url(&self, url: &str) -> Option<Proxy> {
        if url.starts_with("https:") { self.https.clone() } else { self.http.clone() }
    }

    /// The one that is asked for `url`, as messages name it: without its user.
    pub(super) fn name_of(&self, url: &str) -> Option<String> {
        let proxy = self.of_url(url)?;
        let is_asked = url.parse().is_ok_and(|url| !proxy.is_no_proxy(&url));
        let scheme = proxy.protocol().to_string().to_ascii_lowercase();
        is_asked.then(|| format!("{scheme}://{}:{}", proxy.host(), proxy.port()))
    }
}

fn parse(address: &str, except: &str) -> Option<Proxy> {
    let given = Proxy::new(address.trim()).ok()?;
    let mut proxy = Proxy::builder(given.protocol()).host(given.host()).port(given.port());
    if let Some(name) = given.username() {
        proxy = proxy.username(name);
    }
    if let Some(password) = given.password() {
        proxy = proxy.password(password);
    }
    for host in except.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        // As elsewhere: a name stands for all names below it, with a dot before it or not.
        let bare = host.trim_start_matches('.');
        proxy = proxy.no_proxy(bare);
        if !bare.contains('*') {
            proxy = proxy.no_proxy(&format!(".{bare}"));
        }
    }
    proxy.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> Result<Proxies> {
        let find =
            |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Proxies::of(&find)
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_have_one() {
        let hosts = |set: &[(&str, &str)]| {
            let proxies = of(set).unwrap();
            ["http://x/", "https://x/"].map(|url| proxies.of_url(url).map(|proxy| proxy.host().to_owned()))
        };
        let some = |host: &str| Some(host.to_owned());
        assert_eq!(hosts(&[]), [None, None]);
        assert_eq!(hosts(&[("HTTP_PROXY", "http://a:1")]), [some("a"), None]);
        assert_eq!(hosts(&[("https_proxy", "b:3128"), ("ALL_PROXY", "socks5://c")]), [some("c"), some("b")]);
        assert_eq!(hosts(&[("HTTPS_PROXY", "")]), [None, None]);
        let error = of(&[("HTTPS_PROXY", "ftp://me:secret@x")]).unwrap_err().to_string();
        assert!(error.contains("HTTPS_PROXY") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn some_hosts_are_asked_directly() {
        let proxies =
            of(&[("https_proxy", "http://me:p%40ss@b:8"), ("NO_PROXY", "example.org, .lan,*.x.net")])
                .unwrap();
        let proxy = proxies.of_url("https://example.org/").unwrap();
        assert_eq!((proxy.port(), proxy.username(), proxy.password()), (8, Some("me"), Some("p@ss")));
        assert_eq!(proxies.name_of("https://x.org/").as_deref(), Some("http://b:8"));
        assert_eq!(proxies.name_of("https://example.org/"), None);
        let direct = |host: &str| proxy.is_no_proxy(&format!("https://{host}/").parse().unwrap());
        assert_eq!(
            ["example.org", "a.example.org", "b.lan", "lan", "q.x.net", "x.org", "notexample.org"]
                .map(direct),
            [true, true, true, true, true, false, false]
        );
    }
}
